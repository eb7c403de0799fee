"""The end-of-session page: what happened, in counts that a trainer can read over the phone in 30 seconds."""

from collections import Counter
from dataclasses import dataclass

from pirogue_registre import ancres, consentements, presences, seances
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant
from pirogue_socle.regles import ETATS_VENUS


@dataclass(frozen=True, slots=True)
class Bilan:
    """
    A session in numbers.

    `duree_min` is the session's length; `heures_jeunes` the sum of the minutes that count, divided once, one decimal;
    `filles` and `garcons` are among those who came; `a_rappeler` are the short names of the unexcused absent;
    `accords_manquants` those who came and whose consent for `suivi` was never asked.
    """

    presents: int
    retards: int
    partis_avant: int
    absents: int
    excuses: int
    non_marques: int
    venus: int
    filles: int
    garcons: int
    tetes: int | None
    duree_min: int
    heures_jeunes: float
    corrections: int
    a_rappeler: tuple[str, ...]
    accords_manquants: tuple[str, ...]
    a_completer: tuple[str, ...]
    horloge_confirmee: bool


def faire(registre: Registre, *, seance_id: str, instant: Instant) -> Bilan:
    """Count a session; raises Introuvable."""
    seance = seances.lire(registre, seance_id)
    lignes = presences.appel(registre, seance_id=seance_id, instant=instant)
    etats = Counter(ligne.presence.etat for ligne in lignes)
    venus = [ligne for ligne in lignes if ligne.presence.etat in ETATS_VENUS]
    sexes = Counter(ligne.jeune.sexe for ligne in venus)
    fin, debut = seances.fin_ms(registre, seance, instant=instant), seances.debut_ms(registre, seance)
    return Bilan(
        presents=etats["present"],
        retards=etats["retard"],
        partis_avant=etats["parti_avant"],
        absents=etats["absent"],
        excuses=etats["excuse"],
        non_marques=etats["non_marque"],
        venus=len(venus),
        filles=sexes["F"],
        garcons=sexes["M"],
        tetes=seance.tetes,
        duree_min=(fin - debut) // 60_000,
        heures_jeunes=round(sum(ligne.minutes for ligne in venus) / 60, 1),
        corrections=len(presences.corrections(registre, seance_id)),
        a_rappeler=tuple(ligne.jeune.nom_court for ligne in lignes if ligne.presence.etat == "absent"),
        accords_manquants=tuple(
            ligne.jeune.nom_court
            for ligne in venus
            if consentements.lire(registre, ligne.jeune.personne_id, "suivi") is None
        ),
        a_completer=tuple(ligne.jeune.nom_court for ligne in venus if not ligne.jeune.complet),
        horloge_confirmee=ancres.est_confirmee(registre, instant=seance.debut),
    )

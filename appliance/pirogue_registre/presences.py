"""The roll: six states, pre-filled from the sign-ins, corrected later with a reason and a trace."""

import sqlite3
from collections import Counter
from dataclasses import dataclass, replace

from pirogue_registre import ancres, codes, jeunes, journal, seances
from pirogue_registre.base import Registre, transaction
from pirogue_registre.jeunes import Jeune
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import Instant, en_civil, estimer
from pirogue_socle.regles import minutes_retenues, placer_heure

#: What one more tap on a row gives.
SUIVANT = {
    "non_marque": "present",
    "present": "retard",
    "retard": "absent",
    "absent": "excuse",
    "excuse": "present",
    "parti_avant": "present",
}


class AppelChange(ErreurPirogue):
    """Someone else changed this line since the trainer's page was shown; nothing is written."""

    geste = "Regarde la ligne, puis touche encore si besoin."
    code = 36


@dataclass(frozen=True, slots=True)
class Presence:
    """
    What is known of one trainee in one session.

    `arrivee_heure` and `depart_heure` are local civil hours such as `09:20`, as the trainer said them; `arrivee` is
    the instant of the sign-in, or of the mark « late, now »: no hour is written then, so that a better anchor mends it.
    `appel` shows it as an hour.
    """

    seance_id: str
    personne_id: str
    etat: str
    source: str
    arrivee_heure: str | None
    depart_heure: str | None
    motif_absence: str | None
    binome_avec: str | None
    arrivee: Instant | None
    marque_par: str


@dataclass(frozen=True, slots=True)
class LigneAppel:
    """A line of the roll; `minutes` are those that count (`regles.minutes_retenues`)."""

    jeune: Jeune
    presence: Presence
    minutes: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A change of a state with its reason (list `motif_correction`); `apres_cloture` if the session was over."""

    personne_id: str
    ancien: str
    nouveau: str
    motif_correction: str
    auteur: str
    apres_cloture: bool
    instant: Instant


def appel(registre: Registre, *, seance_id: str, instant: Instant) -> list[LigneAppel]:
    """
    Return the roll: every trainee of the group and anyone who came, by first name; raises Introuvable.

    A trainee who left the group since stays on the sessions that she was marked in.
    """
    seance = seances.lire(registre, seance_id)
    connus = {jeune.personne_id: jeune for jeune in jeunes.lister(registre, seance.groupe_id)}
    marques = _presences(registre, seance_id)
    for personne_id in marques.keys() - connus.keys():
        connus[personne_id] = jeunes.lire(registre, personne_id)
    debut = seances.debut_ms(registre, seance)
    fin = seances.fin_ms(registre, seance, instant=instant)
    connues = ancres.lire(registre)
    lignes = []
    for jeune in sorted(connus.values(), key=jeunes.ordre_alphabetique):
        presence = marques.get(jeune.personne_id) or _rien(seance_id, jeune.personne_id)
        arrivee_ms = _placer(presence.arrivee_heure, debut_ms=debut, fin_ms=fin)
        if arrivee_ms is None and presence.etat == "retard" and presence.arrivee is not None:
            arrivee_ms = estimer(presence.arrivee, connues)
            presence = replace(presence, arrivee_heure=en_civil(arrivee_ms).strftime("%H:%M"))
        minutes = minutes_retenues(
            presence.etat,
            debut_ms=debut,
            fin_ms=fin,
            arrivee_ms=arrivee_ms,
            depart_ms=_placer(presence.depart_heure, debut_ms=debut, fin_ms=fin),
        )
        lignes.append(LigneAppel(jeune=jeune, presence=presence, minutes=minutes))
    return lignes


def compter(registre: Registre, *, seance_id: str, groupe_id: str) -> Counter[str]:
    """Count the lines of a roll by state, without opening anybody's name."""
    requete = (
        "SELECT coalesce(etat, 'non_marque'), count(*) FROM"
        " (SELECT personne_id AS qui FROM inscription WHERE groupe_id = :groupe AND statut IN ('actif', 'preinscrit')"
        " UNION SELECT personne_id FROM presence WHERE seance_id = :seance)"
        " LEFT JOIN presence ON personne_id = qui AND seance_id = :seance GROUP BY 1"
    )
    return Counter(dict(registre.db.execute(requete, {"groupe": groupe_id, "seance": seance_id}).fetchall()))


def pointer(  # noqa: PLR0913 - the fields of a mark
    registre: Registre,
    *,
    seance_id: str,
    personne_id: str,
    etat: str,
    instant: Instant,
    auteur: str,
    heure: str | None = None,
    motif_absence: str | None = None,
    source: str = "appel",
) -> None:
    """
    Mark a trainee in an open session; marking the same thing twice writes one event.

    Args:
        heure: local civil hour of arrival (state `retard`) or departure (`parti_avant`); now when not given: the
            instant of an arrival then, the estimated hour of a departure.

    Raises:
        SeanceClose, Introuvable, EntreeInvalide: nothing is written.
    """
    _controler(etat)
    if motif_absence is not None:
        codes.exiger(registre, "motif_absence", motif_absence, quoi="Raison de l'absence")
    listes.exiger("source_presence", source, quoi="Source")
    with transaction(registre):
        seances.exiger_ouverte(registre, seance_id)
        jeunes.lire(registre, personne_id)
        tout_de_suite = etat == "retard" and not heure
        arrivee, depart = (None, None) if tout_de_suite else _heures(registre, etat, heure=heure, instant=instant)
        actuelle = _presence(registre, seance_id, personne_id)
        voulue = (etat, arrivee, depart, motif_absence)
        if voulue == (actuelle.etat, actuelle.arrivee_heure, actuelle.depart_heure, actuelle.motif_absence):
            return
        journal.ecrire(
            registre,
            type="presence_pointee",
            valeurs={
                "etat": etat,
                "source": source,
                "arrivee_heure": arrivee,
                "depart_heure": depart,
                "motif_absence": motif_absence,
            },
            instant=instant,
            auteur=auteur,
            personne_id=personne_id,
            seance_id=seance_id,
        )


def cycler(registre: Registre, *, seance_id: str, personne_id: str, depuis: str, instant: Instant, auteur: str) -> str:
    """
    Move a line to its next state, from the state that the trainer saw; return the new state.

    Raises:
        AppelChange: the line is no longer in the state `depuis` (two trainers on one roll, a double tap).
        SeanceClose, Introuvable: nothing is written.
    """
    with transaction(registre):
        actuelle = _presence(registre, seance_id, personne_id)
        if actuelle.etat != depuis:
            jeune = jeunes.lire(registre, personne_id)
            etat = listes.libelle("presence", actuelle.etat)
            raise AppelChange(f"La ligne de {jeune.prenom} venait de changer : {etat}.")
        nouveau = SUIVANT[actuelle.etat]
        pointer(
            registre,
            seance_id=seance_id,
            personne_id=personne_id,
            etat=nouveau,
            instant=instant,
            auteur=auteur,
        )
    return nouveau


def tous_presents(registre: Registre, *, seance_id: str, instant: Instant, auteur: str) -> int:
    """Mark present every line that nobody marked; return how many; raises SeanceClose, Introuvable."""
    with transaction(registre):
        a_faire = [
            ligne.jeune.personne_id
            for ligne in appel(registre, seance_id=seance_id, instant=instant)
            if ligne.presence.etat == "non_marque"
        ]
        for personne_id in a_faire:
            pointer(
                registre,
                seance_id=seance_id,
                personne_id=personne_id,
                etat="present",
                instant=instant,
                auteur=auteur,
            )
    return len(a_faire)


def compter_tetes(registre: Registre, *, seance_id: str, tetes: int, instant: Instant, auteur: str) -> None:
    """Record the head count of an open session; raises EntreeInvalide, SeanceClose, Introuvable."""
    if not 0 <= tetes <= 200:
        raise EntreeInvalide("Le nombre de têtes va de 0 à 200.")
    with transaction(registre):
        seances.exiger_ouverte(registre, seance_id)
        journal.ecrire(
            registre,
            type="tetes_comptees",
            valeurs={"tetes": tetes},
            instant=instant,
            auteur=auteur,
            seance_id=seance_id,
        )


def corriger(  # noqa: PLR0913 - the fields of a correction
    registre: Registre,
    *,
    seance_id: str,
    personne_id: str,
    nouveau: str,
    motif: str,
    instant: Instant,
    auteur: str,
    heure: str | None = None,
) -> None:
    """
    Change a state at any time, with a reason of the list `motif_correction`; the old state stays in the trace.

    Raises:
        EntreeInvalide: reason or state not in its list, or nothing changes. Introuvable. Nothing is written.
    """
    listes.exiger("motif_correction", motif, quoi="Raison de la correction")
    _controler(nouveau)
    with transaction(registre):
        seance = seances.lire(registre, seance_id)
        jeunes.lire(registre, personne_id)
        actuelle = _presence(registre, seance_id, personne_id)
        arrivee, depart = _heures(registre, nouveau, heure=heure, instant=seance.fin or instant)
        if (nouveau, arrivee, depart) == (actuelle.etat, actuelle.arrivee_heure, actuelle.depart_heure):
            raise EntreeInvalide("C'est déjà ce qui est écrit : rien à corriger.")
        journal.ecrire(
            registre,
            type="presence_corrigee",
            valeurs={
                "ancien": actuelle.etat,
                "nouveau": nouveau,
                "motif_correction": motif,
                "apres_cloture": seance.statut != "ouverte",
                "arrivee_heure": arrivee,
                "depart_heure": depart,
            },
            instant=instant,
            auteur=auteur,
            personne_id=personne_id,
            seance_id=seance_id,
        )


def corrections(registre: Registre, seance_id: str) -> list[Correction]:
    """Return the corrections of a session, oldest first."""
    requete = "SELECT * FROM presence_correction WHERE seance_id = ? ORDER BY seq"
    return [
        Correction(
            personne_id=r["personne_id"],
            ancien=r["ancien"],
            nouveau=r["nouveau"],
            motif_correction=r["motif_correction"],
            auteur=r["auteur"],
            apres_cloture=bool(r["apres_cloture"]),
            instant=Instant(r["boot_id"], r["bt_ns"], r["mur_ms"]),
        )
        for r in registre.db.execute(requete, (seance_id,))
    ]


def _controler(etat: str) -> None:
    listes.exiger("presence", etat, quoi="Présence")


def _heures(registre: Registre, etat: str, *, heure: str | None, instant: Instant) -> tuple[str | None, str | None]:
    """Return (arrival, departure) for a state; the hour defaults to the estimated time of `instant`."""
    if etat not in ("retard", "parti_avant"):
        return None, None
    if not heure:
        heure = en_civil(estimer(instant, ancres.lire(registre))).strftime("%H:%M")
    seances.exiger_heure(heure)
    return (heure, None) if etat == "retard" else (None, heure)


def _placer(heure: str | None, *, debut_ms: int, fin_ms: int) -> int | None:
    return placer_heure(heure, debut_ms=debut_ms, fin_ms=fin_ms) if heure else None


def _presences(registre: Registre, seance_id: str) -> dict[str, Presence]:
    rangees = registre.db.execute("SELECT * FROM presence WHERE seance_id = ?", (seance_id,))
    return {rangee["personne_id"]: _lire(rangee) for rangee in rangees.fetchall()}


def _presence(registre: Registre, seance_id: str, personne_id: str) -> Presence:
    rangee = registre.db.execute(
        "SELECT * FROM presence WHERE seance_id = ? AND personne_id = ?", (seance_id, personne_id)
    ).fetchone()
    return _lire(rangee) if rangee else _rien(seance_id, personne_id)


def _rien(seance_id: str, personne_id: str) -> Presence:
    return Presence(seance_id, personne_id, "non_marque", "appel", None, None, None, None, None, "")


def _lire(rangee: sqlite3.Row) -> Presence:
    arrivee = None
    if rangee["arrivee_boot_id"] is not None:
        arrivee = Instant(rangee["arrivee_boot_id"], rangee["arrivee_bt_ns"], rangee["arrivee_mur_ms"])
    return Presence(
        seance_id=rangee["seance_id"],
        personne_id=rangee["personne_id"],
        etat=rangee["etat"],
        source=rangee["source"],
        arrivee_heure=rangee["arrivee_heure"],
        depart_heure=rangee["depart_heure"],
        motif_absence=rangee["motif_absence"],
        binome_avec=rangee["binome_avec"],
        arrivee=arrivee,
        marque_par=rangee["marque_par"],
    )

"""Sessions: what they last, whatever the trainer forgot and whatever the hour."""

from collections import Counter

import pytest

from equipage import Bord
from pirogue_registre import ancres, bilan, lieux, presences, seances
from pirogue_registre.seances import HeureFinManque
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import depuis_civil, jour_civil
from pirogue_socle.regles import placer_heure


def clore(bord: Bord, seance: str, fin_heure: str | None = None) -> None:
    """Close as the trainer does."""
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle, fin_heure=fin_heure)


def pointer(bord: Bord, seance: str, etat: str, heure: str | None = None) -> None:
    """Mark Afi as the trainer does."""
    presences.pointer(
        bord.registre,
        seance_id=seance,
        personne_id=bord.afi,
        etat=etat,
        heure=heure,
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )


def minutes(bord: Bord, seance: str) -> int:
    """Return the minutes that count for Afi."""
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
    return next(ligne.minutes for ligne in lignes if ligne.jeune.personne_id == bord.afi)


def test_a_session_forgotten_open_asks_when_it_ended(bord: Bord) -> None:
    """Closed the next morning: two hours each, not twenty-five."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, "present")
    bord.horloge.avancer(minutes=25 * 60)
    with pytest.raises(HeureFinManque):
        clore(bord, seance)

    clore(bord, seance, "10:00")

    fait = bilan.faire(bord.registre, seance_id=seance, instant=bord.horloge())
    assert (fait.duree_min, fait.heures_jeunes, minutes(bord, seance)) == (119, 2.0, 119)


@pytest.mark.parametrize("heure", ["07:30", "25:00", "dix heures", "٠٩:٣٠"])
def test_an_end_outside_the_session_is_refused(bord: Bord, heure: str) -> None:
    """It is still open afterwards."""
    seance = bord.ouvrir_seance()
    bord.horloge.avancer(minutes=7 * 60)

    with pytest.raises(EntreeInvalide):
        clore(bord, seance, heure)

    assert seances.lire(bord.registre, seance).statut == "ouverte"


@pytest.mark.parametrize(
    ("etat", "heure", "attendues"), [("retard", "00:20", 60), ("parti_avant", "00:10", 80), ("retard", "23:10", 90)]
)
def test_an_hour_after_midnight_is_after_midnight(bord: Bord, etat: str, heure: str, attendues: int) -> None:
    """An evening class from 22:50 to 01:20… or a clock that believes so."""
    utc_ms = depuis_civil(jour_civil(bord.horloge.mur_ms), "22:50")
    ancres.confirmer_date(
        bord.registre, utc_ms=utc_ms, source="formateur", instant=bord.horloge(), auteur=bord.rachelle
    )
    seance = bord.ouvrir_seance()
    pointer(bord, seance, etat, heure)
    bord.horloge.avancer(minutes=150 if etat == "retard" and heure < "12" else 110)
    clore(bord, seance)

    assert abs(minutes(bord, seance) - attendues) <= 1


def test_a_group_keeps_its_next_module_after_a_long_flood(bord: Bord) -> None:
    """Sixty sessions of other groups do not make 4e A start again at S01."""
    ancienne = bord.ouvrir_seance("S05")
    clore(bord, ancienne)
    autre = lieux.ecrire_groupe(
        bord.registre,
        lieux.Groupe("", "5e B", "CEG", None, 24, "premiers_pas"),
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )
    for _ in range(60):
        seances.annuler_prevue(
            bord.registre,
            module="S01",
            groupe_id=autre.groupe_id,
            formateur=bord.rachelle,
            motif="crue_jacinthe",
            instant=bord.horloge(),
            auteur=bord.rachelle,
        )

    assert [une.module for une in seances.tenues(bord.registre, bord.groupe)] == ["S05"]
    assert seances.lister(bord.registre, 1)[0].groupe_id == autre.groupe_id


def test_an_hour_said_of_a_session_falls_within_it_where_it_can() -> None:
    """07:55 of a session opened at 08:00 is five minutes before it, not a day after."""
    huit = depuis_civil(jour_civil(1_741_071_600_000), "08:00")

    assert placer_heure("07:55", debut_ms=huit, fin_ms=huit + 7_200_000) == huit - 300_000
    assert placer_heure("09:20", debut_ms=huit, fin_ms=huit + 7_200_000) == huit + 80 * 60_000


def test_counting_a_roll_says_what_its_lines_say(bord: Bord) -> None:
    """Whoever left the group stays on what she was marked in; whoever was not marked is still to do."""
    seance = bord.ouvrir_seance()
    pointer(bord, seance, "retard", "08:20")
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())

    comptees = presences.compter(bord.registre, seance_id=seance, groupe_id=bord.groupe)

    assert comptees == Counter(ligne.presence.etat for ligne in lignes)
    assert comptees == {"retard": 1, "non_marque": 1}

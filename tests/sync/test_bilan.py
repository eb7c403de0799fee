"""The shore's figures: counted by the database, remembered until something moves, never another than line by line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

import postgresql
from equipage import Bord
from pirogue_rive import arrivees, base, bilan, schema
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_socle import horloge, regles
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import Ancre, Instant
from sync.quai import preparer_quai, sceller_par, vivre_une_journee
from sync.test_memes_chiffres import GESTES, agir

MIDI = Instant("rive", 1, 1_741_086_000_000)


def ligne_a_ligne(rive: Rive) -> dict[str, int]:
    """Count one life of a relay the slow way: every row, one after another, by the rules of attendance alone."""
    with base.lire(rive.moteur) as db:
        ancres = horloge.ancres_par_boot(
            Ancre(un.boot_id, un.bt_ns, un.utc_ms, un.source)
            for un in db.execute(select(schema.ancre).order_by(schema.ancre.c.seq))
        )
        seances = {un.seance_id: un for un in db.execute(select(schema.seance)) if un.statut == "cloturee"}
        presences = [un for un in db.execute(select(schema.presence)) if un.seance_id in seances]
        sexes = {un.personne_id: un.sexe for un in db.execute(select(schema.jeune))}
        finis = [un.genre for un in db.execute(select(schema.progres)) if un.acheve]
    bornes = {un: _bornes(seance, ancres) for un, seance in seances.items()}
    venues = [un for un in presences if un.etat in regles.ETATS_VENUS]
    venus = [sexes[un] for un in {un.personne_id for un in venues}]
    return {
        "seances": len(bornes),
        "duree_min": sum((fin - debut) // 60_000 for debut, fin in bornes.values()),
        "jeunes_min": sum(_minutes(un, *bornes[un.seance_id], ancres) for un in venues),
        "filles": venus.count("F"),
        "garcons": venus.count("M"),
        "autres": len(venus) - venus.count("F") - venus.count("M"),
        "lecons": finis.count("lecon"),
        "quiz": finis.count("quiz"),
    }


def _bornes(seance: Any, ancres: dict[str, Ancre]) -> tuple[int, int]:
    debut = Instant(seance.debut_boot_id, seance.debut_bt_ns, seance.debut_mur_ms)
    fin = Instant(seance.fin_boot_id, seance.fin_bt_ns, seance.fin_mur_ms)
    debut_ms = horloge.estimer(debut, ancres)
    cloture_ms = debut_ms + horloge.duree_ms(debut, fin, ancres)
    return debut_ms, regles.fin_retenue(debut_ms=debut_ms, cloture_ms=cloture_ms, fin_heure=seance.fin_heure)


def _minutes(presence: Any, debut: int, fin: int, ancres: dict[str, Ancre]) -> int:
    heures = [
        None if heure is None else regles.placer_heure(heure, debut_ms=debut, fin_ms=fin)
        for heure in (presence.arrivee_heure, presence.depart_heure)
    ]
    if presence.etat == "retard" and presence.arrivee_heure is None and presence.arrivee_boot_id is not None:
        venue = Instant(presence.arrivee_boot_id, presence.arrivee_bt_ns, presence.arrivee_mur_ms)
        heures[0] = horloge.estimer(venue, ancres)
    return regles.minutes_retenues(presence.etat, debut_ms=debut, fin_ms=fin, arrivee_ms=heures[0], depart_ms=heures[1])


def dits(rive: Rive) -> dict[str, int]:
    """Return the figures of the only relay, as its page gives them."""
    (vu,) = bilan.tous(rive)
    noms = ("seances", "duree_min", "jeunes_min", "filles", "garcons", "autres", "lecons", "quiz")
    return {nom: getattr(vu, nom) for nom in noms}


@pytest.mark.parametrize("moteur", ["sqlite", "postgresql"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestes=st.lists(GESTES, max_size=40), taille=st.integers(3, 30), debut=st.booleans())
def test_the_database_counts_as_one_would_line_by_line(
    fabrique_bord: Callable[[], Bord], moteur: str, gestes: list[tuple[Any, ...]], taille: int, *, debut: bool
) -> None:
    """Random days arrive lot by lot; after each, the figures are those of a count that trusts no memory and no SQL."""
    bord = fabrique_bord()
    if debut:
        vivre_une_journee(bord)
    for geste in [("ouvrir",), *gestes, ("clore",)]:
        try:
            agir(bord, geste)
        except ErreurPirogue:
            continue
    url = postgresql.base_neuve() if moteur == "postgresql" else ""
    quai = preparer_quai(bord, bord.registre.dossier / "rive", base=url)
    relais = quai.cles.carte.id

    with rives.ouvrir(quai.config) as rive:
        for lot in sceller_par(quai, taille):
            arrivees.prendre(rive, lot, voie="cle", instant=MIDI)

            assert dits(rive) == ligne_a_ligne(rive)
        arrivees.rejouer(rive)
        with rives.ouvrir(quai.config) as neuve:
            assert bilan.tous(neuve) == bilan.tous(rive) == [bilan.un(rive, relais)]


def test_a_relay_that_did_not_move_is_not_counted_again(bord: Bord, tmp_path: Path) -> None:
    """Five hundred relays on the page, one of which came: it alone is read, and all when views are rebuilt."""
    quai = preparer_quai(bord, tmp_path / "rive")
    vivre_une_journee(bord)
    premiers = sceller_par(quai, 50)
    vivre_une_journee(bord)
    suivants = sceller_par(quai, 50)[len(premiers) :]
    plus_tard = replace(MIDI, mur_ms=MIDI.mur_ms + 1)
    lus: list[str] = []
    with rives.ouvrir(quai.config) as rive:
        event.listen(rive.moteur, "before_cursor_execute", lambda *dit: lus.append(dit[2]))

        def comptes(faire: Callable[[], object]) -> int:
            faire()
            lus.clear()
            bilan.tous(rive)
            return sum("FROM presence" in requete for requete in lus)

        neuf = comptes(lambda: arrivees.prendre_suite(rive, premiers, voie="cle", instant=MIDI))
        calme = comptes(lambda: None)
        double = comptes(lambda: arrivees.prendre_suite(rive, premiers, voie="4g", instant=plus_tard))
        contact = bilan.tous(rive)[0].contact_voie
        bouge = comptes(lambda: arrivees.prendre_suite(rive, suivants, voie="cle", instant=MIDI))
        rejoue = comptes(lambda: arrivees.rejouer(rive))

    assert (neuf > 0, bouge > 0, rejoue > 0) == (True, True, True)
    assert (calme, double) == (0, 0)
    assert contact == "4g"


def test_what_two_relays_know_of_one_person_counts_once_in_the_total(bord: Bord, tmp_path: Path) -> None:
    """Afi learns on the boat and at the kiosk: one girl, and a lesson finished twice is one lesson."""
    quai = preparer_quai(bord, tmp_path / "rive")
    vivre_une_journee(bord)
    with rives.ouvrir(quai.config) as rive:
        arrivees.prendre_suite(rive, sceller_par(quai, 50), voie="cle", instant=MIDI)
        bateau = bilan.un(rive, quai.cles.carte.id)
    ailleurs = {"lecon": {bord.afi: ("s01-lecon", "s02-lecon"), "p9": ("s01-lecon",)}}
    kiosque = replace(bateau, relais="kiosque", finis=ailleurs, lecons=3, quiz=0)

    assert bateau.lecons > 0
    assert bilan.total([bateau, kiosque], "lecons") == bateau.lecons + 2
    assert bilan.total([bateau, kiosque], "quiz") == bateau.quiz
    assert bilan.total([bateau, kiosque], "filles") == bateau.filles
    assert bilan.total([bateau, kiosque], "seances") == 2 * bateau.seances


def test_a_relay_that_nobody_welcomed_has_no_account(bord: Bord, tmp_path: Path) -> None:
    """An address that somebody made up is not an empty boat."""
    quai = preparer_quai(bord, tmp_path / "rive")
    with rives.ouvrir(quai.config) as rive, pytest.raises(Introuvable, match="ne connaît pas"):
        bilan.un(rive, "martien")

"""Lots coming in ashore: any order, any number of times, from both roads, the same result."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postgresql
from equipage import Bord, Horloge, preparer_bord
from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange import recu
from pirogue_echange.annuaire import Droit, annuaire_de, ecrire_droits
from pirogue_registre import base, journal
from pirogue_registre import bilan as bilan_bord
from pirogue_rive import archive, arrivees, bilan, recepisses, schema
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant
from sync.quai import Quai, compter, lignes, nouvelle_rive, preparer_quai, sceller_par, vivre_une_journee, vues

MIDI = Instant("rive", 1, 1_741_086_000_000)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def journees(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Quai, list[bytes]]]:
    """Two days of a boat in many small lots, made once, and a shore on each of the two engines."""
    dossier = tmp_path_factory.mktemp("journees")
    bord = preparer_bord(dossier / "registre", Horloge())
    base_rive = postgresql.base_neuve() if request.param == "postgresql" else ""
    quai = preparer_quai(bord, dossier / "rive", base=base_rive)
    for _ in range(2):
        vivre_une_journee(bord)
        bord.horloge.redemarrer()
    yield quai, sceller_par(quai, 7)
    base.fermer(bord.registre)


@pytest.fixture
def rive_neuve(
    journees: tuple[Quai, list[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Rive]]:
    """Make as many empty shores as an example needs, all with the same keys."""
    ouvertes: list[Rive] = []

    def fabriquer() -> Rive:
        dossier = tmp_path_factory.mktemp("rive") / "terre"
        ouvertes.append(rives.ouvrir_rive(nouvelle_rive(journees[0].config, dossier)))
        return ouvertes[-1]

    yield fabriquer
    for ouverte in ouvertes:
        ouverte.moteur.dispose()


def prendre_tout(rive: Rive, octets: list[bytes], voies: list[str] | None = None) -> list[str]:
    """Take lots in, one after another; return what became of each."""
    routes = voies or ["cle"] * len(octets)
    return [arrivees.prendre(rive, un, voie=voie, instant=MIDI).sort for un, voie in zip(octets, routes, strict=True)]


def test_any_order_any_multiplicity_any_road_gives_the_same_views(
    journees: tuple[Quai, list[bytes]], rive_neuve: Callable[[], Rive]
) -> None:
    """Two sticks and the network bring the same lots, late and twice: nobody can tell from the shore's tables."""
    _, lots_ = journees
    temoin = rive_neuve()
    prendre_tout(temoin, lots_)
    attendu = vues(temoin)

    @settings(max_examples=15)
    @given(st.data())
    def propriete(data: st.DataObject) -> None:
        doubles = data.draw(st.lists(st.sampled_from(lots_), max_size=5))
        ordre = data.draw(st.permutations(lots_ + doubles))
        voies = data.draw(st.lists(st.sampled_from(["cle", "4g"]), min_size=len(ordre), max_size=len(ordre)))
        rive = rive_neuve()
        sorts = prendre_tout(rive, ordre, voies)

        assert vues(rive) == attendu
        assert sorts.count("ingere") == len(lots_)
        assert set(sorts) <= {"ingere", "doublon"}

    propriete()


def test_a_part_of_the_lots_gives_the_views_of_their_whole_beginning(
    journees: tuple[Quai, list[bytes]], rive_neuve: Callable[[], Rive]
) -> None:
    """With a lot missing, what lies behind is kept, announced as an island and not projected; the receipt stops."""
    quai, lots_ = journees
    entiere, trouee = rive_neuve(), rive_neuve()
    prendre_tout(entiere, lots_[:2])
    prendre_tout(trouee, [*lots_[3:], *lots_[:2]])
    relais = quai.cles.carte
    signe = recepisses.pour(trouee, relais=relais.id, instant=MIDI)[0]
    lu = recu.ouvrir(signe, annuaire=annuaire_de(quai.carte_rive))

    assert vues(trouee)["presence"] == vues(entiere)["presence"]
    assert lu.jusqua == 14
    assert lu.ilots == ((22, journal.dernier(quai.bord.registre)),)


def test_rebuilding_from_events_or_from_raw_lots_gives_the_live_views(
    journees: tuple[Quai, list[bytes]], rive_neuve: Callable[[], Rive]
) -> None:
    """The database may burn: the archived lots are enough."""
    rive, refaite = rive_neuve(), rive_neuve()
    prendre_tout(rive, journees[1])
    vivantes = vues(rive)
    arrivees.rejouer(rive)
    shutil.copytree(rive.bruts, refaite.bruts, dirs_exist_ok=True)
    arrivees.rattraper(refaite, instant=MIDI)

    assert vues(rive) == vivantes
    assert vues(refaite) == vivantes


@settings(max_examples=40)
@given(rang=st.integers(0, 10_000), masque=st.integers(1, 255), coupe=st.booleans())
def test_a_damaged_lot_is_put_aside_and_its_events_nowhere(
    journees: tuple[Quai, list[bytes]], rang: int, masque: int, coupe: bool
) -> None:
    """A worn stick flips a bit or ends early: a reason is kept, no event gets in."""
    quai, lots_ = journees
    bon = lots_[0]
    change = bytearray(bon)
    change[rang % len(bon)] ^= masque
    mauvais = bon[: rang % len(bon)] if coupe else bytes(change)
    with rives.ouvrir(quai.config) as rive:
        arrivee = arrivees.prendre(rive, mauvais, voie="cle", instant=MIDI)

        assert arrivee.sort == "quarantaine"
        assert arrivee.phrase
        assert compter(rive, schema.lot) == 0


def test_the_shore_counts_what_the_trainer_saw(rive: Rive, quai: Quai) -> None:
    """Minutes, girls, boys, lessons: the same figures aboard and ashore."""
    bord = quai.bord
    seance = vivre_une_journee(bord)
    vu = bilan_bord.faire(bord.registre, seance_id=seance, instant=bord.horloge())
    prendre_tout(rive, sceller_par(quai, 1000))
    terre = bilan.tous(rive)[0]

    assert (terre.nom, terre.type_relais, terre.seances) == ("Pirogue 1", "Pirogue connectée", 1)
    assert (terre.duree_min, round(terre.jeunes_min / 60, 1)) == (vu.duree_min, vu.heures_jeunes)
    assert (terre.filles, terre.garcons, terre.autres) == (vu.filles, vu.garcons, 0) == (1, 1, 0)
    assert (terre.lecons, terre.quiz) == (2, 1)
    assert (terre.contact_ms, terre.contact_voie, terre.manque) == (MIDI.mur_ms, "cle", False)
    assert terre.confirmees_ms is not None
    assert abs(terre.confirmees_ms - bord.horloge.mur_ms) < 1000


def test_an_event_of_a_newer_boat_is_kept_and_does_not_stop_the_day(rive: Rive, quai: Quai) -> None:
    """The boat was updated first: what the shore cannot project yet stays, and the receipt covers it."""
    bord = quai.bord
    journal.ecrire(
        bord.registre, type="satisfaction_notee", valeurs={"note": 4}, instant=bord.horloge(), auteur="jeune"
    )
    vivre_une_journee(bord)
    prendre_tout(rive, sceller_par(quai, 1000))

    assert bilan.tous(rive)[0].seances == 1
    assert len(lignes(rive)) == journal.dernier(bord.registre)


def test_two_histories_of_one_journal_are_both_kept_and_shown(
    quai: Quai, rive: Rive, tmp_path: Path, fabrique_bord: Callable[[], Bord]
) -> None:
    """An old SD card was put back: the second history is put aside for a person, never merged, never dropped."""
    ancienne = tmp_path / "ancienne"
    shutil.copytree(quai.bord.registre.dossier, ancienne)
    vivre_une_journee(quai.bord)
    prendre_tout(rive, sceller_par(quai, 1000))
    avant = vues(rive)
    registre = base.ouvrir(ancienne)
    copie = Bord(registre, quai.bord.horloge, quai.bord.rachelle, quai.bord.groupe, quai.bord.afi, quai.bord.koffi)
    vivre_une_journee(copie)
    autre = sceller_par(Quai(copie, quai.cles, quai.carte_rive, quai.config), 1000)
    base.fermer(registre)
    arrivee = arrivees.prendre(rive, autre[0], voie="cle", instant=MIDI)

    assert arrivee.sort == "bifurcation"
    assert vues(rive) == avant
    assert bilan.tous(rive)[0].quarantaine == 1
    assert not archive.chemin(rive.bruts, relais=quai.cles.carte.id, lot_id=lots.id_de(autre[0])).exists()


def test_a_lot_of_an_unknown_relay_is_put_aside(rive: Rive, quai: Quai) -> None:
    """Nobody compared its fingerprint yet."""
    inconnu = trousseau.faire("relais", id=quai.cles.carte.id, nom="Faux")
    vivre_une_journee(quai.bord)
    (rive.dossier / "relais" / f"{quai.cles.carte.id}.json").write_bytes(ecrire_droits([Droit(inconnu.carte)]))

    assert prendre_tout(rive, sceller_par(quai, 1000)) == ["quarantaine"]
    assert bilan.refuses_sans_relais(rive) == 1


def test_the_same_state_gives_the_same_receipt(rive: Rive, quai: Quai) -> None:
    """Asking twice does not make two truths; a new lot makes a higher series."""
    vivre_une_journee(quai.bord)
    un, deux = sceller_par(quai, 20)[:2]
    relais, annuaire = quai.cles.carte.id, annuaire_de(quai.carte_rive)
    prendre_tout(rive, [un])
    premier = recepisses.pour(rive, relais=relais, instant=MIDI)
    assert recepisses.pour(rive, relais=relais, instant=Instant("rive", 2, MIDI.mur_ms + 1)) == premier
    prendre_tout(rive, [deux])
    second = recepisses.pour(rive, relais=relais, instant=MIDI)

    assert recu.ouvrir(premier[0], annuaire=annuaire).serie < recu.ouvrir(second[0], annuaire=annuaire).serie


def test_another_card_never_replaces_a_known_relay(quai: Quai) -> None:
    """Pairing again with other keys is a person's decision."""
    autre = trousseau.faire("relais", id=quai.cles.carte.id, nom="Faux")

    with pytest.raises(rives.RelaisDejaConnu):
        rives.accueillir(quai.config.dossier, trousseau.ecrire_carte(autre.carte))
    assert rives.accueillir(quai.config.dossier, trousseau.ecrire_carte(quai.cles.carte)) == quai.cles.carte

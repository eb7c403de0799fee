"""Journals ashore that go wrong or begin again: forks, several lives, newer boats, people to forget."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from pirogue_echange import canonique, recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_rive import archive, arrivees, base, bilan, projection, quarantaine, recepisses, schema
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_rive.evenements import Evenement
from pirogue_rive.projection import Tampon
from pirogue_socle.horloge import Instant
from sync.plume import (
    AUTRE_VIE,
    VIE,
    Dit,
    cloture,
    effacement,
    jeune,
    lignes,
    marque,
    renaissance,
    sceller,
    seance,
)
from sync.quai import Quai, compter, nouvelle_rive, vues

MIDI = Instant("rive", 1, 1_741_086_000_000)
JOURNEE = [jeune("afi"), jeune("koffi", "M"), seance("s1"), marque("s1", "afi"), marque("s1", "koffi"), cloture("s1")]


def prendre(rive: Rive, *octets: bytes, voie: str = "cle") -> list[str]:
    """Take lots in together; return what became of each."""
    return [un.sort for un in arrivees.prendre_suite(rive, octets, voie=voie, instant=MIDI)]


def recus(rive: Rive, quai: Quai) -> dict[tuple[str, str], int]:
    """Return how far the shore says that it has each stream of each life."""
    lus = [
        recu.ouvrir(octets, annuaire=annuaire_de(quai.carte_rive))
        for octets in recepisses.pour(rive, relais=quai.cles.carte.id, instant=MIDI)
    ]
    return {(lu.inc, lu.flux): lu.jusqua for lu in lus}


def test_lots_cut_otherwise_tell_the_same_history(rive: Rive, quai: Quai) -> None:
    """The same lines sealed in other pieces, overlapping, are one journal."""
    toutes = lignes(JOURNEE)
    sorts = prendre(
        rive, sceller(quai, toutes, fin=3), sceller(quai, toutes, debut=2, fin=5), sceller(quai, toutes, debut=5)
    )

    assert sorts == ["ingere"] * 3
    assert recus(rive, quai) == {(VIE, "activite"): 6}
    assert (bilan.tous(rive)[0].filles, bilan.tous(rive)[0].garcons) == (1, 1)


@pytest.mark.parametrize(("debut", "fin"), [(1, 6), (3, 4), (2, 6), (5, 6), (4, 6)])
def test_a_lot_that_disagrees_with_one_line_is_a_fork_wherever_it_is_cut(
    rive: Rive, quai: Quai, debut: int, fin: int
) -> None:
    """Overlapping, inside, or only touching: the second history is kept for a person, the first stays."""
    vraies = lignes(JOURNEE)
    fausses = lignes([*JOURNEE[:2], seance("autre"), *JOURNEE[3:]])
    prendre(rive, sceller(quai, vraies, fin=4))
    avant = vues(rive)
    faux = sceller(quai, fausses, debut=debut, fin=fin)

    assert prendre(rive, faux) == ["bifurcation"]
    assert prendre(rive, faux) == ["bifurcation"]
    assert vues(rive) == avant
    assert compter(rive, schema.quarantaine) == 1
    assert [un.name for un in (rive.bruts / quai.cles.carte.id).iterdir()] == [f"{lot_seul(rive)}.lot"]


def lot_seul(rive: Rive) -> str:
    """Return the id of the only lot."""
    with base.lire(rive.moteur) as db:
        return db.execute(select(schema.lot.c.id)).scalar_one()


def test_a_fork_is_shown_until_a_person_has_looked(rive: Rive, quai: Quai) -> None:
    """Estelle looks at it once; her name and the hour stay, and so do the bytes."""
    prendre(rive, sceller(quai, lignes(JOURNEE)), sceller(quai, lignes([seance("s2")])))
    with base.lire(rive.moteur) as db:
        garde = db.execute(select(schema.quarantaine)).one()
    vues_ = [quarantaine.voir(rive, sha256=garde.sha256, par=qui, instant=MIDI) for qui in ("estelle", "dossou")]
    with base.lire(rive.moteur) as db:
        marquee = db.execute(select(schema.quarantaine)).one()

    assert vues_ == [True, False]
    assert (garde.motif, garde.vu_ms) == ("bifurcation", None)
    assert (marquee.vu_par, marquee.vu_ms, marquee.corps) == ("estelle", MIDI.mur_ms, garde.corps)


def test_a_restored_card_counts_each_session_once(rive: Rive, quai: Quai) -> None:
    """The card was copied after the first session; each life then held one of its own, and one marked Afi again."""
    commun = [*JOURNEE, seance("s2")]
    ancienne = [*commun, marque("s2", "afi"), cloture("s2"), seance("s3"), marque("s3", "koffi"), cloture("s3")]
    nouvelle = [
        *commun, renaissance(VIE, len(commun)), marque("s2", "afi", "absent"), cloture("s2"),
        seance("s4"), marque("s4", "koffi"), cloture("s4"),
    ]  # fmt: skip
    sorts = prendre(rive, sceller(quai, lignes(nouvelle), inc=AUTRE_VIE), sceller(quai, lignes(ancienne)))
    vu = bilan.tous(rive)[0]

    assert sorts == ["ingere", "ingere"]
    assert (vu.seances, vu.filles, vu.garcons) == (4, 1, 1)
    assert vu.jeunes_min == 2 * 3 + 0 + 2 + 2  # both in s1, Afi marked absent in s2, Koffi in s3 and in s4
    with base.lire(rive.moteur) as db:
        parente = db.execute(select(schema.incarnation)).one()
    assert (parente.inc, parente.ancienne, parente.jusqua) == (AUTRE_VIE, VIE, 7)


def test_a_newer_boats_events_wait_for_the_shores_update(
    rive: Rive, quai: Quai, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A type nobody knows yet, and a known one in a later version: kept, then counted once the shore learns them."""
    fete_dite = Dit("fete_donnee", {}, personne="afi", seance="s1")
    nouveau = [*JOURNEE[:3], fete_dite, Dit("tetes_comptees", {"combien": 9}, seance="s1", v=2)]
    prendre(rive, sceller(quai, lignes(nouveau)))
    with base.lire(rive.moteur) as db:
        avant = db.execute(select(schema.avancee.c.jusqua, schema.avancee.c.illisibles)).one()
        tetes_avant = db.scalar(select(schema.seance.c.tetes))

    def fete(t: Tampon, e: Evenement) -> None:
        projection.PROJECTIONS["presence_pointee"](t, e._replace(valeurs=marque("s1", "afi").valeurs))

    def tetes(t: Tampon, e: Evenement) -> None:
        ancien(t, e._replace(valeurs={"tetes": e.valeurs["combien"]}))

    ancien = projection.PROJECTIONS["tetes_comptees"]
    monkeypatch.setitem(projection.PROJECTIONS, "fete_donnee", fete)
    monkeypatch.setitem(projection.PROJECTIONS, "tetes_comptees", tetes)
    monkeypatch.setitem(projection.VERSIONS, "tetes_comptees", 2)
    arrivees.rejouer(rive)
    with base.lire(rive.moteur) as db:
        apres = db.execute(select(schema.avancee.c.jusqua, schema.avancee.c.illisibles)).one()
        vu = (db.scalar(select(schema.seance.c.tetes)), db.scalar(select(schema.presence.c.etat)))

    assert (tuple(avant), tetes_avant) == ((5, 1), None)
    assert (tuple(apres), vu) == ((5, 0), (9, "present"))


def cles_de_noms(quai: Quai, combien: int, *, inc: str = VIE) -> list[bytes]:
    """Seal the keys of so many names, one per lot."""
    toutes = [canonique.ecrire({"cle": f"secret{rang}", "seq": rang}) for rang in range(1, combien + 1)]
    return [sceller(quai, toutes, debut=rang, fin=rang, inc=inc, flux="identites") for rang in range(1, combien + 1)]


def test_names_are_kept_sealed_and_receipted_without_being_read(rive: Rive, quai: Quai) -> None:
    """The shore holds no key of names: it checks, archives and answers for them all the same."""
    noms = cles_de_noms(quai, 3)
    sorts = prendre(rive, noms[2], noms[0], noms[1], noms[1])
    with base.lire(rive.moteur) as db:
        cadres = db.scalars(select(schema.lot.c.cadre)).all()

    assert sorts == ["ingere", "ingere", "ingere", "doublon"]
    assert recus(rive, quai) == {(VIE, "identites"): 3}
    assert cadres == [None, None, None]


def tailles(rive: Rive, quai: Quai) -> list[bool]:
    """Say of each archived lot of identities, in order, whether it still has its payload."""
    with base.lire(rive.moteur) as db:
        t = schema.lot
        lus = db.scalars(select(t.c.id).where(t.c.flux == "identites").order_by(t.c.inc, t.c.premier)).all()
    chemins = [archive.chemin(rive.bruts, relais=quai.cles.carte.id, lot_id=un) for un in lus]
    return [not chemin.read_bytes().endswith(b"---\n") for chemin in chemins]


@pytest.mark.parametrize("avant", [True, False])
def test_erasing_aboard_destroys_the_archived_name_whenever_it_arrives(rive: Rive, quai: Quai, *, avant: bool) -> None:
    """Afi's name is lot 2: it loses its content, come before or after the boat says so; she still counts."""
    noms = cles_de_noms(quai, 3)
    journal = sceller(quai, lignes([*JOURNEE, effacement("afi", 2)]))
    prendre(rive, *(noms if avant else []), journal, *([] if avant else noms))
    with base.lire(rive.moteur) as db:
        effacee = db.execute(select(schema.effacee)).one()
        code = db.scalar(select(schema.jeune.c.code_jeune).where(schema.jeune.c.personne_id == "afi"))

    assert tailles(rive, quai) == [True, False, True]
    assert (effacee.personne_id, effacee.identites_seq, code) == ("afi", 2, None)
    assert bilan.tous(rive)[0].filles == 1
    assert recus(rive, quai)[(VIE, "identites")] == 3


def test_a_name_sent_again_by_a_restored_card_is_destroyed_too(rive: Rive, quai: Quai) -> None:
    """The card was restored and sends all names again: the erased one is emptied as it comes."""
    prendre(rive, *cles_de_noms(quai, 2), sceller(quai, lignes([*JOURNEE, effacement("afi", 1)])))
    prendre(rive, *cles_de_noms(quai, 2, inc=AUTRE_VIE))

    assert tailles(rive, quai) == [False, True, False, True]


def test_erasing_ashore_destroys_names_here_and_to_come(rive: Rive, quai: Quai) -> None:
    """Estelle erases two people whose names the shore keeps, one of which is still on its way."""
    noms = cles_de_noms(quai, 2)
    prendre(rive, noms[0])
    detruits = arrivees.evider(rive, relais=quai.cles.carte.id, inc=VIE, seqs=[1, 2])
    prendre(rive, noms[1])

    assert detruits == 1
    assert tailles(rive, quai) == [False, False]


def test_a_shore_made_again_from_its_archive_accepts_destroyed_names(rive: Rive, quai: Quai, tmp_path: Path) -> None:
    """The database burns: receipts and counts come back, the destroyed name does not, and stays destroyed."""
    prendre(rive, *cles_de_noms(quai, 3), sceller(quai, lignes([*JOURNEE, effacement("afi", 2)])))
    autre = nouvelle_rive(quai.config, tmp_path / "autre")
    shutil.copytree(rive.bruts, tmp_path / "autre/bruts", dirs_exist_ok=True)
    with rives.ouvrir(autre) as refaite:
        repris = arrivees.rattraper(refaite, instant=MIDI)

        assert repris == 4
        assert vues(refaite) == vues(rive)
        assert tailles(refaite, quai) == [True, False, True]
        assert recus(refaite, quai) == recus(rive, quai)
        assert arrivees.rattraper(refaite, instant=MIDI) == 0


def test_a_destroyed_lot_is_not_accepted_from_a_road(rive: Rive, quai: Quai) -> None:
    """Only our own archive may hold a lot without its content."""
    vide = cles_de_noms(quai, 1)[0].split(b"---\n")[0] + b"---\n"

    assert prendre(rive, vide) == ["quarantaine"]
    assert compter(rive, schema.lot) == 0


def test_a_lot_for_another_shore_is_left_to_it(rive: Rive, quai: Quai, tmp_path: Path) -> None:
    """A boat's lots for its own shore travel on the same stick: they are not ours to keep."""
    ailleurs = rives.installer(tmp_path / "ailleurs", id="ailleurs", nom="Autre rive")
    etranger = Quai(quai.bord, quai.cles, ailleurs, quai.config)
    arrivee = arrivees.prendre(rive, sceller(etranger, lignes(JOURNEE)), voie="cle", instant=MIDI)

    assert (arrivee.sort, compter(rive, schema.quarantaine)) == ("ailleurs", 0)
    assert "autre rive" in arrivee.phrase


def test_what_has_no_room_in_quarantine_is_counted(rive: Rive, quai: Quai, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for one refused lot: the first stays, the others are counted, nothing is dropped for them."""
    mauvais = [bytes(100), bytes(101), bytes(102)]
    monkeypatch.setattr(quarantaine, "OCTETS_MAX", 150)
    sorts = prendre(rive, *mauvais, mauvais[0])
    with base.lire(rive.moteur) as db:
        gardes = [bytes(un) for un in db.scalars(select(schema.quarantaine.c.corps))]

    assert sorts == ["quarantaine"] * 4
    assert gardes == [mauvais[0]]
    assert (quarantaine.sans_place(rive), quarantaine.octets(rive)) == (2, 100)


def test_a_bad_lot_never_spoils_its_neighbours(rive: Rive, quai: Quai) -> None:
    """Good, damaged, good, for another, good: each has its own fate, and the journal is whole."""
    toutes = lignes(JOURNEE)
    bons = [sceller(quai, toutes, debut=debut, fin=debut + 1) for debut in (1, 3, 5)]
    sorts = prendre(rive, bons[0], bons[1][:-9], bons[1], b"", bons[2], bons[0])

    assert sorts == ["ingere", "quarantaine", "ingere", "quarantaine", "ingere", "doublon"]
    assert recus(rive, quai) == {(VIE, "activite"): 6}

"""
I1 to I10, each in one readable test: the real boat and the real shore, on both engines, through their own doors.

What may happen in any order is in `test_machine.py`; what a machine or a stick may do, in `test_coupures.py` and in the
bench of real drivers. Here is only what is promised.
"""

import itertools
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

import postgresql
from echange import deux_ans
from equipage import Bord, Horloge
from pirogue_echange import canonique, recu, support
from pirogue_echange import cles as trousseaux
from pirogue_echange import lot as lots
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.recu import Recu
from pirogue_echange.support import SupportDefaillant
from pirogue_registre import base as base_bord
from pirogue_registre import envois, flux, journal, reglages
from pirogue_rive import arrivees, base, mises_de_cote, recepisses, schema
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive import reglages as reglages_rive
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant
from pirogue_sync import cle as cle_bord
from sync.quai import Quai, compter, lignes, nouvelle_rive, preparer_quai, sceller_par, vivre_une_journee, vues

MIDI = Instant("rive", 1, 1_741_086_000_000)
_rang = itertools.count()


def au_bateau(quai: Quai, cle: Path) -> None:
    """Dossou plugs the stick into the boat."""
    bord = quai.bord
    cle_bord.echanger(bord.registre, dossier=cle, trousseau=quai.trousseau, instant=bord.horloge())


def a_terre(rive: Rive, cle: Path) -> None:
    """Dossou plugs the stick in ashore."""
    cle_rive.prendre_cle(rive, dossier=cle, instant=MIDI)


def apporter(rive: Rive, dossier: Path, *octets: bytes) -> None:
    """Bring some lots ashore on a stick of their own."""
    cle = dossier / f"cle{next(_rang)}"
    montee = cle / "PIROGUE" / "montee"
    montee.mkdir(parents=True)
    for un in octets:
        (montee / f"{lots.id_de(un)}.lot").write_bytes(un)
    a_terre(rive, cle)


def du_bord(quai: Quai, courant: str = "activite") -> list[bytes]:
    """Return every line of a stream that the boat has written."""
    return [ligne for _, ligne in flux.lignes(quai.bord.registre, courant, apres=0, limite=100_000)]


def chaine(quai: Quai, jusqua: int) -> str:
    """Return the boat's own chain value at one of its lines."""
    return canonique.enchainer(canonique.ORIGINE, du_bord(quai)[:jusqua]).hex()


def lignes_rangees(rive: Rive, courant: str = "activite") -> int:
    """Return the number of lines in the lots that the shore holds, those held twice counted twice."""
    t = schema.lot
    with base.lire(rive.moteur) as db:
        rangs = db.execute(select(t.c.premier, t.c.dernier).where(t.c.flux == courant)).all()
    return sum(dernier - premier + 1 for premier, dernier in rangs)


def test_i1_every_event_reaches_the_shore_exactly_once_and_in_order(quai: Quai, rive: Rive, tmp_path: Path) -> None:
    """Two days on three sticks, the later one first, each handed over twice, the receipts lost the first time."""
    premiere, seconde, troisieme = (tmp_path / nom for nom in ("a", "b", "c"))
    for cle in (premiere, seconde, troisieme):
        cle.mkdir()
    vivre_une_journee(quai.bord)
    au_bateau(quai, premiere)
    vivre_une_journee(quai.bord)
    au_bateau(quai, seconde)
    shutil.rmtree(seconde / "PIROGUE" / "descente")
    for lot in sorted((seconde / "PIROGUE" / "montee").iterdir())[:1]:
        lot.unlink()
    for cle in (seconde, premiere, seconde, premiere):
        a_terre(rive, cle)
    for _ in range(2):
        au_bateau(quai, troisieme)
        a_terre(rive, troisieme)
    au_bateau(quai, troisieme)
    ecrites = du_bord(quai)

    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME
    assert lignes(rive) == ecrites
    assert [canonique.lire(ligne)["seq"] for ligne in lignes(rive)] == list(range(1, len(ecrites) + 1))
    assert lignes_rangees(rive) == len(ecrites)
    assert lignes_rangees(rive, "identites") == len(du_bord(quai, "identites"))
    assert compter(rive, schema.seance) == 2


def test_i2_the_shore_holds_nothing_that_the_boat_did_not_write(quai: Quai, rive: Rive, tmp_path: Path) -> None:
    """Somebody else signs lines under the boat's name, and splices true heads with other bodies: none is taken."""
    vivre_une_journee(quai.bord)
    vrais = sceller_par(quai, 6)
    voleur = trousseaux.faire("relais", id=quai.cles.carte.id, nom="Pirogue 1")
    inventee = canonique.ecrire(canonique.lire(du_bord(quai)[-1]) | {"seq": 1})
    faux = lots.sceller(
        [inventee], premier=1, avant=canonique.ORIGINE, inc=reglages.lire(quai.bord.registre, "incarnation"),
        cles=voleur, rive=quai.carte_rive, cree=0,
    ).octets  # fmt: skip
    tete, corps = vrais[0].split(b"---\n", 1)[0], vrais[1].split(b"---\n", 1)[1]
    apporter(rive, tmp_path, faux, tete + b"---\n" + corps)
    avant = lignes(rive)
    apporter(rive, tmp_path, *vrais, faux)

    assert avant == []
    assert set(lignes(rive)) <= set(du_bord(quai))
    assert lignes(rive) == du_bord(quai)


@pytest.mark.parametrize("graine", [1, 2, 3])
def test_i3_the_order_and_the_number_of_arrivals_cannot_be_seen(
    quai: Quai, rive: Rive, tmp_path: Path, graine: int
) -> None:
    """A shore that took each lot once in order, and one that took them mixed and several times, say the same."""
    vivre_une_journee(quai.bord)
    en_ordre = sceller_par(quai, 5)
    hasard = random.Random(graine)
    meles = [un for un in en_ordre for _ in range(hasard.randint(1, 3))]
    hasard.shuffle(meles)
    apporter(rive, tmp_path, *en_ordre)
    with rives.ouvrir(nouvelle_rive(quai.config, tmp_path / "autre")) as autre:
        for un in meles:
            apporter(autre, tmp_path, un)

        assert len(meles) > len(en_ordre) > 4
        assert vues(autre) == vues(rive)
        assert lignes_rangees(autre) == lignes_rangees(rive)


def test_i4_a_receipt_covers_the_whole_beginning_only_and_never_goes_back(
    quai: Quai, rive: Rive, tmp_path: Path
) -> None:
    """Lots come in a bad order, some twice: each receipt says the prefix without a gap, with the boat's own chain."""
    vivre_une_journee(quai.bord)
    tous = sceller_par(quai, 4)
    ordre = [2, 0, 0, 4, 1, 2, 3, *range(5, len(tous))]
    dits, attendus, arrives = [], [], set()
    for rang in ordre:
        apporter(rive, tmp_path, tous[rang])
        arrives.add(rang)
        entiers = next(n for n in range(len(tous) + 1) if n not in arrives)
        attendus.append(min(4 * entiers, len(du_bord(quai))))
        dits.append(recu_de(quai, rive))

    assert [un.jusqua for un in dits] == attendus
    assert attendus == sorted(attendus)
    assert all(un.h == chaine(quai, un.jusqua) for un in dits)
    assert [un.serie for un in dits] == sorted(un.serie for un in dits)


def recu_de(quai: Quai, rive: Rive) -> Recu:
    """Return what the shore signs of the boat's journal."""
    octets = recepisses.pour(rive, relais=quai.cles.carte.id, instant=MIDI)
    lus = [recu.ouvrir(un, annuaire=annuaire_de(quai.carte_rive)) for un in octets]
    return next(un for un in lus if un.flux == "activite")


def test_i5_only_what_a_valid_receipt_covers_is_purged(quai: Quai, rive: Rive, cle: Path, tmp_path: Path) -> None:
    """Left on a stick, then said by another shore, is not covered; two lots receipted are the two that may go."""
    vivre_une_journee(quai.bord)
    tous, registre = sceller_par(quai, 5), quai.bord.registre
    au_bateau(quai, cle)
    etranger = trousseaux.faire("rive", id=quai.carte_rive.id, nom="Rive", secours=quai.carte_rive.secours)
    faux = replace(recu_vide(quai), jusqua=10, h=chaine(quai, 10), serie=9)
    rapporter(cle, recu.sceller(faux, cles=etranger).octets)
    au_bateau(quai, cle)
    rien = envois.purger(registre, garder=0)
    apporter(rive, tmp_path, *tous[:2])
    rapporter(cle, *recepisses.pour(rive, relais=quai.cles.carte.id, instant=MIDI))
    au_bateau(quai, cle)
    envois.purger(registre, garder=0)
    requete = "SELECT dernier, corps IS NULL FROM lot WHERE flux = 'activite'"
    partis = {dernier for dernier, parti in registre.db.execute(requete) if parti}

    assert rien == 0
    assert partis == {5, 10}
    assert envois.couvert_jusqua(registre) == 10
    assert len(du_bord(quai)) == journal.dernier(registre)


def recu_vide(quai: Quai) -> Recu:
    """Return a receipt for nothing."""
    return Recu(
        rive=quai.carte_rive.id, relais=quai.cles.carte.id, inc=reglages.lire(quai.bord.registre, "incarnation"),
        flux="activite", jusqua=0, h=canonique.ORIGINE.hex(), ilots=(), serie=0, heure_ms=MIDI.mur_ms,
    )  # fmt: skip


def rapporter(cle: Path, *octets: bytes) -> None:
    """Put what comes down on a stick."""
    descente = cle / "PIROGUE" / "descente"
    descente.mkdir(parents=True, exist_ok=True)
    for un in octets:
        (descente / f"{lots.id_de(un)}.lot").write_bytes(un)


def test_i6_no_byte_of_an_unverified_lot_reaches_the_tables(quai: Quai, rive: Rive, tmp_path: Path) -> None:
    """Every part of a lot is damaged in turn, and cut: all is set aside for a person, no table and no archive knows."""
    vivre_une_journee(quai.bord)
    bon = sceller_par(quai, 50)[0]
    abimes = [bon[:rang] + bytes([bon[rang] ^ 1]) + bon[rang + 1 :] for rang in range(0, len(bon), 97)]
    abimes += [bon[:taille] for taille in range(200, len(bon), 503)]
    vierge = vues(rive)
    for rang, un in enumerate(abimes):
        cle = tmp_path / f"mauvaise{rang}" / "PIROGUE" / "montee"
        cle.mkdir(parents=True)
        (cle / f"{rang:032x}.lot").write_bytes(un)
        a_terre(rive, cle.parents[1])
    apres, archives = vues(rive), list(rive.bruts.rglob("*.lot"))
    apporter(rive, tmp_path, bon)

    assert apres == vierge
    assert archives == []
    assert lignes_rangees(rive) == len(lignes(rive)) > 0
    assert mises_de_cote.compter(rive) > len(abimes) / 2


def test_i7_what_is_rebuilt_from_the_raw_lots_is_what_was_live(quai: Quai, rive: Rive, tmp_path: Path) -> None:
    """The views are emptied and replayed; then the whole database is made again from the archive alone."""
    vivre_une_journee(quai.bord)
    tous = sceller_par(quai, 4)
    apporter(rive, tmp_path, *tous[3:])
    for un in reversed(tous[:3]):
        apporter(rive, tmp_path, un)
    vivantes = vues(rive)
    rejouees = arrivees.rejouer(rive)
    refaites = vues(rive)
    copie = nouvelle_rive(quai.config, tmp_path / "copie")
    shutil.copytree(rive.bruts, copie.dossier / "bruts", dirs_exist_ok=True)
    with rives.ouvrir(copie) as neuve:
        arrivees.rattraper(neuve, instant=MIDI)

        assert vues(neuve) == vivantes
        assert lignes(neuve) == lignes(rive)
    assert refaites == vivantes
    assert rejouees == len(lignes(rive)) > 0


def test_i8_a_stick_is_announced_only_after_every_lot_was_read_back(
    quai: Quai, cle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worn stick answers « written » and gives one lot back with another bit: nothing of it is announced."""
    vivre_une_journee(quai.bord)
    sceller_par(quai, 6)
    registre, ecrire, ecrits = quai.bord.registre, support.ecrire, []

    def user(dossier: int, nom: str, octets: bytes) -> None:
        ecrits.append(nom)
        abime = len(ecrits) == 3 and nom.endswith(".lot")
        ecrire(dossier, nom, octets[:-1] + bytes([octets[-1] ^ 1]) if abime else octets)

    monkeypatch.setattr(support, "ecrire", user)
    with pytest.raises(SupportDefaillant):
        au_bateau(quai, cle)
    monkeypatch.undo()
    deposes = registre.db.execute("SELECT count(*) FROM depot").fetchone()[0]
    puce = envois.etat_puce(registre)
    au_bateau(quai, cle)
    montee = cle / "PIROGUE" / "montee"
    annonces = [lot_id for (lot_id,) in registre.db.execute("SELECT lot_id FROM depot WHERE voie = 'cle'")]
    corps = {lot.id: lot.corps for lot in envois.a_envoyer(registre)}

    assert len(ecrits) > 3
    assert (deposes, puce) == (0, envois.A_BORD)
    assert len(annonces) == len(corps)
    assert all((montee / f"{lot_id}.lot").read_bytes() == corps[lot_id] for lot_id in annonces)


@contextmanager
def compter_rangees(rive: Rive, quai: Quai) -> Iterator[list[int]]:
    """Count the rows that are written, aboard and ashore, until the end of the block."""
    rangees: list[int] = []

    def ashore(_c: Any, curseur: Any, requete: str, *_: Any) -> None:
        if requete.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            rangees.append(max(0, curseur.rowcount))

    avant = quai.bord.registre.db.total_changes
    event.listen(rive.moteur, "after_cursor_execute", ashore)
    yield rangees
    event.remove(rive.moteur, "after_cursor_execute", ashore)
    rangees.append(quai.bord.registre.db.total_changes - avant)


@pytest.fixture(scope="module")
def modeles() -> Iterator[Sequence[Path]]:
    """A boat after ten days, and after four hundred."""
    yield [deux_ans.modele(jours) for jours in (10, 400)]
    deux_ans.oublier_modeles()


def test_i9_an_exchange_costs_what_is_new_and_not_what_is_old(
    modeles: Iterable[Path], base_rive: str, tmp_path: Path
) -> None:
    """The same working day after 10 days and after 400: bytes and rows for one event differ by less than a fifth."""
    couts = [cout(modele, tmp_path / modele.parent.name, avec=base_rive) for modele in modeles]
    (octets_tot, rangees_tot), (octets_tard, rangees_tard) = couts

    assert 0.8 < octets_tard / octets_tot < 1.2
    assert 0.8 < rangees_tard / rangees_tot < 1.2


def cout(modele: Path, dossier: Path, *, avec: str) -> tuple[float, float]:
    """Return the bytes on the stick, and the rows written on both sides, for each event of one more day."""
    registre = base_bord.ouvrir(deux_ans.copier(modele, dossier / "registre"))
    bateau = deux_ans.Bateau(registre=registre, hasard=random.Random(7), jour=500)
    bateau.reprendre()
    genres = ["lecon"] * 5 + ["quiz"]
    bateau.contenus = [
        (f"{module:02d}-{rang}", f"S{module:02d}", genre)
        for module in range(1, 15)
        for rang, genre in enumerate(genres)
    ]
    bord = Bord(registre, Horloge(), bateau.rachelle, "", "", "")
    quai = preparer_quai(bord, dossier / "rive", base=postgresql.base_neuve() if avec else "")
    cle = dossier / "cle"
    cle.mkdir()
    with rives.ouvrir(quai.config) as rive:
        for _ in range(2):
            au_bateau(quai, cle)
            a_terre(rive, cle)
        au_bateau(quai, cle)
        dernier = journal.dernier(registre)
        bateau.vivre()
        neufs = journal.dernier(registre) - dernier
        with compter_rangees(rive, quai) as rangees:
            au_bateau(quai, cle)
            octets = sum(un.stat().st_size for un in (cle / "PIROGUE" / "montee").iterdir())
            a_terre(rive, cle)
            octets += sum(un.stat().st_size for un in (cle / "PIROGUE" / "descente").iterdir())
            au_bateau(quai, cle)
    fini = envois.compter_a_envoyer(registre)[0]
    base_bord.fermer(registre)
    assert fini == 0
    return octets / neufs, sum(rangees) / neufs


def test_i10_what_the_shore_lost_comes_back_when_it_asks(quai: Quai, rive: Rive, cle: Path, tmp_path: Path) -> None:
    """Only the first lots were in the backup, and the boat has purged them all: asked, it sends the rest again."""
    vivre_une_journee(quai.bord)
    tous = sceller_par(quai, 6)
    for _ in range(2):
        au_bateau(quai, cle)
        a_terre(rive, cle)
    au_bateau(quai, cle)
    envois.purger(quai.bord.registre, garder=0)
    shutil.rmtree(cle / "PIROGUE")
    relais = quai.cles.carte.id
    sauvee = nouvelle_rive(quai.config, tmp_path / "sauvee")
    (sauvee.dossier / "bruts" / relais).mkdir()
    for un in tous[:2]:
        (sauvee.dossier / "bruts" / relais / f"{lots.id_de(un)}.lot").write_bytes(un)
    with rives.ouvrir(sauvee) as remise:
        arrivees.rattraper(remise, instant=MIDI)
        courte = len(lignes(remise))
        reglages_rive.redemander(remise, relais=relais, par="Estelle", instant=MIDI)
        for _ in range(3):
            au_bateau(quai, cle)
            a_terre(remise, cle)
        au_bateau(quai, cle)

        assert courte == 12
        assert lignes(remise) == du_bord(quai)
        assert lignes_rangees(remise, "identites") == len(du_bord(quai, "identites"))
    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME

"""A restored card begins a new life when, and only when, the shore holds what this register never wrote."""

import shutil
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from equipage import Bord
from pirogue_echange import canonique
from pirogue_echange import cles as format_cles
from pirogue_echange import recu as format_recu
from pirogue_echange.recu import Recu
from pirogue_registre import base, envois, flux, incarnation, journal, reglages
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive import schema
from pirogue_sync import arrivages, recus
from pirogue_sync import cle as cle_bord
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.arrivages import Arrivage
from sync.quai import Quai, sceller_par, vivre_une_journee


def rendre(
    quai: Quai, *, jusqua: int, h: bytes, serie: int, courant: str = "activite", ilots: tuple[tuple[int, int], ...] = ()
) -> Arrivage:
    """Give the boat a receipt that its own shore signed."""
    cles = format_cles.charger(quai.config.dossier / "cles.json")
    registre = quai.bord.registre
    recu = Recu(
        rive=cles.carte.id,
        relais=quai.cles.carte.id,
        inc=reglages.lire(registre, "incarnation"),
        flux=courant,
        jusqua=jusqua,
        h=h.hex(),
        ilots=ilots,
        serie=serie,
        heure_ms=1_741_071_600_000,
    )
    octets = format_recu.sceller(recu, cles=cles).octets
    return arrivages.prendre(registre, octets, trousseau=quai.trousseau, instant=quai.bord.horloge())


def chaine(quai: Quai, jusqua: int) -> bytes:
    """Return the boat's own chain value at a line of its journal."""
    lignes = (
        [ligne for _, ligne in flux.lignes(quai.bord.registre, "activite", apres=0, limite=jusqua)] if jusqua else []
    )
    return canonique.enchainer(canonique.ORIGINE, lignes)


PAS = st.tuples(st.integers(-25, 3), st.booleans(), st.integers(0, 12), st.sampled_from([0, 7, 40]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pas=st.lists(PAS, max_size=6))
def test_only_a_receipt_beyond_what_was_written_begins_a_new_life(
    quai: Quai, pas: list[tuple[int, bool, int, int]]
) -> None:
    """Old, lower, partial and equal receipts never do, whatever their number; another chain or more lines do."""
    registre = quai.bord.registre
    incarnation.renaitre(registre, instant=quai.bord.horloge())
    couvert = connue = 0
    for ecart, juste, serie, taille in pas:
        journal.ecrire(registre, type="inconnu", valeurs={}, instant=quai.bord.horloge(), auteur="portail")
        if taille:
            sceller_par(quai, taille)
        avant, ecrites = reglages.lire(registre, "incarnation"), journal.dernier(registre)
        jusqua = max(0, ecrites + ecart)
        h = chaine(quai, jusqua) if juste and jusqua <= ecrites else b"\1" * 32
        arrivage = rendre(quai, jusqua=jusqua, h=h, serie=serie)
        notre = jusqua <= ecrites and h == chaine(quai, jusqua)
        lu = jusqua > couvert or (jusqua == couvert and serie > connue)
        renait = lu and not notre
        if renait:
            couvert = connue = 0
        elif lu:
            couvert, connue = jusqua, max(connue, serie)

        assert (reglages.lire(registre, "incarnation") != avant) == renait
        assert (arrivage.remarque == recus.RENAISSANCE) == renait
        assert envois.couvert_jusqua(registre) == couvert


def test_an_island_of_lines_that_we_never_wrote_begins_a_new_life(quai: Quai) -> None:
    """The shore waits for a gap of the lost life: nothing of ours would ever fill it."""
    sceller_par(quai, 3)
    arrivage = rendre(quai, jusqua=3, h=chaine(quai, 3), serie=1, ilots=((500, 510),))

    assert arrivage.remarque == recus.RENAISSANCE


def test_the_former_card_of_the_shore_never_makes_the_register_be_born_again(quai: Quai) -> None:
    """A stolen old key may lie; what it says is only believed where our own chain agrees."""
    ancienne = format_cles.charger(quai.config.dossier / "cles.json")
    neuve = format_cles.faire(
        "rive", id=ancienne.carte.id, nom="Rive", secours=ancienne.carte.secours, identites=ancienne.carte.identites
    )
    trousseau = trousseaux.assembler(quai.trousseau.dossier, cles=quai.cles, rive=neuve.carte, ancienne=ancienne.carte)
    registre, avant = quai.bord.registre, reglages.lire(quai.bord.registre, "incarnation")
    faux = Recu(
        rive=ancienne.carte.id,
        relais=quai.cles.carte.id,
        inc=avant,
        flux="activite",
        jusqua=9999,
        h="0" * 64,
        ilots=(),
        serie=1,
        heure_ms=1,
    )
    octets = format_recu.sceller(faux, cles=ancienne).octets
    arrivage = arrivages.prendre(registre, octets, trousseau=trousseau, instant=quai.bord.horloge())

    assert not arrivage.nouveau
    assert arrivage.remarque
    assert reglages.lire(registre, "incarnation") == avant


def test_a_restored_card_loses_nothing_and_overwrites_nothing(quai: Quai, cle: Path, tmp_path: Path) -> None:
    """Copied on Monday, put back on Wednesday: Tuesday stays ashore, Wednesday arrives beside it."""

    def echanger(bord: Bord) -> tuple[str, ...]:
        ici = replace(quai, bord=bord)
        bilan = cle_bord.echanger(bord.registre, dossier=cle, trousseau=ici.trousseau, instant=bord.horloge())
        with rives.ouvrir(quai.config) as rive:
            cle_rive.prendre_cle(rive, dossier=cle, instant=bord.horloge())
        return bilan.remarques

    bord = quai.bord
    vivre_une_journee(bord)
    echanger(bord)
    bord.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copytree(bord.registre.dossier, tmp_path / "copie")
    mardi = vivre_une_journee(bord)
    echanger(bord)
    restaure = replace(bord, registre=base.ouvrir(tmp_path / "copie"))
    mercredi = vivre_une_journee(restaure)
    remarques = [*echanger(restaure), *echanger(restaure), *echanger(restaure)]
    with rives.ouvrir(quai.config) as rive, rive.moteur.begin() as db:
        vues = set(db.scalars(select(schema.seance.c.seance_id)))
    puce = envois.etat_puce(restaure.registre)
    base.fermer(restaure.registre)

    assert recus.RENAISSANCE in remarques
    assert {mardi, mercredi} <= vues
    assert puce == envois.CONFIRME


def test_a_new_life_is_told_in_the_journal_and_seals_everything_again(quai: Quai) -> None:
    """From the first line of both streams, under the new number; the old lots are not touched."""
    registre = quai.bord.registre
    sceller_par(quai, 5)
    avant = registre.db.execute("SELECT count(*) FROM lot").fetchone()[0]
    ancienne, jusqua = reglages.lire(registre, "incarnation"), journal.dernier(registre)
    nouvelle = incarnation.renaitre(registre, instant=quai.bord.horloge())
    valeurs = registre.db.execute("SELECT valeurs FROM evenement WHERE type = 'incarnation_nouvelle'").fetchone()[0]
    sceller_par(quai, 5)
    rendus = [(lot.flux, lot.premier) for lot in envois.a_envoyer(registre)]

    assert len(nouvelle) == 16
    assert valeurs == f'{{"ancienne":"{ancienne}","jusqua":{jusqua}}}'
    assert {("activite", 1), ("identites", 1)} <= set(rendus)
    assert registre.db.execute("SELECT count(*) FROM lot WHERE incarnation = ?", (ancienne,)).fetchone()[0] == avant

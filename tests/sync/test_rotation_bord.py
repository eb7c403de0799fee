"""Changes of keys: ours travel before the data until the shore has them; our shore's are taken with both signatures."""

import base64
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pirogue_echange import cles as format_cles
from pirogue_echange import rotation as format_rotation
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Cles
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_echange.rotation import Rotation
from pirogue_registre import base as base_bord
from pirogue_registre import envois, reglages
from pirogue_sync import arrivages, descentes, rotation, scellement
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.trousseau import Trousseau
from sync.quai import Quai, sceller_par
from sync.recus_rendus import rendre_recu


@pytest.fixture
def trousseau(quai: Quai, tmp_path: Path) -> Trousseau:
    """The boat's keyring, on disk."""
    dossier = tmp_path / "cles"
    dossier.mkdir()
    format_cles.enregistrer(quai.cles, dossier / "relais.cles")
    trousseaux.poser_carte(dossier / "rive.json", quai.carte_rive)
    return trousseaux.charger(dossier, quai.cles.carte.id, "Pirogue 1")


def changer(quai: Quai, trousseau: Trousseau) -> Trousseau:
    """Give the boat new keys."""
    return rotation.changer(quai.bord.registre, trousseau=trousseau, instant=quai.bord.horloge())


def sceller(quai: Quai, trousseau: Trousseau) -> int:
    """Seal what is not sealed."""
    return scellement.sceller(quai.bord.registre, cles=trousseau.cles, rive=trousseau.rive, instant=quai.bord.horloge())


def test_the_change_goes_first_and_only_the_new_key_signs_after_it(quai: Quai, trousseau: Trousseau) -> None:
    """Both signed it; the old signing key is on no file any more."""
    vieille = trousseau.cles
    neuf = changer(quai, trousseau)
    sceller(quai, neuf)
    premier, *autres = envois.a_envoyer(quai.bord.registre)
    lue = format_rotation.ouvrir(premier.corps, annuaire=annuaire_de(vieille.carte))
    relu = trousseaux.charger(trousseau.dossier, vieille.carte.id, "Pirogue 1")
    fichiers = b"".join(un.read_bytes() for un in trousseau.dossier.iterdir())
    inc = reglages.lire(quai.bord.registre, "incarnation")

    assert premier.flux == "cles"
    assert lue.carte == neuf.cles.carte == relu.cles.carte
    assert lue.limites[f"{inc}/activite"] == autres[-4].premier - 1
    assert lue.limites[f"{inc}/identites"] == 3
    assert format_cles.charger(trousseau.dossier / "relais.cles").anciennes == (vieille.identite,)
    assert secret_de(vieille) not in fichiers
    assert {un.name for un in trousseau.dossier.iterdir()} == {"relais.cles", "rive.json"}


def secret_de(cles: Cles) -> bytes:
    """Return a private signing key as its file writes it."""
    return base64.b64encode(cles.signature)


def test_the_old_keys_seal_nothing_more(quai: Quai, trousseau: Trousseau) -> None:
    """A process that still holds them is refused; and a second change waits for the first."""
    neuf = changer(quai, trousseau)
    with pytest.raises(ClesIllisibles, match="remplacées"):
        sceller(quai, trousseau)
    with pytest.raises(ClesIllisibles, match="pas encore confirmé"):
        changer(quai, neuf)
    assert sceller(quai, neuf) == 1


def test_the_shores_receipt_ends_the_change(quai: Quai, trousseau: Trousseau) -> None:
    """Once the line after the change is covered, the lot goes no more and the old opening key is gone."""
    neuf = changer(quai, trousseau)
    sceller(quai, neuf)
    registre = quai.bord.registre
    seq = registre.db.execute("SELECT seq FROM rotation").fetchone()[0]
    assert rendre_recu(quai, jusqua=seq - 1, serie=1)
    avant = rotation.conclure(registre, neuf)
    assert rendre_recu(quai, jusqua=seq, serie=2)
    apres = rotation.conclure(registre, avant)

    assert avant.cles.anciennes
    assert apres.cles.anciennes == ()
    assert not rotation.en_cours(registre)
    assert [lot for lot in envois.a_envoyer(registre) if lot.flux == "cles"] == []
    assert trousseaux.charger(trousseau.dossier, quai.cles.carte.id, "x").cles == apres.cles


@pytest.mark.parametrize("ou", ["avant_le_registre", "avant_le_fichier", "avant_le_menage"])
def test_a_power_cut_leaves_the_old_keys_or_the_new_ones(
    quai: Quai, trousseau: Trousseau, monkeypatch: pytest.MonkeyPatch, ou: str
) -> None:
    """Between any two steps; the next command finishes or forgets the change."""
    cible = {
        "avant_le_registre": (rotation, "_ecrire"),
        "avant_le_fichier": (format_cles, "remplacer"),
        "avant_le_menage": (trousseaux, "changer_cles"),
    }[ou]

    def coupure(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*cible, coupure)
    with pytest.raises(KeyboardInterrupt):
        changer(quai, trousseau)
    monkeypatch.undo()
    relu = trousseaux.charger(trousseau.dossier, quai.cles.carte.id, "Pirogue 1")
    repris = rotation.reprendre(quai.bord.registre, relu)

    assert (repris.cles.carte == quai.cles.carte) == (ou == "avant_le_registre")
    assert rotation.en_cours(quai.bord.registre) == (ou != "avant_le_registre")
    assert not (trousseau.dossier / rotation.NOM_SUIVANTES).exists()
    sceller(quai, repris)


def changement(quai: Quai, serie: int, *, ancienne: Cles, nouvelle: Cles) -> bytes:
    """Seal a change of the shore's keys for the boat."""
    tour = Rotation(carte=nouvelle.carte, ancienne=ancienne.carte, relais=quai.cles.carte.id, serie=serie, limites={})
    return format_rotation.sceller(tour, ancienne=ancienne, nouvelle=nouvelle, cree=0).octets


def test_our_shore_changes_keys_and_an_old_stick_does_not_change_them_back(quai: Quai, trousseau: Trousseau) -> None:
    """The former card stays for receipts alone; revoked, it is not believed at all."""
    registre = quai.bord.registre
    vieille = format_cles.charger(quai.config.dossier / "cles.json")
    commun = {"id": vieille.carte.id, "secours": vieille.carte.secours, "identites": vieille.carte.identites}
    neuve, volee = (format_cles.faire("rive", nom="Rive", **commun) for _ in range(2))
    instant = quai.bord.horloge()
    prise = arrivages.prendre(
        registre, changement(quai, 1, ancienne=vieille, nouvelle=neuve), trousseau=trousseau, instant=instant
    )
    vol = arrivages.prendre(
        registre, changement(quai, 2, ancienne=vieille, nouvelle=volee), trousseau=prise.trousseau, instant=instant
    )
    encore = arrivages.prendre(
        registre, changement(quai, 1, ancienne=vieille, nouvelle=neuve), trousseau=prise.trousseau, instant=instant
    )
    relu = trousseaux.charger(trousseau.dossier, quai.cles.carte.id, "x")
    oubliee = trousseaux.oublier_ancienne(relu, vieille.carte.cle)

    assert (prise.nouveau, prise.trousseau.rive) == (True, neuve.carte)
    assert (vol.nouveau, vol.trousseau.rive) == (False, neuve.carte)
    assert (encore.nouveau, encore.remarque) == (False, "")
    assert [droit.etat for droit in relu.annuaire[neuve.carte.id]] == ["active", "remplacee"]
    assert [droit.etat for droit in oubliee.annuaire[neuve.carte.id]] == ["active"]
    assert not (trousseau.dossier / "rive-ancienne.json").exists()


def test_a_power_cut_while_our_shores_change_is_taken_is_made_good(quai: Quai, trousseau: Trousseau) -> None:
    """The new card was on disk, the line that tells the shore was not; a stolen key was still to be forgotten."""
    registre, instant = quai.bord.registre, quai.bord.horloge()
    vieille = format_cles.charger(quai.config.dossier / "cles.json")
    commun = {"id": vieille.carte.id, "secours": vieille.carte.secours, "identites": vieille.carte.identites}
    neuve = format_cles.faire("rive", nom="Rive", **commun)
    coupe = trousseaux.changer_rive(trousseau, neuve.carte)
    lot = changement(quai, 1, ancienne=vieille, nouvelle=neuve)
    prise = arrivages.prendre(registre, lot, trousseau=coupe, instant=instant)
    encore = arrivages.prendre(registre, lot, trousseau=prise.trousseau, instant=instant)
    reglages.ecrire(registre, "rive_revoquee", vieille.carte.cle)
    reprise = rotation.reprendre(registre, prise.trousseau)

    assert (prise.nouveau, encore.nouveau) == (True, False)
    assert descentes.series(registre)["cles"] == 1
    assert [droit.etat for droit in reprise.annuaire[neuve.carte.id]] == ["active"]
    assert not (trousseau.dossier / "rive-ancienne.json").exists()


def test_one_signature_changes_nothing(quai: Quai, trousseau: Trousseau) -> None:
    """Who has only the old key, or only a new one, is refused with a sentence."""
    vieille = format_cles.charger(quai.config.dossier / "cles.json")
    neuve = format_cles.faire(
        "rive", id=vieille.carte.id, nom="R", secours=vieille.carte.secours, identites=vieille.carte.identites
    )
    seule = replace(vieille, carte=neuve.carte)
    for ancienne, nouvelle in ((vieille, vieille), (neuve, neuve)):
        octets = changement(quai, 1, ancienne=ancienne, nouvelle=replace(nouvelle, carte=seule.carte))
        prise = arrivages.prendre(quai.bord.registre, octets, trousseau=trousseau, instant=quai.bord.horloge())
        assert prise.trousseau.rive == quai.carte_rive
        assert not prise.nouveau
    sceller_par(quai, 5)
    assert envois.compter_a_envoyer(quai.bord.registre)[0] > 0


def test_who_watches_beside_does_not_take_a_change_being_made_for_a_cut_one(
    quai: Quai, trousseau: Trousseau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new keys are drawn, not in the register yet: the watch waits, and they are not thrown away."""
    vrai = rotation._ecrire
    vus: list[Trousseau] = []

    def guetter() -> None:
        registre = base_bord.ouvrir(quai.bord.registre.dossier)
        vus.append(rotation.reprendre(registre, trousseau))
        base_bord.fermer(registre)

    guet = threading.Thread(target=guetter)

    def ecrire_lentement(*args: object, **autres: object) -> None:
        guet.start()
        guet.join(0.3)
        vrai(*args, **autres)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation, "_ecrire", ecrire_lentement)
    neuf = changer(quai, trousseau)
    guet.join(10)
    relu = trousseaux.charger(trousseau.dossier, neuf.cles.carte.id, "Pirogue 1")
    rangee = quai.bord.registre.db.execute("SELECT cle FROM rotation").fetchone()

    assert neuf.cles.carte != trousseau.cles.carte
    assert rangee[0] == relu.cles.carte.cle == neuf.cles.carte.cle
    assert len(vus) == 1
    assert sceller(quai, relu) > 0

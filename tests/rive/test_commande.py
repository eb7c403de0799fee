"""`pirogue rive …`: accounts, keys, a lost boat, names, from the console of the shore's machine."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pirogue_cli.entree import pirogue
from pirogue_rive import actes, arrivees, comptes, maj
from pirogue_rive import config as rives
from pirogue_rive.noms import CleDesNomsFausse
from pirogue_socle.erreurs import EntreeInvalide
from rive.terre import MIDI, sceller
from sync.quai import Quai, vivre_une_journee


@pytest.fixture
def base_rive() -> str:
    """The console finds the shore by its folder."""
    return ""


@pytest.fixture
def lancer(quai: Quai, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run a command of the shore."""
    fichier = tmp_path / "pirogue.toml"
    fichier.write_text('donnees = "bord"\nterre = "rive"\n', encoding="utf-8")
    monkeypatch.setenv("PIROGUE_CONFIG", str(fichier))

    def courir(*arguments: str) -> Result:
        return CliRunner().invoke(pirogue, ["rive", *arguments])

    return courir


def test_an_account_is_made_listed_and_closed_from_the_console(lancer, quai: Quai) -> None:  # type: ignore[no-untyped-def]
    """The first account of a shore can only come from there."""
    cree = lancer("compte", "creer", "Estelle", "--role", "coordination")
    secret = next(mot for mot in cree.output.split() if mot.count("-") == 3)
    with rives.ouvrir(quai.config) as rive:
        compte = comptes.verifier(rive, nom="Estelle", mot_de_passe=secret, instant=MIDI)
    refait = lancer("compte", "refaire", "estelle")
    liste = lancer("compte", "lister").output
    ferme = lancer("compte", "fermer", "Estelle")

    assert compte.role == "coordination"
    assert secret not in refait.output
    assert "Estelle" in liste
    assert ferme.exit_code == 0
    assert "fermé" in lancer("compte", "lister").output


def test_keys_change_and_the_new_fingerprint_is_said(lancer, quai: Quai) -> None:  # type: ignore[no-untyped-def]
    """Whoever changes them reads the letters to the boats."""
    sortie = lancer("changer-cles").output
    with rives.ouvrir(quai.config) as rive:
        empreinte = rive.cles.carte.empreinte

    assert empreinte in sortie
    assert empreinte != quai.carte_rive.empreinte


def test_names_are_shown_to_who_has_the_file(lancer, quai: Quai) -> None:  # type: ignore[no-untyped-def]
    """With another file, a refusal and no name."""
    vivre_une_journee(quai.bord)
    with rives.ouvrir(quai.config) as rive:
        arrivees.prendre_suite(rive, sceller(quai), voie="cle", instant=MIDI)
    relais = quai.cles.carte.id
    bon = lancer("noms", relais, "--identites", str(quai.config.dossier / "identites.txt"))
    faux = lancer("noms", relais, "--identites", str(quai.config.dossier / "secours.txt"))

    assert "Hounsou Koffi" in bon.output
    assert isinstance(faux.exception, CleDesNomsFausse)
    assert "Hounsou" not in faux.output


def test_an_update_is_offered_replaced_and_withdrawn(lancer, quai: Quai, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Its name says its version, or `--version` does; only one is kept, with its digest; the acts are noted."""
    premier, second = tmp_path / "pirogue-0.1.320.raucb", tmp_path / "livraison.raucb"
    premier.write_bytes(b"hsqs" + b"1" * 2_000_000)
    second.write_bytes(b"hsqs" + b"2" * 3_000_000)
    dit = lancer("maj", str(premier)).output
    sans_nom = lancer("maj", str(second))
    lancer("maj", str(second), "--version", "0.1.321")
    dossier = quai.config.dossier / "maj"
    annonce = json.loads((dossier / "maj.json").read_text(encoding="utf-8"))
    (garde,) = dossier.glob("*.raucb")
    octets = garde.read_bytes()
    fin = lancer("maj", "--retirer")
    with rives.ouvrir(quai.config) as rive:
        actes_ = [(un.quoi, un.sur) for un in actes.derniers(rive)]

    assert "La mise à jour 0.1.320 (2 Mo) est offerte aux bateaux." in dit
    assert isinstance(sans_nom.exception, EntreeInvalide)
    assert "--version" in sans_nom.exception.geste
    assert annonce == {"version": "0.1.321", "octets": 3_000_004, "sha256": hashlib.sha256(octets).hexdigest()}
    assert octets == second.read_bytes()
    assert garde.stem == annonce["sha256"]
    assert "plus offerte" in fin.output
    assert list(dossier.iterdir()) == []
    assert sorted(actes_) == [("maj_offerte", "0.1.320"), ("maj_offerte", "0.1.321"), ("maj_retiree", "")]


@pytest.mark.parametrize("version", ["demain", "../0.1", "v1", "0.1 3", "1" * 80])
def test_what_is_no_update_is_not_offered(lancer, quai: Quai, tmp_path: Path, version: str) -> None:  # type: ignore[no-untyped-def]
    """A version without a number, an image instead of a bundle, a file that is not there: the former one stays."""
    bon, image = tmp_path / "pirogue-0.1.320.raucb", tmp_path / "pirogue-0.1.321.raucb"
    bon.write_bytes(b"hsqs" + b"1" * 1000)
    image.write_bytes(b"\0" * 1000)
    lancer("maj", str(bon))
    refus = [
        lancer("maj", str(bon), "--version", version),
        lancer("maj", str(image)),
        lancer("maj", str(tmp_path / "pirogue-0.1.999.raucb")),
    ]
    with rives.ouvrir(quai.config) as rive:
        offerte = maj.lire(rive)

    assert all(isinstance(un.exception, EntreeInvalide) for un in refus)
    assert offerte is not None
    assert offerte.version == "0.1.320"
    assert len(list((quai.config.dossier / "maj").iterdir())) == 2
    assert lancer("maj").exit_code == 2
    assert lancer("maj", str(bon), "--retirer").exit_code == 2


def test_a_shore_that_cannot_open_says_so_instead_of_serving(lancer, quai: Quai) -> None:  # type: ignore[no-untyped-def]
    """Its file is damaged: a sentence and an exit code at once, no worker that dies again and again."""
    (quai.config.dossier / "rive.sqlite3").write_bytes(b"pas une base " * 1000)
    sortie = lancer("servir")

    assert isinstance(sortie.exception, rives.RiveIllisible)
    assert "registre de la rive" in str(sortie.exception)

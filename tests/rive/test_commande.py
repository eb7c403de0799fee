"""`pirogue rive …`: accounts, keys, a lost boat, names, from the console of the shore's machine."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pirogue_cli.entree import pirogue
from pirogue_rive import arrivees, comptes
from pirogue_rive import config as rives
from pirogue_rive.noms import CleDesNomsFausse
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


def test_a_shore_that_cannot_open_says_so_instead_of_serving(lancer, quai: Quai) -> None:  # type: ignore[no-untyped-def]
    """Its file is damaged: a sentence and an exit code at once, no worker that dies again and again."""
    (quai.config.dossier / "rive.sqlite3").write_bytes(b"pas une base " * 1000)
    sortie = lancer("servir")

    assert isinstance(sortie.exception, rives.RiveIllisible)
    assert "registre de la rive" in str(sortie.exception)

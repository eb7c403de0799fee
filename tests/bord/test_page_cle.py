"""The stick's story on the trainers' pages: the strip everywhere, the page that looks again by itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from equipage import Bord
from gestes_formateur import entrer
from pirogue_portail.app import create_app
from pirogue_socle import histoires
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import Instant, maintenant
from portail.conftest import config_sans_kolibri

Conter = Callable[[Histoire], None]


@pytest.fixture
def corps(tmp_path: Path) -> Path:
    """The folder in memory where the box's body tells what it sees."""
    (tmp_path / "corps").mkdir()
    return tmp_path / "corps"


@pytest.fixture
def conter(corps: Path) -> Conter:
    """Tell a step, as the box's body does."""

    def dire(histoire: Histoire) -> None:
        histoires.ecrire(corps / histoires.NOM, histoire, instant=maintenant())

    return dire


@pytest.fixture
def rachelle(bord: Bord, corps: Path) -> FlaskClient:
    """Rachelle, signed in on her laptop."""
    client = create_app(replace(config_sans_kolibri(bord.registre.dossier), bord=corps)).test_client()
    entrer(client, bord)
    return client


def test_without_a_stick_no_strip_is_shown(rachelle: FlaskClient) -> None:
    """The pages are as they were."""
    page = rachelle.get("/formateur/aujourdhui").text

    assert "/formateur/cle" not in page


@pytest.mark.parametrize("page", ["/formateur/aujourdhui", "/formateur/donnees", "/formateur/reseau"])
def test_a_stick_being_copied_is_told_on_every_page(rachelle: FlaskClient, conter: Conter, page: str) -> None:
    """Wherever Rachelle is, she knows that nobody must touch it."""
    conter(Histoire("copie", "Je copie.", fait=3, total=12))
    lue = rachelle.get(page).text

    assert "Copie 3/12." in lue
    assert "Ne retire pas la clé." in lue


def test_the_page_looks_again_by_itself_only_while_something_happens(rachelle: FlaskClient, conter: Conter) -> None:
    """Without a script; a page that one reads stays still."""
    conter(Histoire("verification", "Je vérifie.", fait=12, total=12))
    pendant = rachelle.get("/formateur/cle").text
    conter(Histoire("retirez", "C'est fini : tout est sur la clé.", cle="clé n° 4", remarques=("Un lot était abîmé.",)))
    apres = rachelle.get("/formateur/cle").text

    assert 'http-equiv="refresh"' in pendant
    assert 'value="12" max="12"' in pendant
    assert 'http-equiv="refresh"' not in apres
    assert "<h1>Retirez la clé</h1>" in apres
    assert "clé n° 4" in apres
    assert "Un lot était abîmé." in apres


@pytest.mark.parametrize("etape", histoires.ECHECS)
def test_a_failure_says_what_to_do(rachelle: FlaskClient, conter: Conter, etape: str) -> None:
    """Each one, in red, with the gesture."""
    conter(Histoire(etape, "La clé ne va pas.", "Prends une autre clé."))
    page = rachelle.get("/formateur/cle").text

    assert histoires.TITRES[etape] in page.replace("&#39;", "'")
    assert "Prends une autre clé." in page
    assert "message erreur" in page


def test_a_story_of_another_start_is_forgotten(rachelle: FlaskClient, corps: Path) -> None:
    """The power was cut in between: nothing is said of a stick that may be far."""
    histoires.ecrire(corps / histoires.NOM, Histoire("copie", "Je copie."), instant=Instant("hier", 1, 1))

    assert "<h1>Aucune clé</h1>" in rachelle.get("/formateur/cle").text


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b'{"boot_id": 1}', b"\xff\xfe", b'{"histoire": "x"}'])
def test_a_damaged_file_is_no_story(rachelle: FlaskClient, corps: Path, octets: bytes) -> None:
    """Cut short, empty, of another form."""
    (corps / histoires.NOM).write_bytes(octets)

    assert "<h1>Aucune clé</h1>" in rachelle.get("/formateur/cle").text


def test_a_trainee_sees_nothing_of_it(bord: Bord, corps: Path, conter: Conter) -> None:
    """The strip is the trainers'."""
    conter(Histoire("copie", "Je copie.", fait=3, total=12))
    client = create_app(replace(config_sans_kolibri(bord.registre.dossier), bord=corps)).test_client()

    assert client.get("/formateur/cle").status_code == 303
    assert "Copie" not in client.get("/").text

"""The page of a laptop's own little window: light, one button, and the laptop is greeted; so it is by a sign-in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge
from gestes_formateur import PIN_DONNE, regler, toucher
from gestes_jeune import embarquer, montrer, texte
from pirogue_portail.app import create_app
from pirogue_portail.captif import accueil
from pirogue_portail.config import ConfigPortail
from pirogue_registre.jeunes import Jeune
from pirogue_socle.horloge import maintenant
from portail.racine import AFI, KOFFI, Racine
from portail.test_jeune_apparence import poids


@pytest.fixture
def racine(tmp_path: Path) -> Iterator[Racine]:
    """Root's helper, with three laptops around."""
    aide = Racine(tmp_path / "actions.sock")
    yield aide
    aide.fermer()


@pytest.fixture
def config(config: ConfigPortail, racine: Racine, tmp_path: Path) -> ConfigPortail:
    """The portal behind its front, with a captive portal before it."""
    return replace(
        config,
        accueil=tmp_path / "ephemere/accueillis.json",
        actions=racine.prise,
        hotes=("localhost", "pirogue.internal", "10.10.10.10"),
        portail_base="http://pirogue.internal/",
    )


def navigateur(app: Flask, ip: str) -> FlaskClient:
    """Return the browser of one laptop, as the front server passes it on: a local socket, and the address it saw."""
    client = app.test_client()
    client.environ_base = {
        "REMOTE_ADDR": "",
        "HTTP_X_REAL_IP": ip,
        "HTTP_USER_AGENT": "CaptiveNetworkSupport",
    }
    return client


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Afi's laptop."""
    return navigateur(app, "10.10.10.21")


def accueillis(config: ConfigPortail) -> set[str]:
    """Return the devices that the responder of the probes would tell that all is well."""
    assert config.accueil is not None
    return set(accueil.accueillis(config.accueil, instant=maintenant()))


def continuer(client: FlaskClient, **entetes: str) -> TestResponse:
    """Press the button."""
    return client.post("/continuer", headers={nom.replace("_", "-"): valeur for nom, valeur in entetes.items()})


def test_all_that_the_little_window_asks_for_weighs_under_fourteen_kilobytes(client: FlaskClient) -> None:
    """Page, style, picture, as sent: one burst of packets for each of twelve laptops in the same minute."""
    total, page = poids(client, "/bienvenue")
    adresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    total += sum(poids(client, adresse)[0] for adresse in adresses)

    assert len(adresses) == 3
    assert "<script" not in page
    assert total <= 14_000, total


def test_the_little_window_says_where_she_is_and_what_to_keep(client: FlaskClient) -> None:
    """One button, the address in letters and in figures, no cookie."""
    reponse = client.get("/bienvenue")

    assert "Bienvenue à bord" in texte(reponse)
    assert "pirogue.internal ou 10.10.10.10" in texte(reponse)
    assert reponse.text.count("<button") == 1
    assert "Set-Cookie" not in reponse.headers
    assert reponse.headers["Cache-Control"] == "no-store"


def test_the_button_greets_her_laptop_and_no_other(client: FlaskClient, config: ConfigPortail) -> None:
    """From then on the system of Afi's laptop is told that all is well; Koffi's is not."""
    avant = accueillis(config)
    reponse = continuer(client)

    assert avant == set()
    assert reponse.status_code == 303
    assert reponse.location == "/"
    assert accueillis(config) == {AFI}


@pytest.mark.parametrize("entetes", [{}, {"Origin": "null"}, {"Origin": "http://captive.apple.com"}])
def test_the_button_works_from_a_window_that_comes_from_nowhere(
    client: FlaskClient, config: ConfigPortail, entetes: dict[str, str]
) -> None:
    """The systems' windows send no Origin, « null », or the name that they had asked for."""
    assert continuer(client, **entetes).location == "/"
    assert accueillis(config) == {AFI}


def test_no_other_form_is_taken_from_nowhere(client: FlaskClient, bord: Bord) -> None:
    """What is let through for the little window opens nothing else."""
    ailleurs = {"Origin": "null"}
    statuts = {
        client.post(adresse, headers=ailleurs).status_code
        for adresse in ("/qui", "/fini", "/toi", f"/formateur/code/{bord.rachelle}", "/formateur/sortir")
    }

    assert statuts == {403}


def test_a_laptop_says_nothing_of_who_it_is(app: Flask, config: ConfigPortail) -> None:
    """Over TCP no header is believed: a laptop cannot greet, nor be, another one."""
    client = app.test_client()
    client.environ_base = {"REMOTE_ADDR": "10.10.10.22"}
    continuer(client, X_Real_IP="10.10.10.21", X_Forwarded_For="10.10.10.21")

    assert accueillis(config) == {KOFFI}


def test_an_unknown_laptop_is_told_so_and_goes_on(app: Flask, config: ConfigPortail) -> None:
    """The neighbour table does not have it: no false promise, no dead end, no cookie needed."""
    client = navigateur(app, "10.10.10.99")
    reponse = continuer(client)
    page = client.get(reponse.location)

    assert reponse.status_code == 303
    assert "ne reconnaît pas encore cet ordinateur" in texte(page)
    assert 'href="/">Continuer' in page.text
    assert "Set-Cookie" not in reponse.headers
    assert accueillis(config) == set()


def test_without_roots_helper_she_still_goes_on(client: FlaskClient, racine: Racine, config: ConfigPortail) -> None:
    """The helper is stopped: the page says it kindly, and the way is open."""
    racine.fermer()
    reponse = continuer(client)

    assert reponse.location == "/bienvenue?inconnu=1"
    assert client.get("/").status_code == 200


def test_a_box_without_a_captive_portal_only_goes_on(app: Flask, config: ConfigPortail, tmp_path: Path) -> None:
    """The demo on one machine: same page, nothing written."""
    client = navigateur(create_app(replace(config, accueil=None, actions=None)), "10.10.10.21")

    assert continuer(client).location == "/"
    assert not (tmp_path / "ephemere").exists()


def test_signing_in_counts_as_the_button(client: FlaskClient, config: ConfigPortail, seance: str, afi: Jeune) -> None:
    """Whoever typed the address and came aboard never saw the little window."""
    montrer(client, afi)
    avant = accueillis(config)
    embarquer(client, afi)

    assert avant == set()
    assert accueillis(config) == {AFI}


def test_the_trainers_code_counts_as_the_button(
    app: Flask, bord: Bord, config: ConfigPortail, horloge: Horloge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her telephone is greeted when the code is right, not when it is wrong."""
    regler(monkeypatch, horloge)
    assert config.accueil is not None
    client = navigateur(app, "10.10.10.22")
    page = client.get(f"/formateur/code/{bord.rachelle}")
    page = toucher(client, page, "J'entre", pin="000111")
    avant = accueil.accueillis(config.accueil, instant=horloge())
    toucher(client, page, "J'entre", pin=PIN_DONNE)

    assert avant == {}
    assert set(accueil.accueillis(config.accueil, instant=horloge())) == {KOFFI}


def test_a_folder_that_cannot_be_written_stops_nobody(
    app: Flask, config: ConfigPortail, seance: str, afi: Jeune, caplog: pytest.LogCaptureFixture
) -> None:
    """Something else is where the folder should be: the sign-in stands, the log says it."""
    assert config.accueil is not None
    config.accueil.parent.write_text("pas un dossier")
    page = embarquer(navigateur(app, "10.10.10.21"), afi)

    assert page.request.path == "/chemin"
    assert "device not greeted" in caplog.text

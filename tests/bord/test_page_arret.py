"""«Éteindre la boîte» on the trainers' pages: asked twice, done by root, refused while a stick is written."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from equipage import Bord
from gestes_formateur import entrer, toucher
from pirogue_portail.app import create_app
from portail.conftest import config_sans_kolibri


@dataclass
class Root:
    """Whoever answers at the helper's socket; the helper itself is met in tests/actions."""

    prise: Path
    reponse: dict[str, str | None] = field(default_factory=lambda: {"rendu": None})
    demandes: list[dict[str, str]] = field(default_factory=list)

    def repondre(self, ecoute: socket.socket) -> None:
        """Answer each line until the socket is closed."""
        while True:
            try:
                lien, _ = ecoute.accept()
            except OSError:
                return
            with lien, lien.makefile("rwb") as flux:
                self.demandes.append(json.loads(flux.readline()))
                flux.write(json.dumps(self.reponse).encode() + b"\n")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """The helper's end of the socket."""
    root = Root(tmp_path / "cle.sock")
    with socket.socket(socket.AF_UNIX) as ecoute:
        ecoute.bind(str(root.prise))
        ecoute.listen()
        fil = threading.Thread(target=root.repondre, args=(ecoute,))
        fil.start()
        yield root
        ecoute.shutdown(socket.SHUT_RDWR)
        fil.join()


def ouvrir(bord: Bord, prise: Path | None) -> FlaskClient:
    """Return Rachelle's browser, signed in."""
    client = create_app(replace(config_sans_kolibri(bord.registre.dossier), actions_cle=prise)).test_client()
    entrer(client, bord)
    return client


def test_the_box_is_stopped_once_rachelle_said_yes(bord: Bord, root: Root) -> None:
    """From the boat's page: a question, then the stop, then when to cut the power."""
    client = ouvrir(bord, root.prise)
    question = client.get("/formateur/eteindre")
    avant = list(root.demandes)
    fin = toucher(client, question, "Oui, éteindre la boîte")

    assert "/formateur/eteindre" in client.get("/formateur/bateau").text
    assert avant == []
    assert root.demandes == [{"acte": "eteindre"}]
    assert "couper le courant" in fin.text


def test_an_open_session_is_said_before(bord: Bord, seance: str, root: Root) -> None:
    """Nothing is lost; she may still say no."""
    client = ouvrir(bord, root.prise)

    assert seance
    assert "Une séance est ouverte." in client.get("/formateur/eteindre").text


def test_a_refusal_is_told_in_root_s_words(bord: Bord, root: Root) -> None:
    """A stick is being written: first the stick."""
    root.reponse = {"refus": "Une clé est en cours d'écriture : attends qu'elle soit finie."}
    client = ouvrir(bord, root.prise)
    revenue = toucher(client, client.get("/formateur/eteindre"), "Oui, éteindre la boîte")

    assert "en cours d&#39;écriture" in revenue.text
    assert "La boîte s'éteint" not in revenue.text


@pytest.mark.parametrize("nom", [None, "personne.sock"])
def test_without_root_s_helper_the_button_is_named(bord: Bord, tmp_path: Path, nom: str | None) -> None:
    """The helper is away, or the machine is no box."""
    client = ouvrir(bord, tmp_path / nom if nom else None)
    revenue = toucher(client, client.get("/formateur/eteindre"), "Oui, éteindre la boîte")

    assert "Tiens son bouton trois secondes" in revenue.text


def test_a_trainee_cannot_stop_the_box(bord: Bord, root: Root) -> None:
    """Nobody signed in as a trainer: the door."""
    client = create_app(replace(config_sans_kolibri(bord.registre.dossier), actions_cle=root.prise)).test_client()
    client.post("/formateur/eteindre")

    assert root.demandes == []


@pytest.fixture
def seance(bord: Bord) -> str:
    """An open session."""
    return bord.ouvrir_seance()

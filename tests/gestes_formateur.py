"""What Rachelle does with her pages: coming in, and touching buttons as a browser without JavaScript sends them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import import_module

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge

PIN_DONNE, PIN = "246810", "135790"
MODULES = (
    "porte",
    "entrer",
    "accueil",
    "appel",
    "bilan",
    "courrier",
    "effacer",
    "groupes",
    "inscrire",
    "lecons",
    "reseau",
)


def regler(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """Put the trainers' pages on the clock of the test."""
    for nom in MODULES:
        monkeypatch.setattr(import_module(f"pirogue_portail.formateur.{nom}"), "maintenant", horloge)


@dataclass
class Bouton:
    """A button of a page, with everything that its form sends."""

    libelle: str
    adresse: str
    champs: dict[str, str]
    envoi: tuple[str, str] | None


@dataclass
class _Formulaire:
    adresse: str
    methode: str
    champs: dict[str, str] = field(default_factory=dict)
    boutons: list[tuple[str, tuple[str, str] | None]] = field(default_factory=list)


class _Lecteur(HTMLParser):
    """Reads the forms of a page as a browser would send them, untouched."""

    def __init__(self, ici: str) -> None:
        super().__init__()
        self.ici = ici
        self.formulaires: list[_Formulaire] = []
        self._form: _Formulaire | None = None
        self._bouton: dict[str, str] | None = None
        self._texte = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, note a field, open a button."""
        a = {nom: valeur or "" for nom, valeur in attrs}
        if tag == "form":
            self._form = _Formulaire(a.get("action") or self.ici, a.get("method", "get"))
            self.formulaires.append(self._form)
        elif tag == "input" and self._form is not None and "name" in a:
            coche = a.get("type") in ("radio", "checkbox")
            if not coche or "checked" in a:
                self._form.champs[a["name"]] = a.get("value", "")
        elif tag == "button":
            self._bouton, self._texte = a, a.get("aria-label", "")

    def handle_data(self, data: str) -> None:
        """Keep the words of the button."""
        if self._bouton is not None:
            self._texte += " " + data

    def handle_endtag(self, tag: str) -> None:
        """Close a button or a form."""
        if tag == "form":
            self._form = None
        elif tag == "button" and self._bouton is not None and self._form is not None:
            envoi = (self._bouton["name"], self._bouton["value"]) if "name" in self._bouton else None
            self._form.boutons.append((" ".join(self._texte.split()), envoi))
            self._bouton = None


def boutons(reponse: TestResponse) -> list[Bouton]:
    """Return every button of a page."""
    lecteur = _Lecteur(reponse.request.path)
    lecteur.feed(reponse.text)
    return [
        Bouton(libelle, formulaire.adresse, dict(formulaire.champs), envoi)
        for formulaire in lecteur.formulaires
        for libelle, envoi in formulaire.boutons
    ]


def toucher(client: FlaskClient, page: TestResponse, libelle: str, /, **champs: str) -> TestResponse:
    """Touch the first button that says `libelle`, after filling `champs`; return the page that follows."""
    bouton = next((un for un in boutons(page) if libelle in un.libelle), None)
    assert bouton is not None, f"no button « {libelle} » among {[un.libelle for un in boutons(page)]}"
    donnees = bouton.champs | champs | (dict([bouton.envoi]) if bouton.envoi else {})
    return client.post(bouton.adresse, data=donnees, follow_redirects=True)


def entrer(client: FlaskClient, bord: Bord) -> TestResponse:
    """Come in for the first time of the day, own code chosen and date confirmed; return « Aujourd'hui »."""
    page = client.get(f"/formateur/code/{bord.rachelle}")
    page = toucher(client, page, "J'entre", pin=PIN_DONNE)
    page = toucher(client, page, "C'est mon code", pin=PIN, encore=PIN)
    return toucher(client, page, "Oui")


def ouvrir(client: FlaskClient, bord: Bord) -> TestResponse:
    """Open the session of the group; return its roll."""
    page = client.get(f"/formateur/ouvrir/{bord.groupe}")
    return toucher(client, page, "Ouvrir", postes="11")

"""The trainer's notes and the quiz's answers: behind the PIN, and nowhere a youth can reach."""

import pytest
from flask.testing import FlaskClient

from equipage import Bord, Horloge
from gestes_formateur import entrer, ouvrir, regler
from gestes_jeune import embarquer, texte
from pirogue_contenus.catalogue import charger
from pirogue_portail.config import ConfigPortail
from pirogue_registre.jeunes import Jeune


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning."""
    regler(monkeypatch, horloge)


def test_the_session_leads_to_its_notes(client: FlaskClient, bord: Bord) -> None:
    """One tap from « Aujourd'hui »: how the two hours go, what to show, and the answers of the quiz."""
    entrer(client, bord)
    ouvrir(client, bord)
    jour = client.get("/formateur/aujourdhui")
    page = client.get("/formateur/notes/S01")

    assert 'href="/formateur/notes/S01"' in jour.get_data(as_text=True)
    assert "Déroulé des 2 heures" in texte(page)
    assert "Corrigé" in texte(page)
    assert "<strong>Je branche le câble.</strong>" in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"


def test_notes_are_read_before_any_session(client: FlaskClient, bord: Bord) -> None:
    """She prepares in the evening: every written module has its notes."""
    entrer(client, bord)
    jour = client.get("/formateur/aujourdhui")
    liste = client.get("/formateur/notes")

    assert 'href="/formateur/notes"' in jour.get_data(as_text=True)
    assert "S01 · Je découvre l'ordinateur" in texte(liste)
    assert 'href="/formateur/notes/S02"' in liste.get_data(as_text=True)


@pytest.mark.parametrize("code", ["S03", "S99", "autre"])
def test_a_module_without_notes_leads_to_the_list(client: FlaskClient, bord: Bord, code: str) -> None:
    """A session without a lesson of ours, a module that is not written yet."""
    entrer(client, bord)
    page = client.get(f"/formateur/notes/{code}", follow_redirects=True)

    assert page.request.path == "/formateur/notes"


@pytest.mark.parametrize("adresse", ["/formateur/notes", "/formateur/notes/S01"])
def test_a_youth_meets_the_door(client: FlaskClient, bord: Bord, seance: str, afi: Jeune, adresse: str) -> None:
    """Signed in as Afi: the trainers' door, no note, no answer."""
    embarquer(client, afi)
    page = client.get(adresse, follow_redirects=True)

    assert page.request.path == "/formateur/"
    assert "Déroulé" not in texte(page)
    assert "Corrigé" not in texte(page)


def test_no_page_of_the_youths_or_visitors_holds_a_note(
    client: FlaskClient, config: ConfigPortail, bord: Bord, seance: str, afi: Jeune
) -> None:
    """Every way to name the note by hand is refused."""
    (note,) = charger(config.parcours).modules[0].pour("formateur")
    embarquer(client, afi)
    pages = [client.get(f"{debut}/S01/{note.cle}") for debut in ("/chemin", "/visite")]
    pages += [client.get(f"/chemin/S01/{note.cle}/reponses"), client.post(f"/chemin/S01/{note.cle}/ouvrir")]
    pages.append(client.get(f"/lecons/images/../{note.fichier}"))

    assert [page.status_code for page in pages] == [404] * 5
    assert not any("Déroulé" in texte(page) for page in pages)

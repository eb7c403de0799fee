"""Rachelle's page «État du bateau»: one face, what hurts first and what to do, and what it says when nobody looks."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from equipage import Bord, Horloge
from gestes_formateur import entrer, regler
from gestes_jeune import texte
from pirogue_portail.config import ConfigPortail
from pirogue_socle import constats
from pirogue_socle.constats import Constat

PAGE = "/formateur/bateau"
COURANT = Constat("alimentation", "Courant", "bon", "Le courant est bon depuis l'allumage.", "", {})
CHALEUR = Constat("temperature", "Chaleur", "attention", "La boîte a chaud : 78 °C.", "Mets-la à l'ombre.", {})
WIFI = Constat("point_acces", "Wi-Fi", "panne", "Le Wi-Fi est arrêté.", "Relance le Wi-Fi.", {})
BOUTON = Constat("bouton", "Bouton et lampe", "inconnu", "Pas de bouton ni de lampe sur cette machine.", "", {})


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning on every page."""
    regler(monkeypatch, horloge)
    monkeypatch.setattr("pirogue_portail.formateur.etat_bateau.maintenant", horloge)


@pytest.fixture
def releve(tmp_path: Path) -> Path:
    """Where the box's body writes what it sees."""
    dossier = tmp_path / "bord"
    dossier.mkdir()
    return dossier / "etat.json"


@pytest.fixture
def config(config: ConfigPortail, releve: Path) -> ConfigPortail:
    """The portal of a real box."""
    return replace(config, bord=releve.parent)


@pytest.fixture
def rachelle(client: FlaskClient, bord: Bord) -> FlaskClient:
    """Rachelle's laptop, signed in."""
    entrer(client, bord)
    return client


def test_a_boat_in_good_health_has_a_calm_face_and_what_cannot_be_seen_is_no_fault(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """A box without a button is not a box in trouble."""
    constats.ecrire(releve, [COURANT, BOUTON], instant=horloge())
    page = rachelle.get(PAGE)

    assert "Le bateau va bien" in texte(page)
    assert "images/visages/bon.svg" in page.text
    assert "À faire" not in texte(page)
    assert "Ce que la boîte ne voit pas Bouton et lampe" in texte(page)


def test_what_is_down_comes_before_what_is_hot_and_each_says_what_to_do(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """The worst first, whatever the order of the checks; the Wi-Fi leads to its page."""
    constats.ecrire(releve, [COURANT, CHALEUR, WIFI], instant=horloge())
    page = rachelle.get(PAGE)
    mots = texte(page)

    assert "Quelque chose est en panne" in mots
    assert mots.index("Le Wi-Fi est arrêté.") < mots.index("78 °C") < mots.index("Le courant est bon")
    assert "Relance le Wi-Fi." in mots
    assert "Mets-la à l'ombre." in mots
    assert 'href="/formateur/reseau"' in page.text


def test_a_boat_that_is_hot_needs_somebody_and_the_class_goes_on(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """Something to look at is not a breakdown."""
    constats.ecrire(releve, [COURANT, CHALEUR], instant=horloge())
    mots = texte(rachelle.get(PAGE))

    assert "Le bateau a besoin de toi" in mots
    assert "La séance peut continuer." in mots
    assert "en panne" not in mots


def test_a_body_that_looks_no_more_is_told_and_what_it_saw_last_stays(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """Twelve minutes without a round: a calm face would be a lie."""
    present = horloge()
    constats.ecrire(releve, [COURANT], instant=replace(present, bt_ns=present.bt_ns - 12 * 60_000_000_000))
    mots = texte(rachelle.get(PAGE))

    assert "La boîte ne se regarde plus" in mots
    assert "Regardé il y a 12 minutes." in mots
    assert "Au dernier regard Courant Le courant est bon" in mots
    assert "Le bateau va bien" not in mots


@pytest.mark.parametrize("contenu", [None, "", "{", '{"constats": []}', "[]"])
def test_a_round_that_is_missing_or_torn_is_nobody_looking(
    rachelle: FlaskClient, releve: Path, contenu: str | None
) -> None:
    """The body never started, or its file is not one of ours."""
    if contenu is not None:
        releve.write_text(contenu)
    page = rachelle.get(PAGE)

    assert page.status_code == 200
    assert "La boîte ne se regarde plus" in texte(page)


def test_yesterdays_round_is_not_todays(rachelle: FlaskClient, releve: Path, horloge: Horloge) -> None:
    """The box was started again and its body was not: what the former start saw is not shown."""
    constats.ecrire(releve, [COURANT], instant=horloge())
    horloge.redemarrer()
    page = rachelle.get(PAGE)

    assert "Le courant est bon" not in texte(page)


def test_a_clock_put_right_by_three_days_does_not_age_a_round(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """The age is counted since the start, never by the wall."""
    constats.ecrire(releve, [COURANT], instant=horloge())
    horloge.sauter(jours=3)
    mots = texte(rachelle.get(PAGE))

    assert "Le bateau va bien" in mots
    assert "moins d'une minute" in mots


def test_the_day_shows_the_face_and_leads_there(rachelle: FlaskClient, releve: Path, horloge: Horloge) -> None:
    """She sees that something is wrong without looking for it."""
    constats.ecrire(releve, [WIFI], instant=horloge())
    page = rachelle.get("/formateur/aujourdhui")

    assert f'href="{PAGE}"' in page.text
    assert "État du bateau : en panne" in texte(page).replace("\xa0", " ")
    assert "images/visages/panne.svg" in page.text


def test_only_trainers_see_how_the_boat_is(client: FlaskClient, releve: Path, horloge: Horloge) -> None:
    """A youth who types the address is asked for a code."""
    constats.ecrire(releve, [WIFI], instant=horloge())

    assert "Le Wi-Fi est arrêté." not in texte(client.get(PAGE, follow_redirects=True))


def test_what_a_check_saw_is_shown_as_words_never_as_a_page(
    rachelle: FlaskClient, releve: Path, horloge: Horloge
) -> None:
    """The name of a stick, or of a unit, comes from elsewhere."""
    constats.ecrire(releve, [replace(WIFI, phrase="<script>alert(1)</script>")], instant=horloge())

    assert "<script>alert" not in rachelle.get(PAGE).text

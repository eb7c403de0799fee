"""A real Kolibri: prepared once per test session with our own lessons, copied or served as a test needs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from kolibri_essai import KolibriEssai, Navigateur, Serveurs
from pirogue_contenus import chaine, kolibri_boite
from pirogue_contenus.catalogue import Parcours, charger
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_contenus.livre import parcours_livre

PORTAIL = "http://portail.essai:5000"
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def parcours() -> Parcours:
    """Our course, as the box carries it."""
    return charger(parcours_livre())


@pytest.fixture(scope="session")
def canal(tmp_path_factory: pytest.TempPathFactory, parcours: Parcours) -> Path:
    """The channel built from our course."""
    dossier = tmp_path_factory.mktemp("canal")
    chaine.construire(parcours_livre(), dossier, version=parcours.version)
    return dossier


@pytest.fixture(scope="session")
def reglages_kolibri() -> kolibri_boite.Reglages:
    """The settings that every test's Kolibri was prepared with; each server gets ports of its own."""
    return kolibri_boite.Reglages(nom="Pirogue d'essai", base_portail=PORTAIL, port=8080, port_zip=8081)


@pytest.fixture(scope="session")
def maison_modele(
    tmp_path_factory: pytest.TempPathFactory, canal: Path, reglages_kolibri: kolibri_boite.Reglages
) -> Path:
    """A prepared Kolibri home that nobody runs: to be copied."""
    maison = tmp_path_factory.mktemp("modele") / "kolibri"
    kolibri_boite.preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None)
    return maison


@pytest.fixture
def maison(tmp_path: Path, maison_modele: Path) -> Path:
    """A prepared home of the test's own."""
    return Path(shutil.copytree(maison_modele, tmp_path / "kolibri"))


@pytest.fixture
def serveurs() -> Iterator[Serveurs]:
    """Run Kolibri on homes of the test's own; all are stopped at its end."""
    tous = Serveurs()
    yield tous
    tous.tout_arreter()


@pytest.fixture(scope="session")
def kolibri(tmp_path_factory: pytest.TempPathFactory, maison_modele: Path) -> Iterator[KolibriEssai]:
    """A running Kolibri that tests share: each brings its own people."""
    maison = Path(shutil.copytree(maison_modele, tmp_path_factory.mktemp("partagee") / "kolibri"))
    seul = Serveurs()
    yield seul.servir(maison)
    seul.tout_arreter()


@pytest.fixture
def afi() -> PersonneKolibri:
    """Afi, trainee; a different id in each test, since tests share a Kolibri."""
    return PersonneKolibri(sub=os.urandom(16).hex(), nom="Afi D.", code="", role="learner", classes=("4e A",))


@pytest.fixture
def koffi() -> PersonneKolibri:
    """Koffi, trainee."""
    return PersonneKolibri(sub=os.urandom(16).hex(), nom="Koffi A.", code="", role="learner", classes=("4e A",))


@pytest.fixture
def rachelle() -> PersonneKolibri:
    """Rachelle, trainer."""
    return PersonneKolibri(sub=os.urandom(16).hex(), nom="Rachelle", code="", role="coach", classes=("4e A",))


@pytest.fixture
def portable() -> Navigateur:
    """A shared laptop's browser, with its cookies."""
    return Navigateur()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A laptop of the boat; our script may not fail on it (Kolibri's own requests may, cut by the next page)."""
    with sync_playwright() as pilote:
        navigateur = pilote.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = navigateur.new_context(viewport={"width": 1366, "height": 768}, locale="fr-FR").new_page()
        fautes: list[str] = []
        page.on("pageerror", lambda faute: fautes.append(f"{faute}\n{faute.stack}"))
        yield page
        navigateur.close()
        assert [faute for faute in fautes if "retour.js" in faute] == []

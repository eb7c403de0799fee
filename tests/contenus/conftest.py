"""A real Kolibri: prepared once per test session with our own lessons, copied or served as a test needs."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest

from kolibri_essai import KolibriEssai, Navigateur, PortFerme, environnement_essai
from pirogue_contenus import chaine, kolibri_boite
from pirogue_contenus.catalogue import Parcours, charger, parcours_livre
from pirogue_contenus.kolibri_annuaire import en_vie
from pirogue_contenus.kolibri_jeton import PersonneKolibri, lire_cle

PORTAIL = "http://portail.essai:5000"


def port_libre() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


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


@contextmanager
def _servir(maison: Path) -> Iterator[KolibriEssai]:
    port = port_libre()
    journal = maison / "essai.log"
    with journal.open("ab") as log:
        processus = subprocess.Popen(
            kolibri_boite.commande(maison),
            env=environnement_essai(maison)
            | {
                "KOLIBRI_HTTP_PORT": str(port),
                "KOLIBRI_ZIP_CONTENT_PORT": str(port_libre()),
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if en_vie(base=base):
                break
            if processus.poll() is not None:
                raise PortFerme(journal.read_text(encoding="utf-8"))
            Event().wait(0.1)
        else:
            raise PortFerme(journal.read_text(encoding="utf-8"))
        yield KolibriEssai(base=base, maison=maison, cle=lire_cle(maison))
    finally:
        if processus.poll() is None:
            os.killpg(processus.pid, signal.SIGKILL)
        processus.wait()


@pytest.fixture
def servir() -> Iterator[Callable[[Path], KolibriEssai]]:
    """Start a Kolibri on a home; stopped at the end of the test. Starting again on a home stops the first."""
    en_cours: dict[Path, ExitStack] = {}

    def demarrer(maison: Path) -> KolibriEssai:
        if maison in en_cours:
            en_cours.pop(maison).close()
        en_cours[maison] = ExitStack()
        return en_cours[maison].enter_context(_servir(maison))

    yield demarrer
    for pile in en_cours.values():
        pile.close()


@pytest.fixture(scope="session")
def kolibri(tmp_path_factory: pytest.TempPathFactory, maison_modele: Path) -> Iterator[KolibriEssai]:
    """A running Kolibri that tests share: each brings its own people."""
    maison = Path(shutil.copytree(maison_modele, tmp_path_factory.mktemp("partagee") / "kolibri"))
    with _servir(maison) as essai:
        yield essai


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

"""Fixtures of the booted image: the image itself, a card that has had its first day, machines that go on from it."""

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from image import construction as constructions
from image import premier as premiers
from image.construction import Construction
from image.lecture_carte import Carte
from image.machine import Machine, MachineMuette
from image.premier import Premier
from image.reglages import Reglages
from image.salle import Salle

Allumer = Callable[..., Salle]
JOURNAL = "journalctl --no-pager -o short-monotonic -n 80 | cut -c1-200"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the box wrote, below the failure of a test that had one."""
    rapport = yield
    if rapport.when == "call" and rapport.failed:
        boites = {id(un): un for un in map(_machine, item.funcargs.values()) if un is not None}
        for boite in boites.values():
            with contextlib.suppress(MachineMuette):
                rapport.sections.append(("what the box wrote", boite.essayer(JOURNAL, patience_s=60).sortie))
    return rapport


def _machine(donne: object) -> Machine | None:
    return donne if isinstance(donne, Machine) else donne.machine if isinstance(donne, Salle) else None


@pytest.fixture(scope="session")
def construction() -> Construction:
    """The image of these sources, built if need be."""
    return constructions.obtenir()


@pytest.fixture(scope="session")
def carte(construction: Construction) -> Carte:
    """The bytes that people flash."""
    return Carte(construction.image)


@pytest.fixture(scope="session")
def racine(carte: Carte, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root A, copied out of the card."""
    return carte.sortir(tmp_path_factory.mktemp("carte") / "racine")


@pytest.fixture(scope="session")
def premier(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Premier:
    """A card after its first day."""
    return premiers.vivre(construction, tmp_path_factory.mktemp("premier"))


@pytest.fixture(scope="module")
def machine_neuve(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with a card that was never started, switched on."""
    machine = Machine(construction.amorce, tmp_path_factory.mktemp("neuve"))
    try:
        machine.allumer()
        yield machine
    finally:
        machine.couper()


@pytest.fixture(scope="module")
def allumer(premier: Premier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Allumer]:
    """Switch on a machine that goes on from the first day; all are cut when the module ends."""
    machines: list[Machine] = []

    def en_marche(reglages: Reglages | None = None) -> Salle:
        machine = Machine(premier.amorce, tmp_path_factory.mktemp("boite"), reglages)
        machines.append(machine)
        machine.allumer()
        salle = Salle(machine)
        salle.preparer()
        return salle

    yield en_marche
    for machine in machines:
        machine.couper()

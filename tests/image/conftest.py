"""Fixtures of the booted image: the image itself, a card that has had its first day, machines that go on from it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image import construction as constructions
from image import premier as premiers
from image.construction import Construction
from image.lecture_carte import Carte
from image.machine import Machine
from image.premier import Premier
from image.reglages import Reglages
from image.salle import Salle

Allumer = Callable[..., Salle]


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

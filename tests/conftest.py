"""Fixtures that every room's tests share; the cast is in equipage.py."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from equipage import Bord, Horloge, preparer_bord
from pirogue_registre import base

# A slow machine is not a fault: what must be quick is measured by the bench.
settings.register_profile("pirogue", deadline=None)
settings.load_profile("pirogue")

# A shell that runs us in the background makes us, and all we start, deaf to Ctrl-C; tests press it as a person does.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def horloge() -> Horloge:
    """A clock at eight in the morning."""
    return Horloge()


@pytest.fixture
def bord(tmp_path: Path, horloge: Horloge) -> Iterator[Bord]:
    """A boat ready for its day."""
    prepare = preparer_bord(tmp_path / "registre", horloge)
    yield prepare
    base.fermer(prepare.registre)


@pytest.fixture
def fabrique_bord(tmp_path: Path) -> Iterator[Callable[[], Bord]]:
    """Make as many separate boats as a property test needs."""
    bords: list[Bord] = []

    def fabriquer() -> Bord:
        bords.append(preparer_bord(tmp_path / f"bord{len(bords)}", Horloge()))
        return bords[-1]

    yield fabriquer
    for prepare in bords:
        base.fermer(prepare.registre)

"""Fixtures of the shore's people: a paired boat and shore on both engines, the application, those who keep it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import postgresql
from equipage import Bord
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from rive.terre import Terre, ouvrir_terre
from sync.quai import Quai, preparer_quai


@pytest.fixture(params=["sqlite", "postgresql"])
def base_rive(request: pytest.FixtureRequest) -> str:
    """The database of a new shore, on each of the two engines: empty for a file of its own, or a URL."""
    return postgresql.base_neuve() if request.param == "postgresql" else ""


@pytest.fixture
def quai(bord: Bord, tmp_path: Path, base_rive: str) -> Quai:
    """A boat and its shore, paired; nothing has happened yet."""
    return preparer_quai(bord, tmp_path / "rive", base=base_rive)


@pytest.fixture
def rive(quai: Quai) -> Iterator[Rive]:
    """The open shore, without its pages."""
    with rives.ouvrir(quai.config) as ouverte:
        yield ouverte


@pytest.fixture
def terre(bord: Bord, tmp_path: Path) -> Iterator[Terre]:
    """The shore with its pages, on SQLite: what a page shows does not depend on the engine."""
    with ouvrir_terre(preparer_quai(bord, tmp_path / "rive")) as ouverte:
        yield ouverte

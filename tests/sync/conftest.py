"""Fixtures of the exchange: a paired boat and shore, an open shore, a stick."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import postgresql
from equipage import Bord
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from sync.quai import Quai, preparer_quai
from sync.serveurs import Serveur


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
    """The open shore."""
    with rives.ouvrir(quai.config) as ouverte:
        yield ouverte


@pytest.fixture
def cle(tmp_path: Path) -> Path:
    """Where Dossou's stick is mounted."""
    dossier = tmp_path / "cle"
    dossier.mkdir()
    return dossier


@pytest.fixture
def serveur(quai: Quai) -> Iterator[Serveur]:
    """The shore, serving."""
    lance = Serveur(quai.config.dossier, base=quai.config.base)
    yield lance
    lance.arreter()

"""Fixtures of the exchange: a paired boat and shore, an open shore, a stick."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from equipage import Bord
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from sync.quai import Quai, preparer_quai


@pytest.fixture
def quai(bord: Bord, tmp_path: Path) -> Quai:
    """A boat and its shore, paired; nothing has happened yet."""
    return preparer_quai(bord, tmp_path / "rive")


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

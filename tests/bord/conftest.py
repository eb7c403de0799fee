"""What the tests of the health checks share."""

from pathlib import Path

import pytest

from bord.arbre_machine import Boite
from equipage import Horloge


@pytest.fixture
def boite(tmp_path: Path, horloge: Horloge) -> Boite:
    """A box in good health."""
    return Boite(tmp_path / "boite", horloge)

"""The role's own programs: standard library, laid on the box as files, so no package to import."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROLE = Path(__file__).parents[2] / "ansible/roles/mise_a_jour/files/usr/lib/pirogue/maj"
CONSTRUCTION = Path(__file__).parents[2] / "image-build/maj"
sys.path[:0] = [str(ROLE), str(CONSTRUCTION)]

import paquet  # noqa: E402 - found there

Faire = Callable[..., Path]


@pytest.fixture(scope="session")
def cle(tmp_path_factory: pytest.TempPathFactory) -> paquet.Cle:
    """The key that the box believes."""
    return paquet.fabriquer_cle(tmp_path_factory.mktemp("cle"), "notre")


@pytest.fixture(scope="session")
def racine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system that is small, and weighs more than RAUC's least."""
    dossier = tmp_path_factory.mktemp("racine")
    (dossier / "dedans").mkdir()
    (dossier / "dedans/bruit").write_bytes(os.urandom(100_000))
    image = dossier / "racine.ext4"
    mots = ["mke2fs", "-q", "-t", "ext4", "-d", str(dossier / "dedans"), str(image), "4M"]
    subprocess.run(mots, check=True, capture_output=True)
    return image


@pytest.fixture(scope="session")
def faire(cle: paquet.Cle, racine: Path) -> Faire:
    """Make a bundle with a version, a key, a machine."""

    def emballer(sortie: Path, version: str, *, signe: paquet.Cle = cle, pour: str = paquet.COMPATIBLE) -> Path:
        return paquet.emballer(racine, version=version, sortie=sortie, cle=signe, compatible=pour)

    return emballer


@pytest.fixture
def depot(tmp_path: Path) -> Path:
    """The folder where a bundle waits, and the one in memory."""
    (tmp_path / "depot").mkdir()
    return tmp_path / "depot"

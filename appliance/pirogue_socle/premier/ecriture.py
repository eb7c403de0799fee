"""Writing a file so that a power cut leaves it whole or absent, never torn."""

import os
import shutil
from pathlib import Path

#: End of the name of what is not finished.
EN_COURS = ".neuf"


def poser(chemin: Path, octets: bytes, *, mode: int, groupe: str | None = None) -> None:
    """
    Write a file: whole and on the disk when this returns, absent (or as it was) when the power fails before.

    Args:
        chemin: the file; its folder exists.
        octets: what it says.
        mode: its rights, set before it says anything.
        groupe: the group it is given to; that of this process when None.

    Raises:
        OSError: the disk is full or refuses; nothing has changed under this name.
    """
    provisoire = chemin.with_name(chemin.name + EN_COURS)
    provisoire.unlink(missing_ok=True)
    descripteur = os.open(provisoire, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descripteur, "wb") as fichier:
        if groupe is not None:
            shutil.chown(provisoire, group=groupe)
        os.fchmod(descripteur, mode)
        fichier.write(octets)
        fichier.flush()
        os.fsync(descripteur)
    provisoire.rename(chemin)
    fixer(chemin.parent)


def fixer(chemin: Path) -> None:
    """Wait until a file, or the list of a folder, is on the disk; raises OSError."""
    descripteur = os.open(chemin, os.O_RDONLY)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


def ouvrir_dossier(chemin: Path, *, mode: int) -> None:
    """Make a folder below one that exists, if it is missing, and wait until it is on the disk; raises OSError."""
    if not chemin.is_dir():
        chemin.mkdir(mode=mode)
        chemin.chmod(mode)
        fixer(chemin.parent)

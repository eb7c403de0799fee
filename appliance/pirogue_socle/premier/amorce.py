"""The sheet in the boot partition: a file that any computer reads, there until it was read."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pirogue_socle.premier.ecriture import fixer
from pirogue_socle.premier.lieux import AmorceFermee

NOM = "PIROGUE-A-LIRE.txt"


def deposer(amorce: Path, texte: str) -> bool:
    """
    Write the sheet in the boot partition, as Windows reads it; say whether anything had to be written.

    Raises:
        AmorceFermee: the partition refuses; the sheet is not there, or not whole.
    """
    fichier = amorce / NOM
    octets = b"\xef\xbb\xbf" + texte.replace("\n", "\r\n").encode()
    if not amorce.is_dir() or (fichier.exists() and fichier.read_bytes() == octets):
        return False
    with _ouverte(amorce):
        _ecrire(fichier, octets)
        fixer(amorce)
    return True


def retirer(amorce: Path) -> bool:
    """Write zeros over the sheet, then remove it; say whether it was there. Raises AmorceFermee."""
    fichier = amorce / NOM
    if not fichier.exists():
        return False
    with _ouverte(amorce):
        _ecrire(fichier, bytes(fichier.stat().st_size))
        fichier.unlink()
        fixer(amorce)
    return True


def _ecrire(fichier: Path, octets: bytes) -> None:
    """Write over a file in place, without cutting it first: zeros must land where the words were."""
    descripteur = os.open(fichier, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descripteur, "wb") as ouvert:
        ouvert.write(octets)
        ouvert.truncate()
        ouvert.flush()
        os.fsync(descripteur)


@contextlib.contextmanager
def _ouverte(amorce: Path) -> Iterator[None]:
    """Let the partition be written for an instant; read-only again whatever happened. Raises AmorceFermee."""
    fermee = amorce.is_mount() and bool(os.statvfs(amorce).f_flag & os.ST_RDONLY)
    try:
        if fermee:
            _remonter(amorce, "rw")
        yield
    except OSError as cause:
        raise AmorceFermee(f"La partition de démarrage ne se laisse pas écrire ({cause}).") from cause
    finally:
        if fermee:
            _remonter(amorce, "ro")


def _remonter(amorce: Path, sens: str) -> None:
    fait = subprocess.run(
        ["mount", "-o", f"remount,{sens}", str(amorce)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if fait.returncode:
        raise AmorceFermee(f"La partition de démarrage ne se laisse pas ouvrir ({fait.stderr.strip()[-200:]}).")

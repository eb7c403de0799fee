"""USB sticks of the bench: their bytes in a file of the host, formatted and read back with Debian's own tools."""

import hashlib
import itertools
import subprocess
from collections.abc import Iterable
from pathlib import Path

_NUMEROS = itertools.count(1)
MIO = 1 << 20


def nouvelle_serie(prefixe: str = "CLE") -> str:
    """Return a serial number that no stick of this run has had."""
    return f"{prefixe}{next(_NUMEROS):03d}"


def vierge(chemin: Path, *, mio: int = 64) -> Path:
    """Make a stick of so many MiB without anything on it."""
    with chemin.open("wb") as fichier:
        fichier.truncate(mio * MIO)
    return chemin


def formater(chemin: Path, fs: str, *, mio: int = 64) -> Path:
    """Make a stick with one file system over the whole of it."""
    vierge(chemin, mio=mio)
    commandes = {
        "vfat": ["mkfs.vfat", *(["-F", "32", "-s", "1"] if mio >= 64 else [])],
        "exfat": ["mkfs.exfat"],
        "ext4": ["mkfs.ext4", "-q", "-F"],
    }
    subprocess.run([*commandes[fs], str(chemin)], check=True, capture_output=True)
    return chemin


def lire_vfat(image: Path, noms: Iterable[str], cible: Path) -> dict[str, str]:
    """Return the hash of these files of `PIROGUE/montee`, as mtools finds them, which knows nothing of the kernel."""
    cible.mkdir()
    chemins = [f"::PIROGUE/montee/{nom}" for nom in noms]
    subprocess.run(["mcopy", "-n", "-i", str(image), *chemins, str(cible)], capture_output=True, check=True)
    return {chemin.name: hashlib.sha256(chemin.read_bytes()).hexdigest() for chemin in cible.iterdir()}

"""
What a device really is, by the kernel's tree (/sys), udev's records (/run/udev/data) and the table of mounts.

A stick is USB mass storage (interface class 08), with a file system that we read, on a disk that carries nothing that
the box runs on: a box that starts from a USB disk keeps it.
"""

import os
import re
import stat
from pathlib import Path

from pirogue_actions.pare_feu import Refus

BLOCS = Path("/sys/class/block")
NUMEROS = Path("/sys/dev/block")
UDEV = Path("/run/udev/data")
MONTAGES = Path("/proc/self/mountinfo")
#: What we mount; ext4 for reading only.
GENRES = ("vfat", "exfat", "ext4")
CLASSE_STOCKAGE = "08"


def exiger_cle(appareil: str) -> str:
    """Return the file system of a stick (`vfat`, `exfat`, `ext4`), once everything was looked at; raises Refus."""
    try:
        place = (BLOCS / appareil).resolve(strict=True)
        numero = (place / "dev").read_text(encoding="ascii").strip()
    except OSError:
        raise Refus("Cette clé n'est plus là.") from None
    if _classe_usb(place) != CLASSE_STOCKAGE:
        raise Refus("Ce n'est pas une clé USB.")
    if est_de_la_boite(place):
        raise Refus("C'est le disque de la boîte.")
    genre = _lire_udev(numero).get("ID_FS_TYPE", "")
    if genre not in GENRES:
        raise Refus("La boîte ne sait pas lire cette clé.")
    _exiger_noeud(appareil, numero)
    return genre


def est_de_la_boite(place: Path, *, sauf: Path | None = None) -> bool:
    """
    Say whether something of a disk is in use: the box runs on it.

    Args:
        place: the disk, or one of its partitions, in /sys.
        sauf: a folder that does not count: where the stick itself is mounted.
    """
    disque = place.parent if (place / "partition").exists() else place
    return not _numeros(disque).isdisjoint(numero for numero, ou in _lire_montages() if ou != str(sauf))


def monte_sur(dossier: Path) -> str | None:
    """Return the number (`8:1`) of the device mounted on a folder; None when nothing is."""
    voulus = [numero for numero, ou in _lire_montages() if ou == str(dossier)]
    return voulus[-1] if voulus else None


def existe(numero: str) -> bool:
    """Say whether a device is still plugged in."""
    return (NUMEROS / numero).exists()


def _classe_usb(place: Path) -> str:
    """Return the class of the USB interface that a device hangs on; empty when it does not hang on USB."""
    for parent in place.parents:
        if (parent / "bInterfaceClass").is_file() and (parent / "subsystem").resolve().name == "usb":
            return (parent / "bInterfaceClass").read_text(encoding="ascii").strip()
    return ""


def _numeros(disque: Path) -> set[str]:
    """Return the numbers of a disk and of its partitions."""
    return {fichier.read_text(encoding="ascii").strip() for fichier in (disque / "dev", *disque.glob("*/dev"))}


def _lire_montages() -> list[tuple[str, str]]:
    """Return (number of the device, folder) of everything that is mounted, in order."""
    lignes = MONTAGES.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [(mots[2], _decoder(mots[4])) for mots in (ligne.split(" ") for ligne in lignes)]


def _lire_udev(numero: str) -> dict[str, str]:
    """Return what udev found on a block device; empty when it was not looked at yet."""
    try:
        lignes = (UDEV / f"b{numero}").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return dict(ligne[2:].partition("=")[::2] for ligne in lignes if ligne.startswith("E:"))


def _exiger_noeud(appareil: str, numero: str) -> None:
    """Check that the name in /dev is the device that was looked at; raises Refus."""
    try:
        vu = Path("/dev", appareil).lstat()
    except OSError:
        raise Refus("Cette clé n'est plus là.") from None
    if not stat.S_ISBLK(vu.st_mode) or f"{os.major(vu.st_rdev)}:{os.minor(vu.st_rdev)}" != numero:
        raise Refus("Ce n'est pas une clé USB.")


def _decoder(champ: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), champ)

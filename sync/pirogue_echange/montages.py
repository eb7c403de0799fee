"""
What is mounted where, as the kernel says it, and which file systems a stick may have.

A folder is refused only when it is the top of a block device's own file system and that one is neither vfat nor
exFAT: then it is a stick, and of the wrong kind. A plain folder (a demo, a test, a share inside a container) is not
the top of a device, whatever the disk below it; neither is a tmpfs. Nothing on the stick is read to know this.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pirogue_socle.erreurs import ErreurPirogue

#: What phones, Windows and the box all read, without owners, links or devices.
FORMATS = ("vfat", "exfat")
#: The kernel's table, for this process.
TABLE = Path("/proc/self/mountinfo")


class SupportMauvaisFormat(ErreurPirogue):
    """The stick has a file system that we do not write; nothing was read from it nor written on it."""

    geste = (
        "Prends une autre clé, ou fais préparer celle-ci : pirogue cle preparer (tout ce qu'elle contient est effacé)."
    )
    code = 100


@dataclass(frozen=True, slots=True)
class Montage:
    """
    One line of the kernel's table.

    Attributes:
        dossier: where it is mounted.
        racine: which folder of the file system is mounted there, `/` for the whole.
        genre: kind of file system: `vfat`, `ext4`…
        source: what it says it comes from, often a device's path.
        numero: the device's numbers, `8:1`; begins with `0:` when there is no block device.
    """

    dossier: Path
    racine: str
    genre: str
    source: str
    numero: str

    @property
    def est_une_cle(self) -> bool:
        """Say whether this is the whole of a block device's file system (btrfs and fuse hide the number)."""
        appareil = not self.numero.startswith("0:") or Path(self.source).is_block_device()
        return appareil and self.racine == "/"


def lire() -> tuple[Montage, ...]:
    """Return what is mounted now, as this process sees it, in the order of mounting."""
    lignes = os.fsdecode(TABLE.read_bytes()).splitlines()
    return tuple(_lire_ligne(ligne) for ligne in lignes)


def trouver(dossier: Path) -> Montage | None:
    """Return what is mounted exactly on a folder, the latest if several are; None for a plain folder."""
    vrai = Path(os.path.realpath(dossier))
    return next((montage for montage in reversed(lire()) if montage.dossier == vrai), None)


def exiger_format(dossier: Path) -> None:
    """
    Refuse a stick whose file system is not one of `FORMATS`.

    Raises:
        SupportMauvaisFormat: it is a stick, of another kind.
    """
    montage = trouver(dossier)
    if montage is not None and montage.est_une_cle and montage.genre not in FORMATS:
        raise SupportMauvaisFormat(
            f"Cette clé n'est pas au bon format ({montage.genre}) : la pirogue n'écrit que sur vfat (FAT32) ou exFAT."
        )


def est_partie(dossier: Path) -> bool:
    """Say whether a stick is still mounted on a folder although its device is gone: it was pulled."""
    montage = trouver(dossier)
    if montage is None or montage.numero.startswith("0:"):
        return False
    return not (Path("/sys/dev/block") / montage.numero).exists()


def _lire_ligne(ligne: str) -> Montage:
    r"""Read `36 35 8:1 / /media/cle rw,noatime shared:1 - vfat /dev/sda1 rw`; a space in a name is `\040`."""
    avant, apres = ligne.split(" - ", 1)
    _, _, numero, racine, dossier, *_ = avant.split(" ")
    genre, source, *_ = apres.split(" ")
    return Montage(
        dossier=Path(_decoder(dossier)), racine=_decoder(racine), genre=genre, source=_decoder(source), numero=numero
    )


def _decoder(champ: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), champ)

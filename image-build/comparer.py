"""
Build the card twice from one kept base, and name every byte that differs: which partition, which file.

The second build starts from an empty tree, a moment later, in another folder.
"""

import os
from collections import Counter
from pathlib import Path

import amorcer
import assembler
from atelier import CACHE, ICI, lancer
from monter import Lieux, Version, monter, s_isoler

_BLOC = 4096


def comparer(*, noyau: str, profil: str) -> int:
    """Build twice, print what differs; return 0 when nothing does."""
    s_isoler()
    archive = amorcer.amorcer(amorcer.Base(amorcer.lire_paquets(), noyau))
    version, certificat = Version(1, "0" * 12), CACHE / "essai.crt"
    images = []
    for numero in (1, 2):
        ou = CACHE / f"comparer-{numero}"
        ou.mkdir(exist_ok=True)
        lieux = Lieux(ou / "arbre", ou / "amorce", ou / "racine.ext4", ou / "image.img")
        print(f"  Construction {numero} sur 2")
        monter(archive, lieux, version=version, profil=profil, confiance=certificat, durees={})
        images.append(lieux.image)
    octets, ou_donc = differences(*images)
    for quoi, combien in sorted(ou_donc.items()):
        print(f"    {quoi} : {combien} blocs de {_BLOC} octets")
    print("  ✓ les mêmes octets" if not octets else f"  ✗ {octets} octets diffèrent")
    return int(octets > 0)


def differences(une: Path, autre: Path) -> tuple[int, Counter[str]]:
    """Return how many bytes differ between two cards, and in how many blocks of what."""
    octets, blocs = 0, []
    with une.open("rb") as a, autre.open("rb") as b:
        for bloc in range((max(une.stat().st_size, autre.stat().st_size) + _BLOC - 1) // _BLOC):
            x, y = a.read(_BLOC), b.read(_BLOC)
            if x != y:
                octets += sum(m != n for m, n in zip(x, y, strict=False)) + abs(len(x) - len(y))
                blocs.append(bloc)
    return octets, Counter(nom for bloc in blocs for nom in [_nommer(une, bloc)])


def _nommer(image: Path, bloc: int) -> str:
    """Return what a block of the card belongs to."""
    mio = bloc * _BLOC // assembler.MIO
    debut_racine = assembler.MARGE + assembler.AMORCE
    if mio < assembler.MARGE:
        return "table des partitions"
    if mio < debut_racine:
        return "amorce"
    if mio >= debut_racine + assembler.RACINE:
        return "racine B ou données"
    dedans = bloc - debut_racine * (assembler.MIO // _BLOC)
    racine = image.with_name("racine.ext4")
    inode = lancer("debugfs", "-R", f"icheck {dedans}", racine).split()[-1]
    if not inode.isdigit():
        return "racine : métadonnées"
    return "racine : " + " ".join(lancer("debugfs", "-R", f"ncheck {inode}", racine).split()[3:])


if __name__ == "__main__":
    raise SystemExit(f"Lance {os.path.relpath(ICI / 'construire.py')} --comparer.")

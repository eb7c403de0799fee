"""
Build the card twice from one kept base, and name every byte that differs: which partition, which file.

The second build starts from an empty tree, a moment later, in another folder.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import amorcer
import assembler
from atelier import CACHE, ICI, date_source, lancer
from monter import Lieux, Version, monter, s_isoler

_BLOC = 4096


def comparer(*, noyau: str, profil: str, confiance: Path) -> int:
    """Build twice, both believing one certificate, print what differs; return 0 when nothing does."""
    s_isoler()
    os.environ["SOURCE_DATE_EPOCH"] = date_source()  # a commit may come between the two
    archive = amorcer.amorcer(amorcer.Base(amorcer.lire_paquets(), noyau))
    version, images = Version(1, "0" * 12), []
    for numero in (1, 2):
        ou = CACHE / f"comparer-{numero}"
        ou.mkdir(exist_ok=True)
        lieux = Lieux(ou / "arbre", ou / "amorce", ou / "racine.ext4", ou / "image.img")
        print(f"  Construction {numero} sur 2")
        _, connues = monter(archive, lieux, version=version, choix={"profil": profil}, confiance=confiance, durees={})
        print(f"    démarre sur : {', '.join(connues)}")
        images.append(lieux.image)
    octets, ou_donc = differences(*images)
    for quoi, combien in sorted(ou_donc.items()):
        print(f"    {quoi} : {combien} blocs de {_BLOC} octets")
    if not octets:  # otherwise they are there to be looked at
        for image in images:
            shutil.rmtree(image.parent)
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
    return octets, _nommer(une, blocs)


def _nommer(image: Path, blocs: list[int]) -> Counter[str]:
    """Return how many of these blocks of the card belong to what."""
    debut_racine = assembler.MARGE + assembler.AMORCE
    noms: Counter[str] = Counter()
    dedans: list[int] = []
    for bloc in blocs:
        mio = bloc * _BLOC // assembler.MIO
        if mio < assembler.MARGE:
            noms["table des partitions"] += 1
        elif mio < debut_racine:
            noms["amorce"] += 1
        elif mio >= debut_racine + assembler.RACINE:
            noms["racine B ou données"] += 1
        else:
            dedans.append(bloc - debut_racine * (assembler.MIO // _BLOC))
    racine = image.with_name("racine.ext4")
    inodes = [
        un for debut in range(0, len(dedans), 500) for un in _colonne(racine, "icheck", dedans[debut : debut + 500])
    ]
    chemins = _chemins(racine, sorted({un for un in inodes if un.isdigit()}))
    for inode in inodes:
        noms["racine : " + chemins.get(inode, "métadonnées")] += 1
    return noms


def _colonne(racine: Path, ordre: str, nombres: list[int]) -> list[str]:
    """Return the second column of what debugfs says of these numbers."""
    lignes = lancer("debugfs", "-R", f"{ordre} {' '.join(map(str, nombres))}", racine).splitlines()[1:]
    return [ligne.split("\t")[1] for ligne in lignes]


def _chemins(racine: Path, inodes: list[str]) -> dict[str, str]:
    """Return the path of each inode."""
    if not inodes:
        return {}
    lignes = lancer("debugfs", "-R", f"ncheck {' '.join(inodes)}", racine).splitlines()[1:]
    return {inode: chemin for inode, _, chemin in (ligne.partition("\t") for ligne in lignes)}


if __name__ == "__main__":
    raise SystemExit(f"Lance {os.path.relpath(ICI / 'construire.py')} --comparer.")

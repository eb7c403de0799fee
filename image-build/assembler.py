"""
From the tree to the card: a FAT, an ext4, a table; no loop device, no mount, the same bytes from the same tree.

MBR, because the boot ROM of a Pi 3 or a Zero 2 W reads nothing else; a fixed disk id, so that `root=PARTUUID=` holds on
a card, a USB disk, and the machine under test. mke2fs copies the moment when each file was laid in the tree (ctime):
debugfs then writes the instant of the source instead.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from atelier import Rate, lancer

MIO = 1 << 20
DISQUE = 0x50495247
ETIQUETTE_AMORCE = "PIROGUE"
#: First MiB, then the sizes of the four partitions, in MiB.
MARGE, AMORCE, RACINE, DONNEES = 4, 256, 1280, 128
_UUID = "11111111-2222-3333-4444-00000000000{}"


@dataclass(frozen=True, slots=True)
class Partition:
    """
    One line of the table.

    Attributes:
        debut, taille: in MiB.
        genre: its type, as sfdisk says it.
        image: the file that fills it, or None.
    """

    debut: int
    taille: int
    genre: str
    image: Path | None


def assembler(arbre: Path, amorce: Path, *, racine: Path, image: Path, epoque: int) -> None:
    """
    Write the root's file system, and the whole image.

    Args:
        arbre: the root's tree; dates later than `epoque` are brought back to it.
        amorce: what the first partition holds.
        racine: the ext4 file to write.
        image: the disk image to write; sparse.
        epoque: the instant of the source, in seconds.

    Raises:
        Rate: the tree is too big, or a tool failed.
    """
    travail = image.parent / ".travail"
    shutil.rmtree(travail, ignore_errors=True)
    travail.mkdir(parents=True)
    try:
        dater(arbre, epoque)
        dater(amorce, epoque)
        faire_fat(amorce, travail / "amorce.vfat", epoque=epoque)
        faire_ext4(racine, mio=RACINE, nom="racine", numero=1, epoque=epoque, arbre=arbre)
        faire_ext4(travail / "data.ext4", mio=DONNEES, nom="data", numero=4, epoque=epoque)
        _ecrire_disque(
            image,
            (
                Partition(MARGE, AMORCE, "c, bootable", travail / "amorce.vfat"),
                Partition(MARGE + AMORCE, RACINE, "83", racine),
                Partition(MARGE + AMORCE + RACINE, RACINE, "83", None),
                Partition(MARGE + AMORCE + 2 * RACINE, DONNEES, "83", travail / "data.ext4"),
            ),
        )
    finally:
        shutil.rmtree(travail)


def dater(arbre: Path, epoque: int) -> None:
    """Bring dates later than the source's back to it, so that two builds give the same ones."""
    for dossier, sous, fichiers in os.walk(arbre, topdown=False):
        for nom in [*fichiers, *sous, "."]:
            chemin = os.path.join(dossier, nom)  # noqa: PTH118 -- forty thousand times
            vu = os.lstat(chemin)
            quand = min(int(vu.st_mtime), epoque)
            os.utime(chemin, (quand, quand), follow_symlinks=False)


def faire_fat(dossier: Path, fichier: Path, *, epoque: int) -> None:
    """Write a FAT32 that holds what a folder holds."""
    with fichier.open("wb") as flux:
        flux.truncate(AMORCE * MIO)
    env = {"SOURCE_DATE_EPOCH": str(epoque), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    lancer("mkfs.vfat", "-F", "32", "-n", ETIQUETTE_AMORCE, "-i", f"{DISQUE:08x}", "--invariant", fichier, env=env)
    lancer("mcopy", "-s", "-m", "-i", fichier, *sorted(dossier.iterdir()), "::", env=env)


def faire_ext4(fichier: Path, *, mio: int, nom: str, numero: int, epoque: int, arbre: Path | None = None) -> None:
    """Write an ext4 of a fixed size, from a tree or empty. Small ones too get 4 KiB blocks and a real journal."""
    fichier.unlink(missing_ok=True)
    with fichier.open("wb") as flux:
        flux.truncate(mio * MIO)
    uuid = _UUID.format(numero)
    depuis = ("-d", arbre) if arbre is not None else ()
    lancer(
        *("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-J", "size=32", "-m", "1", "-L", nom, "-U", uuid),
        *("-E", f"hash_seed={uuid},lazy_itable_init=0,root_owner=0:0", *depuis, fichier),
        env={"E2FSPROGS_FAKE_TIME": str(epoque), "SOURCE_DATE_EPOCH": str(epoque), "TZ": "UTC"},
    )
    if arbre is not None:
        _figer(fichier, epoque)
    controle = subprocess.run(["e2fsck", "-fn", fichier], capture_output=True, text=True, check=False)
    if controle.returncode:
        raise Rate(f"Le système de fichiers {nom} n'est pas sain : {controle.stdout[-400:]}")


def _figer(fichier: Path, epoque: int) -> None:
    """Write the source's instant as every file's birth, change and last reading: to copy a tree is to read it."""
    env = {"E2FSPROGS_FAKE_TIME": str(epoque), "TZ": "UTC", "DEBUGFS_PAGER": "cat"}
    numeros = _inodes_pris(fichier)
    ordres = [
        f"set_inode_field <{numero}> {champ} {valeur}"
        for numero in numeros
        for champ, valeur in (
            ("atime", f"@{epoque}"),
            ("atime_extra", "0"),
            ("ctime", f"@{epoque}"),
            ("ctime_extra", "0"),
            ("crtime", f"@{epoque}"),
            ("crtime_extra", "0"),
        )
    ]
    lancer("debugfs", "-w", "-f", "-", fichier, entree="\n".join(ordres) + "\n", env=env)


def _inodes_pris(fichier: Path) -> list[int]:
    """Return the numbers of the inodes in use."""
    libres: set[int] = set()
    total = 0
    for ligne in lancer("dumpe2fs", fichier).splitlines():
        if ligne.startswith("Inode count:"):
            total = int(ligne.split()[-1])
        elif ligne.strip().startswith("Free inodes:"):
            for plage in ligne.split(":")[1].replace(",", " ").split():
                debut, _, fin = plage.partition("-")
                libres.update(range(int(debut), int(fin or debut) + 1))
    return [2, *(numero for numero in range(11, total + 1) if numero not in libres)]


def _ecrire_disque(image: Path, partitions: tuple[Partition, ...]) -> None:
    """Write the table, then each partition in its place, leaving holes where there is nothing."""
    image.unlink(missing_ok=True)
    with image.open("wb") as flux:
        flux.truncate((partitions[-1].debut + partitions[-1].taille) * MIO)
    lignes = [f"start={p.debut * 2048}, size={p.taille * 2048}, type={p.genre}" for p in partitions]
    lancer("sfdisk", "-q", image, entree=f"label: dos\nlabel-id: {DISQUE:#x}\n" + "\n".join(lignes) + "\n")
    for partition in partitions:
        if partition.image is not None:
            ou = (f"of={image}", "conv=notrunc,sparse", f"seek={partition.debut * MIO}", "oflag=seek_bytes")
            lancer("dd", f"if={partition.image}", "bs=4M", "status=none", *ou)

"""Read a card without starting it nor mounting it: its table, its FAT by mtools, its ext4 by debugfs."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTEUR = 512


@dataclass(frozen=True, slots=True)
class Partition:
    """A line of the table: number, first byte, size in bytes, type, whether the firmware starts it."""

    numero: int
    debut: int
    taille: int
    genre: str
    amorce: bool


@dataclass(frozen=True, slots=True)
class Carte:
    """The bytes of a card."""

    image: Path

    def table(self) -> tuple[str, str, tuple[Partition, ...]]:
        """Return the kind of table, the disk's own id, and the partitions."""
        lue = json.loads(dire("sfdisk", "--json", self.image))["partitiontable"]
        parts = tuple(
            Partition(n, un["start"] * SECTEUR, un["size"] * SECTEUR, un["type"], un.get("bootable", False))
            for n, un in enumerate(lue["partitions"], start=1)
        )
        return lue["label"], lue["id"], parts

    def fat(self, nom: str) -> str:
        """Return a text of the first partition."""
        return dire("mtype", "-i", f"{self.image}@@{self.table()[2][0].debut}", f"::{nom}")

    def sortir_fat(self, nom: str, dossier: Path) -> None:
        """Copy a file of the first partition into a folder."""
        dire("mcopy", "-i", f"{self.image}@@{self.table()[2][0].debut}", f"::{nom}", dossier)

    def noms_fat(self) -> set[str]:
        """Return the names that lie at the top of the first partition."""
        return set(dire("mdir", "-b", "-i", f"{self.image}@@{self.table()[2][0].debut}", "::").split())

    def ext4(self, numero: int, *ordres: str) -> str:
        """Return what debugfs says of a partition."""
        return dire("debugfs", "-R", " ".join(ordres), f"{self.image}?offset={self.table()[2][numero - 1].debut}")

    def entete(self, numero: int) -> str:
        """Return the superblock of a partition, as text."""
        return dire("dumpe2fs", "-h", f"{self.image}?offset={self.table()[2][numero - 1].debut}")

    def sortir(self, dossier: Path) -> Path:
        """Copy the whole of root A into a folder, with its owners and modes; return it."""
        dossier.mkdir()
        self.ext4(2, "rdump", "/", str(dossier))
        return dossier

    def chercher(self, motif: bytes) -> list[bytes]:
        """Return what a pattern finds in the raw bytes, holes apart."""
        trouves: list[bytes] = []
        with self.image.open("rb") as flux:
            position, fin = 0, self.image.stat().st_size
            while position < fin:
                try:
                    debut = os.lseek(flux.fileno(), position, os.SEEK_DATA)
                except OSError:  # nothing but a hole to the end
                    break
                position = os.lseek(flux.fileno(), debut, os.SEEK_HOLE)
                flux.seek(debut)
                trouves += re.findall(motif, flux.read(position - debut))
        return trouves


def dire(*commande: object) -> str:
    """Return what a tool prints; its complaint is the failure's."""
    fait = subprocess.run([str(un) for un in commande], capture_output=True, text=True, errors="replace", check=False)
    if fait.returncode:
        raise AssertionError(f"{commande[0]}: {fait.stderr[-800:]}")
    return fait.stdout


def fichiers(arbre: Path) -> Iterator[Path]:
    """Yield every plain file of a tree."""
    for dossier, _, noms in os.walk(arbre):
        for nom in noms:
            chemin = Path(dossier, nom)
            if chemin.is_file() and not chemin.is_symlink():
                yield chemin


def lister_disque(initramfs: Path) -> set[str]:
    """Return the names in an initramfs: one archive after another, the last compressed by zstd."""
    octets = initramfs.read_bytes()
    coupe = octets.rindex(b"TRAILER!!!") if octets.startswith(b"0707") else 0
    coupe = octets.index(b"\x28\xb5\x2f\xfd", coupe)
    noms: set[str] = set()
    for part in (
        octets[:coupe],
        subprocess.run(["zstd", "-dc"], input=octets[coupe:], capture_output=True, check=True).stdout,
    ):
        if part:
            lu = subprocess.run(["cpio", "--quiet", "-t"], input=part, capture_output=True, check=True)
            noms.update(lu.stdout.decode().split())
    return noms

"""Updates for the image under test: bundles of its own system, older, broken, foreign; sticks that carry them."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image.construction import RACINE, Construction

sys.path.insert(0, str(RACINE / "image-build" / "maj"))
import paquet


@dataclass(frozen=True, slots=True)
class Atelier:
    """
    Where bundles are made.

    Attributes:
        construction: the image under test.
        dossier: where to work; emptied with the test's own folder.
    """

    construction: Construction
    dossier: Path

    @property
    def cle(self) -> paquet.Cle:
        """Return the key that the image believes."""
        dit = self.construction.dit
        return paquet.Cle(Path(dit["cle_signature"]), Path(dit["certificat"]), essai=False)

    def suivante(self, pas: int = 1) -> str:
        """Return a version that comes so many steps after the image's."""
        return f"{int(self.construction.dit['numero']) + pas}-essai"

    def systeme(self, version: str, fichiers: Mapping[str, str] | None = None) -> Path:
        """
        Return the image's own system under another version, and as small as it gets.

        Args:
            version: what it says of itself.
            fichiers: files to replace, path without its first `/` → text.
        """
        racine = self.dossier / f"racine-{version}.ext4"
        self._lancer("cp", "--sparse=always", str(self.construction.dit["racine"]), str(racine))
        textes = {"etc/pirogue/version": f"version={version}\nnumero=0\ncommit=essai\ndate=0\n"} | dict(fichiers or {})
        for ou, texte in textes.items():
            source = self.dossier / "remplacant"
            source.write_text(texte)
            ordres = [f"rm /{ou}", f"write {source} /{ou}", f"set_inode_field /{ou} mode 0100755"]
            if ou.endswith(".py"):
                dossier, _, nom = ou.rpartition("/")
                ordres.append(f"rm /{dossier}/__pycache__/{nom.removesuffix('.py')}.cpython-313.pyc")
            subprocess.run(
                ["debugfs", "-w", "-f", "-", str(racine)], input="\n".join(ordres), text=True, check=True, **_MUET
            )
        self._lancer("e2fsck", "-fy", str(racine))
        self._lancer("resize2fs", "-M", str(racine))
        return racine

    def lire(self, ou: str) -> str:
        """Return the text of a file of the image's system."""
        mots = ["debugfs", "-R", f"cat /{ou}", str(self.construction.dit["racine"])]
        return subprocess.run(mots, capture_output=True, text=True, check=True).stdout

    def creux(self, nom: str, *, noyau: bool) -> Path:
        """Return a system without anything in it, with its kernel (it starts, then panics) or without (it does not)."""
        dedans = self.dossier / nom
        (dedans / "boot").mkdir(parents=True)
        if noyau:
            (dedans / "boot/vmlinuz").hardlink_to(self.construction.noyau)
            (dedans / "boot/initrd.img").hardlink_to(self.construction.disque)
        else:
            (dedans / "boot/bruit").write_bytes(self.construction.disque.read_bytes()[:100_000])
        racine = self.dossier / f"{nom}.ext4"
        self._lancer("mke2fs", "-q", "-t", "ext4", "-d", str(dedans), str(racine), "64M")
        return racine

    def emballer(self, racine: Path, version: str, *, cle: paquet.Cle | None = None, pour: str = "") -> Path:
        """Return a signed bundle of a system."""
        sortie = self.dossier / f"{racine.stem}-{version}-{len(list(self.dossier.iterdir()))}.raucb"
        pour = pour or paquet.COMPATIBLE
        return paquet.emballer(racine, version=version, sortie=sortie, cle=cle or self.cle, compatible=pour, effort=1)

    def cle_usb(self, nom: str, *bundles: Path) -> Path:
        """Return the bytes of a FAT stick that carries these bundles where the box looks for them."""
        stick = self.dossier / f"{nom}.usb"
        taille = sum(un.stat().st_size for un in bundles) + (64 << 20)
        with stick.open("wb") as flux:
            flux.truncate(taille)
        self._lancer("mkfs.vfat", "-F", "32", "-n", "MAJ", str(stick))
        self._lancer("mmd", "-i", str(stick), "::PIROGUE", "::PIROGUE/maj")
        self._lancer("mcopy", "-i", str(stick), *map(str, bundles), "::PIROGUE/maj/")
        return stick

    @staticmethod
    def _lancer(*mots: str) -> None:
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        # e2fsck tells with 1 that it mended something.
        assert fait.returncode == 0 or (mots[0] == "e2fsck" and fait.returncode == 1), f"{mots}: {fait.stderr}"


_MUET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

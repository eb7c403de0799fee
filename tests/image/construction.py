"""The image under test: what its builder said of it, built first when it is absent or older than its sources."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.reglages import Amorce

RACINE = Path(__file__).parents[2]
COMPTE_RENDU = RACINE / "image-build" / "sortie" / "construction.json"
#: Debian's U-Boot for QEMU's own board: the same commands as the Pi's, the same boot script.
UBOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
#: A cold build took 6 to 9 minutes here.
PATIENCE_CONSTRUCTION_S = 2400


class ImageAbsente(Exception):
    """There is no image and it could not be built; the message is what the builder said."""


@dataclass(frozen=True, slots=True)
class Construction:
    """
    An image and what came out beside it.

    Attributes:
        image: the card's bytes.
        noyau, disque: its kernel and memory disk.
        ligne: what its boot script tells the kernel.
        amorce_pi: folder of the boot partition's files (firmware, device trees).
        dit: all that the builder said.
    """

    image: Path
    noyau: Path
    disque: Path
    ligne: str
    amorce_pi: Path
    dit: dict[str, Any]

    @property
    def amorce(self) -> Amorce:
        """Start the kernel directly: the quickest."""
        return Amorce(self.image, self.noyau, self.disque, ligne=self.ligne)

    @property
    def amorce_uboot(self) -> Amorce:
        """Start U-Boot, which reads the card as on the boat."""
        return Amorce(self.image, bios=UBOOT)


def lire(chemin: Path = COMPTE_RENDU) -> Construction:
    """Return the image that a builder's report names."""
    dit = json.loads(chemin.read_text(encoding="utf-8"))
    return Construction(
        image=Path(dit["image"]),
        noyau=Path(dit["vmlinuz"]),
        disque=Path(dit["initrd"]),
        ligne=dit["ligne_noyau"],
        amorce_pi=Path(dit["amorce"]),
        dit=dit,
    )


def obtenir() -> Construction:
    """
    Return the image of these very sources, whatever its kernel, built if need be; `PIROGUE_IMAGE` names another
    report, taken as it is.

    Raises:
        ImageAbsente: the builder failed.
    """
    autre = os.environ.get("PIROGUE_IMAGE")
    if autre:
        return lire(Path(autre))
    fait = subprocess.run(
        [sys.executable, str(RACINE / "image-build" / "construire.py"), "--telle-quelle"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_CONSTRUCTION_S,
    )
    if fait.returncode:
        raise ImageAbsente(f"{fait.stdout[-3000:]}\n{fait.stderr[-3000:]}")
    return lire()

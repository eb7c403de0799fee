"""What a build says of itself: `sortie/construction.json`, read by the tests and by the next build."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from atelier import SORTIE

FICHIER = SORTIE / "construction.json"


@dataclass(frozen=True, slots=True)
class CompteRendu:
    """
    One build.

    Attributes:
        version, commit, numero: which image.
        sources: digest of every file that entered it.
        noyau, profil, radio, version_noyau: what was asked for, and the kernel's own version.
        cartes_meres: the boards that start from a card with that kernel.
        ligne_noyau: what the boot script tells the kernel besides root and slot.
        image, image_comprimee, raucb, racine: the card, the same for downloading, the update, the root's ext4.
        vmlinuz, initrd: kernel and initramfs of the root, for a machine that starts them directly.
        arbre, amorce: the tree of the root and the files of the first partition, as they went in.
        cle_signature, certificat, signe_par: what signed the update, what the image believes, the digest of that.
        tailles_octets, durees_s: what is worth watching.
    """

    version: str
    commit: str
    numero: int
    sources: str
    noyau: str
    profil: str
    radio: str
    version_noyau: str
    cartes_meres: tuple[str, ...]
    ligne_noyau: str
    image: str
    image_comprimee: str
    raucb: str
    racine: str
    vmlinuz: str
    initrd: str
    arbre: str
    amorce: str
    cle_signature: str
    certificat: str
    signe_par: str
    tailles_octets: Mapping[str, int] = field(default_factory=dict)
    durees_s: Mapping[str, float] = field(default_factory=dict)

    def ecrire(self) -> None:
        """Write it whole or not at all."""
        inacheve = FICHIER.with_suffix(".part")
        inacheve.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        inacheve.replace(FICHIER)


def lire() -> CompteRendu | None:
    """Return what the last build said, or None when none ended (or none of this form)."""
    try:
        return CompteRendu(**json.loads(FICHIER.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def peser(chose: Path) -> int:
    """Return what a file, or the files of a folder, weigh, in bytes."""
    if chose.is_file():
        return chose.stat().st_size
    return sum(
        os.lstat(os.path.join(ou, nom)).st_size  # noqa: PTH118 -- forty thousand times
        for ou, _, noms in os.walk(chose)
        for nom in noms
    )


def dire(avant: CompteRendu | None, apres: CompteRendu) -> None:
    """Print each size beside that of the last build."""
    anciennes = avant.tailles_octets if avant else {}
    for nom, octets in apres.tailles_octets.items():
        ecart = f" ({(octets - anciennes[nom]) / 1e6:+.1f})" if nom in anciennes else ""
        print(f"    {nom.replace('_', ' '):18} {octets / 1e6:8.1f} Mo{ecart}")
    print(f"  ✓ {apres.image} en {sum(apres.durees_s.values()):.0f} s")

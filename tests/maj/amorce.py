"""
A card that U-Boot starts from: Debian's U-Boot in QEMU, our script, two slots whose kernels say their name and stop.

The kernel is twenty instructions with the header that U-Boot asks for: a start costs four seconds, and everything that
`boot.cmd` decides is decided for good.
"""

import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEPOT = Path(__file__).parents[2]
BOOT_CMD = DEPOT / "image-build/maj/boot.cmd"
UBOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
SECTEUR = 512
MIO = 1 << 20
#: First sector and size of each partition, in MiB: boot, A, B.
PARTITIONS = ((1, 40), (41, 4), (45, 4))
#: Say a word on the PL011, ask PSCI to switch off.
NOYAU = """
    b debut
    .long 0
    .quad 0x0, 0x10000, 0xa, 0, 0, 0
    .ascii "ARM\\x64"
    .long 0
debut:
    adr x1, mot
    mov x2, #0x09000000
suite: ldrb w3, [x1], #1
    cbz w3, fin
    strb w3, [x2]
    b suite
fin:
    mov w0, #0x0008
    movk w0, #0x8400, lsl #16
    hvc #0
    b fin
mot: .asciz "NOYAU {creneau}\\n"
"""


@dataclass(frozen=True)
class Depart:
    """
    What one start said.

    Attributes:
        noyau: the slot whose kernel ran; empty when none did.
        annonces: what `boot.cmd` said it tried, in order.
        console: everything.
    """

    noyau: str
    annonces: tuple[str, ...]
    console: str


def compiler_noyau(dossier: Path, creneau: str) -> Path:
    """Return a kernel that says the name of its slot."""
    source, objet, image = (dossier / f"{creneau}.{suffixe}" for suffixe in ("s", "o", "img"))
    source.write_text(NOYAU.format(creneau=creneau))
    subprocess.run(["aarch64-linux-gnu-as", "-o", objet, source], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", objet, image], check=True)
    return image


def faire_carte(dossier: Path, *, copies: dict[str, bytes]) -> Path:
    """
    Make a card: our compiled script and these copies of the state on the first partition, a kernel in each slot.

    Args:
        dossier: where to work.
        copies: name of a file on the boot partition → its octets.
    """
    carte, fat, racine = dossier / "carte.img", dossier / "fat", dossier / "racine"
    carte.write_bytes(b"")
    table = "label: dos\nlabel-id: 0x50495247\n" + "".join(
        f"start={debut * 2048}, size={taille * 2048}, type={genre}\n"
        for (debut, taille), genre in zip(PARTITIONS, ("c, bootable", "83", "83"), strict=True)
    )
    with carte.open("r+b") as flux:
        flux.truncate(64 * MIO)
    subprocess.run(["sfdisk", "-q", carte], input=table.encode(), check=True)
    fat.write_bytes(b"")
    with fat.open("r+b") as flux:
        flux.truncate(PARTITIONS[0][1] * MIO)
    subprocess.run(["mkfs.vfat", "-F", "32", "-s", "1", fat], check=True, stdout=subprocess.DEVNULL)
    script = dossier / "boot.scr"
    subprocess.run(
        ["mkimage", "-A", "arm64", "-T", "script", "-d", BOOT_CMD, script], check=True, stdout=subprocess.DEVNULL
    )
    for nom, octets in copies.items():
        (dossier / nom).write_bytes(octets)
    subprocess.run(["mcopy", "-i", fat, script, *(dossier / nom for nom in copies), "::"], check=True)
    poser(carte, fat, PARTITIONS[0][0])
    for creneau, (debut, taille) in zip("AB", PARTITIONS[1:], strict=True):
        (racine / "boot").mkdir(parents=True, exist_ok=True)
        shutil.copy(compiler_noyau(dossier, creneau), racine / "boot/vmlinuz")
        (racine / "boot/initrd.img").write_bytes(b"\0" * 4096)
        partition = dossier / f"{creneau}.ext4"
        partition.unlink(missing_ok=True)
        mots = ["mke2fs", "-q", "-F", "-t", "ext4", "-d", racine, partition, f"{taille}M"]
        subprocess.run(mots, check=True, capture_output=True)
        poser(carte, partition, debut)
    return carte


def poser(carte: Path, partition: Path, debut_mio: int) -> None:
    """Put the octets of a partition in their place on a card."""
    with carte.open("r+b") as flux:
        flux.seek(debut_mio * MIO)
        flux.write(partition.read_bytes())


def abimer(carte: Path, creneau: str) -> None:
    """Make a slot unreadable."""
    debut, taille = PARTITIONS["-AB".index(creneau)]
    with carte.open("r+b") as flux:
        flux.seek(debut * MIO)
        flux.write(b"\0" * taille * MIO)


def lire_copie(carte: Path, nom: str) -> bytes:
    """Return the octets of a file of the boot partition; empty when it is not there."""
    source = f"{carte}@@{PARTITIONS[0][0] * MIO}"
    return subprocess.run(["mtype", "-i", source, f"::{nom}"], capture_output=True, check=False).stdout


def demarrer(carte: Path, *, journal: Path | None = None) -> Depart:
    """
    Switch the card's machine on until it stops or starts again.

    Args:
        carte: the card; written as a real one would be.
        journal: where QEMU logs each write, in order.
    """
    disque = ["-drive", f"if=none,id=hd,format=raw,file={carte}"]
    if journal is not None:
        with journal.open("wb") as flux:
            flux.truncate(16 * MIO)
        disque = ["-blockdev", f"driver=file,filename={carte},node-name=fichier"]
        disque += ["-blockdev", f"driver=file,filename={journal},node-name=ecrits"]
        disque += ["-blockdev", "driver=blklogwrites,node-name=hd,file=fichier,log=ecrits"]
    mots = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-m", "256", "-accel", "tcg", "-no-reboot"]
    mots += ["-display", "none", "-nodefaults", "-serial", "stdio", "-bios", str(UBOOT), *disque]
    mots += ["-device", "virtio-blk-pci,drive=hd,romfile="]
    fait = subprocess.run(mots, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
    console = fait.stdout.decode("utf-8", "replace")
    noyau = re.search(r"NOYAU ([AB])", console)
    return Depart(noyau[1] if noyau else "", tuple(re.findall(r"PIROGUE (.*?)\r?\n", console)), console)


def lire_ecrits(journal: Path) -> list[tuple[int, bytes]]:
    """Return what was written, in order: first octet, octets; one entry a sector, as a cut would part them."""
    octets = journal.read_bytes()
    _, _, nombre, taille = struct.unpack_from("<QQQI", octets)
    ecrits: list[tuple[int, bytes]] = []
    ici = taille
    for _ in range(nombre):
        secteur, combien, drapeaux, _ = struct.unpack_from("<QQQQ", octets, ici)
        donnees = b"" if drapeaux & 4 else octets[ici + taille : ici + taille + combien * taille]
        ecrits += [
            (secteur * taille + debut, donnees[debut : debut + SECTEUR]) for debut in range(0, len(donnees), SECTEUR)
        ]
        ici += taille + len(donnees)
    return ecrits

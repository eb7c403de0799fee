"""
Debian's own kernel, a memory disk that hands over to this machine's own files, and more drivers, in `.cache/banc/`.

The kernel is the one that `linux-image-amd64` depends on, taken with apt and never installed. The memory disk holds
busybox, the drivers and `init.sh`, nothing else: programs and libraries come from the host, read-only, over 9p. What
only the radio's tests need is kept beside as a tree that `modprobe -d` reads: it makes no machine slower to start.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ICI = Path(__file__).parent
CACHE = ICI.parents[1] / ".cache" / "banc"
#: Drivers, in the order in which the machine needs them; what they stand on is found by modprobe.
PILOTES = (
    "virtio_pci",
    "9p",
    "9pnet_virtio",
    "virtio_console",
    "xhci_pci",
    "usb_storage",
    "sd_mod",
    "vfat",
    "exfat",
    "nls_cp437",
    "nls_iso8859_1",
    "nls_ascii",
    "nls_utf8",
    "virtio_blk",
    "crc32c_generic",
    "ext4",
)
#: What a network over the air asks of the kernel, by folder or by file; what they stand on comes along.
PILOTES_RESEAU = (
    "kernel/crypto/",
    "kernel/arch/x86/crypto/",
    "kernel/net/wireless/",
    "kernel/net/mac80211/",
    "kernel/net/netfilter/n",
    "kernel/net/ipv4/netfilter/n",
    "kernel/net/ipv6/netfilter/n",
    "kernel/net/bridge/",
    "kernel/drivers/net/veth.ko",
    "kernel/drivers/net/dummy.ko",
    "kernel/drivers/net/wireless/mac80211_hwsim.ko",
    "kernel/fs/overlayfs/",
)
#: A stick is there as soon as it is plugged in: the driver's usual second of patience is for worn hubs.
OPTIONS = {"usb_storage": "delay_use=0"}


class BancImpossible(Exception):
    """The bench cannot run on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Noyau:
    """
    What a machine boots.

    Attributes:
        version: as in `uname -r`.
        noyau: the kernel's file.
        disque: the memory disk's file.
        pilotes: folder for `modprobe -d`: the network's drivers.
    """

    version: str
    noyau: Path
    disque: Path
    pilotes: Path


def preparer() -> Noyau:
    """
    Return the kernel and the memory disk, made at first use (70 MB to download).

    Raises:
        BancImpossible: wrong kind of machine, a tool is missing, or apt cannot bring the kernel.
    """
    if platform.machine() != "x86_64":
        raise BancImpossible("the guest runs this machine's own Python: the bench needs an x86_64 host")
    outils = ("qemu-system-x86_64", "busybox", "modprobe", "depmod", "cpio", "dpkg", "apt-get", "mkfs.vfat")
    manquants = [outil for outil in outils if shutil.which(outil) is None]
    if manquants:
        raise BancImpossible(f"missing: {', '.join(manquants)}")
    paquet = _paquet()
    version = paquet.removeprefix("linux-image-")
    recette = hashlib.sha256(Path(__file__).read_bytes() + (ICI / "init.sh").read_bytes()).hexdigest()[:8]
    dossier = CACHE / f"{version}-{recette}"
    if not dossier.exists():
        _fabriquer(dossier, paquet=paquet, version=version)
    return Noyau(version=version, noyau=dossier / "vmlinuz", disque=dossier / "initrd", pilotes=dossier / "pilotes")


def _paquet() -> str:
    """Return the versioned package that linux-image-amd64 stands for today."""
    for essai in range(2):
        dit = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=False)
        noms = [mot for ligne in dit.stdout.splitlines() for mot in ligne.split() if mot.startswith("linux-image-6")]
        if noms:
            return noms[0]
        if essai == 0:
            subprocess.run(["apt-get", "-q", "update"], capture_output=True, check=False)
    raise BancImpossible("apt does not know linux-image-amd64")


def _fabriquer(dossier: Path, *, paquet: str, version: str) -> None:
    """Download, unpack what is needed, and put the folder in place in one stroke."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporaire:
        travail = Path(temporaire)
        _lancer(["apt-get", "-q", "download", paquet], travail)
        _lancer(["dpkg", "-x", str(next(travail.glob("*.deb"))), "paquet"], travail)
        _lancer(["depmod", "-b", "paquet", version], travail)
        neuf = travail / "neuf"
        neuf.mkdir()
        shutil.copy(travail / f"paquet/boot/vmlinuz-{version}", neuf / "vmlinuz")
        _faire_disque(travail / "paquet", version=version, cible=neuf / "initrd")
        _garder_pilotes(travail / "paquet", version=version, cible=neuf / "pilotes")
        shutil.rmtree(dossier, ignore_errors=True)
        neuf.rename(dossier)


def _garder_pilotes(paquet: Path, *, version: str, cible: Path) -> None:
    """Copy the network's drivers, and all that they stand on, into a tree of their own."""
    source, arrivee = paquet / "lib/modules" / version, cible / "lib/modules" / version
    pieds = dict(
        ligne.split(":", 1) for ligne in (source / "modules.dep").read_text(encoding="ascii").splitlines() if ligne
    )
    voulus = [nom for nom in pieds if nom.startswith(PILOTES_RESEAU)]
    for nom in sorted({pied for voulu in voulus for pied in (voulu, *pieds[voulu].split())}):
        (arrivee / nom).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / nom, arrivee / nom)
    for nom in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(source / nom, arrivee)
    _lancer(["depmod", "-b", str(cible), version], cible)


def _faire_disque(paquet: Path, *, version: str, cible: Path) -> None:
    """Write the memory disk: busybox, init, the drivers and the order in which they are loaded."""
    with tempfile.TemporaryDirectory(dir=cible.parent) as temporaire:
        racine = Path(temporaire)
        for nom in ("bin", "p", "proc", "sys", "dev", "new"):
            (racine / nom).mkdir()
        busybox = shutil.which("busybox")
        assert busybox is not None
        shutil.copy(busybox, racine / "bin/busybox")
        shutil.copy(ICI / "init.sh", racine / "init")
        (racine / "init").chmod(0o755)
        ordre = dict.fromkeys(
            ligne
            for pilote in PILOTES
            for ligne in _lancer(["modprobe", "-d", str(paquet), "-S", version, "-D", pilote], paquet).splitlines()
            if ligne.startswith("insmod ")
        )
        lignes = []
        for ligne in ordre:
            fichier = Path(ligne.split()[1])
            shutil.copy(fichier, racine / "p")
            lignes.append(f"{fichier.name} {OPTIONS.get(fichier.stem.replace('-', '_'), '')}".strip())
        (racine / "p/ordre").write_text("\n".join(lignes) + "\n", encoding="ascii")
        noms = "\0".join(str(chemin.relative_to(racine)) for chemin in sorted(racine.rglob("*")))
        with cible.open("wb") as sortie:
            commande = ["cpio", "--quiet", "--null", "-o", "-H", "newc"]
            subprocess.run(commande, cwd=racine, input=noms.encode(), stdout=sortie, check=True)


def _lancer(commande: list[str], dossier: Path) -> str:
    environnement = os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    fait = subprocess.run(commande, cwd=dossier, env=environnement, capture_output=True, text=True, check=False)
    if fait.returncode:
        raise BancImpossible(f"{' '.join(commande)}: {fait.stderr.strip()[-400:]}")
    return fait.stdout

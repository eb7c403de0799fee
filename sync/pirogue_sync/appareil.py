"""
A whole stick, from its bare device: what it is, its true size, its file system, then its folders. Root's act.

Everything on the device is lost, so it must be a whole USB disk that nothing uses (the kernel says so: it refuses an
exclusive opening of what is mounted, swapped on or held), and the person must agree to that very device by name.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange.cles import Cles
from pirogue_echange.etiquette import Etiquette
from pirogue_echange.support import SupportDefaillant
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_sync import preparation
from pirogue_sync.preparation import CleContrefaite, Progres

#: Above this a FAT32 is refused by some readers, and exFAT is what the maker put there too.
VFAT_MAX_OCTETS = 32 * 10**9
#: Below this `mkfs.vfat` chooses FAT16 by itself, which has enough clusters.
FAT32_MIN_OCTETS = 512 << 20
ATTENTE_S = 30.0
_OUTILS = {"f3probe": "f3", "sfdisk": "fdisk", "mkfs.vfat": "dosfstools", "mkfs.exfat": "exfatprogs"}


class AppareilRefuse(ErreurPirogue):
    """The device is not a stick that may be erased; nothing was written."""

    geste = "Vérifie avec « lsblk » quel appareil est la clé, démonte-la, puis recommence avec son nom."
    code = 103


class OutilAbsent(ErreurPirogue):
    """A Debian tool that this act needs is missing, or the person is not root; nothing was written."""

    geste = "Lance la commande en administrateur (sudo), avec les outils : apt install f3 fdisk dosfstools exfatprogs"
    code = 104


@dataclass(frozen=True, slots=True)
class Appareil:
    """
    A whole USB disk that nothing uses.

    Attributes:
        chemin: its device.
        modele: maker and model, as it says itself.
        octets: the size that it announces.
    """

    chemin: Path
    modele: str
    octets: int

    @property
    def phrase(self) -> str:
        """Return what a person recognises it by."""
        return f"{self.chemin} ({self.modele or 'sans nom'}, {dire_octets(self.octets)})"


def dire_octets(octets: int) -> str:
    """Return a size as it is printed on a stick: `32 Go`, `64 Mo`."""
    return f"{octets / 10**9:.0f} Go" if octets >= 10**9 else f"{octets / 10**6:.0f} Mo"


def decrire(chemin: Path) -> Appareil:
    """
    Say what a device is; nothing is written.

    Raises:
        AppareilRefuse: not a block device, a partition, not on USB, or something uses it.
    """
    vrai = Path(os.path.realpath(chemin))
    try:
        if not stat.S_ISBLK(vrai.stat().st_mode):
            raise AppareilRefuse(f"{chemin} n'est pas un appareil.")
        bloc = Path("/sys/block") / vrai.name
        if not bloc.exists():
            raise AppareilRefuse(f"{chemin} n'est pas une clé entière : donne l'appareil, pas une de ses parties.")
        if "/usb" not in str(bloc.resolve()):
            raise AppareilRefuse(f"{chemin} n'est pas une clé USB : je n'y touche pas.")
        os.close(os.open(vrai, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
        octets = int((bloc / "size").read_text(encoding="ascii")) * 512
    except OSError as cause:
        if cause.errno == errno.EBUSY:
            raise AppareilRefuse(f"{chemin} est utilisé en ce moment (monté) : je n'y touche pas.") from cause
        raise AppareilRefuse(f"{chemin} ne peut pas être ouvert ({cause.strerror}).") from cause
    return Appareil(chemin=vrai, modele=_modele(bloc), octets=octets)


def preparer_appareil(
    appareil: Appareil,
    *,
    numero: int,
    cles: Cles,
    accord: Callable[[Appareil], bool],
    progres: Progres = lambda _: None,
) -> Etiquette | None:
    """
    Erase a device and make a stick of it: true size, one partition, a file system `PIROGUE<numero>`, folders, label.

    Args:
        appareil: what `decrire` found.
        numero: the number painted on it.
        cles: who prepares it, and signs the label.
        accord: asked once, before anything is written, with the device by name.
        progres: called with a French sentence at each step.

    Returns:
        The label, or None when `accord` said no.

    Raises:
        OutilAbsent, AppareilRefuse: nothing was written.
        CleContrefaite: it announces more than it has; it has no file system any more.
        SupportDefaillant and the other errors of a stick.
    """
    manquants = [paquet for outil, paquet in _OUTILS.items() if _trouver(outil) is None]
    if manquants or os.geteuid() != 0:
        raise OutilAbsent(f"Il manque : {', '.join(manquants) or 'le droit d’écrire sur un appareil'}.")
    if not accord(appareil):
        return None
    decrire(appareil.chemin)  # it may have been mounted while the person was reading
    progres("Je vérifie la vraie taille de la clé (quelques minutes)…")
    exiger_vraie_taille(appareil)
    progres("Je formate la clé…")
    partie = _formater(appareil, nom=f"PIROGUE{numero}")
    with _monter(partie) as dossier:
        return preparation.preparer_dossier(
            dossier,
            numero=numero,
            cles=cles,
            verifier_octets=preparation.MINIMUM_OCTETS,
            octets_connus=appareil.octets,
            progres=progres,
        )


def exiger_vraie_taille(appareil: Appareil) -> None:
    """
    Ask Debian's `f3probe` whether a device is as large as it says; what is on it is lost.

    Raises:
        CleContrefaite: it is smaller.
        SupportDefaillant: the check could not be made.
    """
    fait = _lancer(["f3probe", "--destructive", str(appareil.chemin)])
    if "is the real thing" in fait.stdout:
        return
    if "Bad news" in fait.stdout:
        utile = re.search(r"\*Usable\* size: ([1-9][0-9.]* [A-Za-z]+)", fait.stdout)
        vraie = f" : elle n'a que {utile[1]}" if utile else ""
        raise CleContrefaite(f"Cette clé est une contrefaçon. Elle annonce {dire_octets(appareil.octets)}{vraie}.")
    raise SupportDefaillant("La taille de cette clé n'a pas pu être vérifiée.")


def _formater(appareil: Appareil, *, nom: str) -> Path:
    """Write one partition and its file system; return the partition's device."""
    exfat = appareil.octets > VFAT_MAX_OCTETS
    table = f"label: dos\n,,{'7' if exfat else 'c'}\n"
    _exiger(["sfdisk", "--quiet", "--wipe", "always", "--wipe-partitions", "always", str(appareil.chemin)], table)
    partie = _attendre_partie(appareil.chemin)
    fat32 = ["-F", "32"] if appareil.octets >= FAT32_MIN_OCTETS else []
    _exiger(["mkfs.exfat", "-L", nom, str(partie)] if exfat else ["mkfs.vfat", *fat32, "-n", nom, str(partie)])
    return partie


def _attendre_partie(chemin: Path) -> Path:
    """Return the first partition's device once the system shows it."""
    fin = time.monotonic() + ATTENTE_S
    while time.monotonic() < fin:
        for partie in (Path("/sys/block") / chemin.name).glob(f"{chemin.name}*/partition"):
            appareil = Path("/dev") / partie.parent.name
            if appareil.is_block_device():
                return appareil
        time.sleep(0.05)
    raise SupportDefaillant("La clé ne montre pas la partie qui vient d'y être écrite.")


@contextlib.contextmanager
def _monter(partie: Path) -> Iterator[Path]:
    """Mount a partition where nobody else looks, and unmount it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="pirogue-cle-") as temporaire:
        _exiger(["mount", "-o", "nosuid,nodev,noexec,noatime", str(partie), temporaire])
        try:
            yield Path(temporaire)
        finally:
            _exiger(["umount", temporaire])


def _exiger(commande: list[str], entree: str = "") -> None:
    fait = _lancer(commande, entree)
    if fait.returncode:
        raise SupportDefaillant(f"La clé n'a pas pu être préparée ({commande[0]} : {fait.stderr.strip()[-200:]}).")


def _lancer(commande: list[str], entree: str = "") -> subprocess.CompletedProcess[str]:
    outil = _trouver(commande[0]) or commande[0]
    environnement = os.environ | {"LC_ALL": "C"}
    return subprocess.run(
        [outil, *commande[1:]], input=entree, env=environnement, capture_output=True, text=True, check=False
    )


def _trouver(outil: str) -> str | None:
    return shutil.which(outil, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _modele(bloc: Path) -> str:
    """Return maker and model, printable and short: the stick itself chose these words."""
    mots = []
    for nom in ("vendor", "model"):
        with contextlib.suppress(OSError):
            mots.append((bloc / "device" / nom).read_text(encoding="ascii", errors="replace").strip())
    return "".join(lettre for lettre in " ".join(mots) if lettre.isprintable())[:60]

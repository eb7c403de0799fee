"""
Root's acts on sticks, the clock and the power: a stick is mounted, its exchange started, it is let go; the hour; stop.

What a stick is, is read here from the kernel and from udev's own records; whoever asks names a device, no more. The
first process does the mounting, so that every unit sees it and the helper itself needs no right to mount, nor to open
a device: it stays in its sandbox.
"""

import calendar
import fcntl
import os
import re
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from pirogue_actions import peripheriques
from pirogue_actions.guichet import Acte, verifier_nombre
from pirogue_actions.pare_feu import Refus, lancer

MONTAGE = Path("/run/pirogue-cle/montee")
NOM_APPAREIL = re.compile(r"sd[a-z]{1,2}[1-9]?[0-9]?")
#: Options that every stick gets: nothing on it is run, no device or right comes from it.
OPTIONS = "nosuid,nodev,noexec,noatime"
UNITE_ECHANGE = "pirogue-sync-cle@{}.service"
#: states of a unit in which it still works.
VIVANTS = ("active", "activating", "deactivating", "reloading")
HORLOGES = (Path("/dev/rtc0"), Path("/dev/rtc1"))
#: _IOW('p', 0x0a, struct rtc_time), <linux/rtc.h>
RTC_SET_TIME = 0x4024700A
INSTANTS_MS = range(calendar.timegm((2024, 1, 1, 0, 0, 0)) * 1000, calendar.timegm((2101, 1, 1, 0, 0, 0)) * 1000)
#: Less than this backwards is an adjustment, not a return to the past.
RECUL_MS = 2000
#: systemd answers in milliseconds, save while a card is busy.
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Cle:
    """
    What the acts know of this box.

    Attributes:
        montage: where the one stick is mounted.
        porteur: user id that reads and writes it.
    """

    montage: Path
    porteur: int

    @property
    def unite(self) -> str:
        """Return the name of the mount's unit, as `systemd-escape` makes it."""
        nom = str(self.montage).strip("/")
        return "".join("-" if c == "/" else c if re.match(r"[\w:.]", c) else f"\\x{ord(c):02x}" for c in nom) + ".mount"


def verifier_appareil(_: Cle, valeur: object) -> str:
    """Return the kernel's name of a disk or of a partition (`sda1`); raises Refus."""
    if not isinstance(valeur, str) or not NOM_APPAREIL.fullmatch(valeur):
        raise Refus("Ce n'est pas le nom d'une clé.")
    return valeur


def verifier_vrai(_: Cle, valeur: object) -> bool:
    """Return a yes or no; raises Refus."""
    if not isinstance(valeur, bool):
        raise Refus("Il faut oui ou non.")
    return valeur


VERIFICATIONS = {
    "appareil": verifier_appareil,
    "utc_ms": verifier_nombre(INSTANTS_MS, "Cette date n'est pas entre 2024 et 2100."),
    "force": verifier_vrai,
}


def monter_cle(boite: Cle, appareil: str) -> dict[str, str]:
    """Have a stick mounted, without waiting for it (see `suivre_cle`); return its file system."""
    if peripheriques.monte_sur(boite.montage) is not None:
        raise Refus("Une clé est déjà en service.")
    genre = peripheriques.exiger_cle(appareil)
    options = (
        f"ro,noload,{OPTIONS}" if genre == "ext4" else f"{OPTIONS},uid={boite.porteur},gid={boite.porteur},umask=077"
    )
    mots = ["systemd-mount", "--no-block", "--no-ask-password", "--quiet", "--collect", "--fsck=no"]
    mots += ["--property=LazyUnmount=yes", f"--type={genre}", f"--options={options}"]
    lancer(*mots, f"/dev/{appareil}", str(boite.montage), attente_s=PATIENCE_S)
    return {"genre": genre}


def echanger_cle(boite: Cle, appareil: str) -> None:
    """Have the courier exchange with the mounted stick, without waiting for it."""
    if peripheriques.monte_sur(boite.montage) is None:
        raise Refus("Aucune clé n'est montée.")
    if _echanges():  # of a stick that was pulled: a unit that still stops would not start for this one
        raise Refus("L'échange d'avant n'est pas fini.")
    lancer("systemctl", "--no-block", "start", UNITE_ECHANGE.format(appareil), attente_s=PATIENCE_S)


def suivre_cle(boite: Cle) -> dict[str, bool]:
    """Say whether a stick is mounted, whether systemd still works at it, whether an exchange runs."""
    travail, echange = _travaille(boite.unite), bool(_echanges())
    # After, never before: what systemd has just finished must be seen done.
    montee = peripheriques.monte_sur(boite.montage) is not None
    return {"montee": montee, "travail": travail, "echange": echange}


def demonter_cle(boite: Cle) -> None:
    """Have the stick let go, without waiting; refused while its exchange runs, unless pulled; no stick is no fault."""
    numero = peripheriques.monte_sur(boite.montage)
    # systemd lets go of a stick that was pulled by itself; its exchange may outlive it.
    if echanges := _echanges():
        if numero is not None and peripheriques.existe(numero):
            raise Refus("L'échange avec la clé n'est pas fini.")
        lancer("systemctl", "--no-block", "stop", *echanges, attente_s=PATIENCE_S)
    if numero is not None:
        lancer("systemctl", "--no-block", "stop", boite.unite, attente_s=PATIENCE_S)


def regler_heure(_: Cle, utc_ms: int, force: bool) -> dict[str, bool]:  # noqa: FBT001 - arguments of the protocol
    """Set the system's clock, and the one with a battery if there is one; backwards only when forced."""
    if utc_ms < time.time_ns() // 1_000_000 - RECUL_MS and not force:  # the very clock that is to be set
        raise Refus("Cette heure est avant celle de la boîte.")
    try:
        time.clock_settime_ns(time.CLOCK_REALTIME, utc_ms * 1_000_000)
    except OSError as cause:
        raise Refus(f"L'heure n'a pas pu être réglée ({cause.strerror}).") from cause
    return {"pile": _regler_pile(utc_ms)}


def eteindre(_: Cle) -> None:
    """Stop the box cleanly; refused while a stick is being written."""
    if _echanges():
        raise Refus("Une clé est en cours d'écriture : attends qu'elle soit finie.")
    lancer("systemctl", "--no-block", "--no-wall", "poweroff", attente_s=PATIENCE_S)


def _travaille(montage: str) -> bool:
    """Say whether a mount is on its way up or down, or has a job that waits; one that is up rests."""
    lu = lancer("systemctl", "show", "--property=ActiveState", "--property=Job", montage, attente_s=PATIENCE_S)
    dit = dict(ligne.partition("=")[::2] for ligne in lu.splitlines())
    return int(dit.get("Job") or 0) > 0 or dit.get("ActiveState", "") in VIVANTS[1:]


def _echanges() -> list[str]:
    """Return the exchanges that run, or whose start waits."""
    vus: set[str] = set()
    for colonne, question in ((1, "list-jobs"), (0, f"list-units --state={','.join(VIVANTS)}")):
        mots = ["systemctl", *question.split(), "--plain", "--no-legend", "--full", UNITE_ECHANGE.format("*")]
        lignes = map(str.split, lancer(*mots, attente_s=PATIENCE_S).splitlines())
        vus.update(champs[colonne] for champs in lignes if len(champs) > colonne)
    return sorted(vus)


def _regler_pile(utc_ms: int) -> bool:
    """Set the clock that has a battery; return False when there is none, or when it does not take it."""
    ici = time.gmtime(utc_ms / 1000)
    champs = (ici.tm_sec, ici.tm_min, ici.tm_hour, ici.tm_mday, ici.tm_mon - 1, ici.tm_year - 1900, 0, 0, 0)
    for horloge in HORLOGES:
        try:
            descripteur = os.open(horloge, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.ioctl(descripteur, RTC_SET_TIME, struct.pack("9i", *champs))
        except OSError:
            continue
        else:
            return True
        finally:
            os.close(descripteur)
    return False


_BORD = frozenset({"bord"})
ACTES = {
    "monter_cle": Acte(monter_cle, ("appareil",), _BORD),
    "echanger_cle": Acte(echanger_cle, ("appareil",), _BORD),
    "suivre_cle": Acte(suivre_cle, (), _BORD),
    "demonter_cle": Acte(demonter_cle, (), _BORD),
    "regler_heure": Acte(regler_heure, ("utc_ms", "force"), _BORD),
    "eteindre": Acte(eteindre, (), frozenset({"bord", "portail"})),
}

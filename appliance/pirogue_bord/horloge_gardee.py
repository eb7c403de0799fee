"""
The kept hour: what time it is at least, on a box without a battery, and the system clock put forward to it at boot.

The file never says what the wall clock said: it holds the best known true time of one instant, which `horloge.tour`
writes every few minutes. Time passes while the box is off, so at the next boot the true time is that, or later. This
module needs the standard library alone, with the clock of `pirogue_socle`: root runs it, before everything that stamps
(`python -I -m pirogue_bord.horloge_gardee charger`). Debian's own fake-hwclock is not used: its 0.14 sets the clock
back to the saved hour, behind a right RTC.
"""

import argparse
import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pirogue_socle.horloge import Instant, maintenant

DOSSIER = Path("/data/systeme/horloge")
FICHIER = "heure"
#: systemd's own mark of when the system was built: it too puts the clock forward to its date at boot.
EPOQUE = Path("/usr/lib/clock-epoch")
RTC = Path("/sys/class/rtc/rtc0/since_epoch")
#: The folder is written by a user who is not root: what root reads there is small, a plain file, a possible date.
TAILLE_MAX = 512
#: 1 January 2024 and 1 January 2100: before the programme, or after it, is a broken file or a broken RTC.
POSSIBLE_MS = range(1_704_067_200_000, 4_102_444_800_000)
#: Less than this is not worth a jump.
ECART_MS = 1000


@dataclass(frozen=True, slots=True)
class HeureGardee:
    """
    What the file holds.

    Attributes:
        utc_ms: the best known true time, milliseconds since 1970 UTC, at `bt_ns` of `boot_id`.
        boot_id, bt_ns: the instant that it was said of.
        source: the anchor that it comes from; empty when nobody told this boot the time.
    """

    utc_ms: int
    boot_id: str
    bt_ns: int
    source: str

    def au_moins_ms(self, instant: Instant) -> int:
        """Return what the true time is at least, at an instant of the same boot, or of a later one."""
        passe_ns = instant.bt_ns - self.bt_ns if instant.boot_id == self.boot_id else instant.bt_ns
        return self.utc_ms + max(0, passe_ns) // 1_000_000


def lire(dossier: Path) -> HeureGardee | None:
    """Return the kept hour; None when there is none, or when what is there is no plain file or no possible hour."""
    try:
        descripteur = os.open(dossier / FICHIER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descripteur, "rb") as flux:
        try:
            if not stat.S_ISREG(os.fstat(descripteur).st_mode):
                return None
            lu = json.loads(flux.read(TAILLE_MAX))
            gardee = HeureGardee(int(lu["utc_ms"]), str(lu["boot_id"]), int(lu["bt_ns"]), str(lu["source"]))
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
    return gardee if gardee.utc_ms in POSSIBLE_MS and gardee.bt_ns >= 0 else None


def ecrire(dossier: Path, gardee: HeureGardee) -> None:
    """Put a kept hour in place of the former one, durably; a power cut leaves one or the other. Raises OSError."""
    neuf = dossier / f".{FICHIER}.neuf"
    with neuf.open("w", encoding="ascii") as flux:
        flux.write(json.dumps(asdict(gardee)))
        flux.flush()
        os.fsync(flux.fileno())
    neuf.chmod(0o644)
    neuf.replace(dossier / FICHIER)
    descripteur = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


def construction_ms(epoque: Path = EPOQUE) -> int:
    """Return when this system was built, milliseconds since 1970 UTC; the start of the programme when unknown."""
    with contextlib.suppress(OSError):
        return max(POSSIBLE_MS.start, int(epoque.stat().st_mtime * 1000))
    return POSSIBLE_MS.start


def lire_rtc(rtc: Path = RTC) -> int | None:
    """Return what the battery-backed clock says, milliseconds since 1970 UTC; None without one, or when it stopped."""
    try:
        lu_ms = int(rtc.read_text(encoding="ascii")) * 1000
    except (OSError, ValueError):
        return None
    return lu_ms if lu_ms in POSSIBLE_MS else None


def choisir(maintenant_ms: int, *, gardee_ms: int | None, construction_ms: int, rtc_ms: int | None) -> int:
    """
    Return what the system clock should say at boot, milliseconds since 1970 UTC: never earlier than it says.

    Args:
        maintenant_ms: what it says.
        gardee_ms: the kept hour, with the time passed since this boot began.
        construction_ms: when this system was built.
        rtc_ms: the battery-backed clock; it goes first when it is later than both.
    """
    return max(maintenant_ms, construction_ms, gardee_ms or 0, rtc_ms or 0)


def charger(
    dossier: Path,
    *,
    regler: Callable[[int], object],
    epoque: Path = EPOQUE,
    rtc: Path = RTC,
    lire_instant: Callable[[], Instant] = maintenant,
) -> int:
    """
    Put the system clock forward to the latest of what is known; return by how much, milliseconds.

    Args:
        dossier: where the kept hour is.
        regler: sets the system clock, nanoseconds since 1970 UTC; called only to go forward.
        epoque, rtc: see `EPOQUE`, `RTC`.
        lire_instant: reads the clocks.
    """
    gardee, rtc_ms, construite_ms = lire(dossier), lire_rtc(rtc), construction_ms(epoque)
    instant = lire_instant()
    gardee_ms = None if gardee is None else gardee.au_moins_ms(instant)
    voulu_ms = choisir(instant.mur_ms, gardee_ms=gardee_ms, construction_ms=construite_ms, rtc_ms=rtc_ms)
    if voulu_ms - instant.mur_ms < ECART_MS:
        return 0
    regler(voulu_ms * 1_000_000)
    return voulu_ms - instant.mur_ms


def main(mots: list[str] | None = None) -> int:
    """Run `charger` on this machine's own clock."""
    analyseur = argparse.ArgumentParser(description="L'heure gardée de la boîte.")
    analyseur.add_argument("acte", choices=["charger"])
    analyseur.add_argument("--dossier", type=Path, default=DOSSIER)
    analyseur.add_argument("--epoque", type=Path, default=EPOQUE)
    analyseur.add_argument("--rtc", type=Path, default=RTC)
    choix = analyseur.parse_args(mots)
    avance_ms = charger(
        choix.dossier,
        regler=lambda ns: time.clock_settime_ns(time.CLOCK_REALTIME, ns),
        epoque=choix.epoque,
        rtc=choix.rtc,
    )
    print(f"Horloge avancée de {avance_ms // 1000} s." if avance_ms else "L'horloge n'est pas en retard.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""
Time on a machine without a clock.

A Raspberry Pi has no battery-backed clock: after a power cut its wall clock may say 1970, or last week. What
it does know is how long it has been up. So an event carries an `Instant`: which boot, how long since that boot
(CLOCK_BOOTTIME, which also counts suspended time), and what the wall clock said, for what it is worth.

An `Ancre` ties one point of one boot to the true time (a person confirmed the date, NTP, a shore's receipt).
The true time of an event is *computed* from the anchors (`estimer`); the event itself never changes, so a better
anchor found later mends the dates of a whole day. Order never comes from here: it is the journal's number.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

#: Benin keeps UTC+1 all year, without summer time (tz database, Africa/Porto-Novo).
PORTO_NOVO = timezone(timedelta(hours=1), "Africa/Porto-Novo")

#: Anchor sources from the most to the least believed.
SOURCES = ("rive", "ntp", "modem", "formateur", "rtc")
#: How wrong an anchor may be when whoever wrote it did not say: a person's watch, the slowest answer that is believed.
INCERTITUDE_MS = 120_000
#: How fast CLOCK_BOOTTIME may drift from the true time: the quartz of a Pi in the sun (parts per million).
PPM_BOOT = 50

NS_PAR_MS = 1_000_000
MS_PAR_MIN = 60_000


@dataclass(frozen=True, slots=True)
class Instant:
    """
    A point in time as the machine saw it.

    Attributes:
        boot_id: the kernel's random id of this boot (/proc/sys/kernel/random/boot_id).
        bt_ns: CLOCK_BOOTTIME, nanoseconds since that boot.
        mur_ms: wall clock, milliseconds since 1970 UTC; may be wrong by years.
    """

    boot_id: str
    bt_ns: int
    mur_ms: int


@dataclass(frozen=True, slots=True)
class Ancre:
    """
    A point of one boot whose true time is known.

    Attributes:
        boot_id: the boot it belongs to.
        bt_ns: CLOCK_BOOTTIME at that point, nanoseconds.
        utc_ms: the true time, milliseconds since 1970 UTC.
        source: who said so, one of `SOURCES`.
    """

    boot_id: str
    bt_ns: int
    utc_ms: int
    source: str


def maintenant() -> Instant:
    """Read the clocks now. The only place of the product that does."""
    return Instant(
        boot_id=_boot_id(),
        bt_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        mur_ms=time.time_ns() // NS_PAR_MS,
    )


@cache
def _boot_id() -> str:
    """Read the kernel's id of this boot, once: it cannot change while this process lives."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip().replace("-", "")


def ancres_par_boot(ancres: Iterable[Ancre]) -> dict[str, Ancre]:
    """Keep, for each boot, the most believed anchor; among equals, the latest given (a person corrects herself)."""
    choix: dict[str, Ancre] = {}
    for ancre in ancres:
        garde = choix.get(ancre.boot_id)
        if garde is None or SOURCES.index(ancre.source) <= SOURCES.index(garde.source):
            choix[ancre.boot_id] = ancre
    return choix


def estimer(instant: Instant, ancres: dict[str, Ancre]) -> int:
    """
    Return the best known true time of an instant, milliseconds since 1970 UTC.

    With an anchor in the same boot it is exact up to the anchor; without one it is what the wall clock said.
    """
    ancre = ancres.get(instant.boot_id)
    if ancre is None:
        return instant.mur_ms
    return ancre.utc_ms + (instant.bt_ns - ancre.bt_ns) // NS_PAR_MS


def duree_ms(debut: Instant, fin: Instant, ancres: dict[str, Ancre]) -> int:
    """
    Return the time between two instants, milliseconds, never negative.

    Within one boot it is the difference of CLOCK_BOOTTIME whatever the wall clock did; across boots it is the
    difference of the estimated times.
    """
    if debut.boot_id == fin.boot_id:
        return max(0, (fin.bt_ns - debut.bt_ns) // NS_PAR_MS)
    return max(0, estimer(fin, ancres) - estimer(debut, ancres))


def en_civil(utc_ms: int) -> datetime:
    """Return the local civil time (Porto-Novo) of milliseconds since 1970 UTC."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(PORTO_NOVO)


def jour_civil(utc_ms: int) -> date:
    """Return the local civil day (Porto-Novo) of milliseconds since 1970 UTC."""
    return en_civil(utc_ms).date()


def depuis_civil(jour: date, heure: str) -> int:
    """Return milliseconds since 1970 UTC of a local civil day and an hour such as `09:20`."""
    heures, minutes = heure.split(":")
    local = datetime(jour.year, jour.month, jour.day, int(heures), int(minutes), tzinfo=PORTO_NOVO)
    return int(local.timestamp() * 1000)


JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def dire_jour(utc_ms: int) -> str:
    """Return a civil day as it is said: `mardi 4 mars 2025`."""
    local = en_civil(utc_ms)
    quantieme = "1er" if local.day == 1 else str(local.day)
    return f"{JOURS[local.weekday()]} {quantieme} {MOIS[local.month - 1]} {local.year}"


def dire_heure(utc_ms: int) -> str:
    """Return a civil time as it is said: `7 h 46`."""
    local = en_civil(utc_ms)
    return f"{local.hour} h {local.minute:02d}"

"""
Who may tell the box the time, and when it is believed: the rules of `docs/decisions/0015-clock-and-link.md`.

Each witness (`Temoignage`) says what the true time was at one instant, and how wrong it may be. An anchor that is wrong
mends nothing and moves a whole day of the roll: what is not justified is left out, and the trainer is asked.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pirogue_bord.horloge_gardee import HeureGardee
from pirogue_socle.horloge import PPM_BOOT, SOURCES, Ancre, Instant

TEMOIN_RTC = "rtc.json"
#: Two hours that differ by less are the same one: what a person reading a watch is wrong by.
ACCORD_MS = 120_000
#: A time server that may be wrong by more is not one.
NTP_MAX_MS = 5_000
#: What chrony may still be correcting: it steps whatever is larger (`makestep 1 -1`).
RESTE_NTP_MS = 1_000
#: A modem gives whole seconds, of a message whose age it does not say.
MODEM_MS = 30_000
#: Africa/Porto-Novo, minutes: another offset is an operator that mixes up UTC and local time.
DECALAGE_MIN = 60
#: A battery-backed clock drifts by less (DS3231: 2 ppm; the bare quartz of a cheap module in the heat: 50).
PPM_RTC = 100
#: Beyond this doubt a battery-backed clock is no longer believed by itself: about two months without being compared.
RTC_MAX_MS = 600_000


@dataclass(frozen=True, slots=True)
class Temoignage:
    """
    What somebody says the true time was.

    Attributes:
        source: who, one of `SOURCES`.
        instant: of when it speaks.
        utc_ms: the true time then, milliseconds since 1970 UTC.
        incertitude_ms: how wrong it may be then, milliseconds.
    """

    source: str
    instant: Instant
    utc_ms: int
    incertitude_ms: int


@dataclass(frozen=True, slots=True)
class TemoinRtc:
    """
    When the battery-backed clock was last found right.

    Attributes:
        utc_ms: the true time of the comparison, milliseconds since 1970 UTC.
        doute_ms: by how much the two could differ then, the doubt of whoever told the true time included.
    """

    utc_ms: int
    doute_ms: int


def retenir(
    temoignages: Iterable[Temoignage], *, connue: Ancre | None, gardee: HeureGardee | None, construction_ms: int
) -> Temoignage | None:
    """
    Return the witness to write as this boot's anchor; None when nobody says more than what is known.

    Args:
        temoignages: who speaks, in any order.
        connue: the best anchor of this boot.
        gardee: the kept hour, with the name of who told it.
        construction_ms: when this system was built: no true time is before it.
    """
    rang = len(SOURCES) if connue is None else SOURCES.index(connue.source)
    permis = [
        un
        for un in temoignages
        if SOURCES.index(un.source) < rang
        and un.utc_ms >= construction_ms
        and not _recule(un, gardee)
        and not _contredit(un, connue)
    ]
    return min(permis, key=lambda un: SOURCES.index(un.source), default=None)


def _recule(un: Temoignage, gardee: HeureGardee | None) -> bool:
    """Say whether a witness is earlier than what one at least as believed said before it."""
    if gardee is None or un.utc_ms + ACCORD_MS >= gardee.au_moins_ms(un.instant):
        return False
    return gardee.source in SOURCES and SOURCES.index(gardee.source) <= SOURCES.index(un.source)


def _contredit(un: Temoignage, connue: Ancre | None) -> bool:
    """Say whether a modem would correct a person: only a server, or the shore's signature, may."""
    return un.source == "modem" and connue is not None and connue.source == "formateur"


def temoigner_ntp(instant: Instant, *, erreur_max_ms: int) -> Temoignage | None:
    """Return what the synchronised system clock says; None when it may be too wrong."""
    if erreur_max_ms > NTP_MAX_MS:
        return None
    return Temoignage("ntp", instant, instant.mur_ms, erreur_max_ms + RESTE_NTP_MS)


def temoigner_modem(instant: Instant, *, utc_ms: int, decalage_min: int | None) -> Temoignage | None:
    """Return what the mobile network says; None when its offset from UTC is unknown, or not Benin's."""
    if decalage_min != DECALAGE_MIN:
        return None
    return Temoignage("modem", instant, utc_ms, MODEM_MS)


def temoigner_rtc(instant: Instant, *, rtc_ms: int, temoin: TemoinRtc | None) -> Temoignage | None:
    """Return what the battery-backed clock says; None when nobody ever found it right, or too long ago."""
    if temoin is None or rtc_ms < temoin.utc_ms - temoin.doute_ms:
        return None
    doute_ms = temoin.doute_ms + _derive_ms(rtc_ms - temoin.utc_ms)
    if doute_ms > RTC_MAX_MS:
        return None
    return Temoignage("rtc", instant, rtc_ms, doute_ms)


def comparer_rtc(*, rtc_ms: int, vrai_ms: int, incertitude_ms: int) -> TemoinRtc | None:
    """Return the proof that the battery-backed clock is right, given the true time; None when it is not."""
    ecart_ms = abs(rtc_ms - vrai_ms)
    # Its file holds whole seconds.
    return TemoinRtc(vrai_ms, ecart_ms + incertitude_ms + 1000) if ecart_ms <= ACCORD_MS else None


def _derive_ms(passe_ms: int) -> int:
    return max(0, passe_ms) * PPM_RTC // 1_000_000


def vieillir_ms(incertitude_ms: int, *, ancre: Ancre, instant: Instant) -> int:
    """Return how wrong the estimate of an instant may be: the anchor's doubt, and the boot clock's drift since."""
    return incertitude_ms + abs(instant.bt_ns - ancre.bt_ns) * PPM_BOOT // 10**12


def lire_temoin(dossier: Path) -> TemoinRtc | None:
    """Return when the battery-backed clock was last found right; None when never, or when the file is damaged."""
    try:
        lu = json.loads((dossier / TEMOIN_RTC).read_bytes())
        return TemoinRtc(int(lu["utc_ms"]), max(0, int(lu["doute_ms"])))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def ecrire_temoin(dossier: Path, temoin: TemoinRtc | None) -> None:
    """Note when the battery-backed clock was found right, or that it is wrong (None); raises OSError."""
    fichier = dossier / TEMOIN_RTC
    if temoin is None:
        fichier.unlink(missing_ok=True)
        return
    neuf = dossier / f".{TEMOIN_RTC}.neuf"
    neuf.write_text(json.dumps(asdict(temoin)), encoding="ascii")
    neuf.replace(fichier)

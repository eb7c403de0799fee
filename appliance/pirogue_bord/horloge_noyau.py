"""Whether a time server disciplines the kernel's clock: what chrony told it (`rtcsync`), read without a program."""

import ctypes
import os
from dataclasses import dataclass

_CLOCK_REALTIME = 0
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


@dataclass(frozen=True, slots=True)
class Synchronisation:
    """
    What the kernel knows of its own clock.

    Attributes:
        synchronisee: a time server that is believed disciplines it. chrony's own « local » hour does not count.
        erreur_max_ms: how wrong it may be, milliseconds; grows by itself when the servers are silent.
    """

    synchronisee: bool
    erreur_max_ms: int


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h> on a 64-bit Linux."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((nom, ctypes.c_long) for nom in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((nom, ctypes.c_long) for nom in ("constant", "precision", "tolerance", "time_s", "time_us", "tick")),
        *((nom, ctypes.c_long) for nom in ("ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((nom, ctypes.c_long) for nom in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("reserve", ctypes.c_int * 11),
    )


def lire_noyau() -> Synchronisation:
    """
    Read the state of the kernel's clock; changes nothing.

    Raises:
        OSError: the kernel, or the sandbox, refuses the question (`clock_adjtime`, without any privilege).
    """
    rendu, etat = _interroger()
    synchronisee = rendu != _TIME_ERROR and not etat.status & _STA_UNSYNC
    return Synchronisation(synchronisee=bool(synchronisee), erreur_max_ms=-(-int(etat.maxerror) // 1000))


def _interroger() -> tuple[int, _Timex]:
    etat = _Timex()
    rendu = ctypes.CDLL(None, use_errno=True).clock_adjtime(_CLOCK_REALTIME, ctypes.byref(etat))
    if rendu < 0:
        numero = ctypes.get_errno()
        raise OSError(numero, os.strerror(numero))
    return rendu, etat

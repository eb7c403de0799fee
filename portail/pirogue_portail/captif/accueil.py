"""
Which devices have been greeted, and until when: one small file in memory, written by a person's act, never by a probe.

The portal writes it (*Continuer*, a sign-in, *Nouvelle séance*); the responder of the probes reads it again only when
it was replaced. Hours are CLOCK_BOOTTIME of this boot: the wall may jump by days. Another boot's file is worth nothing.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_socle.horloge import Instant

#: How long a greeted device stays so: longer than a day's class, shorter than a night and a day.
DUREE_S = 12 * 3600
#: More devices than a /24 has addresses; the first to end leave first.
APPAREILS_MAX = 1024
_NS = 1_000_000_000


def accueillir(fichier: Path, appareil: str, *, instant: Instant) -> None:
    """Greet a device, for `DUREE_S` from now."""
    fin = instant.bt_ns // _NS + DUREE_S
    _changer(fichier, instant, lambda connus: {**connus, appareil: fin})


def oublier(fichier: Path, appareil: str, *, instant: Instant) -> None:
    """Make one device new again; one that is not known stays so."""
    _changer(fichier, instant, lambda connus: {nom: fin for nom, fin in connus.items() if nom != appareil})


def oublier_tous(fichier: Path, *, instant: Instant) -> None:
    """Make every device new again: another class comes aboard."""
    _changer(fichier, instant, lambda _: {})


def accueillis(fichier: Path, *, instant: Instant) -> dict[str, int]:
    """Return the greeted devices and, for each, when it ends: CLOCK_BOOTTIME, seconds."""
    return _encore(_lire(fichier, instant.boot_id), instant)


@dataclass(slots=True)
class Lecture:
    """
    The file as one process sees it: one `stat` when nothing changed, one small read when it did.

    Attributes:
        fichier: the file; it need not exist.
    """

    fichier: Path
    _vu: tuple[int, int] | None = None
    _connus: dict[str, int] = field(default_factory=dict)

    def est_accueilli(self, appareil: str, *, instant: Instant) -> bool:
        """Say whether a device is greeted now."""
        return self.reste_s(appareil, instant=instant) > 0

    def reste_s(self, appareil: str, *, instant: Instant) -> int:
        """Return for how many seconds a device still is greeted, rounded up; 0 when it is not."""
        try:
            etat = os.stat(self.fichier)  # noqa: PTH116 - half the time of Path.stat, at every probe
        except OSError:
            return 0
        vu = (etat.st_ino, etat.st_mtime_ns)
        if vu != self._vu:
            self._connus, self._vu = _lire(self.fichier, instant.boot_id), vu
        reste_ns = self._connus.get(appareil, 0) * _NS - instant.bt_ns
        return -(-reste_ns // _NS) if reste_ns > 0 else 0


def _encore(connus: dict[str, int], instant: Instant) -> dict[str, int]:
    """Drop what has ended."""
    return {nom: fin for nom, fin in connus.items() if fin * _NS > instant.bt_ns}


def _lire(fichier: Path, boot_id: str) -> dict[str, int]:
    """Read the file; one that is missing, damaged or of another boot greets nobody."""
    try:
        lu = json.loads(fichier.read_bytes())
        if lu["boot_id"] != boot_id:
            return {}
        return {str(nom): int(fin) for nom, fin in lu["jusqu_a"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@contextlib.contextmanager
def _seul(fichier: Path) -> Iterator[None]:
    """Hold the right to replace the file: two tablets press at once."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    with fichier.with_suffix(".verrou").open("a") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        yield


def _changer(fichier: Path, instant: Instant, changement: Callable[[dict[str, int]], dict[str, int]]) -> None:
    with _seul(fichier):
        connus = _encore(changement(_lire(fichier, instant.boot_id)), instant)
        gardes = sorted(connus.items(), key=lambda un: un[1])[-APPAREILS_MAX:]
        provisoire = fichier.with_suffix(".neuf")
        provisoire.write_text(json.dumps({"boot_id": instant.boot_id, "jusqu_a": dict(gardes)}), encoding="utf-8")
        provisoire.chmod(0o644)
        provisoire.rename(fichier)

"""
What the box's body found out about itself, told to the portal and to people: one small file in memory, no name in it.

`pirogue_bord` writes it whole, each minute or as soon as something changes; the portal and `pirogue etat` read it. The
file is forgotten at each boot.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pirogue_socle.horloge import Instant
from pirogue_socle.publier import publier

#: From the best to the worst; `inconnu` is something that cannot be seen from here, not a fault.
ETATS = ("bon", "inconnu", "attention", "panne")


@dataclass(frozen=True, slots=True)
class Constat:
    """
    What one health check saw.

    Attributes:
        code: the check's name, such as `alimentation`; the name of its module.
        titre: what it looks at, in two or three French words.
        etat: one of `ETATS`.
        phrase: what it saw, one French sentence.
        geste: what to do now; empty when there is nothing to do.
        mesures: figures for the command line and the acceptance sheet, unit in the name (`temperature_c`).
    """

    code: str
    titre: str
    etat: str
    phrase: str
    geste: str
    mesures: dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Releve:
    """
    All the checks of one round.

    Attributes:
        constats: what each saw, in the order of the page.
        age_s: how long ago, seconds, by CLOCK_BOOTTIME.
    """

    constats: tuple[Constat, ...]
    age_s: float


def ecrire(fichier: Path, constats: Iterable[Constat], *, instant: Instant) -> None:
    """Put a round in place of the former one; whoever reads sees one or the other. Raises OSError."""
    contenu = {"boot_id": instant.boot_id, "bt_ns": instant.bt_ns, "constats": [asdict(un) for un in constats]}
    publier(fichier, contenu)


def lire(fichier: Path, *, instant: Instant) -> Releve | None:
    """Return the last round of this boot; None when there is none, or when it cannot be understood."""
    try:
        lu: Any = json.loads(fichier.read_text(encoding="utf-8"))
        if lu["boot_id"] != instant.boot_id:
            return None
        constats = tuple(Constat(**un) for un in lu["constats"])
        return Releve(constats, max(0.0, (instant.bt_ns - lu["bt_ns"]) / 1e9))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def pire(constats: Iterable[Constat]) -> str:
    """Return the worst of the states, `bon` without any."""
    return max((un.etat for un in constats), key=ETATS.index, default="bon")

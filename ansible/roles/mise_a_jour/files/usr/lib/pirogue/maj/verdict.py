"""
A system on trial is accepted or rejected: the one place that says so, to U-Boot, to people, to the next start.

RAUC's own service is asked to write it: it holds the boot partition, nobody else needs to; and a system whose RAUC is
broken, which could never be updated again, is not confirmed.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import commun
from prendre import ARRIVEE

#: The register may change its shape: written for a confirmed system only (`pirogue_registre.forme`).
DROIT = "migrer"
ATTENTE_S = 60.0


def marquer(quoi: str, lequel: str) -> None:
    """Have RAUC mark a slot (`good booted`, `bad booted`, `active other`); raises SubprocessError."""
    subprocess.run(["rauc", "status", f"mark-{quoi}", lequel], check=True, timeout=ATTENTE_S)


def redemarrer() -> None:
    """Start the box again."""
    subprocess.run(["systemctl", "--no-wall", "reboot"], check=True)


def accepter(
    *,
    depot: Path = commun.DEPOT,
    ephemere: Path = commun.EPHEMERE,
    marquer: Callable[[str, str], None] = marquer,
) -> None:
    """Confirm the running system: U-Boot starts it from now on, and it may shape the register."""
    marquer("good", "booted")
    avant = commun.relire(depot / "dernier.json")
    if avant.get("issue") == "essai":
        commun.poser(depot / "dernier.json", avant | {"issue": "confirmee", "avances": 0})
    (depot / ARRIVEE).unlink(missing_ok=True)
    autoriser(ephemere)
    commun.raconter("confirmee", dossier=ephemere, version=commun.version_presente())


def autoriser(ephemere: Path = commun.EPHEMERE) -> None:
    """Let the register take this version's shape."""
    ephemere.mkdir(parents=True, exist_ok=True)
    (ephemere / DROIT).touch(mode=0o644)


def rejeter(
    raison: str,
    *,
    depot: Path = commun.DEPOT,
    marquer: Callable[[str, str], None] = marquer,
    redemarrer: Callable[[], None] = redemarrer,
) -> None:
    """Give the place back to the other system, remember that this version did not hold, start again."""
    noter_refus(raison, version=commun.version_presente(), depot=depot)
    try:
        marquer("bad", "booted")
    except (OSError, subprocess.SubprocessError) as cause:
        # The starts that remain are counted by U-Boot: it takes two more.
        sys.stderr.write(f"{cause}\n")
    redemarrer()


def noter_refus(raison: str, *, version: str, depot: Path = commun.DEPOT) -> None:
    """Remember that a version did not hold: the stick that brought it is not believed a second time."""
    avant = commun.relire(depot / "dernier.json")
    dites = {*commun.refusees(depot), version}
    commun.poser(depot / "dernier.json", avant | {"issue": "revenue", "raison": raison, "refusees": sorted(dites)})

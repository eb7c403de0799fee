"""What is seen of an update from outside: the story people are shown, which system runs, what U-Boot will do."""

import json
from pathlib import Path
from typing import Any

from image import materiel
from image.machine import Machine
from image.mise_a_jour import Atelier

HISTOIRE = "cat /run/pirogue-maj/histoire.json"
LIGNES = (
    "setpriv --reuid=pirogue-portail --regid=pirogue-portail --init-groups /opt/pirogue/bin/python -c "
    "\"import sqlite3; d = sqlite3.connect('/data/pirogue/registre/registre.sqlite3'); "
    "print([list(un) for un in d.execute('SELECT seq, id FROM evenement ORDER BY seq')])\""
)
#: What U-Boot goes by, as RAUC is told.
ETAT = (
    "cd /usr/lib/pirogue/maj && python3 -B -c 'import creneau, json; e = creneau.lire(); "
    "print(json.dumps([e.ordre, e.reste]))'"
)


def lire_lignes(machine: Machine) -> list[list[Any]]:
    """Return number and id of each line of the journal."""
    lignes: list[list[Any]] = json.loads(machine.executer(LIGNES).replace("'", '"'))
    return lignes


def histoire(machine: Machine) -> dict[str, Any]:
    """Return the story that people are shown; nothing when there is none yet."""
    rendu = machine.essayer(HISTOIRE)
    lu: dict[str, Any] = json.loads(rendu.sortie) if rendu.rc == 0 else {}
    return lu


def attendre_etape(machine: Machine, *etapes: str, patience_s: float = 600.0) -> dict[str, Any]:
    """Wait until the story is at one of these steps, also over a restart; return it."""
    voulues = "|".join(etapes)
    machine.attendre_que(f'grep -Eq \'"etape": "({voulues})"\' /run/pirogue-maj/histoire.json', patience_s=patience_s)
    return histoire(machine)


def attendre_redemarrage(machine: Machine, *, patience_s: float = 600.0) -> None:
    """Wait until the box has started again by itself; raises MachineMuette."""
    ancien = machine.boot_id
    machine.attendre(lambda: machine.boot_id not in (ancien, ""), "the box to start again", patience_s=patience_s)


def voir(machine: Machine) -> dict[str, Any]:
    """Return which system runs, its version, what U-Boot will do, the story."""
    ordre, reste = json.loads(machine.executer(ETAT))
    return {
        "creneau": machine.executer("sed 's/.*rauc.slot=\\(.\\).*/\\1/' /proc/cmdline"),
        "racine": machine.executer("grep -o 'PARTUUID=[^ ]*' /proc/cmdline"),
        "version": machine.executer("sed -n 's/^version=//p' /etc/pirogue/version"),
        "ordre": ordre,
        "reste": reste,
        "histoire": histoire(machine),
    }


def apporter(machine: Machine, atelier: Atelier, nom: str, bundle: Path) -> None:
    """Bring a bundle on a stick, and pull the stick once it is copied and let go."""
    materiel.brancher(machine, nom, atelier.cle_usb(nom, bundle))
    attendre_etape(machine, "attente", "installation", "redemarrage")
    machine.attendre_que("! mountpoint -q /run/pirogue-cle/montee", patience_s=120)
    materiel.arracher(machine, nom)

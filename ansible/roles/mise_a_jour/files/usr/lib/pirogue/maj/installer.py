#!/usr/bin/python3 -EsB
"""
Install the bundle that was taken: when no class is open, into the system that does not run; then start from it.

Started by its path unit as soon as a bundle lies in the depot, ends once the box restarts, or the bundle is refused.
Nothing here trusts the file: RAUC verifies its signature again, and each block as it is read.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import commun
import creneau
from commun import MajRefusee, Paquet
from prendre import ARRIVEE

PROGRAMME = "/opt/pirogue/bin/pirogue"
UTILISATEUR = "pirogue-portail"
MONTAGE_CLE = Path("/run/pirogue-cle/montee")
PAUSE_S = 15.0
ATTENTE_S = 60.0


def confirme() -> bool:
    """Say whether the running system is confirmed: the other one is what to fall back on until then."""
    try:
        return creneau.lire().reste[creneau.courant(Path("/proc/cmdline").read_text())] == creneau.CONFIRME
    except creneau.EtatIllisible:
        return False


def libre() -> bool:
    """Say whether nobody would miss the box for five minutes: no open class, no stick in service, no trial."""
    if os.path.ismount(MONTAGE_CLE) or not confirme():
        return False
    try:
        return commun.demander_a(UTILISATEUR, "maj", "libre", programme=PROGRAMME, attente_s=ATTENTE_S) == 0
    except subprocess.TimeoutExpired:
        return False


def attendre(condition: Callable[[], bool], *, pause_s: float = PAUSE_S) -> None:
    """Wait until a condition holds, however long a class lasts."""
    while not condition():
        time.sleep(pause_s)


def ecrire_systeme(paquet: Paquet, *, ephemere: Path = commun.EPHEMERE) -> None:
    """Have RAUC write the other slot, saying how far it is; raises MajRefusee."""
    mots = ["rauc", "install", str(paquet.fichier)]
    env = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin"), "LC_ALL": "C"}
    dites: list[str] = []
    with subprocess.Popen(mots, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as rauc:
        for ligne in rauc.stdout or ():
            dites.append(ligne.strip())
            if avance := re.match(r"\s*(\d+)% ", ligne):
                fraction = int(avance[1]) / 100
                commun.raconter("installation", dossier=ephemere, vers=paquet.version, fraction=fraction)
    sys.stderr.write("\n".join(dites) + "\n")
    if rauc.returncode:
        raise MajRefusee(f"l'installation a échoué ({dites[-1] if dites else 'RAUC ne répond pas'})")


def installer(depot: Path = commun.DEPOT) -> bool:
    """Install the bundle of the depot, when it may be; say whether the box must now restart. Raises OSError."""
    presente = commun.version_presente()
    fichier = depot / ARRIVEE
    try:
        paquet = commun.examiner(fichier, presente=presente, refusees=commun.refusees(depot))
        if not libre():
            commun.raconter("attente", vers=paquet.version)
            attendre(libre)
        commun.raconter("installation", vers=paquet.version, fraction=0.0)
        ecrire_systeme(paquet)
    except MajRefusee as refus:
        fichier.unlink(missing_ok=True)
        commun.raconter("refusee", raison=str(refus))
        return False
    avant = commun.relire(depot / "dernier.json")
    creneau_neuf = creneau.autre(creneau.courant(Path("/proc/cmdline").read_text()))
    neuf = {"de": presente, "vers": paquet.version, "creneau": creneau_neuf, "issue": "essai", "pannes": pannes()}
    commun.poser(depot / "dernier.json", avant | neuf)
    fichier.unlink(missing_ok=True)
    commun.raconter("redemarrage", vers=paquet.version)
    return True


def pannes(fichier: Path = Path("/run/pirogue-bord/etat.json")) -> list[str]:
    """Return the codes of what is already broken: the new system is not to blame for it."""
    lus = commun.relire(fichier).get("constats", [])
    return [str(un.get("code")) for un in lus if isinstance(un, dict) and un.get("etat") == "panne"]


def main() -> None:
    """Install, and restart the box when nobody needs it."""
    if installer():
        attendre(libre)
        subprocess.run(["systemctl", "--no-wall", "reboot"], check=True)


if __name__ == "__main__":
    main()

"""
Before anything opens the register: may this system shape it, or even write it?

A system on trial never changes the register's shape, so that the other one finds what it knows. When its version wants
another shape, it is tried on a copy, and the health checks, which only read the register, must show nothing broken that
was not so before; then the system is confirmed first, and shapes the register after. A system that is older than the
register writes nothing and gives way to the newer one. Run by the box's own Python:
`eprouver.py [UNITE…]`, the units that must be up before a system that shapes the register is confirmed.
"""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import commun
import confirmer
import creneau
import verdict
from creneau import CONFIRME

from installer import PROGRAMME, UTILISATEUR
from pirogue_registre.schema import TOUTES

REGISTRE = Path("/data/pirogue/registre/registre.sqlite3")
A_JOUR, A_MIGRER, TROP_NEUF, ILLISIBLE = 0, 3, 4, 5
#: How often an older system steps aside for the newer one before it stays, and says so.
AVANCES_MAX = 2
PATIENCE_S = 180.0
PAUSE_S = 2.0


def comparer(registre: Path, connues: Sequence[str]) -> int:
    """Say how the register's shape stands to the migrations that this system knows."""
    if not registre.exists() or not registre.stat().st_size:
        return A_JOUR
    try:
        db = sqlite3.connect(registre, timeout=10)
        try:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
                return A_JOUR
            faites = {
                nom for (nom,) in db.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'registre'")
            }
        finally:
            db.close()
    except sqlite3.Error:
        return ILLISIBLE
    if faites - set(connues):
        return TROP_NEUF
    return A_JOUR if faites >= set(connues) else A_MIGRER


def debout(unites: Sequence[str]) -> bool:
    """Wait until these units are all up; say whether they came."""
    fin = time.monotonic() + PATIENCE_S
    # Asked one by one: of several, `is-active` is content with one.
    while any(subprocess.run(["systemctl", "--quiet", "is-active", un], check=False).returncode for un in unites):
        if time.monotonic() > fin:
            return False
        time.sleep(PAUSE_S)
    return True


def reproche(unites: Sequence[str], *, mal_portant: Callable[[], str] = confirmer.mal_portant) -> str:
    """
    Try this version's shape and pages on a copy of the register, and the rest of the machine for real.

    Args:
        unites: what must be up.
        mal_portant: says what the health checks show broken.

    Returns:
        Why this system may not have the register, as people are told; empty when it may.
    """
    if not debout(unites):
        return "tous ses programmes ne tournent pas"
    try:
        code = commun.demander_a(UTILISATEUR, "maj", "eprouver", programme=PROGRAMME, attente_s=PATIENCE_S)
    except subprocess.TimeoutExpired:
        code = -1
    if code:
        return "elle n'a pas su reprendre le registre"
    return confirmer.juger(mal_portant, fin_s=confirmer.DELAI_S, pause_s=PAUSE_S)


def avancer(*, depot: Path = commun.DEPOT, marquer: Callable[[str, str], None] = verdict.marquer) -> bool:
    """Give way to the newer system, if that was not tried in vain; say whether the box must start again."""
    avant = commun.relire(depot / "dernier.json")
    faites = int(avant.get("avances", 0))
    if faites >= AVANCES_MAX:
        return False
    commun.poser(depot / "dernier.json", avant | {"avances": faites + 1})
    marquer("active", "other")
    return True


def main() -> None:
    """Decide, before the register is opened."""
    ici = creneau.ici()
    en_essai = creneau.lire_ou_deviner(lambda: ici).reste[ici] != CONFIRME
    forme = commun.sous(UTILISATEUR, lambda: comparer(REGISTRE, TOUTES))
    if forme == TROP_NEUF:
        if avancer():
            sys.stderr.write("Le registre est plus récent que ce système : l'autre système reprend.\n")
            verdict.redemarrer()
    elif not en_essai:
        verdict.autoriser()
    elif forme == A_MIGRER:
        commun.raconter("essai", version=commun.version_presente())
        if raison := reproche(sys.argv[1:]):
            verdict.rejeter(raison)
        else:
            verdict.accepter()


if __name__ == "__main__":
    main()

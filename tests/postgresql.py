"""
A real PostgreSQL for the tests: Debian's own, started once per run as an unprivileged user, one database per test.

It listens on a Unix socket in a short temporary folder and on no port. `fsync` is off: what the tests kill is our own
process, never the server or the machine, so the server's promises to the disk are Debian's to test; with it on, each
test waits for a few hundred more writes.
"""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from pirogue_rive import base

OUTILS = Path("/usr/lib/postgresql/15/bin")
REGLAGES = "fsync=off full_page_writes=off max_connections=200 listen_addresses='' shared_buffers=64MB"
_rang = itertools.count(1)


def base_neuve() -> str:
    """Make an empty shore's database, its tables in place; return its URL for `ConfigRive.base`."""
    nom = f"rive{next(_rang)}_{os.getpid()}"
    _administrer(f"CREATE DATABASE {nom} TEMPLATE modele STRATEGY FILE_COPY", _avec_modele())
    return _url(_avec_modele(), nom)


def base_vide() -> str:
    """Make a database without any table; return its URL."""
    nom = f"vide{next(_rang)}_{os.getpid()}"
    _administrer(f"CREATE DATABASE {nom}", _demarrer())
    return _url(_demarrer(), nom)


@cache
def _avec_modele() -> Path:
    """Start the server, with a database that every new one is copied from."""
    dossier = _demarrer()
    _administrer("CREATE DATABASE modele", dossier)
    base.ouvrir_moteur(_url(dossier, "modele")).dispose()
    return dossier


@cache
def _demarrer() -> Path:
    """Start the server; return the folder of its socket. It stops with the tests' process."""
    dossier = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    donnees = dossier / "d"
    donnees.mkdir(mode=0o700)
    prefixe: list[str] = []
    if os.getuid() == 0:
        prefixe = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        for chemin in (dossier, donnees):
            shutil.chown(chemin, "nobody", "nogroup")
    options = " ".join(f"-c {un}" for un in REGLAGES.split(" ")) + f" -k {dossier}"
    initdb = ["initdb", "-D", str(donnees), "-U", "pirogue", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    lancer = ["pg_ctl", "-D", str(donnees), "-l", str(dossier / "log"), "-w", "-o", options, "start"]
    arreter = ["pg_ctl", "-D", str(donnees), "-m", "immediate", "-w", "stop"]

    def courir(commande: list[str]) -> None:
        entiere = [*prefixe, str(OUTILS / commande[0]), *commande[1:]]
        subprocess.run(entiere, check=True, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def finir() -> None:
        courir(arreter)
        shutil.rmtree(dossier)

    courir(initdb)
    courir(lancer)
    atexit.register(finir)
    return dossier


def _administrer(ordre: str, dossier: Path) -> None:
    with psycopg.connect(host=str(dossier), user="pirogue", dbname="postgres", autocommit=True) as connexion:
        connexion.execute(ordre.encode())


def _url(dossier: Path, nom: str) -> str:
    return f"postgresql+psycopg://pirogue@/{nom}?host={dossier}"

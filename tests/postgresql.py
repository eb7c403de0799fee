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
import signal
import subprocess
import tempfile
import time
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
    # The server dies with us, however we die: a killed run leaves no process behind.
    prefixe = ["setpriv", "--pdeathsig=QUIT"]
    if os.getuid() == 0:
        prefixe += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        for chemin in (dossier, donnees):
            shutil.chown(chemin, "nobody", "nogroup")
    options = [mot for un in REGLAGES.split(" ") for mot in ("-c", un.replace("''", ""))]
    initdb = [OUTILS / "initdb", "-D", donnees, "-U", "pirogue", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*prefixe, *initdb], check=True, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    with (dossier / "log").open("wb") as trace:
        serveur = subprocess.Popen(
            [*prefixe, OUTILS / "postgres", "-D", donnees, "-k", dossier, *options], cwd="/", stderr=trace, stdout=trace
        )

    def finir() -> None:
        serveur.send_signal(signal.SIGQUIT)
        serveur.wait(30)
        shutil.rmtree(dossier)

    atexit.register(finir)
    fin = time.monotonic() + 60
    while True:
        try:
            _administrer("SELECT 1", dossier)
        except psycopg.OperationalError:
            if time.monotonic() > fin or serveur.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return dossier


def _administrer(ordre: str, dossier: Path) -> None:
    with psycopg.connect(host=str(dossier), user="pirogue", dbname="postgres", autocommit=True) as connexion:
        connexion.execute(ordre.encode())


def _url(dossier: Path, nom: str) -> str:
    return f"postgresql+psycopg://pirogue@/{nom}?host={dossier}"

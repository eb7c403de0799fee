"""A real PostgreSQL, Debian's, as an unprivileged user, with the settings that it has when it is installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUTILS = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def serveur() -> Iterator[str]:
    """Start a server on a socket in a temporary folder; give the folder; stop it and forget its data at the end."""
    dossier = Path(tempfile.mkdtemp(prefix="pirogue-pg-", dir="/tmp"))
    donnees = dossier / "donnees"
    donnees.mkdir(mode=0o700)
    prefixe: list[str] = []
    if os.getuid() == 0:
        prefixe = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        for chemin in (dossier, donnees):
            shutil.chown(chemin, "nobody", "nogroup")

    def courir(outil: str, *arguments: str) -> None:
        commande = [*prefixe, str(OUTILS / outil), "-D", str(donnees), *arguments]
        subprocess.run(commande, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    options = f"-c listen_addresses='' -k {dossier}"
    try:
        courir("initdb", "-U", "pirogue", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        courir("pg_ctl", "-l", str(dossier / "journal"), "-w", "-o", options, "start")
        try:
            yield str(dossier)
        finally:
            courir("pg_ctl", "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


def creer_base(dossier: str, nom: str) -> str:
    """Make an empty database; return its URL."""
    commande = [str(OUTILS / "createdb"), "-h", dossier, "-U", "pirogue", nom]
    subprocess.run(commande, check=True, cwd="/")
    return f"postgresql+psycopg://pirogue@/{nom}?host={dossier}"

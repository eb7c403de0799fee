"""A version that wants another shape of the register tries it on a copy first; the register itself is only read."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pirogue_registre import base, journal
from pirogue_registre.base import Registre, RegistreIllisible

DOSSIER = "epreuve"


@contextlib.contextmanager
def copie_migree(dossier: Path) -> Iterator[Registre]:
    """
    Copy the register beside itself, give the copy this version's shape, and open it; the copy is removed at the end.

    Args:
        dossier: the register's folder.

    Raises:
        RegistreIllisible: the copy cannot be made, is damaged, or lost lines on the way.
    """
    travail = dossier / DOSSIER
    shutil.rmtree(travail, ignore_errors=True)
    travail.mkdir(mode=0o700)
    try:
        lignes = _copier(dossier, travail)
        registre = base.ouvrir(travail)
        try:
            _juger(registre, lignes=lignes)
            yield registre
        finally:
            base.fermer(registre)
    except sqlite3.Error as cause:
        raise RegistreIllisible(f"Cette version ne sait pas reprendre le registre ({cause}).") from cause
    finally:
        shutil.rmtree(travail, ignore_errors=True)


def _copier(dossier: Path, travail: Path) -> int:
    """Copy file and keys as a running portal would leave them, migrate the copy; return how many lines there were."""
    for cle in dossier.iterdir():
        if cle.is_file() and not cle.name.startswith("registre.sqlite3"):
            shutil.copy(cle, travail / cle.name)
    with (
        contextlib.closing(sqlite3.connect(dossier / "registre.sqlite3", timeout=base.ATTENTE_S)) as source,
        contextlib.closing(sqlite3.connect(travail / "registre.sqlite3", isolation_level=None)) as but,
    ):
        source.backup(but)
        lignes = int(but.execute("SELECT count(*) FROM evenement").fetchone()[0])
        base.migrer(but, travail)
    return lignes


def _juger(registre: Registre, *, lignes: int) -> None:
    """Have the copy checked, its views rebuilt, its lines counted; raises RegistreIllisible."""
    etat = registre.db.execute("PRAGMA integrity_check").fetchone()[0]
    if etat != "ok":
        raise RegistreIllisible(f"La copie du registre est abîmée : {etat}.")
    reste = int(registre.db.execute("SELECT count(*) FROM evenement").fetchone()[0])
    if reste != lignes or journal.rejouer(registre) != lignes:
        raise RegistreIllisible(f"La copie du registre a {reste} lignes au lieu de {lignes}.")

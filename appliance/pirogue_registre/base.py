"""Opening the register: one SQLite file, several processes under several users, nothing acknowledged is lost."""

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pirogue_registre import forme
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.wal import passer_en_wal

#: How long a writer waits for another one before giving up (20 laptops and a trainer tap at once).
ATTENTE_S = 10.0


class DisquePlein(ErreurPirogue):
    """The file system of the register is full; nothing of the act was written."""

    geste = "Préviens le coordinateur. Note l'appel sur la feuille papier en attendant."
    code = 20


class RegistreOccupe(ErreurPirogue):
    """Another process held the register for too long; nothing of the act was written."""

    geste = "Attends quelques secondes puis recommence."
    code = 21


class RegistreIllisible(ErreurPirogue):
    """The register cannot be opened or written: damaged file, missing right, read-only disk."""

    geste = "Ne débranche rien. Préviens le coordinateur."
    code = 22


@dataclass(frozen=True, slots=True)
class Registre:
    """
    An open register, for one thread.

    Attributes:
        db: the SQLite connection (autocommit; writes go through `transaction`).
        dossier: the folder that holds the file and the safe's key.
    """

    db: sqlite3.Connection
    dossier: Path


def ouvrir(dossier: Path) -> Registre:
    """
    Open the register of a folder; create or migrate it where needed. Cheap when it is up to date.

    The file is pre-created 0660: SQLite would make it 0640 whatever the umask, and the second user of the group
    could then not write (measured). WAL and synchronous=FULL: with NORMAL, a power cut loses the last seconds of
    acknowledged attendance (measured 3 times out of 3).

    Raises:
        RegistreIllisible: the file cannot be opened or is damaged.
        DisquePlein: no room to create it.
        RegistreEnEssai, RegistreTropNeuf: another system of the box has a say in its shape (`forme`).
    """
    chemin = dossier / "registre.sqlite3"
    with _phrases():
        if not chemin.exists():
            _creer_fichier(chemin)
        db = sqlite3.connect(chemin, timeout=ATTENTE_S, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        passer_en_wal(db, attente_s=ATTENTE_S)
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        faites = _faites(db)
        if not forme.est_a_jour(faites):
            if faites:
                forme.exiger_droit()
            migrer(db, dossier)
    return Registre(db=db, dossier=dossier)


def fermer(registre: Registre) -> None:
    """Close the register of this thread."""
    registre.db.close()


@contextlib.contextmanager
def transaction(registre: Registre) -> Iterator[None]:
    """
    Write everything inside, or nothing; inside another transaction, join it.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible: nothing was written.
    """
    db = registre.db
    if db.in_transaction:
        yield
        return
    with _phrases():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        finally:
            if registre.db.in_transaction:
                db.execute("ROLLBACK")


def _creer_fichier(chemin: Path) -> None:
    """Create the folder (2770) and the empty file (0660), whatever the umask; another process may be first."""
    if not chemin.parent.exists():
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.parent.chmod(0o2770)
    with contextlib.suppress(FileExistsError):
        descripteur = os.open(chemin, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660)
        os.fchmod(descripteur, 0o660)
        os.close(descripteur)


def _faites(db: sqlite3.Connection) -> set[str]:
    """Return the migrations that the file has been through; none for a file that was just made."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        return set()
    lignes = db.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'registre'")
    return {ligne[0] for ligne in lignes}


def migrer(db: sqlite3.Connection, dossier: Path) -> None:
    """Apply the missing migrations, one process at a time: the lock is on the folder, which every user may open."""
    from sqlite_utils.db import Database  # noqa: PLC0415 - slow to import, needed once in the life of a box

    from pirogue_registre.migrations import migrations  # noqa: PLC0415

    descripteur = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descripteur, fcntl.LOCK_EX)
        if not forme.est_a_jour(_faites(db)):
            migrations.apply(Database(db))
    finally:
        os.close(descripteur)


@contextlib.contextmanager
def _phrases() -> Iterator[None]:
    """Turn what SQLite and the disk say into a sentence for a person."""
    try:
        yield
    except sqlite3.Error as cause:
        texte = str(cause)
        if "disk is full" in texte:
            raise DisquePlein("Le disque de la boîte est plein : ce geste n'a pas été enregistré.") from cause
        if "locked" in texte:
            raise RegistreOccupe("Le registre est occupé : ce geste n'a pas été enregistré.") from cause
        if isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise  # a fault of ours, not of the disk
        raise RegistreIllisible(f"Le registre ne peut pas être écrit ({texte}).") from cause
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DisquePlein("Le disque de la boîte est plein : ce geste n'a pas été enregistré.") from cause
        if cause.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise RegistreIllisible(
                "Le registre ne peut pas être ouvert : cet utilisateur n'en a pas le droit."
            ) from cause
        raise

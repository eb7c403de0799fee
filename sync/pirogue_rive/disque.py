"""What the shore's disk and database say when they fail, turned into a sentence for a person, in one place."""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from pirogue_socle.erreurs import ErreurPirogue

_ENVOIE_ENCORE = "Ce qui avait un reçu est gardé ; le reste est toujours sur le bateau ou sur la clé."


class RiveIllisible(ErreurPirogue):
    """The shore's folder or database cannot be created, opened, read or written."""

    geste = "Vérifie le chemin, les droits et la place sur le disque de la rive, puis relance."
    code = 81


class RivePleine(ErreurPirogue):
    """The shore's disk is full; nothing of the act was kept, what was acknowledged before stays."""

    geste = f"Fais de la place sur le disque de la rive, puis recommence. {_ENVOIE_ENCORE}"
    code = 87


class RiveOccupee(ErreurPirogue):
    """Somebody else wrote for too long; nothing of the act was kept."""

    geste = "Attends une minute puis recommence."
    code = 88


#: Primary result codes of SQLite, and classes or values of PostgreSQL's SQLSTATE, that are not faults of ours.
_SQLITE_DISQUE = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_PROTOCOL,
}
_SQLITE_OCCUPEE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PG_PLEINE = ("53100",)
_PG_OCCUPEE = ("40001", "40P01", "55P03", "57014")
_PG_DISQUE = ("08", "25006", "28", "3D", "53", "57P", "58", "XX001", "XX002")


@contextlib.contextmanager
def phrases() -> Iterator[None]:
    """
    Say in French what the system says about a file of the shore.

    Raises:
        RivePleine, RiveIllisible: in place of the OSError.
    """
    try:
        yield
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise _pleine() from cause
        raise RiveIllisible(f"Le disque de la rive ne répond pas bien (erreur {cause.errno}).") from cause


def surveiller(moteur: Engine) -> None:
    """Let every request, commit or opening of a database that fails say so as `RivePleine` and the like."""

    @event.listens_for(moteur, "handle_error")
    def _dire(contexte: ExceptionContext) -> ErreurPirogue | None:
        # A connection that is found dead before use is replaced, not told.
        return None if contexte.is_pre_ping else traduire(contexte.original_exception)


def traduire(cause: BaseException) -> ErreurPirogue | None:
    """Return what a driver's error means to a person; None for a fault of ours."""
    if isinstance(cause, sqlite3.Error):
        return _traduire_sqlite(cause)
    return _traduire_postgresql(cause)


def _traduire_sqlite(cause: sqlite3.Error) -> ErreurPirogue | None:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return _pleine()
    if code in _SQLITE_OCCUPEE:
        return _occupee()
    return _illisible(cause) if code in _SQLITE_DISQUE else None


def _traduire_postgresql(cause: Any) -> ErreurPirogue | None:
    etat = getattr(cause, "sqlstate", None)
    if etat is None:
        # No answer at all: the server is not there, or not any more.
        parti = any(genre.__name__ == "OperationalError" for genre in type(cause).__mro__)
        return _illisible(cause) if parti else None
    if etat.startswith(_PG_PLEINE):
        return _pleine()
    if etat.startswith(_PG_OCCUPEE):
        return _occupee()
    return _illisible(cause) if etat.startswith(_PG_DISQUE) else None


def _pleine() -> RivePleine:
    return RivePleine("Le disque de la rive est plein : rien de plus n'a été gardé, rien n'est perdu.")


def _occupee() -> RiveOccupee:
    return RiveOccupee("La rive est occupée par un autre travail : ce geste n'a pas été fait.")


def _illisible(cause: BaseException) -> RiveIllisible:
    dit = " ".join(str(cause).split())
    return RiveIllisible(f"Le registre de la rive ne peut pas être lu ou écrit ({dit}).")

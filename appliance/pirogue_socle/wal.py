"""SQLite's write-ahead log, switched on whoever else opens the file at the same moment."""

import sqlite3
import time

_PAUSE_S = 0.01


def passer_en_wal(db: sqlite3.Connection, *, attente_s: float) -> None:
    """
    Switch a database to its write-ahead log, waiting for the others that open it too.

    The connection's own timeout does not wait here: while one process changes the mode of a new file, or recovers it,
    SQLite tells the second one at once that the file is locked (4 of 120 first openings by four processes, measured).

    Args:
        attente_s: how long to wait before giving up, in seconds.

    Raises:
        sqlite3.OperationalError: still locked after that time, or any other fault of the file, at once.
    """
    limite = time.monotonic() + attente_s
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as erreur:
            if erreur.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= limite:
                raise
            time.sleep(_PAUSE_S)
        else:
            return

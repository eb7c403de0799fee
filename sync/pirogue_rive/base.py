"""
The shore's database: SQLite by default, PostgreSQL by one URL; one way to open it, to lock it, to write many rows.

On SQLite a transaction that writes is immediate: it takes the write lock first, so two roads that bring the same lot
wait for each other instead of failing half-way. On PostgreSQL the same is had with advisory locks, per relay: a lock
exists before the first row does.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.types import BigInteger, Float, LargeBinary, Text

from pirogue_rive import disque
from pirogue_socle.wal import passer_en_wal

#: How long a writer waits for another one.
ATTENTE_S = 20.0
#: First half of the advisory locks of this product.
_ESPACE = 0x7069
_TYPES = {Text: "text", BigInteger: "bigint", Float: "double precision", LargeBinary: "bytea"}
#: On PostgreSQL, from this many rows on, COPY takes half the time of arrays, for three more questions (measured).
_PEU = 300
_VERSIONS = Path(__file__).with_name("migrations") / "versions"


def ouvrir_moteur(base: str) -> Engine:
    """
    Open a database, create it where it is a file, and bring its tables to this version's.

    Args:
        base: `sqlite:////…/rive.sqlite3` or `postgresql+psycopg://…`.

    Raises:
        RiveIllisible, RivePleine, RiveOccupee: it does not open, and so it is for whatever is asked of it later.
        sqlalchemy.exc.ArgumentError: this is not a URL.
    """
    moteur = _moteur_sqlite(base) if base.startswith("sqlite") else create_engine(base, pool_pre_ping=True)
    disque.surveiller(moteur)
    try:
        _mettre_a_jour(moteur)
    except BaseException:
        moteur.dispose()
        raise
    return moteur


def _moteur_sqlite(base: str) -> Engine:
    moteur = create_engine(base, connect_args={"timeout": ATTENTE_S})

    @event.listens_for(moteur, "connect")
    def _a_la_connexion(connexion: Any, _: object) -> None:
        connexion.isolation_level = None
        passer_en_wal(connexion, attente_s=ATTENTE_S)
        connexion.execute("PRAGMA synchronous=FULL")

    @event.listens_for(moteur, "begin")
    def _au_debut(connexion: Connection) -> None:
        lecture = connexion.get_execution_options().get("lecture", False)
        connexion.exec_driver_sql("BEGIN" if lecture else "BEGIN IMMEDIATE")

    return moteur


@contextlib.contextmanager
def lire(moteur: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: one state of the database, and nobody waits for it."""
    with moteur.connect().execution_options(lecture=True) as db:
        if db.dialect.name == "postgresql":
            db.execution_options(isolation_level="REPEATABLE READ")
        with db.begin():
            yield db


def verrouiller(db: Connection, relais: Iterable[str]) -> None:
    """
    Hold, until the end of the transaction, the sole right to write about some relays; call it first.

    On SQLite the transaction holds the whole file already.
    """
    if db.dialect.name != "postgresql":
        return
    db.execute(text("SELECT pg_advisory_xact_lock_shared(:espace, 0)"), {"espace": _ESPACE})
    for numero in sorted({_numero(un) for un in relais}):
        db.execute(text("SELECT pg_advisory_xact_lock(:espace, :numero)"), {"espace": _ESPACE, "numero": numero})


def verrouiller_tout(db: Connection) -> None:
    """Hold, until the end of the transaction, the sole right to write about any relay; call it first."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:espace, 0)"), {"espace": _ESPACE})


def _numero(relais: str) -> int:
    """Return the number of a relay's lock, never 0; two relays that share one only wait for each other."""
    return int.from_bytes(hashlib.sha256(relais.encode()).digest()[:4], "big") % (2**31 - 1) + 1


def poser_tous(db: Connection, table: Table, rangees: Sequence[tuple[object, ...]]) -> None:
    """
    Write whole rows, each with another key: insert, or replace the row that has its key.

    Args:
        rangees: one value per column, in the table's order.
    """
    if not rangees:
        return
    if db.dialect.name != "postgresql":
        db.exec_driver_sql(_requete(table, source=f"VALUES ({', '.join('?' * len(table.columns))})"), list(rangees))
        return
    if len(rangees) < _PEU:
        genres = ", ".join(f"%s::{_TYPES[type(colonne.type)]}[]" for colonne in table.columns)
        colonnes = tuple(list(colonne) for colonne in zip(*rangees, strict=True))
        db.exec_driver_sql(_requete(table, source=f"SELECT * FROM unnest({genres})"), colonnes)  # noqa: S608
        return
    provisoire, colonnes_ = f"arrivage_{table.name}", _colonnes(table)
    db.exec_driver_sql(f"CREATE TEMP TABLE {provisoire} (LIKE {table.name}) ON COMMIT DROP")
    _copier(db, f"COPY {provisoire} ({colonnes_}) FROM STDIN", rangees)
    lus = f"SELECT {colonnes_} FROM {provisoire}"  # noqa: S608 - our own names
    db.exec_driver_sql(_requete(table, source=lus))
    db.exec_driver_sql(f"DROP TABLE {provisoire}")


def _copier(db: Connection, requete: str, rangees: Sequence[tuple[object, ...]]) -> None:
    """COPY rows by the driver itself: its errors do not pass by the engine."""
    curseur: Any = db.connection.cursor()
    try:
        with curseur, curseur.copy(requete) as copie:
            for rangee in rangees:
                copie.write_row(rangee)
    except db.dialect.loaded_dbapi.Error as cause:
        dite = disque.traduire(cause)
        if dite is None:
            raise
        raise dite from cause


def _colonnes(table: Table) -> str:
    return ", ".join(colonne.name for colonne in table.columns)


@cache
def _requete(table: Table, *, source: str) -> str:
    cle = [colonne.name for colonne in table.primary_key]
    autres = [f"{un.name} = excluded.{un.name}" for un in table.columns if un.name not in cle]
    suite = f"UPDATE SET {', '.join(autres)}" if autres else "NOTHING"
    return f"INSERT INTO {table.name} ({_colonnes(table)}) {source} ON CONFLICT ({', '.join(cle)}) DO {suite}"


def revision_courante() -> str:
    """Return the newest revision of the tables, from the names of the files: `r0001_tables.py` is `0001`."""
    return max(chemin.name[1:5] for chemin in _VERSIONS.glob("r[0-9][0-9][0-9][0-9]_*.py"))


def _mettre_a_jour(moteur: Engine) -> None:
    """Bring the tables to the newest revision; costs one SELECT when they are."""
    with lire(moteur) as db:
        connue = inspect(db).has_table("alembic_version")
        if connue and db.scalar(text("SELECT version_num FROM alembic_version")) == revision_courante():
            return
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - heavy, and seldom needed
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    pages = ScriptDirectory(_VERSIONS.parent, version_locations=[_VERSIONS])
    with moteur.begin() as db:
        verrouiller_tout(db)
        contexte = MigrationContext.configure(
            db, opts={"fn": lambda revision, _: pages._upgrade_revs("head", revision)}
        )
        with Operations.context(contexte):
            contexte.run_migrations()

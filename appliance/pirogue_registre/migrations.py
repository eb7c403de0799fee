"""The register's migrations, in order (sqlite-utils). Imported only when one is missing: it weighs 2.4 MB."""

from sqlite_utils import Migrations
from sqlite_utils.db import Database

from pirogue_registre import schema

migrations = Migrations("registre")


@migrations()
def m0001_journal(db: Database) -> None:
    """The journal and its guards: append-only, without a gap."""
    db.executescript(schema.JOURNAL)


@migrations()
def m0002_vues(db: Database) -> None:
    """The views of the journal."""
    db.executescript(schema.VUES)


@migrations()
def m0003_hors_journal(db: Database) -> None:
    """Secrets and the state of the exchange."""
    db.executescript(schema.HORS_JOURNAL)


@migrations()
def m0004_echange(db: Database) -> None:
    """Two streams, receipts with islands, bodies that may be purged, and what comes down; every row is kept."""
    db.executescript(schema.ECHANGE)


@migrations()
def m0005_vues_echange(db: Database) -> None:
    """Erasures and downward series as views; staff names may be ciphertext."""
    db.executescript(schema.VUES_ECHANGE)

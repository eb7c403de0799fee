"""The shore's tables: what arrived as it arrived, and the views that are rebuilt from it (SQLAlchemy Core)."""

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite

#: How long a writer waits for another one.
ATTENTE_S = 20.0

metadata = MetaData()


def _texte(nom: str, *, vide: bool = False) -> Column[str]:
    return Column(nom, Text, nullable=vide)


def _entier(nom: str, *, vide: bool = False) -> Column[int]:
    return Column(nom, BigInteger, nullable=vide)


def _journal() -> list[Column[Any]]:
    """Which journal a row comes from: a relay, and one life of its register."""
    return [_texte("relais"), _texte("inc")]


# What arrived -------------------------------------------------------------------------------------------------------

lot = Table(
    "lot",
    metadata,
    Column("id", Text, primary_key=True),
    *_journal(),
    _texte("flux"),
    _entier("premier"),
    _entier("dernier"),
    _texte("avant"),
    _texte("apres"),
    _entier("octets"),
    _texte("voie"),
    _entier("arrive_ms"),
)
Index("lot_rang", lot.c.relais, lot.c.inc, lot.c.flux, lot.c.premier)

evenement = Table(
    "evenement",
    metadata,
    *_journal(),
    _texte("flux"),
    _entier("seq"),
    _texte("type"),
    Column("ligne", LargeBinary, nullable=False),
    PrimaryKeyConstraint("relais", "inc", "flux", "seq"),
    sqlite_with_rowid=False,
)

#: How far each journal is whole: the contiguous, verified, projected prefix, and the chain value at its end.
avancee = Table(
    "avancee",
    metadata,
    *_journal(),
    _texte("flux"),
    _entier("jusqua"),
    _texte("h"),
    _entier("illisibles"),
    PrimaryKeyConstraint("relais", "inc", "flux"),
)

quarantaine = Table(
    "quarantaine",
    metadata,
    Column("sha256", Text, primary_key=True),
    _texte("motif"),
    _texte("phrase"),
    _texte("relais", vide=True),
    _texte("voie"),
    _entier("arrive_ms"),
    Column("corps", LargeBinary, nullable=False),
)

recepisse = Table(
    "recepisse",
    metadata,
    _texte("relais"),
    _entier("serie"),
    _texte("inc"),
    _texte("flux"),
    _texte("etat"),
    Column("corps", LargeBinary, nullable=False),
    PrimaryKeyConstraint("relais", "serie"),
)

contact = Table(
    "contact",
    metadata,
    _texte("relais"),
    _texte("voie"),
    _entier("dernier_ms"),
    PrimaryKeyConstraint("relais", "voie"),
)

# Views --------------------------------------------------------------------------------------------------------------

relais = Table(
    "relais", metadata, *_journal(), _texte("nom"), _texte("type_relais"), PrimaryKeyConstraint("relais", "inc")
)

ancre = Table(
    "ancre",
    metadata,
    *_journal(),
    _entier("seq"),
    _texte("boot_id"),
    _entier("bt_ns"),
    _entier("utc_ms"),
    _texte("source"),
    PrimaryKeyConstraint("relais", "inc", "seq"),
)

escale = Table(
    "escale",
    metadata,
    *_journal(),
    _texte("escale_id"),
    _texte("nom"),
    _texte("type"),
    _texte("arrondissement", vide=True),
    _texte("couverture_4g"),
    PrimaryKeyConstraint("relais", "inc", "escale_id"),
)

groupe = Table(
    "groupe",
    metadata,
    *_journal(),
    _texte("groupe_id"),
    _texte("libelle"),
    _texte("etablissement"),
    _texte("escale_id", vide=True),
    _entier("capacite"),
    _texte("parcours"),
    PrimaryKeyConstraint("relais", "inc", "groupe_id"),
)

jeune = Table(
    "jeune",
    metadata,
    *_journal(),
    _texte("personne_id"),
    _texte("sexe"),
    _texte("tranche_age_inscription"),
    _texte("territoire"),
    _texte("situation"),
    _texte("niveau_scolaire"),
    PrimaryKeyConstraint("relais", "inc", "personne_id"),
)

seance = Table(
    "seance",
    metadata,
    *_journal(),
    _texte("seance_id"),
    _texte("type_seance"),
    _texte("module"),
    _texte("groupe_id"),
    _texte("escale_id", vide=True),
    _texte("formateur"),
    _entier("postes_utilisables"),
    _texte("statut"),
    _texte("motif_annulation", vide=True),
    _entier("tetes", vide=True),
    _texte("fin_heure", vide=True),
    _texte("debut_boot_id"),
    _entier("debut_bt_ns"),
    _entier("debut_mur_ms"),
    _texte("fin_boot_id", vide=True),
    _entier("fin_bt_ns", vide=True),
    _entier("fin_mur_ms", vide=True),
    PrimaryKeyConstraint("relais", "inc", "seance_id"),
)

presence = Table(
    "presence",
    metadata,
    *_journal(),
    _texte("seance_id"),
    _texte("personne_id"),
    _texte("etat"),
    _texte("source"),
    _texte("arrivee_heure", vide=True),
    _texte("depart_heure", vide=True),
    _texte("motif_absence", vide=True),
    _texte("arrivee_boot_id", vide=True),
    _entier("arrivee_bt_ns", vide=True),
    _entier("arrivee_mur_ms", vide=True),
    PrimaryKeyConstraint("relais", "inc", "seance_id", "personne_id"),
)

presence_correction = Table(
    "presence_correction",
    metadata,
    *_journal(),
    _entier("seq"),
    _texte("seance_id"),
    _texte("personne_id"),
    _texte("ancien"),
    _texte("nouveau"),
    _texte("motif_correction"),
    Column("apres_cloture", Integer, nullable=False),
    PrimaryKeyConstraint("relais", "inc", "seq"),
)

progres = Table(
    "progres",
    metadata,
    *_journal(),
    _texte("personne_id"),
    _texte("contenu_id"),
    _texte("module"),
    _texte("genre"),
    Column("progression", Float, nullable=False),
    _entier("temps_s"),
    _entier("justes", vide=True),
    _entier("questions", vide=True),
    Column("acheve", Integer, nullable=False),
    PrimaryKeyConstraint("relais", "inc", "personne_id", "contenu_id"),
)

VUES = (relais, ancre, escale, groupe, jeune, seance, presence, presence_correction, progres)


def ouvrir_moteur(chemin: Path) -> Engine:
    """
    Open (create where needed) the shore's SQLite file: WAL, synchronous FULL, every transaction immediate.

    An immediate transaction takes the write lock first: two roads that bring the same lot wait for each other
    instead of failing half-way.
    """
    moteur = create_engine(f"sqlite:///{chemin}", connect_args={"timeout": ATTENTE_S})

    @event.listens_for(moteur, "connect")
    def _a_la_connexion(connexion: Any, _: object) -> None:
        connexion.isolation_level = None
        connexion.execute("PRAGMA journal_mode=WAL")
        connexion.execute("PRAGMA synchronous=FULL")

    @event.listens_for(moteur, "begin")
    def _au_debut(connexion: Connection) -> None:
        connexion.exec_driver_sql("BEGIN IMMEDIATE")

    metadata.create_all(moteur)
    return moteur


def inserer(connexion: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, for the engine in use."""
    return _inserer(connexion.dialect.name, table)


def poser(connexion: Connection, table: Table, **colonnes: object) -> None:
    """Insert a row, or replace the given columns of the one that has its key."""
    connexion.execute(_poser(connexion.dialect.name, table, tuple(colonnes)), colonnes)


def _inserer(dialecte: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialecte == "postgresql" else sqlite.insert(table)


@cache
def _poser(dialecte: str, table: Table, noms: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    """Make the request once per table and set of columns: making it costs more than running it."""
    requete = _inserer(dialecte, table)
    cles = [colonne.name for colonne in table.primary_key]
    autres = {nom: requete.excluded[nom] for nom in noms if nom not in cles}
    return requete.on_conflict_do_update(index_elements=cles, set_=autres)

"""
The shore's tables: what arrived as it arrived, and the views that are rebuilt from it (SQLAlchemy Core).

Events have no table of their own: a lot's row holds the compressed frame that travelled under the encryption, and
events are read back from it. Whatever changes here needs a revision in `migrations`.
"""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Float, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()


def _table(
    nom: str, *, cle: str, textes: str = "", vides: str = "", entiers: str = "", entiers_vides: str = "", **autres: Any
) -> Table:
    """
    Make a table from the names of its columns.

    Args:
        nom: its name.
        cle: the columns of its primary key, which come first; `seq`, `serie` are whole numbers.
        textes, vides: columns of text, the second may be empty.
        entiers, entiers_vides: columns of 64-bit whole numbers, the second may be empty.
        autres: columns of another type.
    """
    colonnes: list[Column[Any]] = [
        Column(un, BigInteger if un in {"seq", "serie"} else Text, primary_key=True, autoincrement=False)
        for un in cle.split()
    ]
    for noms, genre, vide in (
        (textes, Text, False),
        (vides, Text, True),
        (entiers, BigInteger, False),
        (entiers_vides, BigInteger, True),
    ):
        colonnes += [Column(un, genre, nullable=vide) for un in noms.split()]
    colonnes += [Column(un, genre, nullable=un == "cadre") for un, genre in autres.items()]
    # With short rows and a key of several columns, SQLite keeps the rows in the key's own tree: half the disk.
    return Table(nom, metadata, *colonnes, sqlite_with_rowid=LargeBinary in autres.values())


# What arrived -------------------------------------------------------------------------------------------------------

#: A lot: its header and its frame (empty in the stream of identities). `evide`: 0 whole, 1 to gut, 2 gutted.
lot = _table(
    "lot",
    cle="id",
    textes="relais inc flux avant apres voie",
    entiers="premier dernier clair octets arrive_ms evide",
    cadre=LargeBinary,
)
Index("lot_rang", lot.c.relais, lot.c.inc, lot.c.flux, lot.c.premier)
Index("lot_evide", lot.c.evide, sqlite_where=lot.c.evide == 1, postgresql_where=lot.c.evide == 1)

#: How far each journal is whole: the contiguous, verified, projected prefix, its chain value, when its last event was.
avancee = _table(
    "avancee",
    cle="relais inc flux",
    textes="h",
    vides="boot_id",
    entiers="jusqua illisibles",
    entiers_vides="bt_ns mur_ms",
)

#: Lots of identities that must not be readable any more, also those that are still to come.
evidement = _table("evidement", cle="relais inc seq")

quarantaine = _table(
    "quarantaine",
    cle="sha256",
    textes="motif phrase voie",
    vides="relais vu_par",
    entiers="octets arrive_ms",
    entiers_vides="vu_ms",
    corps=LargeBinary,
)
Index("quarantaine_relais", quarantaine.c.relais)

#: Sums that must not be counted again at each arrival.
jauge = _table("jauge", cle="nom", entiers="valeur")

recepisse = _table("recepisse", cle="relais serie", textes="inc flux etat", corps=LargeBinary)

contact = _table("contact", cle="relais voie", entiers="dernier_ms")

# Views: the columns after `relais` and `inc` are those of the rows in `rangees`, in the same order -------------------

relais = _table("relais", cle="relais inc", textes="nom type_relais")

incarnation = _table("incarnation", cle="relais inc", textes="ancienne", entiers="jusqua seq")

ancre = _table("ancre", cle="relais inc seq", textes="boot_id source", entiers="bt_ns utc_ms")

escale = _table("escale", cle="relais inc escale_id", textes="nom type couverture_4g", vides="arrondissement")

groupe = _table(
    "groupe",
    cle="relais inc groupe_id",
    textes="libelle etablissement parcours",
    vides="escale_id",
    entiers="capacite",
)

jeune = _table(
    "jeune",
    cle="relais inc personne_id",
    textes="sexe tranche_age_inscription territoire situation niveau_scolaire",
    vides="code_jeune animal",
    entiers="complet dernier_seq",
)

inscription = _table(
    "inscription",
    cle="relais inc personne_id groupe_id",
    textes="parcours statut",
    vides="motif_sortie",
    entiers="dernier_seq",
)

consentement = _table(
    "consentement",
    cle="relais inc personne_id finalite",
    textes="valeur version_notice",
    vides="forme par lien",
    entiers="dernier_seq",
)

seance = _table(
    "seance",
    cle="relais inc seance_id",
    textes="type_seance module groupe_id formateur statut debut_boot_id",
    vides="escale_id motif_annulation fin_heure fin_boot_id",
    entiers="postes_utilisables debut_bt_ns debut_mur_ms dernier_seq",
    entiers_vides="tetes fin_bt_ns fin_mur_ms",
)

presence = _table(
    "presence",
    cle="relais inc seance_id personne_id",
    textes="etat source",
    vides="arrivee_heure depart_heure motif_absence arrivee_boot_id",
    entiers="dernier_seq",
    entiers_vides="arrivee_bt_ns arrivee_mur_ms",
)

presence_correction = _table(
    "presence_correction",
    cle="relais inc seq",
    textes="seance_id personne_id ancien nouveau motif_correction",
    entiers="apres_cloture",
)

progres = _table(
    "progres",
    cle="relais inc personne_id contenu_id",
    textes="module genre",
    entiers="temps_s acheve dernier_seq",
    entiers_vides="justes questions",
    progression=Float,
)

effacee = _table("effacee", cle="relais inc personne_id", textes="motif", entiers="seq", entiers_vides="identites_seq")

appliquee = _table("appliquee", cle="relais inc genre serie", entiers="seq")

VUES = (
    relais,
    incarnation,
    ancre,
    escale,
    groupe,
    jeune,
    inscription,
    consentement,
    seance,
    presence,
    presence_correction,
    progres,
    effacee,
    appliquee,
)


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

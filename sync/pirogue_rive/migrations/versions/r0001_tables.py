"""The first tables: what arrived, and the views made from it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Name, columns of the key, other columns. After a name: `#` whole number, `~` real, `*` bytes, `?` may be empty.
TABLES = (
    ("lot", "id", "relais inc flux avant apres voie premier# dernier# clair# octets# arrive_ms# evide# cadre*?"),
    ("avancee", "relais inc flux", "h boot_id? jusqua# illisibles# bt_ns#? mur_ms#?"),
    ("evidement", "relais inc seq#", ""),
    ("quarantaine", "sha256", "motif phrase voie relais? vu_par? octets# arrive_ms# vu_ms#? corps*"),
    ("jauge", "nom", "valeur#"),
    ("recepisse", "relais serie#", "inc flux etat corps*"),
    ("contact", "relais voie", "dernier_ms#"),
    ("relais", "relais inc", "nom type_relais"),
    ("incarnation", "relais inc", "ancienne jusqua# seq#"),
    ("ancre", "relais inc seq#", "boot_id source bt_ns# utc_ms#"),
    ("escale", "relais inc escale_id", "nom type couverture_4g arrondissement?"),
    ("groupe", "relais inc groupe_id", "libelle etablissement parcours escale_id? capacite#"),
    (
        "jeune",
        "relais inc personne_id",
        ("sexe tranche_age_inscription territoire situation niveau_scolaire code_jeune? animal? complet# dernier_seq#"),
    ),
    ("inscription", "relais inc personne_id groupe_id", "parcours statut motif_sortie? dernier_seq#"),
    ("consentement", "relais inc personne_id finalite", "valeur version_notice forme? par? lien? dernier_seq#"),
    (
        "seance",
        "relais inc seance_id",
        (
            "type_seance module groupe_id formateur statut debut_boot_id escale_id? motif_annulation? fin_heure? "
            "fin_boot_id? postes_utilisables# debut_bt_ns# debut_mur_ms# dernier_seq# tetes#? fin_bt_ns#? "
            "fin_mur_ms#?"
        ),
    ),
    (
        "presence",
        "relais inc seance_id personne_id",
        (
            "etat source arrivee_heure? depart_heure? motif_absence? arrivee_boot_id? dernier_seq# "
            "arrivee_bt_ns#? arrivee_mur_ms#?"
        ),
    ),
    (
        "presence_correction",
        "relais inc seq#",
        ("seance_id personne_id ancien nouveau motif_correction apres_cloture#"),
    ),
    (
        "progres",
        "relais inc personne_id contenu_id",
        ("module genre temps_s# acheve# dernier_seq# justes#? questions#? progression~"),
    ),
    ("effacee", "relais inc personne_id", "motif seq# identites_seq#?"),
    ("appliquee", "relais inc genre serie#", "seq#"),
)
_TYPES: dict[str, type[Any]] = {"#": sa.BigInteger, "~": sa.Float, "*": sa.LargeBinary}


def upgrade() -> None:
    """Make the tables; on PostgreSQL, what is compressed already is stored as it is."""
    for nom, cle, autres in TABLES:
        colonnes = [_colonne(une, cle=True) for une in cle.split()] + [_colonne(une) for une in autres.split()]
        op.create_table(nom, *colonnes, sqlite_with_rowid="*" in autres)
    op.create_index("lot_rang", "lot", ["relais", "inc", "flux", "premier"])
    a_evider = sa.text("evide = 1")
    op.create_index("lot_evide", "lot", ["evide"], sqlite_where=a_evider, postgresql_where=a_evider)
    op.create_index("quarantaine_relais", "quarantaine", ["relais"])
    if op.get_bind().dialect.name == "postgresql":
        for table, colonne in (("lot", "cadre"), ("quarantaine", "corps")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {colonne} SET STORAGE EXTERNAL")


def _colonne(dite: str, *, cle: bool = False) -> sa.Column[Any]:
    nom = dite.rstrip("#~*?")
    genre = _TYPES.get(dite[len(nom) : len(nom) + 1], sa.Text)
    return sa.Column(nom, genre, nullable=dite.endswith("?"), primary_key=cle, autoincrement=False if cle else "auto")

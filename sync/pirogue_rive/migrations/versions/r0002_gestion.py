"""The tables of those who keep the shore: accounts, acts, relays that ask, what goes down."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _faire(
        "compte_rive",
        _cle("compte_id"),
        _texte("nom"),
        sa.Column("nom_simple", sa.Text, nullable=False, unique=True),
        _texte("role"),
        _texte("argon2"),
        _entier("a_changer"),
        _entier("echecs"),
        _texte("bloque_boot_id", vide=True),
        _entier("bloque_bt_ns", vide=True),
        _entier("actif"),
        _entier("cree_ms"),
    )
    _faire("acte", _cle("acte_id"), _entier("le_ms"), _texte("quoi"), _texte("par"), _texte("sur"), _entier("combien"))
    op.create_index("acte_rang", "acte", ["quoi", "le_ms"])
    _faire(
        "demande",
        _cle("empreinte"),
        _texte("relais"),
        _texte("nom"),
        sa.Column("carte", sa.LargeBinary, nullable=False),
        _texte("voie"),
        _entier("arrive_ms"),
        _texte("etat"),
        _texte("par", vide=True),
        _entier("vu_ms", vide=True),
    )
    _faire(
        "descente",
        _cle("relais"),
        _cle("genre"),
        sa.Column("serie", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("corps", sa.LargeBinary, nullable=False),
        _texte("contenu", vide=True),
        _entier("cree_ms"),
    )
    _faire(
        "annonce",
        _cle("relais"),
        _texte("inc"),
        _entier("dernier"),
        _entier("depuis_ms", vide=True),
        _texte("series"),
        _entier("le_ms"),
    )
    _faire("effacement", _cle("relais"), _cle("personne_id"), _entier("serie"), _texte("par"), _entier("cree_ms"))


def _faire(nom: str, *colonnes: sa.Column[object]) -> None:
    op.create_table(nom, *colonnes)


def _cle(nom: str) -> sa.Column[object]:
    return sa.Column(nom, sa.Text, primary_key=True)


def _texte(nom: str, *, vide: bool = False) -> sa.Column[object]:
    return sa.Column(nom, sa.Text, nullable=vide)


def _entier(nom: str, *, vide: bool = False) -> sa.Column[object]:
    return sa.Column(nom, sa.BigInteger, nullable=vide)

"""
The tables of those who keep the shore: accounts, what they did, relays that ask, what goes down to the boats.

Whatever changes here needs a revision in `migrations`.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from pirogue_rive.schema import metadata


def _texte(nom: str, *, vide: bool = False) -> Column[str]:
    return Column(nom, Text, nullable=vide)


def _entier(nom: str, *, vide: bool = False) -> Column[int]:
    return Column(nom, BigInteger, nullable=vide)


def _cle(nom: str) -> Column[Any]:
    return Column(nom, Text, primary_key=True)


compte_rive = Table(
    "compte_rive",
    metadata,
    _cle("compte_id"),
    _texte("nom"),
    Column("nom_simple", Text, nullable=False, unique=True),
    _texte("role"),
    _texte("argon2"),
    Column("a_changer", BigInteger, nullable=False),
    Column("echecs", BigInteger, nullable=False),
    _texte("bloque_boot_id", vide=True),
    _entier("bloque_bt_ns", vide=True),
    Column("actif", BigInteger, nullable=False),
    _entier("cree_ms"),
)

#: Who did what ashore, and when; never a name of a youth.
acte = Table(
    "acte",
    metadata,
    _cle("acte_id"),
    _entier("le_ms"),
    _texte("quoi"),
    _texte("par"),
    _texte("sur"),
    _entier("combien"),
)
Index("acte_rang", acte.c.quoi, acte.c.le_ms)

#: A relay that asks to be welcomed.
demande = Table(
    "demande",
    metadata,
    _cle("empreinte"),
    _texte("relais"),
    _texte("nom"),
    Column("carte", LargeBinary, nullable=False),
    _texte("voie"),
    _entier("arrive_ms"),
    _texte("etat"),
    _texte("par", vide=True),
    _entier("vu_ms", vide=True),
)

#: A sealed lot for one relay. `contenu` is what it says, where this may be read again ashore (never a key).
descente = Table(
    "descente",
    metadata,
    _cle("relais"),
    _cle("genre"),
    Column("serie", BigInteger, primary_key=True, autoincrement=False),
    Column("corps", LargeBinary, nullable=False),
    _texte("contenu", vide=True),
    _entier("cree_ms"),
)

#: What a relay last said of itself when it asked: its last event, since when something waits, what it has applied.
annonce = Table(
    "annonce",
    metadata,
    _cle("relais"),
    _texte("inc"),
    _entier("dernier"),
    _entier("depuis_ms", vide=True),
    _texte("series"),
    _entier("le_ms"),
)

#: A person whom the shore asked the boats to erase.
effacement = Table(
    "effacement",
    metadata,
    _cle("relais"),
    _cle("personne_id"),
    _entier("serie"),
    _texte("par"),
    _entier("cree_ms"),
)

"""
What a shore sends down: settings, lists, erasures, a lost boat's enrolments. A `.lot` sealed to one relay.

Each kind has its own series, which only grows. `config`, `listes` and `effacement` are cumulative: the last one says
all, so a lost one is harmless. `restauration` comes in pieces: each follows the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pirogue_echange import canonique, entete, lot
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Carte, Cles, id_destinataire
from pirogue_echange.entete import CLAIR_MAX, SCELLE_MAX, Entete
from pirogue_echange.erreurs import CleManquante, ContenuAbime, FormeInvalide, LotTropGros
from pirogue_echange.lot import Lot

GENRES = ("config", "listes", "effacement", "restauration")
#: A downward lot speaks to a relay, not to one life of its register.
SANS_INCARNATION = "0" * 16


@dataclass(frozen=True, slots=True)
class Descente:
    """
    A downward lot, opened.

    Attributes:
        genre: one of `GENRES`.
        relais: whom it is for.
        serie: its number among those of its kind for this relay, from 1.
        lignes: what it says, one object per line.
    """

    genre: str
    relais: str
    serie: int
    lignes: tuple[dict[str, Any], ...]


def sceller(descente: Descente, *, relais: Carte, cles: Cles, cree: int) -> Lot:
    """
    Return a downward lot, sealed to the relay's card and signed by the shore; nothing is written.

    Raises:
        LotTropGros: more than one lot may hold; give less.
    """
    clair = b"".join(canonique.ecrire(ligne) + b"\n" for ligne in descente.lignes)
    destinataires = relais.destinataires()
    charge = lot.emballer(clair, destinataires)
    if len(clair) > CLAIR_MAX or len(charge) > SCELLE_MAX:
        raise LotTropGros("Il y en a trop pour un seul lot.")
    modele = Entete(
        genre=descente.genre,
        relais=descente.relais,
        inc=SANS_INCARNATION,
        flux="activite",
        schema=entete.SCHEMA,
        octets=0,
        sha256="",
        clair=len(clair),
        dest=tuple(id_destinataire(un) for un in destinataires),
        cree=cree,
        serie=descente.serie,
    )
    return lot.assembler(modele, charge=charge, signataires=[cles])


def ouvrir(octets: bytes, *, annuaire: Annuaire, cles: Cles) -> Descente:
    """
    Check and open a downward lot.

    Args:
        octets: one whole lot.
        annuaire: the shores that we believe.
        cles: the relay's keys.

    Raises:
        LotInvalide: one of its kinds; CleManquante for another relay's.
    """
    authentique, charge = lot.authentifier(octets, annuaire=annuaire)
    tete = authentique.entete
    if tete.genre not in GENRES or tete.serie < 1:
        raise FormeInvalide("Ce lot ne descend pas de la rive.")
    if tete.relais != cles.carte.id:
        raise CleManquante("Ce lot est pour une autre boîte.")
    lignes = lot.deballer(tete, charge, identites=(cles.identite, *cles.anciennes)).split(b"\n")
    if lignes.pop() != b"":
        raise ContenuAbime("Ce lot est coupé avant sa fin.")
    lues: Sequence[dict[str, Any]] = [canonique.lire(ligne) for ligne in lignes]
    return Descente(genre=tete.genre, relais=tete.relais, serie=tete.serie, lignes=tuple(lues))

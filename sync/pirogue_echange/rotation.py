"""
A change of keys (`cles`): the new card, in clear, signed with the key that goes and with the key that comes.

The one who had the old key says so, the one who has the new key agrees: neither alone can change anything.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pirogue_echange import canonique, entete, lot
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Carte, Cles, verifier_carte
from pirogue_echange.descente import SANS_INCARNATION
from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, est_signe, lire_prefixe
from pirogue_echange.erreurs import ClesIllisibles, FormeInvalide, SignatureFausse
from pirogue_echange.lot import Lot


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    A change of keys.

    Attributes:
        carte: the new card; same kind and id as the old one.
        ancienne: the card that it replaces.
        relais: the relay concerned: its own id, or to whom a shore says so.
        serie: number of this change, from 1.
        limites: the last number that the old key sealed, per `incarnation/stream` (relays only).
    """

    carte: Carte
    ancienne: Carte
    relais: str
    serie: int
    limites: Mapping[str, int]


def sceller(rotation: Rotation, *, ancienne: Cles, nouvelle: Cles, cree: int) -> Lot:
    """Return a change of keys as a lot with two signatures, the old key's first; nothing is written."""
    corps = {"carte": asdict(rotation.carte), "limites": dict(rotation.limites)}
    charge = canonique.ecrire(corps) + b"\n"
    modele = Entete(
        genre="cles",
        relais=rotation.relais,
        inc=SANS_INCARNATION,
        flux="activite",
        schema=entete.SCHEMA,
        octets=0,
        sha256="",
        clair=len(charge),
        dest=(),
        cree=cree,
        serie=rotation.serie,
    )
    return lot.assembler(modele, charge=charge, signataires=[ancienne, nouvelle])


def ouvrir(octets: bytes, *, annuaire: Annuaire) -> Rotation:
    """
    Check both signatures of a change of keys and read it.

    Raises:
        LotInvalide: one of its kinds; SignatureFausse when one of the two is missing.
    """
    authentique, charge = lot.authentifier(octets, annuaire=annuaire)
    prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    tete = authentique.entete
    if prefixe is None or tete.genre != "cles" or not charge.endswith(b"\n") or len(charge) != tete.clair:
        raise FormeInvalide("Ce lot n'est pas un changement de clés.")
    objet = canonique.lire(charge[:-1])
    try:
        carte = verifier_carte(Carte(**objet["carte"]))
        limites = {str(cle): int(seq) for cle, seq in objet["limites"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, ClesIllisibles) as cause:
        raise FormeInvalide("Ce changement de clés n'a pas la forme attendue.") from cause
    ancienne = next(
        droit.carte
        for droit in annuaire[authentique.signataire]
        if droit.etat == "active" and droit.carte.id_cle == prefixe.signatures[0][1]
    )
    if (carte.genre, carte.id) != (ancienne.genre, ancienne.id):
        raise FormeInvalide("Ce changement de clés parle de quelqu'un d'autre que son auteur.")
    nom, id_cle, signature = prefixe.signatures[1]
    if (nom, id_cle) != (carte.id, carte.id_cle) or not est_signe(carte, signature, prefixe.texte):
        raise SignatureFausse("Ce changement de clés n'est pas signé avec la nouvelle clé.")
    return Rotation(carte=carte, ancienne=ancienne, relais=tete.relais, serie=tete.serie, limites=limites)

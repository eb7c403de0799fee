"""
A person's identity as it travels: who she is under her own key (journal), that key under the key of names.

The journal's ciphertext is base64 of a 12-byte nonce and AES-256-GCM (NIST SP 800-38D), her id as associated data.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pirogue_echange import canonique
from pirogue_echange.erreurs import ContenuAbime, FormeInvalide

OCTETS_NONCE = 12
OCTETS_CLE = 32
TYPE = "cle_personne"


@dataclass(frozen=True, slots=True, repr=False)
class ClePersonne:
    """
    One line of the stream `identites`; never printed.

    Attributes:
        personne: whose key.
        cle: 32 bytes; None once it was destroyed.
    """

    personne: str
    cle: bytes | None


def lire_cle(ligne: bytes) -> ClePersonne:
    """
    Read one line of the stream `identites`.

    Raises:
        FormeInvalide: not such a line.
    """
    objet = canonique.lire(ligne)
    texte = objet.get("cle")
    try:
        cle = base64.b64decode(texte, validate=True) if texte is not None else None
    except (TypeError, ValueError, binascii.Error) as cause:
        raise FormeInvalide("Cette ligne n'ouvre pas un nom.") from cause
    personne = objet.get("personne")
    if objet.get("type") != TYPE or not isinstance(personne, str) or (cle is not None and len(cle) != OCTETS_CLE):
        raise FormeInvalide("Cette ligne n'ouvre pas un nom.")
    return ClePersonne(personne=personne, cle=cle)


def ouvrir(chiffre: str, *, cle: bytes, personne: str) -> dict[str, Any]:
    """
    Decrypt an identity: an object with `prenom`, `nom` and what else the boat wrote.

    Raises:
        ContenuAbime: not this person's, or damaged.
    """
    try:
        brut = base64.b64decode(chiffre, validate=True)
        clair = json.loads(AESGCM(cle).decrypt(brut[:OCTETS_NONCE], brut[OCTETS_NONCE:], personne.encode()))
    except (InvalidTag, ValueError, binascii.Error) as cause:
        raise ContenuAbime("Cette identité ne peut pas être ouverte avec cette clé.") from cause
    if not isinstance(clair, dict):
        raise ContenuAbime("Cette identité n'a pas la forme attendue.")
    return clair

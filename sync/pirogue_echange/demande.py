"""
Who asks: a relay signs the address that it asks for, so that a shore tells a relay's affairs to that relay alone.

There is no clock aboard, so a request carries no date. One that is heard and said again obtains the same answer, sealed
to the relay: it is worth nothing to who says it.
"""

import base64
import binascii

from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Cles
from pirogue_echange.enveloppe import est_signe

ENTETE = "Pirogue-Signature"
_CONTEXTE = b"pirogue-demande 1\n"


def signer(cles: Cles, adresse: str) -> str:
    """
    Return the value of the header `Pirogue-Signature` of a GET.

    Args:
        cles: the relay's keys.
        adresse: path and query of the request, as they are sent, from `/v1/`.
    """
    return base64.b64encode(cles.signer(_CONTEXTE + adresse.encode())).decode()


def est_de(relais: str, adresse: str, valeur: str, *, annuaire: Annuaire) -> bool:
    """Say whether a relay that we know, with a card in force, signed this address."""
    try:
        signature = base64.b64decode(valeur, validate=True)
    except (ValueError, binascii.Error):
        return False
    droits = annuaire.get(relais, ())
    texte = _CONTEXTE + adresse.encode()
    return any(est_signe(droit.carte, signature, texte) for droit in droits if droit.etat == "active")

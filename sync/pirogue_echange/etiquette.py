"""The stick's label (`cle.json`): its number, written on its case too, signed by whoever prepared it."""

import base64
import json
import re
from dataclasses import asdict, dataclass

from pirogue_echange import canonique
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Cles
from pirogue_echange.enveloppe import est_signe
from pirogue_echange.erreurs import FormeInvalide, SignataireInconnu, SignatureFausse

TAILLE_MAX = 1024
#: What is signed begins with this, so that a label's signature is good for nothing else.
_CONTEXTE = b"pirogue-cle 1\n"
_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Etiquette:
    """
    What a stick says of itself.

    Attributes:
        numero: the number that is painted on it, from 1 to 9999.
        id: 8 hexadecimal characters drawn when it was prepared: two sticks may carry one number.
        octets: its true size, as it was checked.
    """

    numero: int
    id: str
    octets: int


def ecrire(etiquette: Etiquette, cles: Cles) -> bytes:
    """Return a signed label as the bytes of `cle.json`."""
    return _rendre(etiquette, par=cles.carte.id, signature=cles.signer(_CONTEXTE + canonique.ecrire(asdict(etiquette))))


def lire(octets: bytes, annuaire: Annuaire) -> Etiquette:
    """
    Read a label and check who signed it.

    Raises:
        FormeInvalide: not a label.
        SignataireInconnu: prepared by somebody that we have no card for.
        SignatureFausse: changed since.
    """
    try:
        lu = json.loads(octets[: TAILLE_MAX + 1])
        etiquette = Etiquette(numero=lu["numero"], id=lu["id"], octets=lu["octets"])
        signature = base64.b64decode(lu["signature"], validate=True)
        droits = annuaire.get(lu["par"], ())
    except (ValueError, KeyError, TypeError, RecursionError) as cause:
        raise FormeInvalide("L'étiquette de cette clé n'a pas la forme attendue.") from cause
    entiers = type(etiquette.numero) is int and type(etiquette.octets) is int
    if not entiers or not 0 < etiquette.numero < 10_000 or not _est_id(etiquette.id):
        raise FormeInvalide("L'étiquette de cette clé n'a pas la forme attendue.")
    if not droits:
        raise SignataireInconnu("Cette clé a été préparée par quelqu'un que nous ne connaissons pas.")
    texte = _CONTEXTE + canonique.ecrire(asdict(etiquette))
    if octets != _rendre(etiquette, par=droits[0].carte.id, signature=signature):
        raise FormeInvalide("L'étiquette de cette clé n'a pas la forme attendue.")
    if not any(est_signe(droit.carte, signature, texte) for droit in droits if droit.etat != "revoquee"):
        raise SignatureFausse("L'étiquette de cette clé a été changée.")
    return etiquette


def _est_id(lu: object) -> bool:
    return isinstance(lu, str) and _ID.fullmatch(lu) is not None


def _rendre(etiquette: Etiquette, *, par: str, signature: bytes) -> bytes:
    corps = asdict(etiquette) | {"par": par, "signature": base64.b64encode(signature).decode()}
    return json.dumps(corps, indent=1).encode() + b"\n"

"""Canonical JSON and the hash chain: the same thing always gives the same bytes."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pirogue_echange.erreurs import FormeInvalide

#: Chain value before the first line of a journal.
ORIGINE = bytes(32)


def ecrire(objet: dict[str, Any]) -> bytes:
    """Return an object as canonical JSON: sorted keys, no space, UTF-8, no line break."""
    texte = json.dumps(objet, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return texte.encode()


def lire(octets: bytes) -> dict[str, Any]:
    """
    Read one canonical JSON object.

    Raises:
        FormeInvalide: not JSON, not an object, or not written canonically (two writings of one thing would give
            two hashes).
    """
    try:
        objet = json.loads(octets)
        if isinstance(objet, dict) and ecrire(objet) == octets:
            return objet
    except (ValueError, RecursionError) as cause:
        raise FormeInvalide("Ce fichier n'a pas la forme attendue.") from cause
    raise FormeInvalide("Ce fichier n'a pas la forme attendue.")


def maillon(avant: bytes, ligne: bytes) -> bytes:
    """Return the next value of the chain: SHA-256(previous value + line)."""
    return hashlib.sha256(avant + ligne).digest()


def enchainer(avant: bytes, lignes: Iterable[bytes]) -> bytes:
    """Return the value of the chain after several lines."""
    for ligne in lignes:
        avant = maillon(avant, ligne)
    return avant

"""Identifiers: random, without meaning, without order."""

import secrets
import uuid

# Crockford's base 32: no I, L, O, U, so that a code read aloud or copied by hand stays the same.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def nouvel_id() -> str:
    """Return a new random identifier: 32 lower-case hexadecimal characters (UUID version 4)."""
    return uuid.uuid4().hex


def nouveau_code() -> str:
    """Return a new trainee code: 6 Crockford characters, the last one a check (sum of the others mod 32)."""
    corps = "".join(secrets.choice(ALPHABET) for _ in range(5))
    return corps + cle_controle(corps)


def cle_controle(corps: str) -> str:
    """Return the check character of a code body: weighted sum (weights 1, 3, 5…, all odd) modulo 32."""
    return ALPHABET[sum((2 * rang + 1) * ALPHABET.index(lettre) for rang, lettre in enumerate(corps)) % 32]

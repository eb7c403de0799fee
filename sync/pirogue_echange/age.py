"""
The age format (age-encryption.org/v1), typed: the only module that knows the library behind it.

The library is loaded at first use: the portal reads the form of lots and seals nothing, and counts its megabytes.
"""

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any


class AgeInvalide(ValueError):
    """A key does not have the form of an age key, or the bytes cannot be opened with it."""


@cache
def _pyrage() -> Any:
    return importlib.import_module("pyrage")


def faire_identite() -> tuple[str, str]:
    """Make a key pair: (identity `AGE-SECRET-KEY-1…`, recipient `age1…`)."""
    identite = _pyrage().x25519.Identity.generate()
    return str(identite), str(identite.to_public())


def destinataire_de(identite: str) -> str:
    """
    Return the recipient of an identity.

    Raises:
        AgeInvalide: not an X25519 identity.
    """
    try:
        return str(_pyrage().x25519.Identity.from_str(identite).to_public())
    except _pyrage().IdentityError as cause:
        raise AgeInvalide("not an age identity") from cause


def exiger_destinataire(destinataire: str) -> None:
    """
    Check the form of a recipient.

    Raises:
        AgeInvalide: not an X25519 recipient.
    """
    try:
        _pyrage().x25519.Recipient.from_str(destinataire)
    except _pyrage().RecipientError as cause:
        raise AgeInvalide("not an age recipient") from cause


def chiffrer(clair: bytes, destinataires: Sequence[str]) -> bytes:
    """Return an age file that each of the recipients may open."""
    return bytes(_pyrage().encrypt(clair, [_pyrage().x25519.Recipient.from_str(un) for un in destinataires]))


def dechiffrer(scelle: bytes, identite: str) -> bytes:
    """
    Open an age file.

    Raises:
        AgeInvalide: not for this identity, or damaged.
    """
    try:
        return bytes(_pyrage().decrypt(scelle, [_pyrage().x25519.Identity.from_str(identite)]))
    except _pyrage().DecryptError as cause:
        raise AgeInvalide("cannot be opened") from cause

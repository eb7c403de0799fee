"""The age format (age-encryption.org/v1), typed: the only module that knows the library behind it."""

from collections.abc import Sequence

import pyrage  # type: ignore[import-untyped]


class AgeInvalide(ValueError):
    """A key does not have the form of an age key, or the bytes cannot be opened with it."""


def faire_identite() -> tuple[str, str]:
    """Make a key pair: (identity `AGE-SECRET-KEY-1…`, recipient `age1…`)."""
    identite = pyrage.x25519.Identity.generate()
    return str(identite), str(identite.to_public())


def destinataire_de(identite: str) -> str:
    """
    Return the recipient of an identity.

    Raises:
        AgeInvalide: not an X25519 identity.
    """
    try:
        return str(pyrage.x25519.Identity.from_str(identite).to_public())
    except pyrage.IdentityError as cause:
        raise AgeInvalide("not an age identity") from cause


def exiger_destinataire(destinataire: str) -> None:
    """
    Check the form of a recipient.

    Raises:
        AgeInvalide: not an X25519 recipient.
    """
    try:
        pyrage.x25519.Recipient.from_str(destinataire)
    except pyrage.RecipientError as cause:
        raise AgeInvalide("not an age recipient") from cause


def chiffrer(clair: bytes, destinataires: Sequence[str]) -> bytes:
    """Return an age file that each of the recipients may open."""
    return bytes(pyrage.encrypt(clair, [pyrage.x25519.Recipient.from_str(un) for un in destinataires]))


def dechiffrer(scelle: bytes, identite: str) -> bytes:
    """
    Open an age file.

    Raises:
        AgeInvalide: not for this identity, or damaged.
    """
    try:
        return bytes(pyrage.decrypt(scelle, [pyrage.x25519.Identity.from_str(identite)]))
    except pyrage.DecryptError as cause:
        raise AgeInvalide("cannot be opened") from cause

"""Passwords ashore: how they are kept (Argon2id), what is long enough, and four French words for the first one."""

import secrets
import threading
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from pirogue_socle.erreurs import EntreeInvalide

#: The same setting as the trainers' codes aboard (OWASP's lightest Argon2id: 19 MiB, 2 passes, 1 lane).
HACHEUR = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
LONGUEUR_MIN, LONGUEUR_MAX = 12, 200
MOTS = 4

#: One at a time: twenty people who try at once cost the memory of one.
_UN_SEUL = threading.Lock()


@cache
def mots() -> tuple[str, ...]:
    """Return the words that a first password is drawn from: short, without accents, easy to say over a telephone."""
    return tuple(files("pirogue_rive").joinpath("mots.txt").read_text(encoding="utf-8").split())


def tirer() -> str:
    """Return a new password of four French words: about 40 bits, such as `lagune-safran-tambour-cigogne`."""
    return "-".join(secrets.choice(mots()) for _ in range(MOTS))


def exiger(mot_de_passe: str, *, nom: str) -> None:
    """
    Check that a chosen password is worth something.

    Raises:
        EntreeInvalide: shorter than 12 characters, too long, a repetition, or the person's own name.
    """
    if len(mot_de_passe) < LONGUEUR_MIN:
        raise EntreeInvalide("Ce mot de passe est trop court : il faut 12 caractères, ou quatre mots.")
    if len(mot_de_passe) > LONGUEUR_MAX:
        raise EntreeInvalide("Ce mot de passe est trop long (200 caractères au plus).")
    if len(set(mot_de_passe)) < 5 or (len(nom) > 3 and nom.casefold() in mot_de_passe.casefold()):
        raise EntreeInvalide("Ce mot de passe se devine trop vite : choisis quatre mots sans rapport entre eux.")


def hacher(mot_de_passe: str) -> str:
    """Return the Argon2id hash to keep."""
    with _UN_SEUL:
        return HACHEUR.hash(mot_de_passe)


def est_bon(hache: str, essai: str) -> bool:
    """Say whether a password is the one of a hash; an empty hash costs the same time and is never right."""
    with _UN_SEUL:
        try:
            return HACHEUR.verify(hache or _leurre(), essai[:LONGUEUR_MAX]) and bool(hache)
        except (VerifyMismatchError, InvalidHashError):
            return False


@cache
def _leurre() -> str:
    """Return the hash of a password that nobody has, so that an unknown name answers no faster than a known one."""
    return HACHEUR.hash(secrets.token_hex(16))

"""How alike two names are, whatever their order, accents and capitals (domain page §2.5)."""

import unicodedata
from difflib import SequenceMatcher

#: From this likeness on, the trainer is asked « Est-ce la même personne ? ».
SEUIL = 0.6


def cle(texte: str) -> str:
    """Return a text without accents nor capitals, for sorting and comparing."""
    decompose = unicodedata.normalize("NFD", texte.casefold())
    return "".join(signe for signe in decompose if not unicodedata.combining(signe))


def noms(un: str, autre: str) -> float:
    """
    Return the likeness of two full names, 0 to 1: words sorted first, because first and last name get swapped.

    A first name alone is compared with the words of the other name one by one (a newcomer has no last name yet).
    """
    mots, autres = sorted(cle(un).split()), sorted(cle(autre).split())
    if not mots or not autres:
        return 0.0
    if 1 in (len(mots), len(autres)):
        return max(_proche(mot, autre_mot) for mot in mots for autre_mot in autres) * 0.9
    return _proche(" ".join(mots), " ".join(autres))


def _proche(un: str, autre: str) -> float:
    premier, second = sorted((un, autre))  # difflib's ratio depends on the order of its arguments
    return SequenceMatcher(None, premier, second, autojunk=False).ratio()

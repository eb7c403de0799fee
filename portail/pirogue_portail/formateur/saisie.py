"""Reading what was typed: numbers, hours, choices; what cannot be read is a sentence."""

import re
from collections.abc import Container

from pirogue_socle.erreurs import EntreeInvalide

HEURE = re.compile(r"(\d{1,2})\s*[h:.]\s*(\d{2})")


def lire_nombre(texte: str, *, phrase: str) -> int:
    """Return a typed whole number of three figures at most; raises EntreeInvalide with `phrase`."""
    texte = texte.strip()
    if not (texte.isascii() and texte.isdigit() and len(texte) <= 3):
        raise EntreeInvalide(phrase)
    return int(texte)


def lire_heure(texte: str) -> str:
    """Return a typed hour (`9h20`, `9 h 20`, `09:20`) as `09:20`; raises EntreeInvalide."""
    lue = HEURE.fullmatch(texte.strip().lower())
    if lue is None or int(lue[1]) > 23 or int(lue[2]) > 59:
        raise EntreeInvalide("Je ne comprends pas cette heure.", geste="Écris par exemple 9 h 20.")
    return f"{int(lue[1]):02d}:{lue[2]}"


def exiger(valeur: str, parmi: Container[str], *, phrase: str) -> str:
    """Return a choice that is one of those offered; raises EntreeInvalide with `phrase`."""
    if valeur not in parmi:
        raise EntreeInvalide(phrase)
    return valeur

"""Reading what was typed: numbers, hours, choices; what cannot be read is a sentence."""

import re
from collections.abc import Container, Mapping

from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.ids import nouvel_id

HEURE = re.compile(r"(\d{1,2})\s*[h:.]\s*(\d{2})")


NUMERO = re.compile(r"[0-9a-f]{32}")


def lire_numero(champs: Mapping[str, str]) -> str:
    """
    Return the number that a form was given when it was shown: the id of what it will write.

    Touched twice, sent again after a cut, it is the same number, so it writes once. A new one if it is not one.
    """
    numero = champs.get("numero", "")
    return numero if NUMERO.fullmatch(numero) else nouvel_id()


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

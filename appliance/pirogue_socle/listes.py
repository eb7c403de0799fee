"""The closed code lists (`enumerations.json`, `territoires.csv`): ASCII codes, append-only, and French labels."""

import csv
import json
from functools import cache
from importlib.resources import files

from pirogue_socle.erreurs import EntreeInvalide


@cache
def listes() -> dict[str, dict[str, str]]:
    """Return every list: name → code → French label, in display order."""
    texte = files("pirogue_socle").joinpath("enumerations.json").read_text(encoding="utf-8")
    return {nom: codes for nom, codes in json.loads(texte).items() if not nom.startswith("_")}


@cache
def villages() -> dict[str, str]:
    """Return the villages a trainee may come from: code → name, as in `territoires.csv`."""
    return _territoires("village") | {"nc": "Non communiqué"}


@cache
def arrondissements() -> dict[str, str]:
    """Return the arrondissements where a boat may stop: INSAE code → name."""
    return _territoires("arrondissement")


def _territoires(niveau: str) -> dict[str, str]:
    texte = files("pirogue_socle").joinpath("territoires.csv").read_text(encoding="utf-8")
    lignes = csv.DictReader(texte.splitlines())
    return {ligne["code"]: ligne["nom"] for ligne in lignes if ligne["niveau"] == niveau}


def libelle(liste: str, code: str) -> str:
    """Return the French label of a code; the code itself when the list does not know it (a newer boat's)."""
    return listes()[liste].get(code, code)


def exiger(liste: str, code: str, *, quoi: str) -> str:
    """
    Return `code` if it belongs to the list.

    Raises:
        EntreeInvalide: the list has no such code; `quoi` names the field in the sentence.
    """
    codes = villages() if liste == "village" else listes()[liste]
    if code not in codes:
        raise EntreeInvalide(f"{quoi} : ce choix n'est pas dans la liste.")
    return code

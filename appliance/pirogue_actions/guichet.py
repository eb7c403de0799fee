"""
One counter of acts: what it offers, who may ask, how each argument is checked. What is not in its table is refused.

An instance of the helper stands at one counter only, and has the rights that its acts need, no other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pirogue_actions.pare_feu import Refus


@dataclass(frozen=True, slots=True)
class Acte:
    """
    One act.

    Attributes:
        fonction: called with what the counter knows, then the arguments.
        noms: names of the arguments, in the function's order; a request has exactly these.
        roles: who may ask for it.
    """

    fonction: Callable[..., Any]
    noms: tuple[str, ...]
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Guichet:
    """
    The acts of one instance.

    Attributes:
        boite: what these acts know of this box.
        actes: name → act.
        verifications: name of an argument → its check, which returns it or raises Refus.
    """

    boite: Any
    actes: Mapping[str, Acte]
    verifications: Mapping[str, Callable[[Any, object], Any]]

    def faire(self, roles: frozenset[str], ligne: bytes) -> Any:
        """Do what one line of request asks, for somebody who holds `roles`; raises Refus."""
        try:
            demande = json.loads(ligne)
        except (ValueError, RecursionError):
            demande = None
        if not isinstance(demande, dict):
            raise Refus("Cette demande est illisible.")
        nom = demande.pop("acte", None)
        if not isinstance(nom, str) or nom not in self.actes:
            raise Refus("Cet acte n'existe pas.")
        acte = self.actes[nom]
        if not roles & acte.roles:
            raise Refus("Cet acte n'est pas pour toi.")
        if demande.keys() != set(acte.noms):
            raise Refus(f"Il faut exactement : {', '.join(acte.noms) or 'rien'}.")
        return acte.fonction(self.boite, *(self.verifications[un](self.boite, demande[un]) for un in acte.noms))


def verifier_nombre(permis: range, phrase: str) -> Callable[[Any, object], int]:
    """Return the check of a whole number within a range."""

    def verifier(_: Any, valeur: object) -> int:
        if type(valeur) is not int or valeur not in permis:
            raise Refus(phrase)
        return valeur

    return verifier

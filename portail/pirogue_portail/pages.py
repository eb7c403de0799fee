"""
Pages by name: what a page needs is imported when the page is first asked for, and all the rest once one was seen.

The first page after the power comes back waits for its own code only, not for the roll's and the register's (decision
0017).
"""

import importlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flask import Blueprint
from werkzeug.routing import Rule

#: Verbs with a space between, address, and `module.vue` of the room; the endpoint has the name of the view.
Page = tuple[str, str, str]

_differees: list[Callable[[], Callable[..., Any]]] = []


class Regle(Rule):
    """
    An address whose writer is compiled when a page first leads there.

    Werkzeug compiles two for each address as it is declared: a fifth of the time before the first page, which leads to
    four of the ninety. What is overridden is not its public face: under another name of it, all is as without us.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:  # noqa: FBT001, FBT002 -- Werkzeug's
        compiler = cache(lambda: super(Regle, self)._compile_builder(append_unknown))

        def batir(regle: Rule, **valeurs: Any) -> Any:
            return compiler()(regle, **valeurs)

        return batir


def poser(blueprint: Blueprint, pages: Iterable[Page]) -> None:
    """Hang pages on the blueprint of a room; the modules that hold the views lie beside its plan."""
    for verbes, adresse, vue in pages:
        nom = vue.rpartition(".")[2]
        blueprint.add_url_rule(adresse, nom, differer(blueprint, vue), methods=verbes.split())


def differer(blueprint: Blueprint, nom: str) -> Callable[..., Any]:
    """Return a function that does what `module.fonction` of the blueprint's room does, imported at its first call."""
    salle = blueprint.import_name.rpartition(".")[0]
    module, _, fonction = nom.rpartition(".")

    @cache
    def trouver() -> Callable[..., Any]:
        trouvee: Callable[..., Any] = getattr(importlib.import_module(f"{salle}.{module}"), fonction)
        return trouvee

    def faire(*args: Any, **kwargs: Any) -> Any:
        return trouver()(*args, **kwargs)

    faire.__name__ = fonction
    _differees.append(trouver)
    return faire


def tout_importer() -> None:
    """Import what no page asked for yet."""
    for trouver in _differees:
        trouver()

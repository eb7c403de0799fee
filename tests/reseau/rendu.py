"""The roles' templates, rendered as Ansible would, without Ansible: defaults, then what a test changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined
from jinja2.nativetypes import NativeEnvironment

ROLES = Path(__file__).parents[2] / "ansible" / "roles"
#: More turns than any default is deep.
TOURS_MAX = 8
#: As ansible.builtin.template sets it.
_GABARITS: dict[str, Any] = {"undefined": StrictUndefined, "trim_blocks": True, "keep_trailing_newline": True}


def variables(*roles: str, reglages: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the roles' variables: their defaults, what the test sets, each expression worked out."""
    valeurs: dict[str, object] = {}
    for role in roles:
        fichier = ROLES / role / "defaults" / "main.yml"
        if fichier.exists():
            valeurs |= yaml.safe_load(fichier.read_text(encoding="utf-8")) or {}
    valeurs |= reglages or {}
    calcul = NativeEnvironment(undefined=StrictUndefined)
    for _ in range(TOURS_MAX):
        suite = {nom: _calculer(calcul, valeur, valeurs) for nom, valeur in valeurs.items()}
        if suite == valeurs:
            return valeurs
        valeurs = suite
    raise AssertionError(f"defaults of {roles} never settle")


def _calculer(calcul: NativeEnvironment, valeur: object, valeurs: Mapping[str, object]) -> object:
    if isinstance(valeur, str) and "{{" in valeur:
        return calcul.from_string(valeur.strip()).render(valeurs)
    if isinstance(valeur, list):
        return [_calculer(calcul, part, valeurs) for part in valeur]
    return valeur


def rendre(dossier: Path, *roles: str, reglages: Mapping[str, object] | None = None) -> dict[str, object]:
    """
    Write every template of these roles below a folder, at its final path, and return the variables used.

    Args:
        dossier: stands for the device's root.
        roles: names of the roles; each sees the variables of all.
        reglages: what the test changes.
    """
    valeurs = variables(*roles, reglages=reglages)
    gabarits = Environment(**_GABARITS)
    for role in roles:
        racine = ROLES / role / "templates"
        for gabarit in sorted(racine.rglob("*.j2")):
            final = dossier / gabarit.relative_to(racine).with_suffix("")
            final.parent.mkdir(parents=True, exist_ok=True)
            final.write_text(
                gabarits.from_string(gabarit.read_text(encoding="utf-8")).render(valeurs), encoding="utf-8"
            )
    return valeurs

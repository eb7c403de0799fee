"""
Write a page for each role from its own `meta/argument_specs.yml`: what is documented is what Ansible checks.

`python ansible/pages.py` writes `docs/roles/`; a test holds that the pages there are these.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

ICI = Path(__file__).resolve().parent
PAGES = ICI.parent / "docs" / "roles"
ENTETE = "<!-- Written by ansible/pages.py from the role's meta/argument_specs.yml: change it there. -->\n\n"


def pages() -> dict[str, str]:
    """Return every page, by the name of its file, the list of roles included."""
    specs = {un.parents[1].name: _lire(un) for un in sorted(ICI.glob("roles/*/meta/argument_specs.yml"))}
    ecrites = {f"{role}.md": _page(role, spec) for role, spec in specs.items()}
    lignes = [f"| [`{role}`]({role}.md) | {spec['short_description']} |" for role, spec in specs.items()]
    ordre = [f"`{role}`" for role in yaml.safe_load((ICI / "site.yml").read_text(encoding="utf-8"))[0]["roles"]]
    ecrites["README.md"] = "\n".join(
        [
            f"{ENTETE}# Roles of the box\n",
            f"Applied in this order: {', '.join(ordre)}.\n",
            "| role | what it gives |",
            "|---|---|",
            *lignes,
            "",
        ]
    )
    return ecrites


def _lire(fichier: Path) -> dict[str, Any]:
    """Return what a role says of itself."""
    lu: dict[str, Any] = yaml.safe_load(fichier.read_text(encoding="utf-8"))["argument_specs"]["main"]
    return lu


def _page(role: str, spec: dict[str, Any]) -> str:
    """Return a role's page: what it gives, then each of its variables."""
    lignes = [f"{ENTETE}# {role}\n", f"**{spec['short_description']}.** {spec['description']}\n"]
    lignes += ["| variable | type | default | what it is |", "|---|---|---|---|"]
    for nom, option in spec["options"].items():
        quoi = option["description"] + (f" One of {_valeur(option['choices'])}." if "choices" in option else "")
        defaut = _valeur(option["default"]) if "default" in option else "worked out"
        lignes.append(f"| `{nom}` | {option['type']} | {defaut} | {quoi} |")
    return "\n".join(lignes) + "\n"


def _valeur(valeur: object) -> str:
    """Return a value as a table's cell shows it."""
    if isinstance(valeur, list):
        return ", ".join(_valeur(part) for part in valeur) or "none"
    if isinstance(valeur, dict):
        return ", ".join(f"`{cle}`: {_valeur(part)}" for cle, part in valeur.items()) or "none"
    if isinstance(valeur, bool):
        return "yes" if valeur else "no"
    return f"`{valeur}`" if valeur != "" else "empty"


def main() -> None:
    """Write the pages, take away those of roles that are gone."""
    voulues = pages()
    PAGES.mkdir(parents=True, exist_ok=True)
    for ancienne in PAGES.glob("*.md"):
        if ancienne.name not in voulues:
            ancienne.unlink()
    for nom, texte in voulues.items():
        (PAGES / nom).write_text(texte, encoding="utf-8")
    sys.stdout.write(f"{len(voulues)} pages, {PAGES}\n")


if __name__ == "__main__":
    main()

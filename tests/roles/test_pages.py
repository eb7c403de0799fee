"""The roles' pages are what the roles say of themselves, today."""

import importlib.util
from pathlib import Path

from reseau.rendu import ROLES


def test_the_roles_pages_are_current() -> None:
    """A variable added without its page would be found by nobody: `python ansible/pages.py` writes them."""
    chemin = ROLES.parent / "pages.py"
    spec = importlib.util.spec_from_file_location("pages", chemin)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dossier: Path = module.PAGES
    ecrites = {un.name: un.read_text(encoding="utf-8") for un in dossier.glob("*.md")}

    assert len(ecrites) > len(list(ROLES.iterdir()))
    assert {nom for nom, texte in module.pages().items() if ecrites.get(nom) != texte} == set()
    assert ecrites.keys() == module.pages().keys()

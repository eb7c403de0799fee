"""The roles' files, rendered together, with what `site.yml` ties."""

from pathlib import Path

import pytest
import yaml

from reseau.rendu import ROLES, rendre

SITE = ROLES.parent / "site.yml"


@pytest.fixture(scope="session")
def jeu() -> dict[str, object]:
    """The play of `site.yml`; in its variables, what the profile sets."""
    (lu,) = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    profil = yaml.safe_load((SITE.parent / "group_vars/all.yml").read_text(encoding="utf-8"))
    joue: dict[str, object] = lu | {"vars": profil | lu["vars"]}
    return joue


@pytest.fixture(scope="session")
def rendus(jeu: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file of every role, as the device has it."""
    dossier = tmp_path_factory.mktemp("rendus")
    rendre(dossier, *jeu["roles"], reglages=jeu["vars"])
    return dossier

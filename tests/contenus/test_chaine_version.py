"""A change of the course without a greater version would never reach a boat."""

from pathlib import Path

import yaml

from pirogue_contenus.catalogue import charger, version_du
from pirogue_contenus.chaine import construire
from pirogue_contenus.livre import parcours_livre


def test_a_changed_course_has_a_new_version(tmp_path: Path) -> None:
    """Kolibri ignores a channel whose version did not grow; `empreintes.yml` remembers what each version held."""
    dossier = parcours_livre()
    version = version_du(charger(dossier))
    connues = yaml.safe_load((dossier / "empreintes.yml").read_text(encoding="utf-8"))
    empreinte = construire(dossier, tmp_path, version=version).empreinte

    assert version == max(connues), "version et empreintes.yml ne vont plus ensemble"
    assert connues[version] == empreinte, (
        f"le cours a changé : mets « version: {version + 1} » dans parcours.yml et ajoute "
        f"« {version + 1}: {empreinte} » à empreintes.yml"
    )

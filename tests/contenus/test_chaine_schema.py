"""Our table definitions and labels are those of the installed Kolibri and le-utils."""

import json
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from le_utils.constants import content_kinds, format_presets, licenses, modalities
from le_utils.constants.labels import learning_activities, needs, subjects

from pirogue_contenus import noeuds

TABLES_DE_KOLIBRI = """
import json
import kolibri  # puts its own libraries on the path
from kolibri.core.content.contentschema.versions.content_schema_5 import metadata
print(json.dumps({nom: sorted([c.name, str(c.type), bool(c.nullable), bool(c.primary_key)] for c in table.columns)
                  for nom, table in metadata.tables.items()}))
"""


def test_every_column_is_the_installed_kolibri_s(tmp_path: Path) -> None:
    """An upgrade of Kolibri that changes its channel format fails here, not on a boat."""
    sortie = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TABLES_DE_KOLIBRI], check=True, capture_output=True, text=True
    )
    attendues = json.loads(sortie.stdout)
    base = sqlite3.connect(tmp_path / "canal.sqlite3")
    base.executescript(files("pirogue_contenus").joinpath("schema_canal.sql").read_text("utf-8"))

    trouvees = {
        nom: sorted(
            [colonne, genre, not obligatoire, bool(cle)]
            for _, colonne, genre, obligatoire, _, cle in base.execute(f"pragma table_info({nom})")
        )
        for (nom,) in base.execute("select name from sqlite_master where type = 'table'")
    }
    base.close()
    assert trouvees == attendues


def test_every_label_exists_in_le_utils() -> None:
    """A label that Kolibri does not know shows the lesson as « Non catégorisé »."""
    assert {noeuds.LIRE, noeuds.S_EXERCER} == {learning_activities.READ, learning_activities.PRACTICE}
    assert noeuds.CULTURE_NUMERIQUE == subjects.DIGITAL_LITERACY
    assert noeuds.POUR_DEBUTER == needs.FOR_BEGINNERS
    assert noeuds.LICENCE == licenses.CC_BY_SA
    assert noeuds.QUIZ["modality"] == modalities.QUIZ


def test_every_file_use_exists_in_le_utils() -> None:
    """Kolibri chooses the viewer by these names."""
    assert {"kpub", "exercise", "topic_thumbnail", "document_thumbnail", "exercise_thumbnail"} <= {
        nom for nom, _ in format_presets.choices
    }
    assert {"topic", "document", "exercise"} <= {nom for nom, _ in content_kinds.choices}

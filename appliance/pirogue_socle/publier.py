"""A small state in memory, which other processes of the box read: they see the former one or the new one, whole."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def publier(fichier: Path, contenu: Mapping[str, Any]) -> None:
    """Put an object in place of the former one, as JSON that everybody aboard may read (0644). Raises OSError."""
    provisoire = fichier.with_name(f".{fichier.name}.{os.getpid()}")
    provisoire.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
    provisoire.chmod(0o644)
    provisoire.replace(fichier)

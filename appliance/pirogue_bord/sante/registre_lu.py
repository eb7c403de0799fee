"""The register as the checks read it: never created, never migrated, never waited for."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pirogue_bord.sante.lectures import SansReponse, sous
from pirogue_registre.base import Registre
from pirogue_socle.config import Config

ATTENTE_S = 2.0


@contextlib.contextmanager
def lire(config: Config, racine: Path) -> Iterator[Registre]:
    """
    Open the register for reading.

    Raises:
        SansReponse: there is none yet, or it cannot be read.
    """
    dossier = sous(racine, config.registre)
    chemin = dossier / "registre.sqlite3"
    if not chemin.exists():
        raise SansReponse("il n'y a pas encore de registre")
    try:
        db = sqlite3.connect(f"{chemin.resolve().as_uri()}?mode=ro", uri=True, timeout=ATTENTE_S, isolation_level=None)
        with contextlib.closing(db):
            db.row_factory = sqlite3.Row
            yield Registre(db=db, dossier=dossier)
    except sqlite3.Error as cause:
        raise SansReponse(f"le registre ne se lit pas ({cause})") from cause

"""
The shore's next keys: on disk before any boat is told of them, in force only once the telling is durable.

A stop in between leaves the file `cles-suivantes.json`. What the database says then decides: told, they come into
force at the next opening; not told, they are forgotten, and nothing has changed for anybody.
"""

from pathlib import Path

from sqlalchemy import Engine, select

from pirogue_echange import cles as trousseau
from pirogue_echange.cles import Cles
from pirogue_rive import base
from pirogue_rive.schema_gestion import acte

NOM, NOM_SUIVANTES = "cles.json", "cles-suivantes.json"
#: The act that says, in the transaction that tells the boats, which keys come (by fingerprint).
ACTE = "cles_de_la_rive"


def preparer(dossier: Path, neuves: Cles) -> None:
    """Write the next keys, durably; raises ClesIllisibles, also while another change is under way."""
    trousseau.enregistrer(neuves, dossier / NOM_SUIVANTES)


def abandonner(dossier: Path) -> None:
    """Forget the next keys: nobody was told."""
    (dossier / NOM_SUIVANTES).unlink(missing_ok=True)


def achever(moteur: Engine, dossier: Path) -> None:
    """
    Finish a change that was stopped half-way, or undo it; nothing to do most of the time.

    Raises:
        ClesIllisibles: a file of keys cannot be read or written. RiveIllisible, RivePleine: the database.
    """
    suivantes = dossier / NOM_SUIVANTES
    if not suivantes.exists():
        return
    neuves = trousseau.charger(suivantes)
    requete = select(acte.c.acte_id).where(acte.c.quoi == ACTE, acte.c.sur == neuves.carte.empreinte)
    with base.lire(moteur) as db:
        dit = db.execute(requete).first() is not None
    if dit:
        trousseau.remplacer(neuves, dossier / NOM)
    suivantes.unlink()

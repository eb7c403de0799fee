"""Where the course lies that the box carries. Alone in its module: whoever only asks where it is does not read it."""

import os
from pathlib import Path

#: Names another course folder than the shipped one (a box installed from a wheel, a course under writing).
VARIABLE_DOSSIER = "PIROGUE_PARCOURS"


def parcours_livre() -> Path:
    """
    Return the folder of the course that the box carries.

    It is `contenus/parcours` beside this package (a source tree) or inside it (a wheel), unless the environment
    variable PIROGUE_PARCOURS names another.
    """
    if choisi := os.environ.get(VARIABLE_DOSSIER):
        return Path(choisi)
    ici = Path(__file__).resolve().parent
    livre = ici / "parcours"
    return livre if livre.is_dir() else ici.parent / "parcours"

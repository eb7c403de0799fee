"""The youth's way: come aboard, follow the path, leave a clean screen for the next pair."""

# Importing a module of views hangs its pages on the blueprint.
import pirogue_portail.jeune.aide_reseau
import pirogue_portail.jeune.bienvenue
import pirogue_portail.jeune.chemin
import pirogue_portail.jeune.embarquer
import pirogue_portail.jeune.visite  # noqa: F401
from pirogue_portail.jeune.plan import blueprint

__all__ = ["blueprint"]

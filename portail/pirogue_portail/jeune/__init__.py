"""The youth's way: come aboard, follow the path, leave a clean screen for the next pair."""

from pirogue_portail.jeune import chemin, embarquer, visite
from pirogue_portail.jeune.plan import blueprint

__all__ = ["blueprint", "chemin", "embarquer", "visite"]

"""The trainer's way: come in, open the session, call the roll, enrol, close, correct; see where the data are."""

from pirogue_portail.formateur import accueil, appel, bilan, donnees, entrer, groupes, inscrire, lecons, notes, porte
from pirogue_portail.formateur.plan import blueprint

__all__ = [
    "accueil",
    "appel",
    "bilan",
    "blueprint",
    "donnees",
    "entrer",
    "groupes",
    "inscrire",
    "lecons",
    "notes",
    "porte",
]

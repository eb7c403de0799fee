"""The trainer's way: come in, open the session, call the roll, enrol, close, correct; see where the data are."""

from pirogue_portail.formateur import (
    accueil,
    affiche,
    appel,
    bilan,
    cle,
    courrier,
    donnees,
    effacer,
    entrer,
    etat_bateau,
    groupes,
    inscrire,
    lecons,
    notes,
    porte,
    reseau,
    rive,
)
from pirogue_portail.formateur.plan import blueprint

__all__ = [
    "accueil",
    "affiche",
    "appel",
    "bilan",
    "blueprint",
    "cle",
    "courrier",
    "donnees",
    "effacer",
    "entrer",
    "etat_bateau",
    "groupes",
    "inscrire",
    "lecons",
    "notes",
    "porte",
    "reseau",
    "rive",
]

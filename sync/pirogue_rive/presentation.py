"""How figures and dates are said on the shore's page, in French."""

from collections.abc import Callable

from pirogue_rive.actes import PHRASES
from pirogue_socle import horloge

VOIES = {
    "cle": "par la clé",
    "4g": "par le réseau",
    "telephone": "par un téléphone",
    "archive": "relu depuis l'archive",
}
GENRES = {
    "config": "Réglages",
    "listes": "Listes de choix",
    "effacement": "Effacements",
    "restauration": "Fiches rendues",
    "cles": "Nouvelles clés de la rive",
}
MOTIFS = {
    "invalide": "Refusé",
    "forme": "Pas un lot",
    "inconnu": "Signataire inconnu",
    "signature": "Signature fausse",
    "revoquee": "Clé retirée",
    "taille": "Trop gros",
    "contenu": "Contenu abîmé",
    "destinataire": "Pour une autre rive",
    "bifurcation": "Deux histoires",
}


def heures(minutes: int) -> str:
    """Return minutes as hours with one decimal: `1 944,5`; summed in minutes, divided once."""
    dixiemes = (minutes * 10 + 30) // 60
    return f"{nombre(dixiemes // 10)},{dixiemes % 10}"


def nombre(valeur: int) -> str:
    """Return a number with a narrow no-break space between thousands."""
    return f"{valeur:,}".replace(",", "\u202f")


def moment(utc_ms: int) -> str:
    """Return a time as it is said: `mardi 4 mars 2025 à 7 h 46`."""
    return f"{horloge.dire_jour(utc_ms)} à {horloge.dire_heure(utc_ms)}"


def voie(code: str) -> str:
    """Return a road as it is said."""
    return VOIES.get(code, code)


def genre(code: str) -> str:
    """Return a downward kind as it is said."""
    return GENRES.get(code, code)


def motif(code: str) -> str:
    """Return why something was put aside, as it is said."""
    return MOTIFS.get(code, code)


def quoi(code: str) -> str:
    """Return an act as it is said."""
    return PHRASES.get(code, code)


def octets(valeur: int) -> str:
    """Return a size as it is said: `840 o`, `12,4 ko`, `3,1 Mo`."""
    if valeur < 1000:
        return f"{valeur} o"
    unite, diviseur = ("ko", 1000) if valeur < 1_000_000 else ("Mo", 1_000_000)
    return f"{valeur / diviseur:.1f} {unite}".replace(".", ",")


FILTRES: dict[str, Callable[..., str]] = {
    "heures": heures,
    "nombre": nombre,
    "moment": moment,
    "jour": horloge.dire_jour,
    "voie": voie,
    "genre": genre,
    "motif": motif,
    "quoi": quoi,
    "octets": octets,
}

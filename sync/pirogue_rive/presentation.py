"""How figures and dates are said on the shore's page, in French."""

from collections.abc import Callable

from pirogue_socle import horloge

VOIES = {"cle": "par la clé", "4g": "par le réseau"}


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


FILTRES: dict[str, Callable[..., str]] = {"heures": heures, "nombre": nombre, "moment": moment, "voie": voie}

"""Anchors: the points where someone or something told the box the true time."""

from pirogue_registre import journal
from pirogue_registre.base import Registre
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import SOURCES, Ancre, Instant, ancres_par_boot, en_civil, estimer

#: A date before the programme or after 2100 is a typing error, not a date (design: project of 2024).
ANNEES = range(2024, 2101)


def confirmer_date(registre: Registre, *, utc_ms: int, source: str, instant: Instant, auteur: str) -> None:
    """
    Record that at `instant` the true time was `utc_ms` (milliseconds since 1970 UTC).

    Raises:
        EntreeInvalide: unknown source or impossible year; nothing is written.
    """
    if source not in SOURCES:
        raise EntreeInvalide(f"Source d'heure inconnue : {source}.")
    if en_civil(utc_ms).year not in ANNEES:
        raise EntreeInvalide("Cette date n'est pas possible : l'année doit être entre 2024 et 2100.")
    valeurs = {"utc_ms": utc_ms, "source": source}
    journal.ecrire(registre, type="ancre", valeurs=valeurs, instant=instant, auteur=auteur)


def lire(registre: Registre) -> dict[str, Ancre]:
    """Return the best anchor of each boot."""
    rangees = registre.db.execute("SELECT boot_id, bt_ns, utc_ms, source FROM ancre ORDER BY seq")
    return ancres_par_boot(Ancre(*rangee) for rangee in rangees)


def est_confirmee(registre: Registre, *, instant: Instant) -> bool:
    """Say whether the true time of this boot is known."""
    requete = "SELECT 1 FROM ancre WHERE boot_id = ?"
    return registre.db.execute(requete, (instant.boot_id,)).fetchone() is not None


def estimer_maintenant(registre: Registre, *, instant: Instant) -> int:
    """Return the best known true time of `instant`, milliseconds since 1970 UTC."""
    return estimer(instant, lire(registre))

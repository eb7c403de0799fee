"""Anchors: the points where someone or something told the box the true time."""

from pirogue_registre import journal
from pirogue_registre.base import Registre
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import INCERTITUDE_MS, SOURCES, Ancre, Instant, ancres_par_boot, en_civil, estimer

#: A date before the programme or after 2100 is a typing error, not a date (design: project of 2024).
ANNEES = range(2024, 2101)


def confirmer_date(
    registre: Registre,
    *,
    utc_ms: int,
    source: str,
    instant: Instant,
    auteur: str,
    incertitude_ms: int = INCERTITUDE_MS,
) -> None:
    """
    Record that at `instant` the true time was `utc_ms` (milliseconds since 1970 UTC).

    Args:
        registre: the open register.
        utc_ms: the true time, as it was said.
        source: who said so, one of `SOURCES`.
        instant: of when it was said.
        auteur: account of whoever wrote it, or `pirogue`.
        incertitude_ms: how wrong it may be.

    Raises:
        EntreeInvalide: unknown source or impossible year; nothing is written.
    """
    if source not in SOURCES:
        raise EntreeInvalide(f"Source d'heure inconnue : {source}.")
    if en_civil(utc_ms).year not in ANNEES:
        raise EntreeInvalide("Cette date n'est pas possible : l'année doit être entre 2024 et 2100.")
    valeurs = {"utc_ms": utc_ms, "source": source, "incertitude_ms": incertitude_ms}
    journal.ecrire(registre, type="ancre", valeurs=valeurs, instant=instant, auteur=auteur)


def incertitude_ms(registre: Registre, ancre: Ancre) -> int:
    """Return how wrong an anchor may be, milliseconds; `INCERTITUDE_MS` when it was not written (older boxes)."""
    requete = (
        "SELECT json_extract(valeurs, '$.incertitude_ms') FROM evenement WHERE seq ="
        " (SELECT max(seq) FROM ancre WHERE boot_id = ? AND bt_ns = ? AND source = ?)"
    )
    rangee = registre.db.execute(requete, (ancre.boot_id, ancre.bt_ns, ancre.source)).fetchone()
    return INCERTITUDE_MS if rangee is None or rangee[0] is None else int(rangee[0])


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

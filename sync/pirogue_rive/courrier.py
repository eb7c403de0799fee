"""
A trainer's phone as courier: it brings the file of a boat's lots, and takes back what is for that boat.

No account is asked for: lots protect themselves, and the answer is made of signed receipts and of lots sealed to the
relay. It is only given to who brought valid lots of that relay, by a token that the shore signed.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from pirogue_echange.enveloppe import Source
from pirogue_rive import actes, descentes, recepisses, reception
from pirogue_rive.config import Rive
from pirogue_rive.reception import Reception
from pirogue_socle.horloge import Instant

VOIE = "telephone"
#: Relays that one file may speak of in its answer.
RELAIS_MAX = 50


def recevoir(rive: Rive, source: Source, *, heure: Callable[[], Instant]) -> Reception:
    """
    Take in a phone's file, and keep that a courier came; raises as `reception.recevoir`.

    Returns:
        What became of its lots.
    """
    pris = reception.recevoir(rive, source, voie=VOIE, heure=heure)
    with rive.moteur.begin() as db:
        for relais in sorted({relais for relais, _ in pris.touches}):
            _noter(db, relais, combien=pris.lots, instant=heure())
    return pris


def reponse(rive: Rive, relais: Iterable[str], *, instant: Instant) -> bytes:
    """Return the file to take back: for each relay, what comes down to it, one lot after another."""
    return b"".join(
        octets
        for un in sorted(set(relais))[:RELAIS_MAX]
        for octets in pour_relais(rive, un, series=descentes.series_connues(rive, un), instant=instant)
    )


def pour_relais(
    rive: Rive, relais: str, *, series: dict[str, int], instant: Instant, inc: str | None = None
) -> list[bytes]:
    """
    Return all that a relay must hear, in the order in which it must be read.

    The shore's new keys come first: what follows may be signed with them. Then receipts, then the rest.
    """
    lots = descentes.par_genre(rive, relais=relais, au_dela=series)
    cles = lots.pop("cles")
    recus = recepisses.pour(rive, relais=relais, instant=instant, inc=inc)
    return [*cles, *recus, *(octets for genre in lots.values() for octets in genre)]


def _noter(db: Connection, relais: str, *, combien: int, instant: Instant) -> None:
    actes.noter(db, quoi="courrier", par="", sur=relais, instant=instant, combien=combien)

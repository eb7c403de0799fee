"""What arrived and was not believed: kept with its reason until a person has looked, within a bound on the disk."""

import hashlib

from sqlalchemy import Connection, select

from pirogue_rive import base, jauges, schema
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant

#: Room for refused lots, bytes. The oldest are never dropped for a newer one: what has no room is counted.
OCTETS_MAX = 1024**3
#: Reason of a lot that tells another history of numbers that arrived already.
BIFURCATION = "bifurcation"

_OCTETS, _SANS_PLACE = "quarantaine_octets", "quarantaine_sans_place"


def garder(  # noqa: PLR0913 - one argument per fact of a refusal
    db: Connection,
    octets: bytes,
    *,
    motif: str,
    phrase: str,
    relais: str | None,
    voie: str,
    instant: Instant,
) -> bool:
    """
    Keep refused bytes with their reason, once; return False, and count it, when there is no room.

    Args:
        db: the caller's transaction.
        octets: what arrived.
        motif, phrase: why it is refused, as a code and in French.
        relais: who signed it; None if nobody that we know did.
        voie: road.
        instant: now.
    """
    t = schema.quarantaine
    empreinte = hashlib.sha256(octets).hexdigest()
    if db.scalar(select(t.c.sha256).where(t.c.sha256 == empreinte)) is not None:
        return True
    if jauges.lire(db, _OCTETS) + len(octets) > OCTETS_MAX:
        jauges.ajouter(db, _SANS_PLACE, 1)
        return False
    ligne = {"sha256": empreinte, "octets": len(octets), "corps": octets, "arrive_ms": instant.mur_ms}
    requete = schema.inserer(db, t).values(**ligne, motif=motif, phrase=phrase, relais=relais, voie=voie)
    if db.execute(requete.on_conflict_do_nothing()).rowcount:
        jauges.ajouter(db, _OCTETS, len(octets))
    return True


def voir(rive: Rive, *, sha256: str, par: str, instant: Instant) -> bool:
    """Note that a person has looked at a refused lot; the first one stays. Return False if there is none to mark."""
    t = schema.quarantaine
    with rive.moteur.begin() as db:
        marque = t.update().where(t.c.sha256 == sha256, t.c.vu_ms.is_(None)).values(vu_par=par, vu_ms=instant.mur_ms)
        return db.execute(marque).rowcount == 1


def sans_place(rive: Rive) -> int:
    """Return how many refused lots could not be kept: there was no room."""
    with base.lire(rive.moteur) as db:
        return jauges.lire(db, _SANS_PLACE)


def octets(rive: Rive) -> int:
    """Return how many bytes the refused lots take."""
    with base.lire(rive.moteur) as db:
        return jauges.lire(db, _OCTETS)

"""
The time, learned from a receipt that was signed while we waited for it.

A receipt that covers a lot which had never left the boat before this call cannot be an old one played again: nobody
could sign it earlier. The moment of the signature lies between that lot's leaving and the receipt's coming; the hour
that the shore wrote in it is worth no more than this doubt.
"""

from dataclasses import dataclass, replace

from pirogue_registre import ancres
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant, estimer

#: What the shore's hour must be better than to correct an hour that a person gave, milliseconds.
PRECISION_MS = 120_000


@dataclass(frozen=True, slots=True)
class Signature:
    """
    When the shore signed.

    Attributes:
        heure_ms: by its own clock, milliseconds since 1970 UTC.
        depuis_s: not before this, seconds since the call began.
        age_s: not after this.
    """

    heure_ms: int
    depuis_s: float
    age_s: float


def ancrer(registre: Registre, signature: Signature, *, debut: Instant) -> bool:
    """
    Give this boot the shore's hour, if it is worth an event.

    It is not when this boot had a shore's hour already, when the one that it has agrees, or when the call lasted so
    long that the doubt is larger than what a person would be wrong by.

    Args:
        registre: the open register.
        signature: when the shore signed.
        debut: when the call began.

    Returns:
        True if an anchor was written.
    """
    arrivee = replace(
        debut,
        bt_ns=debut.bt_ns + int(signature.age_s * 1e9),
        mur_ms=debut.mur_ms + int(signature.age_s * 1000),
    )
    connues = ancres.lire(registre)
    connue = connues.get(debut.boot_id)
    doute_ms = (signature.age_s - signature.depuis_s) * 1000
    if connue is not None:
        accord = abs(estimer(arrivee, connues) - signature.heure_ms) <= PRECISION_MS
        if connue.source == "rive" or accord or doute_ms > PRECISION_MS:
            return False
    # A second more: what the shore's own clock may be wrong by.
    ancres.confirmer_date(
        registre,
        utc_ms=signature.heure_ms,
        source="rive",
        instant=arrivee,
        auteur="pirogue",
        incertitude_ms=int(doute_ms) + 1000,
    )
    return True

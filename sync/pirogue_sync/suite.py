"""
What comes after an exchange, at the quay: a slice of the update, then a look at the link, then another slice.

The watch stays the master: a slice ends after a minute, so that what is written aboard meanwhile leaves first, and the
box says in time that it is (no longer) at the quay.
"""

import math
from collections.abc import Callable
from threading import Event

from pirogue_socle.erreurs import ErreurPirogue
from pirogue_sync.maj import Etat
from pirogue_sync.veille import Tour

#: How long a slice lasts, seconds.
TRANCHE_S = 60.0
#: How long what stopped one is left alone, at one quay: at first (a link that hiccups), at most (a plan that is spent).
RECUL_MIN_S, RECUL_MAX_S = 60.0, 1800.0


class Suite:
    """
    When to fetch.

    Args:
        prendre: fetches as long as it is told to go on (`maj.prendre`).
        dire: told what stops it, in French, once; an empty sentence when nothing does any more.
        temps_s: a clock that never goes back, seconds.
        arret: ends a slice at once.
    """

    def __init__(
        self,
        prendre: Callable[[Callable[[], bool]], Etat],
        *,
        dire: Callable[[str], object],
        temps_s: Callable[[], float],
        arret: Event,
    ) -> None:
        self._prendre, self._dire, self._temps_s, self._arret = prendre, dire, temps_s, arret
        self._apres_s = math.inf
        self._echecs = 0
        self._dite = ""

    def apres(self, tour: Tour) -> bool:
        """Fetch a slice if this turn of the watch allows it; say whether another should follow without a wait."""
        debut_s = self._temps_s()
        if tour.bilan is None and not (tour.a_quai and debut_s >= self._apres_s):
            return False
        phrase, etat = "", Etat.RIEN
        try:
            etat = self._prendre(lambda: not self._arret.is_set() and self._temps_s() - debut_s < TRANCHE_S)
        except ErreurPirogue as erreur:
            phrase = f"{erreur} {erreur.geste}"
        # An exchange is a new chance by itself; at a quay that lasts, a link comes back soon, a plan at midnight.
        recul_s = min(RECUL_MAX_S, RECUL_MIN_S * 2**self._echecs)
        self._echecs = self._echecs + 1 if phrase else 0
        self._apres_s = self._temps_s() + recul_s if phrase else debut_s if etat is Etat.EN_COURS else math.inf
        if phrase != self._dite:
            self._dire(phrase)
        self._dite = phrase
        return etat is Etat.EN_COURS

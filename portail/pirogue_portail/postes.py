"""
The laptops in front of the portal: greeting the one that speaks, and who signed in from each.

A device that was greeted is told by the responder of the probes that all is well (`captif`). Who sits there is kept
in memory alone, as the id of a sign-in or of an account: it is gone at the next start, and no name is in it.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from flask import Flask, current_app, request

from pirogue_actions import client
from pirogue_portail.captif import accueil
from pirogue_portail.captif.appareil import Voisins, adresse
from pirogue_portail.config import ConfigPortail
from pirogue_portail.contexte import config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

journal = logging.getLogger("pirogue.portail")

#: More devices than a /24 has addresses; the oldest sign-in leaves first.
OCCUPANTS_MAX = 512


class AccueilBloque(ErreurPirogue):
    """Where the greeted devices are written cannot be written."""

    geste = "Redémarre la boîte à la fin de la séance, puis recommence."
    code = 116


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who signed in from a device: the sign-in of a pair, or the account of a trainer; the other one is empty."""

    connexion_id: str = ""
    compte_id: str = ""


@dataclass(slots=True)
class Postes:
    """What the portal remembers of the devices while it runs; several threads share it."""

    voisins: Voisins
    _occupants: OrderedDict[str, Occupant] = field(default_factory=OrderedDict)
    _verrou: Lock = field(default_factory=Lock)

    def asseoir(self, appareil: str, occupant: Occupant) -> None:
        """Keep who signed in from a device, instead of whoever was there."""
        with self._verrou:
            self._occupants[appareil] = occupant
            self._occupants.move_to_end(appareil)
            while len(self._occupants) > OCCUPANTS_MAX:
                self._occupants.popitem(last=False)

    def lever(self, appareil: str) -> None:
        """Forget the trainer who sat there; a pair that signed in since stays."""
        with self._verrou:
            if self._occupants.get(appareil, Occupant()).compte_id:
                del self._occupants[appareil]

    def occupants(self) -> dict[str, Occupant]:
        """Return device → who signed in from it last."""
        with self._verrou:
            return dict(self._occupants)


def installer(app: Flask, config_portail: ConfigPortail) -> None:
    """Give the application its memory of the devices."""
    app.extensions["pirogue_postes"] = Postes(Voisins(config_portail.actions, attente_s=client.ATTENTE_S))


def occupants() -> dict[str, Occupant]:
    """Return device → who signed in from it last, since the portal started."""
    return _postes().occupants()


def celui_ci(instant: Instant) -> str | None:
    """Return the device that sends this request; None when the box does not know it."""
    return _postes().voisins.identifier(adresse(request.environ), instant=instant)


def saluer(instant: Instant, *, occupant: Occupant | None = None) -> bool:
    """
    Greet the device that sends this request, as *Continuer* does; a sign-in also says who sits there.

    Returns:
        False when the box does not know the device, or could not write down that it was greeted: its system may go
        on saying that there is no Internet. True otherwise, also where no captive portal stands in front.
    """
    fichier = config().accueil
    if fichier is None:
        return True
    appareil = celui_ci(instant)
    if appareil is None:
        return False
    if occupant is not None:
        _postes().asseoir(appareil, occupant)
    try:
        accueil.accueillir(fichier, appareil, instant=instant)
    except OSError as cause:  # signing in must not wait for a folder of the system
        journal.warning("device not greeted: %s", cause)
        return False
    return True


def lever(instant: Instant) -> None:
    """Forget the trainer who signed in from the device that sends this request; it stays greeted."""
    appareil = celui_ci(instant)
    if appareil is not None:
        _postes().lever(appareil)


def oublier(instant: Instant, *, appareil: str | None = None) -> None:
    """
    Make one device new again, or all of them: each sees the welcome page.

    Raises:
        AccueilBloque: it could not be written down.
    """
    fichier = config().accueil
    if fichier is None:
        return
    try:
        if appareil is None:
            accueil.oublier_tous(fichier, instant=instant)
        else:
            accueil.oublier(fichier, appareil, instant=instant)
    except OSError as cause:
        raise AccueilBloque("La boîte n'a pas pu le noter.") from cause


def _postes() -> Postes:
    return cast(Postes, current_app.extensions["pirogue_postes"])

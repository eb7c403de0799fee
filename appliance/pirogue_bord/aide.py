"""Asking root's helper about sticks and the power."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pirogue_actions import client
from pirogue_actions.client import ActeRefuse
from pirogue_bord.erreurs import AideMuette
from pirogue_bord.notifier import notifier

#: The helper gives systemd ten seconds for each word; the watchdog is fed before each act, and bites after thirty.
ATTENTE_S = 22.0


@dataclass(frozen=True, slots=True)
class Suivi:
    """
    What root's helper says of a stick.

    Attributes:
        montee: it is mounted.
        travail: it is being mounted, or let go.
        echange: its exchange runs.
    """

    montee: bool
    travail: bool
    echange: bool


class Aide(Protocol):
    """What the box's body asks of root. Every act raises AideMuette, or ActeRefuse with a French sentence."""

    def monter(self, appareil: str) -> None:
        """Have a stick mounted, without waiting."""

    def echanger(self, appareil: str) -> None:
        """Have the exchange with it started, without waiting."""

    def suivre(self) -> Suivi:
        """Say where both are."""

    def demonter(self) -> None:
        """Have it let go, without waiting."""

    def eteindre(self) -> None:
        """Stop the box."""


@dataclass(frozen=True, slots=True)
class AideDeRoot:
    """The helper at its socket; None on a machine without one."""

    prise: Path | None

    def monter(self, appareil: str) -> None:
        """See `Aide`."""
        self._demander("monter_cle", appareil=appareil)

    def echanger(self, appareil: str) -> None:
        """See `Aide`."""
        self._demander("echanger_cle", appareil=appareil)

    def suivre(self) -> Suivi:
        """See `Aide`."""
        return Suivi(**self._demander("suivre_cle"))

    def demonter(self) -> None:
        """See `Aide`."""
        self._demander("demonter_cle")

    def eteindre(self) -> None:
        """See `Aide`."""
        self._demander("eteindre")

    def _demander(self, acte: str, **arguments: str) -> Any:
        if self.prise is None:
            raise AideMuette("Cette machine n'a personne pour monter une clé.")
        notifier("WATCHDOG=1")
        try:
            return client.demander(self.prise, acte, attente_s=ATTENTE_S, **arguments)
        except client.AideAbsente as cause:
            raise AideMuette("La boîte ne répond pas pour cette clé.") from cause


__all__ = ["ActeRefuse", "Aide", "AideDeRoot", "Suivi"]

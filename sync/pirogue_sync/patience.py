"""How long a link is waited for, and who pays for its bytes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limites:
    """
    When a link is given up.

    Attributes:
        silence_s: without any byte acknowledged or received for so long, the link is dead.
        debit_min: bytes a second; a far end that drips less than this is as good as dead, and a person waits.
        tampon_octets: most bytes that the kernel may hold unsent.
    """

    silence_s: float = 30.0
    debit_min: float = 64.0
    tampon_octets: int = 64 * 1024


class Compteur(Protocol):
    """Who pays for the bytes."""

    def prevoir(self, octets: int) -> None:
        """Agree, before they are spent, to `octets` in all on the connection under way; raises to refuse."""

    def solder(self, octets: int) -> None:
        """Note what a connection that is over has cost."""


class Gratuit:
    """A counter that refuses nothing and remembers the total."""

    def __init__(self) -> None:
        self.octets = 0

    def prevoir(self, octets: int) -> None:
        """Agree."""

    def solder(self, octets: int) -> None:
        """Add."""
        self.octets += octets


class Patience:
    """
    How long to wait yet: full at first, spent by waiting, earned back by bytes.

    Only waiting counts: what this machine does between two waits (a slow card takes in what has come) is no fault
    of the link's.

    Attributes:
        reste_s: what is left, seconds.
    """

    def __init__(self, limites: Limites) -> None:
        self._limites = limites
        self.renouveler()

    def renouveler(self) -> None:
        """Start a new wait."""
        self.reste_s = self._limites.silence_s

    def depenser(self, attendu_s: float) -> None:
        """Count time that was waited."""
        self.reste_s -= attendu_s

    def gagner(self, octets: int) -> None:
        """Count bytes that moved."""
        self.reste_s = min(self._limites.silence_s, self.reste_s + octets / self._limites.debit_min)

"""
The wires: a button to ground, a light, by libgpiod's own bindings. The only module that knows the chip.

The kernel debounces and keeps the edges; a machine without such a chip (a PC) has no button and no light, and all the
rest works.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from pirogue_bord.erreurs import SansBroches
from pirogue_socle.config import Config

REBOND = timedelta(milliseconds=30)
UTILISATEUR = "pirogue"


@dataclass(frozen=True, slots=True)
class Mouvement:
    """The button went down or up; `ns` is when, by CLOCK_MONOTONIC."""

    presse: bool
    ns: int


class Broches(Protocol):
    """A button and a light."""

    @property
    def fd(self) -> int:
        """Return the descriptor that is readable when the button moved."""

    def lire(self) -> list[Mouvement]:
        """Return what the button did since, without waiting."""

    def allumer(self, *, oui: bool) -> None:
        """Light it or not; raises OSError."""

    def fermer(self) -> None:
        """Give the lines back, dark."""


@dataclass(frozen=True, slots=True)
class BrochesGpiod:
    """The lines of a real chip."""

    demande: gpiod.LineRequest
    bouton: int
    lampe: int

    @property
    def fd(self) -> int:
        """See `Broches`."""
        return int(self.demande.fd)

    def lire(self) -> list[Mouvement]:
        """See `Broches`."""
        if not self.demande.wait_edge_events(timedelta(0)):
            return []
        return [
            Mouvement(un.event_type is un.Type.RISING_EDGE, int(un.timestamp_ns))
            for un in self.demande.read_edge_events()
        ]

    def allumer(self, *, oui: bool) -> None:
        """See `Broches`."""
        self.demande.set_value(self.lampe, Value.ACTIVE if oui else Value.INACTIVE)

    def fermer(self) -> None:
        """See `Broches`."""
        self.allumer(oui=False)
        self.demande.release()


def ouvrir(config: Config, dossier: Path = Path("/dev")) -> BrochesGpiod:
    """
    Take the button's line and the light's on the first chip that the configuration names.

    Args:
        config: labels of the chips, numbers of the lines.
        dossier: where the chips are.

    Raises:
        SansBroches: no such chip, or its lines are taken.
    """
    puces = dict(_lire_puces(dossier))
    chemin = next((puces[label] for label in config.puce_gpio.split() if label in puces), None)
    if chemin is None:
        raise SansBroches("Cette machine n'a pas de broches : ni bouton, ni lampe.")
    reglages: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None] = {
        config.broche_bouton: gpiod.LineSettings(
            direction=Direction.INPUT,
            edge_detection=Edge.BOTH,
            bias=Bias.PULL_UP,
            active_low=True,
            debounce_period=REBOND,
        ),
        config.broche_lampe: gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE),
    }
    try:
        demande = gpiod.request_lines(str(chemin), consumer=UTILISATEUR, config=reglages)
    except (OSError, ValueError) as cause:
        raise SansBroches(f"Les broches de {chemin.name} sont prises ou n'existent pas.") from cause
    return BrochesGpiod(demande, config.broche_bouton, config.broche_lampe)


def _lire_puces(dossier: Path) -> Iterator[tuple[str, Path]]:
    """Yield (label, file) of each chip that may be opened."""
    for chemin in sorted(dossier.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(chemin)) as puce:
                yield puce.get_info().label, chemin
        except OSError:
            continue

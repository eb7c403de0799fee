"""Sticks as udev tells them: those that are there, then those that come and go. The only module that knows pyudev."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyudev  # type: ignore[import-untyped]

from pirogue_actions import peripheriques
from pirogue_bord.cles import Support

SECTEUR_OCTETS = 512


@dataclass(frozen=True, slots=True)
class Passage:
    """A disk or a partition that came (`parti` is False), changed, or went."""

    support: Support
    parti: bool


class Guet:
    """
    Watches the disks on USB, as any user may.

    Args:
        montage: where our own stick is mounted: what else is mounted from a disk makes it the box's own.
    """

    def __init__(self, montage: Path) -> None:
        self.montage = montage
        self._contexte = pyudev.Context()
        self._moniteur = pyudev.Monitor.from_netlink(self._contexte)
        self._moniteur.filter_by("block")
        # Before the list is made, so that a stick that comes meanwhile is seen twice and never missed.
        self._moniteur.start()

    @property
    def fd(self) -> int:
        """Return the descriptor that is readable when something came or went."""
        return int(self._moniteur.fileno())

    def presents(self) -> Iterator[Support]:
        """Yield what is plugged in now."""
        for appareil in self._contexte.list_devices(subsystem="block", ID_BUS="usb"):
            if not self._est_de_la_boite(appareil):
                yield _lire(appareil)

    def lire(self) -> Iterator[Passage]:
        """Yield what came and went since, without waiting."""
        while (appareil := self._moniteur.poll(timeout=0)) is not None:
            parti = appareil.action == "remove"
            if parti or (appareil.get("ID_BUS") == "usb" and not self._est_de_la_boite(appareil)):
                yield Passage(_lire(appareil), parti)

    def montee(self) -> str | None:
        """Return the name of the device that is mounted as our stick; empty when it is gone, None without one."""
        numero = peripheriques.monte_sur(self.montage)
        if numero is None:
            return None
        place = peripheriques.NUMEROS / numero
        return place.resolve().name if place.exists() else ""

    def _est_de_la_boite(self, appareil: pyudev.Device) -> bool:
        """Say whether the box runs on this disk: it may have started from USB."""
        try:
            return peripheriques.est_de_la_boite(Path(appareil.sys_path), sauf=self.montage)
        except OSError:  # gone meanwhile: its departure follows
            return False


def _lire(appareil: pyudev.Device) -> Support:
    parent = appareil.parent.sys_name if appareil.device_type == "partition" and appareil.parent else appareil.sys_name
    try:
        secteurs = appareil.attributes.asint("size")
    except (KeyError, ValueError):
        secteurs = 0
    return Support(appareil.sys_name, parent, appareil.get("ID_FS_TYPE", ""), secteurs * SECTEUR_OCTETS)

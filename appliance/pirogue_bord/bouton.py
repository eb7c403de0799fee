"""The button: held for three seconds it asks the box to stop, a shorter push does nothing."""

from dataclasses import dataclass

TENU_NS = 3_000_000_000


@dataclass(slots=True)
class Bouton:
    """
    The button's state.

    A button that is down when we start is stuck, or somebody still holds it from switching on: it counts only once it
    was seen to go down.
    """

    presse_ns: int | None = None

    def bouger(self, *, presse: bool, bt_ns: int) -> bool:
        """Take note of an edge; return True when this release ends a push that was long enough."""
        tenu = self.est_tenu(bt_ns)
        self.presse_ns = bt_ns if presse else None
        return tenu and not presse

    def est_tenu(self, bt_ns: int) -> bool:
        """Say whether it has been down for long enough."""
        return self.presse_ns is not None and bt_ns - self.presse_ns >= TENU_NS

"""What the laptops do, aboard the machine: the acts of the bench's radio, done by the agent."""

from typing import Any

import gestes_radio


def agir(acte: str, arguments: dict[str, Any]) -> Any:
    """Do one act."""
    return gestes_radio.GESTES[acte](lambda **_: None, **arguments)

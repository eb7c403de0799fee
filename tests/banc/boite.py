"""The command `pirogue` in the bench's machine."""

from collections.abc import Callable
from typing import Any

#: Runs `pirogue` with these words; returns its exit status and what it said on both outputs.
Boite = Callable[..., list[Any]]

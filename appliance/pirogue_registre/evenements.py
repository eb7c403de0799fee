"""The form of a line of the journal."""

from dataclasses import dataclass
from typing import Any

from pirogue_socle.horloge import Instant


@dataclass(frozen=True, slots=True)
class Evenement:
    """
    One line of the journal.

    Attributes:
        seq: its number on this box, from 1, without a gap; the only order.
        id: random identifier.
        type, version: what it is and the form of its `valeurs`.
        personne_id, seance_id: whom and which session it is about, when it is.
        valeurs: the fact itself; codes and numbers, never a name in clear.
        auteur: id of the account, or `jeune`, `portail`, `sync`, `pirogue`.
        instant: when, as the machine saw it.
        qualite: `ancree` if the true time of this boot was known when it was written, else `mur`.
    """

    seq: int
    id: str
    type: str
    version: int
    personne_id: str | None
    seance_id: str | None
    valeurs: dict[str, Any]
    auteur: str
    instant: Instant
    qualite: str

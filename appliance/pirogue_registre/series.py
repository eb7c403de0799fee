"""Which downward lots were applied: for each kind, the last number; a lower or equal one changes nothing."""

from pirogue_registre.base import Registre


def lire(registre: Registre) -> dict[str, int]:
    """Return kind → number of the last one applied; a kind that never came is not there."""
    return {genre: int(serie) for genre, serie in registre.db.execute("SELECT genre, serie FROM descente")}

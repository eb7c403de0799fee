"""What the bench counted, printed at the end of the run and left for `make bench-sync`."""

#: (what was tried, announced, intact, pulls or cuts).
COMPTES: list[tuple[str, int, int, int]] = []
#: The end of the name of what must lose data, or the bench proves nothing.
TEMOINS = ("naif", "manuel", "NORMAL")


def est_temoin(quoi: str) -> bool:
    """Say whether a count is a control's."""
    return quoi.endswith(TEMOINS)

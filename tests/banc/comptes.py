"""What the bench counted, printed at the end of the run."""

#: (what was tried, announced, intact, pulls or cuts).
COMPTES: list[tuple[str, int, int, int]] = []

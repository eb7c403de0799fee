"""The boat's health: one file per check in `controles`, a round of all of them in `tour`."""

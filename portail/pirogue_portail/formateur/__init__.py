"""The trainer's way: come in, open the session, call the roll, enrol, close, correct; see where the data are."""

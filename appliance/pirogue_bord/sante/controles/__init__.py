"""
One module per check: its name is the check's code, `TITRE` what it looks at, `regarder` what it sees now.

`regarder(config, *, instant, racine)` reads below `racine` (the whole machine, or a tree that a test made), writes
nothing, and returns a `Vu`. What it raises becomes a check that could not be made; the others go on.
"""

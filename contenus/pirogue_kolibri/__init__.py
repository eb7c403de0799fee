"""
The Kolibri plugin of the pirogue: runs inside Kolibri's process, imports Kolibri and the standard library.

The portal is the only front door. It hands a trainee over with a signed link that opens once (`entree`), pushes
people ahead of time (`annuaire`), and takes the trainee back (`kolibri_plugin`, return link and sign-out).
"""

__version__ = "0.1.0"

"""`python -m pirogue_actions`: root's helper."""

from pirogue_actions.serveur import main

main()

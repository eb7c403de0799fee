"""`python -m pirogue_cli`."""

from pirogue_cli.entree import main

main()

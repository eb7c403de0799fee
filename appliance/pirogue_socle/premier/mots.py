"""
The words of the Wi-Fi key: 2048 short French ones, so that one word is eleven bits and four are forty-four.

No accent, no capital, four to eight letters: what is heard is what is typed. No two of them differ by one letter, nor
by one sound that a tired ear takes for another. Where they come from: `docs/decisions/0016-first-start.md`.
"""

import secrets
from importlib.resources import files

#: Words in a key.
NOMBRE = 4


def lister() -> list[str]:
    """Return the words, in alphabetical order."""
    return files("pirogue_socle.premier").joinpath("mots.txt").read_text(encoding="ascii").split()


def tirer(nombre: int = NOMBRE) -> str:
    """Draw a key: `nombre` words separated by one space, each as likely as any other."""
    mots = lister()
    return " ".join(secrets.choice(mots) for _ in range(nombre))

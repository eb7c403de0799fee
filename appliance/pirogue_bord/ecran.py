"""The attached screen: a stick's story in big words, over the whole of the first console; silent without one."""

import contextlib
import os
from pathlib import Path

from pirogue_socle.histoires import Histoire

CONSOLE = Path("/dev/tty1")
LARGEUR = 76
#: Background of each kind of step, as ECMA-48 says it: blue, green, red, none.
FONDS = {"travail": "44", "retirez": "42", "echec": "41", "rien": "0"}


def composer(histoire: Histoire, *, nom: str, adresse: str) -> str:
    """
    Return what the screen shows, with its control sequences.

    Args:
        histoire: where the stick is.
        nom: how this box is called.
        adresse: what to type to see its pages.
    """
    fond = "travail" if histoire.au_travail else "echec" if histoire.echoue else histoire.etape
    bande = f"\033[1;37;{FONDS.get(fond, FONDS['rien'])}m"
    lignes = [f"{nom} · {adresse}", ""]
    lignes += [f"{bande}{texte.center(LARGEUR)}\033[0m" for texte in ("", espacer(histoire.titre), "")]
    lignes += ["", histoire.phrase]
    lignes += ["NE RETIRE PAS LA CLÉ."] if histoire.au_travail else []
    lignes += [histoire.geste] if histoire.geste else []
    lignes += [f"! {une}" for une in histoire.remarques]
    return "\033[2J\033[H" + "\r\n".join(lignes) + "\r\n"


def espacer(titre: str) -> str:
    """Return a title in capitals, a space between letters: the largest that a console can write."""
    return "  ".join(" ".join(mot) for mot in titre.upper().split())


def montrer(texte: str, console: Path = CONSOLE) -> None:
    """Put a text on the screen; a machine without one, or one that is busy, is not waited for."""
    with contextlib.suppress(OSError):
        descripteur = os.open(console, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descripteur, texte.encode())
        finally:
            os.close(descripteur)

"""A screen and a keyboard: Xvfb and xdotool, in a laptop's namespace, so that a person's own gestures are made."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reseau.juges.lancement import attendre, tenir

TAILLE = "1366x768x24"


@dataclass(frozen=True)
class Ecran:
    """
    One screen.

    Attributes:
        nom: what programs are told in DISPLAY.
    """

    nom: str

    @property
    def env(self) -> dict[str, str]:
        """What a program must be told to appear there."""
        return {"DISPLAY": self.nom}

    def taper(self, *mots: str) -> None:
        """Make a gesture, in xdotool's words (`key ctrl+l`, `type …`)."""
        subprocess.run(
            ["xdotool", *mots], env={"DISPLAY": self.nom, "PATH": "/usr/bin"}, check=True, capture_output=True
        )

    def chercher(self, motif: str) -> list[str]:
        """Return the visible windows whose title holds a word."""
        lu = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", motif],
            env={"DISPLAY": self.nom, "PATH": "/usr/bin"},
            check=False,
            capture_output=True,
            text=True,
        )
        return lu.stdout.split()

    def photographier(self, chemin: Path) -> None:
        """Save what the screen shows (ImageMagick's `import`)."""
        chemin.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["import", "-display", self.nom, "-window", "root", str(chemin)], check=True, capture_output=True
        )


@contextlib.contextmanager
def allumer(dossier: Path) -> Iterator[Ecran]:
    """Run a screen that nobody sees; the X server chooses a free number and writes it to a file."""
    numero = dossier / "ecran"
    with tenir(
        ["sh", "-c", f'exec Xvfb -displayfd 3 -screen 0 {TAILLE} -nolisten tcp 3>"$1"', "sh", numero],
        journal=dossier / "ecran.log",
    ):
        attendre("l'écran s'allume", lambda: numero.exists() and numero.read_text().strip())
        yield Ecran(f":{numero.read_text().strip()}")

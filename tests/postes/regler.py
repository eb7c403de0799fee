"""Run the real script on a root folder, and lay that folder over a laptop's /etc."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from reseau.juges.lancement import RACINE

INSTALLER = RACINE / "appliance/postes/installer-poste.sh"


def installer(
    racine: Path, *mots: str, cle: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real script on a root folder."""
    return subprocess.run(
        ["sh", str(INSTALLER), "--racine", str(racine), *mots],
        input=cle,
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )


def poser_regles(racine: Path) -> list[str]:
    """Return the words that lay the /etc of a root folder over the system's, for the program that follows alone."""
    return ["sh", "-c", f'mount -t overlay -o lowerdir={racine / "etc"}:/etc overlay /etc && exec "$@"', "poste"]

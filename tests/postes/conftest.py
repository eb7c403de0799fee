"""A laptop of the classroom: a namespace of its own, our portal at its name, our rules laid over its /etc."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from equipage import Bord, Horloge, preparer_bord
from pirogue_registre import base
from postes.regler import installer, poser_regles
from reseau.juges.lancement import attendre, joindre, tenir, vider

PIROGUE = Path(sys.executable).with_name("pirogue")
NUMEROS = itertools.count(1)


@dataclass(frozen=True)
class Poste:
    """
    A laptop: its namespace, its files.

    Attributes:
        espace: name of the network namespace; only the portal is in it, on port 80.
        dossier: a folder of its own.
        racine: folder where the rules were installed; laid over the system's /etc for whoever starts with `devant`.
        devant: words that lay it.
    """

    espace: str
    dossier: Path
    racine: Path

    @property
    def devant(self) -> list[str]:
        """Words to start a program with our rules in /etc; nobody else sees them."""
        return poser_regles(self.racine)

    @property
    def nu(self) -> list[str]:
        """Words to start a program on the same laptop before we came."""
        return ["sh", "-c", f'mount --bind {self.racine / "etc/hosts"} /etc/hosts && exec "$@"', "poste"]


@pytest.fixture(scope="module")
def portail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a namespace where the real portal is alone with one laptop."""
    dossier = tmp_path_factory.mktemp("boite")
    bord: Bord = preparer_bord(dossier / "donnees/registre", Horloge())
    base.fermer(bord.registre)
    reglages = dossier / "pirogue.toml"
    reglages.write_text(
        'donnees = "donnees"\nterre = "terre"\nportail_port = 80\nportail_base = "http://pirogue.internal/"\n'
        'portail_hotes = ["pirogue.internal"]\nephemere = "memoire"\n'
    )
    espace = f"poste-{os.getpid()}-{next(NUMEROS)}"
    subprocess.run(["ip", "netns", "add", espace], check=True)
    try:
        subprocess.run(["ip", "-n", espace, "link", "set", "lo", "up"], check=True)
        servir = ["ip", "netns", "exec", espace, PIROGUE, "portail", "servir"]
        with tenir(servir, journal=dossier / "portail.log", env={"PIROGUE_CONFIG": str(reglages)}) as processus:
            attendre("le portail écoute", lambda: _repond(espace) or processus.poll() is not None)
            assert processus.poll() is None, (dossier / "portail.log").read_text()
            yield espace
    finally:
        vider(espace)
        subprocess.run(["ip", "netns", "del", espace], check=True)


def _repond(espace: str) -> bool:
    try:
        joindre(espace, 80).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture
def poste(portail: str, tmp_path: Path) -> Poste:
    """A laptop where Rachelle has run the script."""
    racine = tmp_path / "racine"
    racine.joinpath("etc").mkdir(parents=True)
    racine.joinpath("etc/hosts").write_text("127.0.0.1 localhost pirogue.internal contenu.pirogue.internal\n")
    racine.joinpath("etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    fait = installer(racine)
    assert fait.returncode == 0, fait.stderr
    return Poste(portail, tmp_path, racine)

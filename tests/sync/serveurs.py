"""The shore as a real process, and the networks that lie."""

import http.client
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pirogue_rive import config as rives
from pirogue_rive import schema
from sync.quai import Quai, compter

SERVICE = """
import sys
from pathlib import Path
from pirogue_rive.config import ConfigRive
from pirogue_rive.service import servir
servir(ConfigRive(Path(sys.argv[1]), base=sys.argv[3], corps_max_octets=200_000), port=int(sys.argv[2]))
"""


class Serveur:
    """The shore as a real process."""

    def __init__(self, dossier: Path, *, base: str = "") -> None:
        self.dossier = dossier
        self.base = base
        with closing(socket.socket()) as prise:
            prise.bind(("127.0.0.1", 0))
            self.port: int = prise.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.demarrer()

    def demarrer(self) -> None:
        """Start it, and wait until it answers."""
        arguments = [str(self.dossier), str(self.port), self.base]
        self.processus = subprocess.Popen([sys.executable, "-c", SERVICE, *arguments])
        fin = time.monotonic() + 30
        while time.monotonic() < fin and self.processus.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                continue
            return
        pytest.fail("the shore did not start")

    def demander(self, verbe: str, chemin: str, corps: bytes = b"", **entetes: str) -> tuple[int, str, bytes]:
        """Make one request; return status, content type, body."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as lien:
            lien.request(verbe, chemin, body=corps or None, headers=entetes)
            reponse = lien.getresponse()
            return reponse.status, reponse.headers.get_content_type(), reponse.read()

    def arreter(self, *, net: bool = True) -> None:
        """Stop it, gently or with kill -9 (its worker too)."""
        if net:
            self.processus.terminate()
        else:
            enfants = Path(f"/proc/{self.processus.pid}/task/{self.processus.pid}/children").read_text(encoding="ascii")
            self.processus.kill()
            for enfant in enfants.split():
                subprocess.run(["kill", "-9", enfant], check=False)
        self.processus.wait(20)


def attendre_a_terre(quai: Quai, lots: int) -> None:
    """Wait until the shore has taken in so many lots."""
    fin = time.monotonic() + 20
    with rives.ouvrir(quai.config) as rive:
        while compter(rive, schema.lot) < lots:
            assert time.monotonic() < fin

"""What systemd hears from the portal: ready at the first answer; then fed while it answers, and not one turn longer."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pirogue_portail import chien

#: The real service around a callable that hangs as long as a file is there; two threads, as few as can be.
SERVICE = """
import sys, time
from pathlib import Path
from pirogue_portail import service
frein = Path(sys.argv[2])
def app(environ, start_response):
    while environ["PATH_INFO"] == "/dors" and frein.exists():
        time.sleep(0.02)
    start_response("302 Found", [("Location", "http://pirogue.internal/")])
    return [b""]
def creer():
    while (frein.parent / "lent").exists():
        time.sleep(0.02)
    return app
reglages = service.regler(sys.argv[1], nom="essai") | {"worker_class": "gthread", "threads": 2, "graceful_timeout": 1}
service.Service(creer, reglages).run()
"""
CHIEN_US = 900_000


@dataclass
class Gestionnaire:
    """Stands where systemd does: the socket that it listens on."""

    prise: socket.socket
    porte: Path
    frein: Path

    def entendre(self, mot: str, *, delai_s: float) -> bool:
        """Wait for a word; False when it does not come in time."""
        self.prise.settimeout(delai_s)
        try:
            while mot not in self.prise.recv(4096).decode():
                pass
        except TimeoutError:
            return False
        return True

    def vider(self) -> None:
        """Forget what was said until now."""
        self.prise.setblocking(False)
        try:
            while self.prise.recv(4096):
                pass
        except BlockingIOError:
            return


@contextmanager
def service(dossier: Path, **reglages: str) -> Iterator[Gestionnaire]:
    """Run the service under a watchdog, up to its being ready."""
    with lancer(dossier, **reglages) as gestionnaire:
        assert gestionnaire.entendre("READY=1", delai_s=60)
        yield gestionnaire


@contextmanager
def lancer(dossier: Path, **reglages: str) -> Iterator[Gestionnaire]:
    """Start the service."""
    porte = dossier / "porte.sock"
    with ExitStack() as pile:
        prise = pile.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        prise.bind(str(dossier / "notifie"))
        environnement = os.environ | {"NOTIFY_SOCKET": str(dossier / "notifie"), "PYTHONUNBUFFERED": "1"} | reglages
        processus = pile.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", SERVICE, f"unix:{porte}", str(dossier / "frein")],
                env=environnement,
                stderr=subprocess.DEVNULL,
            )
        )
        pile.callback(processus.kill)
        yield Gestionnaire(prise, porte, dossier / "frein")


def dormir(gestionnaire: Gestionnaire) -> socket.socket:
    """Send a request that holds a thread."""
    lien = socket.socket(socket.AF_UNIX)
    lien.connect(str(gestionnaire.porte))
    lien.sendall(b"GET /dors HTTP/1.0\r\nHost: x\r\n\r\n")
    return lien


def test_the_portal_is_ready_when_it_answers_and_not_before(tmp_path: Path) -> None:
    """Whoever starts after it would start beside it: Kolibri takes the processor for a minute."""
    (tmp_path / "lent").touch()
    with lancer(tmp_path) as gestionnaire:
        trop_tot = gestionnaire.entendre("READY=1", delai_s=2)
        (tmp_path / "lent").unlink()
        pret = gestionnaire.entendre("READY=1", delai_s=60)

    assert (trop_tot, pret) == (False, True)


def test_the_watchdog_is_fed_while_the_portal_answers(tmp_path: Path) -> None:
    """More than once, and by the worker itself."""
    with service(tmp_path, WATCHDOG_USEC=str(CHIEN_US)) as gestionnaire:
        repas = [gestionnaire.entendre("WATCHDOG=1", delai_s=30) for _ in range(3)]

    assert repas == [True] * 3


def test_a_portal_whose_threads_all_hang_starves_its_watchdog_and_eats_again_when_they_are_free(
    tmp_path: Path,
) -> None:
    """Gunicorn's own heartbeat goes on beating: only a request tells."""
    with service(tmp_path, WATCHDOG_USEC=str(CHIEN_US)) as gestionnaire:
        assert gestionnaire.entendre("WATCHDOG=1", delai_s=30)
        gestionnaire.frein.touch()
        with ExitStack() as pile:
            for _ in range(2):
                pile.enter_context(dormir(gestionnaire))
            while chien.repond(str(gestionnaire.porte), delai_s=0.2):
                continue
            gestionnaire.vider()
            nourri_en_panne = gestionnaire.entendre("WATCHDOG=1", delai_s=3 * CHIEN_US / 1e6)
            gestionnaire.frein.unlink()
            nourri_ensuite = gestionnaire.entendre("WATCHDOG=1", delai_s=30)

    assert not nourri_en_panne
    assert nourri_ensuite


def test_without_a_watchdog_nobody_knocks(tmp_path: Path) -> None:
    """On a machine without systemd, or when the unit asks for none."""
    with service(tmp_path, WATCHDOG_USEC="") as gestionnaire:
        nourri = gestionnaire.entendre("WATCHDOG=1", delai_s=2)

    assert not nourri


@pytest.mark.parametrize("adresse", ["/nulle/part.sock", ("127.0.0.1", 9)])
def test_a_door_that_is_not_there_is_no_answer(adresse: str | tuple[str, int]) -> None:
    """A closed port, a socket that was removed."""
    assert not chien.repond(adresse, delai_s=0.5)

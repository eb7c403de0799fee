"""Start what is not ours inside a laptop's network namespace, wait for a fact, and leave nothing running."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from reseau.poste import Poste

T = TypeVar("T")
RACINE = Path(__file__).parents[3]
#: Screenshots for people; git does not keep them.
IMAGES = RACINE / "artefacts/reseau"


class PasVenu(AssertionError):
    """What was waited for did not come in time."""


def attendre(quoi: str, lire: Callable[[], T], *, delai_s: float = 30) -> T:
    """Return the first true thing that `lire` gives; raise PasVenu with the last one after `delai_s`."""
    fin = time.monotonic() + delai_s
    while True:
        lu = lire()
        if lu:
            return lu
        if time.monotonic() > fin:
            raise PasVenu(f"{quoi} : rien en {delai_s} s ; dernière lecture {lu!r}")
        time.sleep(0.05)


@contextlib.contextmanager
def tenir(
    mots: Sequence[str | Path],
    *,
    journal: Path,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program and all its family until the end of the block; what it says goes to `journal`."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    with journal.open("ab") as sortie:
        processus = subprocess.Popen(
            [str(mot) for mot in mots],
            stdin=subprocess.DEVNULL,
            stdout=sortie,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            pass_fds=pass_fds,
            start_new_session=True,
        )
    try:
        yield processus
    finally:
        _arreter_famille(processus)


def _arreter_famille(processus: subprocess.Popen[bytes]) -> None:
    """Ask the whole process group to stop, then make it."""
    for coup in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(processus.pid, coup)
        with contextlib.suppress(subprocess.TimeoutExpired):
            processus.wait(5)


def vider(espace: str) -> None:
    """Kill whatever still lives in a namespace: browsers leave helpers that changed their session."""
    lus = subprocess.run(["ip", "netns", "pids", espace], capture_output=True, text=True, check=False)
    for pid in lus.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def joindre(espace: str, port: int) -> socket.socket:
    """Return a connection to a port of the loopback of a namespace, with a minute of patience."""
    prise = Poste("", espace, "", Path()).prise()
    try:
        prise.connect(("127.0.0.1", port))
    except OSError:
        prise.close()
        raise
    prise.settimeout(60)
    return prise

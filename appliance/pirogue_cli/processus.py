"""Run several processes together: each in its own group, stopped together, none left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Processus:
    """A process that we started; `journal` is where its output goes."""

    nom: str
    popen: subprocess.Popen[bytes]
    journal: Path

    def vit(self) -> bool:
        """Say whether it still runs."""
        return self.popen.poll() is None

    def derniers_mots(self, lignes: int = 8) -> str:
        """Return the end of its journal."""
        return "\n".join(self.journal.read_text(errors="replace").splitlines()[-lignes:])


def demarrer(
    nom: str,
    commande: Sequence[str],
    *,
    journaux: Path,
    environnement: Mapping[str, str] | None = None,
    si_nous_mourons: signal.Signals = signal.SIGTERM,
) -> Processus:
    """
    Start a process in a group of its own; the kernel sends it `si_nous_mourons` if we die, even by SIGKILL.

    Its standard output and error are written to `journaux/<nom>.log`, over those of the last time.
    """
    journaux.mkdir(parents=True, exist_ok=True)
    journal = journaux / f"{nom}.log"
    parent = os.getpid()

    def mourir_avec_nous() -> None:
        _LIBC.prctl(PR_SET_PDEATHSIG, si_nous_mourons)
        if os.getppid() != parent:  # we died between the fork and the line above
            os._exit(1)

    with journal.open("wb") as sortie:
        popen = subprocess.Popen(
            list(commande),
            stdin=subprocess.DEVNULL,
            stdout=sortie,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environnement or {}),
            start_new_session=True,
            preexec_fn=mourir_avec_nous,  # noqa: PLW1509 - no thread runs yet when the demo starts its processes
        )
    return Processus(nom, popen, journal)


def arreter(processus: Sequence[Processus], *, delai_s: float = 5.0) -> None:
    """Ask every group to stop, wait, then kill what is left; return when no process remains."""
    for un in processus:
        _signaler(un, signal.SIGTERM)
    limite = time.monotonic() + delai_s
    for un in processus:
        with contextlib.suppress(subprocess.TimeoutExpired):
            un.popen.wait(max(0.0, limite - time.monotonic()))
    for un in processus:
        _signaler(un, signal.SIGKILL)
        un.popen.wait()


def _signaler(un: Processus, lequel: signal.Signals) -> None:
    try:
        os.killpg(un.popen.pid, lequel)
    except ProcessLookupError:
        return

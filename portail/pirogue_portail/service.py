"""What both of the portal's processes share: gunicorn around one callable, told everything by argument."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from pirogue_portail import chien

# mallopt(3), <malloc.h>
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
SEUIL_OCTETS = 128 * 1024
#: Memory, never a disk: gunicorn touches a file there every second to say that its worker lives.
BATTEMENT = Path("/dev/shm")  # noqa: S108 - a folder in memory, files there are unlinked at once


class Service(BaseApplication):  # type: ignore[misc]
    """Gunicorn around the callable that `creer` makes; nothing comes from a file or from the environment."""

    def __init__(self, creer: Callable[[], Callable[..., Any]], reglages: dict[str, Any]) -> None:
        self.creer = creer
        self.reglages = reglages
        #: Where systemd listens; kept from gunicorn's parent, which would say too early that we are ready (`chien`).
        self.notifie = os.environ.pop("NOTIFY_SOCKET", "")
        super().__init__()

    def load_config(self) -> None:
        """Take the settings that were given."""
        for nom, valeur in self.reglages.items():
            self.cfg.set(nom, valeur)

    def load(self) -> Callable[..., Any]:
        """
        Make the callable, in the worker.

        There is one worker: made before the fork, the pages and what they import would be twice in memory as soon as
        the worker counts its references to them (measured on the portal: 57.7 MB of PSS so, 52.0 MB like this).
        """
        return self.creer()


def ecoute(port: int, *, prises: Path | None, nom: str) -> str:
    """Return where to listen: a local socket that the front server opens, else the loopback."""
    return f"127.0.0.1:{port}" if prises is None else f"unix:{prises / nom}.sock"


def regler(ecoute: str, *, nom: str) -> dict[str, Any]:
    """Return the settings that both processes have; sockets of the service manager come first (sd_listen_fds(3))."""
    return {
        "bind": ecoute,
        "workers": 1,
        "limit_request_line": 4094,
        "worker_tmp_dir": str(BATTEMENT) if BATTEMENT.is_dir() else None,
        "proc_name": nom,
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": chien.attacher,
    }


def rendre_memoire() -> None:
    """
    Ask the C library to give freed memory back to the system, and to keep one heap for all threads.

    A trainer's PIN takes 19 MiB for 20 ms (Argon2id); glibc then raises its thresholds and keeps them for ever
    (measured: 77 MB of PSS after one sign-in without this, 56 MB with). Another C library ignores the call.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for reglage, valeur in ((M_MMAP_THRESHOLD, SEUIL_OCTETS), (M_TRIM_THRESHOLD, SEUIL_OCTETS), (M_ARENA_MAX, 1)):
            mallopt(reglage, valeur)

"""
The responder as a process: gunicorn, one worker that answers one request after the other.

The front server takes the slow clients; behind it an answer costs a fraction of a millisecond, and threads would only
fight for one lock (measured: decision 0011).
"""

import ctypes
import gc
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from pirogue_portail.captif import sondes
from pirogue_portail.captif.app import ReglagesCaptif, Wsgi, creer

# mallopt(3), <malloc.h>
M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8
SEUIL_OCTETS = 128 * 1024
#: Memory, never a disk: gunicorn touches a file there every second to say that its worker lives.
BATTEMENT = Path("/dev/shm")  # noqa: S108 - a folder in memory, files there are unlinked at once


class ServeurCaptif(BaseApplication):  # type: ignore[misc]
    """Gunicorn around one plain callable, told everything by argument."""

    def __init__(self, app: Wsgi, reglages: dict[str, Any]) -> None:
        self.app = app
        self.reglages = reglages
        super().__init__()

    def load_config(self) -> None:
        """Take the settings that were given."""
        for nom, valeur in self.reglages.items():
            self.cfg.set(nom, valeur)

    def load(self) -> Wsgi:
        """Return the callable, made before the fork; what exists then is shared, the collector never writes on it."""
        gc.collect()
        gc.freeze()
        return self.app


def regler(ecoute: str) -> dict[str, Any]:
    """Return gunicorn's settings for the responder that listens at `ecoute`."""
    return {
        "bind": ecoute,
        "worker_class": "sync",
        "workers": 1,
        "preload_app": True,
        "backlog": 512,
        "timeout": 30,
        "graceful_timeout": 2,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 4094,
        "worker_tmp_dir": str(BATTEMENT) if BATTEMENT.is_dir() else None,
        "proc_name": "pirogue-captif",
        "loglevel": "warning",
        "control_socket_disable": True,
    }


def servir(reglages: ReglagesCaptif, *, prises: Path | None, port: int = 0) -> None:
    """
    Answer the probes until SIGTERM or SIGINT; returns by ending the process, as gunicorn does.

    Args:
        reglages: what the responder must be told.
        prises: folder of the local sockets, behind the front server; sockets handed over by the service manager come
            before (sd_listen_fds(3)).
        port: TCP port of the loopback to listen on, without `prises`.

    Raises:
        SondesIllisibles: the table of probes is damaged; nothing was opened.
    """
    app = creer(reglages, sondes.lire())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, SEUIL_OCTETS)
        mallopt(M_ARENA_MAX, 1)
    ecoute = f"127.0.0.1:{port}" if prises is None else f"unix:{prises / 'captif.sock'}"
    ServeurCaptif(app, regler(ecoute)).run()

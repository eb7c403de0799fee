"""The portal as a process: one worker that shares its memory with its parent, four threads."""

import ctypes
import gc
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail

#: Four: with eight, thirty hurried laptops waited twice as long for the roll (measured: threads fight for one lock).
FILS = 4
# mallopt(3), <malloc.h>
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
SEUIL_OCTETS = 128 * 1024


class Serveur(BaseApplication):  # type: ignore[misc]
    """Gunicorn around one application, told everything by argument and nothing by file or environment."""

    def __init__(self, app: Flask, reglages: dict[str, Any]) -> None:
        self.app = app
        self.reglages = reglages
        super().__init__()

    def load_config(self) -> None:
        """Take the settings that were given."""
        for nom, valeur in self.reglages.items():
            self.cfg.set(nom, valeur)

    def load(self) -> Flask:
        """Return the application, made before the fork so that its memory is shared."""
        prechauffer(self.app)
        return self.app


def prechauffer(app: Flask) -> None:
    """
    Compile every page now, then keep the collector away from all that exists.

    What is made before the fork is shared by both processes as long as nobody writes on it; the collector writes on
    every object it looks at (measured: 62 MB of PSS without this, 55 MB with).
    """
    for nom in app.jinja_env.list_templates():
        app.jinja_env.get_template(nom)
    gc.collect()
    gc.freeze()


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


def ecoute(port: int, *, prises: Path | None, nom: str) -> str:
    """Return where to listen: a local socket that the front server opens, else the loopback."""
    return f"127.0.0.1:{port}" if prises is None else f"unix:{prises / nom}.sock"


def servir(config: ConfigPortail, port: int, *, prises: Path | None = None) -> None:
    """
    Serve the portal until SIGTERM or SIGINT; returns by ending the process, as gunicorn does.

    Args:
        config: what the portal must be told.
        port: TCP port of the loopback to listen on, without `prises`.
        prises: folder of the local sockets, behind the front server. Sockets handed over by the service manager come
            before both (sd_listen_fds(3)).
    """
    rendre_memoire()
    reglages = {
        "bind": ecoute(port, prises=prises, nom="portail"),
        "worker_class": "gthread",
        "workers": 1,
        "threads": FILS,
        "preload_app": True,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": 5,
        "limit_request_line": 4094,
        "proc_name": "pirogue-portail",
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    Serveur(create_app(config), reglages).run()

"""The portal as a process: a small parent, one worker that holds the pages, four threads."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from pirogue_portail import service

if TYPE_CHECKING:
    from flask import Flask, Response

    from pirogue_portail.config import ConfigPortail

#: Four: with eight, thirty hurried laptops waited twice as long for the roll (measured: threads fight for one lock).
FILS = 4
#: When nobody came for so long, the other pages are made ready all the same.
SANS_VISITE_S = 60.0


def creer(config: "ConfigPortail") -> "Flask":
    """
    Make the portal, read in the worker only (`Service.load`), and have its other pages ready once one was seen.

    Importing and compiling them takes longer than all the rest: the first page waits neither for the fifty others nor
    beside them, and the youth who comes next finds them done.
    """
    from pirogue_portail.app import create_app  # noqa: PLC0415 -- in the worker only

    app = create_app(config)
    vue = threading.Event()

    @app.after_request
    def voir(reponse: "Response") -> "Response":
        if reponse.status_code == HTTPStatus.OK:
            vue.set()
        return reponse

    threading.Thread(target=_preparer, args=(app, vue), name="pages", daemon=True).start()
    return app


def _preparer(app: "Flask", vue: threading.Event) -> None:
    """Import and compile every page, once the first one was seen or nobody comes."""
    from pirogue_portail import pages  # noqa: PLC0415 -- in the worker only

    vue.wait(SANS_VISITE_S)
    pages.tout_importer()
    for nom in app.jinja_env.list_templates():
        app.jinja_env.get_template(nom)


def servir(configurer: Callable[[], "ConfigPortail"], port: int, *, prises: Path | None = None) -> None:
    """
    Serve the portal until SIGTERM or SIGINT; returns by ending the process, as gunicorn does.

    Args:
        configurer: gives what the portal must be told; called in the worker, which alone needs the path's lessons.
        port: TCP port of the loopback to listen on, without `prises`.
        prises: folder of the local sockets, behind the front server.
    """
    service.rendre_memoire()
    reglages = service.regler(service.ecoute(port, prises=prises, nom="portail"), nom="pirogue-portail") | {
        "worker_class": "gthread",
        "threads": FILS,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": 5,
    }
    service.Service(lambda: creer(configurer()), reglages).run()

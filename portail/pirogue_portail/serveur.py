"""The portal as a process: one worker that shares its memory with its parent, four threads."""

from pathlib import Path

from flask import Flask

from pirogue_portail import service
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail

#: Four: with eight, thirty hurried laptops waited twice as long for the roll (measured: threads fight for one lock).
FILS = 4


def prechauffer(app: Flask) -> Flask:
    """Compile every page now: what is made before the fork is shared by both processes."""
    for nom in app.jinja_env.list_templates():
        app.jinja_env.get_template(nom)
    return app


def servir(config: ConfigPortail, port: int, *, prises: Path | None = None) -> None:
    """
    Serve the portal until SIGTERM or SIGINT; returns by ending the process, as gunicorn does.

    Args:
        config: what the portal must be told.
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
    service.Service(prechauffer(create_app(config)), reglages).run()

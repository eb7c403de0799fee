"""
The responder as a process: gunicorn, one worker that answers one request after the other.

The front server takes the slow clients; behind it an answer costs a fraction of a millisecond, and threads would only
fight for one lock (measured: decision 0011).
"""

from pathlib import Path
from typing import Any

from pirogue_portail import service
from pirogue_portail.captif import sondes
from pirogue_portail.captif.app import ReglagesCaptif, creer


def regler(ecoute: str) -> dict[str, Any]:
    """Return gunicorn's settings for the responder that listens at `ecoute`."""
    return service.regler(ecoute, nom="pirogue-captif") | {
        "worker_class": "sync",
        "backlog": 512,
        "timeout": 30,
        "graceful_timeout": 2,
        "limit_request_fields": 64,
        "limit_request_field_size": 4094,
    }


def servir(reglages: ReglagesCaptif, *, prises: Path | None, port: int = 0) -> None:
    """
    Answer the probes until SIGTERM or SIGINT; returns by ending the process, as gunicorn does.

    Args:
        reglages: what the responder must be told.
        prises: folder of the local sockets, behind the front server.
        port: TCP port of the loopback to listen on, without `prises`.

    Raises:
        SondesIllisibles: the table of probes is damaged; nothing was opened.
    """
    app = creer(reglages, sondes.lire())
    service.rendre_memoire()
    service.Service(lambda: app, regler(service.ecoute(port, prises=prises, nom="captif"))).run()

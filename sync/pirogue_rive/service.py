"""The shore as a process: gunicorn, one worker, a few threads, so that one database file has one owner."""

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from pirogue_rive import arrivees
from pirogue_rive.app import creer_app
from pirogue_rive.config import ConfigRive, ouvrir
from pirogue_socle.horloge import maintenant


class _Service(BaseApplication):  # type: ignore[misc]
    """Gunicorn told from here instead of from a file or a command line."""

    def __init__(self, config: ConfigRive, reglages: dict[str, Any], *, mandataires: int) -> None:
        self._config = config
        self._mandataires = mandataires
        self._reglages = reglages
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings."""
        for nom, valeur in self._reglages.items():
            self.cfg.set(nom, valeur)

    def load(self) -> Flask:
        """Make the application, in the worker."""
        return creer_app(self._config, mandataires=self._mandataires)


def servir(config: ConfigRive, *, port: int, hote: str = "127.0.0.1", mandataires: int = 0) -> None:
    """
    Serve the shore until the process is told to stop (SIGTERM, Ctrl-C).

    Args:
        config: the installed shore.
        port: TCP port; 0 lets the system choose.
        hote: address to listen on.
        mandataires: proxies of ours in front (nginx), whose word is believed about TLS.

    Raises:
        RiveIllisible, RivePleine, RiveOccupee, ClesIllisibles: it cannot be opened; nobody is answered.
        SystemExit: from gunicorn, when it stops.
    """
    with ouvrir(config) as rive:  # what is wrong is told here, in a sentence, not by a worker that dies
        arrivees.rattraper(rive, instant=maintenant())
    reglages = {
        "bind": f"{hote}:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": 8,
        # A body is read as it comes (`request.stream`): the heartbeat is the worker's, not the request's.
        "timeout": 120,
        "keepalive": 75,
        "limit_request_line": 4094,
        "limit_request_field_size": 8190,
        "limit_request_fields": 50,
        "graceful_timeout": 5,
        "worker_tmp_dir": "/dev/shm",  # noqa: S108 - gunicorn's heartbeat file, in memory
        "control_socket_disable": True,
        "loglevel": "warning",
    }
    _Service(config, reglages, mandataires=mandataires).run()

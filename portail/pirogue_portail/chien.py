"""
The watchdog's food (sd_notify(3)): systemd is told that we live only while we answer.

A thread of the worker knocks at our own door, as the front server does; whatever is answered will do, even « this
name is not ours »: a request was taken, passed to a thread, and came back. A worker whose threads all hang tells
nothing more, and systemd starts the whole service again. Gunicorn only sees that the worker's first thread turns.
"""

import logging
import os
import socket
import threading
from typing import Any

from gunicorn.systemd import sd_notify  # type: ignore[import-untyped]

journal = logging.getLogger("pirogue.portail")

DEMANDE = b"HEAD / HTTP/1.0\r\nHost: chien.invalid\r\n\r\n"


def attacher(ouvrier: Any) -> None:
    """Begin to feed the watchdog from this gunicorn worker; do nothing when systemd keeps none over us."""
    delai_us = os.environ.get("WATCHDOG_USEC", "")
    if delai_us.isdigit() and int(delai_us) and os.environ.get("NOTIFY_SOCKET"):
        periode_s = int(delai_us) / 1e6 / 3
        adresse = ouvrier.sockets[0].getsockname()
        threading.Thread(target=_nourrir, args=(adresse, periode_s), name="chien", daemon=True).start()


def repond(adresse: str | tuple[str, int], *, delai_s: float) -> bool:
    """Say whether whoever listens there answers a request within `delai_s` seconds."""
    famille = socket.AF_UNIX if isinstance(adresse, str) else socket.AF_INET
    try:
        with socket.socket(famille) as lien:
            lien.settimeout(delai_s)
            lien.connect(adresse)
            lien.sendall(DEMANDE)
            return lien.recv(7) == b"HTTP/1."
    except OSError:
        return False


def _nourrir(adresse: str | tuple[str, int], periode_s: float) -> None:
    pause = threading.Event()
    while True:
        if repond(adresse, delai_s=periode_s):
            sd_notify("WATCHDOG=1", journal)
        else:
            journal.warning("no answer from ourselves in %.0f s: the watchdog is not fed", periode_s)
        pause.wait(periode_s)

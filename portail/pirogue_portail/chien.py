"""
What systemd is told (sd_notify(3)): ready when we first answer, alive only while we answer.

A thread of the worker knocks at our own door, as the front server does; whatever is answered will do, even « this
name is not ours »: a request was taken, passed to a thread, and came back. A worker whose threads all hang tells
nothing more, and systemd starts the whole service again. Gunicorn only sees that the worker's first thread turns, and
calls itself ready before it has a worker: whoever waits for us (Kolibri, the courier) would start beside our imports.
"""

import logging
import os
import socket
import threading
from typing import Any

from gunicorn.systemd import sd_notify  # type: ignore[import-untyped]

journal = logging.getLogger("pirogue.portail")

DEMANDE = b"HEAD / HTTP/1.0\r\nHost: chien.invalid\r\n\r\n"
#: How long the first answer may take before we knock again.
PREMIERE_S = 60.0


def attacher(ouvrier: Any) -> None:
    """Speak to systemd from this gunicorn worker: ready, then fed as long as it answers; nothing without systemd."""
    if not ouvrier.app.notifie:
        return
    os.environ["NOTIFY_SOCKET"] = ouvrier.app.notifie
    delai_us = os.environ.get("WATCHDOG_USEC", "")
    periode_s = int(delai_us) / 1e6 / 3 if delai_us.isdigit() else 0.0
    adresse = ouvrier.sockets[0].getsockname()
    threading.Thread(target=_parler, args=(adresse, periode_s), name="chien", daemon=True).start()


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


def _parler(adresse: str | tuple[str, int], periode_s: float) -> None:
    pause = threading.Event()
    while not repond(adresse, delai_s=PREMIERE_S):
        pause.wait(0.1)
    sd_notify("READY=1", journal)
    while periode_s:
        if repond(adresse, delai_s=periode_s):
            sd_notify("WATCHDOG=1", journal)
        else:
            journal.warning("no answer from ourselves in %.0f s: the watchdog is not fed", periode_s)
        pause.wait(periode_s)

"""Telling systemd that we are ready, alive, stopping (sd_notify(3)); nobody listens on a machine without it."""

import contextlib
import os
import socket


def notifier(etat: str) -> None:
    """Send one line such as `READY=1` to whoever started us."""
    prise = os.environ.get("NOTIFY_SOCKET", "")
    if not prise:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lien:
        lien.connect(f"\0{prise[1:]}" if prise.startswith("@") else prise)
        lien.sendall(etat.encode())

"""
First process of the bench's machine: does what the host asks, one line of JSON each way, over a virtio port.

Every act runs in a process of its own, so that a writer stuck on a stick that is gone holds nobody up.
"""

import fcntl
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

RACINE = Path(__file__).parents[2]
#: Where our own packages are, for this process and for the commands that it runs.
CHEMINS = [str(RACINE / piece) for piece in ("tests", "appliance", "contenus", "portail", "sync")]
sys.path[:0] = CHEMINS
os.environ["PYTHONPATH"] = ":".join(CHEMINS)

from banc import gestes  # noqa: E402 - after the path

VERROU = "/run/port.verrou"


def trouver_port() -> str:
    """Return the device of the port named `banc`."""
    for nom in Path("/sys/class/virtio-ports").glob("*/name"):
        if nom.read_text(encoding="ascii").strip() == "banc":
            return f"/dev/{nom.parent.name}"
    raise FileNotFoundError("no virtio port named banc")


def dire(port: int, message: dict[str, Any]) -> None:
    """Send one line, whole, whatever the other processes say."""
    reste = memoryview(json.dumps(message).encode() + b"\n")
    verrou = os.open(VERROU, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        while reste:
            reste = reste[os.write(port, reste) :]
    finally:
        os.close(verrou)


def faire(port: int, demande: dict[str, Any]) -> None:
    """Do one act in this process and answer."""
    appel = demande["appel"]

    def annoncer(**faits: Any) -> None:
        dire(port, {"appel": appel, "annonce": faits})

    try:
        rendu = gestes.GESTES[demande["geste"]](annoncer, **demande["arguments"])
    except Exception:  # noqa: BLE001 - whatever it is, the host must hear of it
        dire(port, {"appel": appel, "erreur": traceback.format_exc()})
    else:
        dire(port, {"appel": appel, "rendu": rendu})


def main() -> None:
    """Answer until the machine is switched off."""
    port = os.open(trouver_port(), os.O_RDWR)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    dire(port, {"appel": 0, "rendu": "pret"})
    tampon = b""
    while True:
        tampon += os.read(port, 65536)
        *lignes, tampon = tampon.split(b"\n")
        for ligne in lignes:
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                faire(port, json.loads(ligne))
                os._exit(0)


if __name__ == "__main__":
    main()

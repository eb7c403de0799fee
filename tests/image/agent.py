"""What the tests' machine obeys: lines of JSON on a serial port, each a command for a shell. Standard library only."""

import base64
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

VERROU = threading.Lock()


def dire(port: Any, **quoi: Any) -> None:
    """Send one line; the first newline ends what a former boot may have left half said."""
    with VERROU:
        port.write(b"\n" + json.dumps(quoi).encode() + b"\n")
        port.flush()


def faire(port: Any, demande: dict[str, Any]) -> None:
    """Run one command; what it leaves running behind does not hold the answer back."""
    with tempfile.TemporaryFile() as dit, tempfile.TemporaryFile() as plaint, tempfile.TemporaryFile() as entree:
        entree.write(base64.b64decode(demande["entree"]))
        entree.seek(0)
        fait = subprocess.run(
            ("/bin/sh", "-c", demande["commande"]), check=False, stdin=entree, stdout=dit, stderr=plaint
        )
        dit.seek(0)
        plaint.seek(0)
        sortie, erreur = (base64.b64encode(flux.read()).decode() for flux in (dit, plaint))
    dire(port, appel=demande["appel"], rc=fait.returncode, sortie=sortie, erreur=erreur)


def main() -> None:
    """Say which boot this is, then obey."""
    with Path(sys.argv[1]).open("r+b", buffering=0) as port:
        dire(port, pret=Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        reste = b""
        while True:
            reste += port.read(65536) or b""
            *lignes, reste = reste.split(b"\n")
            for ligne in lignes:
                try:
                    demande = json.loads(ligne)
                except ValueError:
                    continue
                threading.Thread(target=faire, args=(port, demande), daemon=True).start()


if __name__ == "__main__":
    main()

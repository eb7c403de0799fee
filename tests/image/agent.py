"""
What the tests' machine obeys: lines of JSON on a serial port, each a command for a shell, or an act of a module that
the tests have laid in the machine. Such a module is read once: under emulation Python takes seconds to start.
"""

import base64
import importlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

VERROU = threading.Lock()
LECTURE = threading.Lock()
#: The tests' modules, and the box's own packages.
CHEMINS = ("/run/essai", f"/opt/pirogue/lib/python3.{sys.version_info.minor}/site-packages")


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
        if "acte" in demande:
            rc = agir(demande, dit.fileno(), plaint.fileno())
        else:
            mots = ("/bin/sh", "-c", demande["commande"])
            rc = subprocess.run(mots, check=False, stdin=entree, stdout=dit, stderr=plaint).returncode
        dit.seek(0)
        plaint.seek(0)
        sortie, erreur = (base64.b64encode(flux.read()).decode() for flux in (dit, plaint))
    dire(port, appel=demande["appel"], rc=rc, sortie=sortie, erreur=erreur)


def agir(demande: dict[str, Any], dit: int, plaint: int) -> int:
    """Do an act in a process of its own, as one of the box's users; return its exit code."""
    with LECTURE:
        sys.path[:0] = [chemin for chemin in CHEMINS if chemin not in sys.path]
        module = importlib.import_module(demande["module"])
    enfant = os.fork()
    if enfant:
        return os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1])
    code = 1
    try:
        os.dup2(dit, 1)
        os.dup2(plaint, 2)
        devenir(demande["qui"])
        os.write(1, json.dumps(module.agir(demande["acte"], demande["arguments"]), default=str).encode())
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the test reads it
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def devenir(qui: str) -> None:
    """Become one of the box's users, for good."""
    os.chdir("/")
    if qui == "root":
        return
    compte = pwd.getpwnam(qui)
    os.initgroups(qui, compte.pw_gid)
    os.setgid(compte.pw_gid)
    os.setuid(compte.pw_uid)
    os.umask(0o007)


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

"""
What the tests' machine obeys: lines of JSON on a serial port, each a command for a shell, or an act of a module that
the tests have laid in the machine. Such a module is read once: under emulation Python takes seconds to start.
"""

import base64
import fcntl
import importlib
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

#: The tests' modules, and the box's own packages.
CHEMINS = ("/run/essai", f"/opt/pirogue/lib/python3.{sys.version_info.minor}/site-packages")


def dire(port: int, verrou: int, **quoi: Any) -> None:
    """Send one whole line, alone on the port; the first newline ends what a former boot may have left half said."""
    reste = b"\n" + json.dumps(quoi).encode() + b"\n"
    fcntl.lockf(verrou, fcntl.LOCK_EX)
    while reste:
        reste = reste[os.write(port, reste) :]
    fcntl.lockf(verrou, fcntl.LOCK_UN)


def faire(port: int, verrou: int, demande: dict[str, Any]) -> None:
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
    dire(port, verrou, appel=demande["appel"], rc=rc, sortie=sortie, erreur=erreur)


def agir(demande: dict[str, Any], dit: int, plaint: int) -> int:
    """Do an act in a process of its own, as one of the box's users; return its exit code."""
    enfant = os.fork()
    if enfant:
        return os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1])
    code = 1
    try:
        os.dup2(dit, 1)
        os.dup2(plaint, 2)
        module = importlib.import_module(demande["module"])
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


def lire(demande: dict[str, Any]) -> None:
    """Read the module of an act once, before the fork; what is wrong with it is said by the act itself."""
    try:
        importlib.import_module(demande["module"])
    except Exception:  # noqa: BLE001 - the act meets it again, and answers
        importlib.invalidate_caches()


def deleguer(port: int, verrou: int, demande: dict[str, Any]) -> None:
    """Leave one demand to a process of its own: a thread leaves its locks, taken for ever, to what forks beside it."""
    if os.fork():
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        faire(port, verrou, demande)
    finally:
        os._exit(0)


def main() -> None:
    """Say which boot this is, then obey."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.path[:0] = CHEMINS
    port = os.open(sys.argv[1], os.O_RDWR)
    with tempfile.TemporaryFile() as verrou:
        dire(port, verrou.fileno(), pret=Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        reste = b""
        while True:
            reste += os.read(port, 65536)
            *lignes, reste = reste.split(b"\n")
            for ligne in lignes:
                try:
                    demande = json.loads(ligne)
                except ValueError:
                    continue
                if "module" in demande:
                    lire(demande)
                deleguer(port, verrou.fileno(), demande)


if __name__ == "__main__":
    main()

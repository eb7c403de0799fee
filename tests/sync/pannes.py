"""
A fault at every single call: killed, no room, a failing disk; one run for each call of each kind.

strace injects the fault at the N-th call of one kind in each process that it follows. One process waits under strace
with everything imported and forks a child per run; the child first makes N − K calls that mean nothing, so the K-th
real one is hit. A run then costs what the course costs, not what Python's start costs: thousands of points in minutes.
"""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from pirogue_socle.erreurs import ErreurPirogue

#: The call at which strace strikes; more than any course makes.
N = 600
#: What writes, makes durable, or shows to others.
APPELS = ("write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "linkat", "unlink", "unlinkat", "ftruncate")
#: The faults, as strace says them. `+`: from that call on, as a disk that stays full or stays broken.
MORT = "signal=KILL"
ERREURS = ("error=ENOSPC", "error=EIO")
#: How a run ends.
FINI, DIT, TUE = 0, 3, -9


class Lanceur:
    """One process under strace that runs a course as often as asked, each time with the fault at another call."""

    def __init__(self, module: str, course: str, *, appel: str, faute: str, persiste: bool = False) -> None:
        self.appel = appel
        quand = f"{N}{'+' if persiste else ''}"
        # The kernel's filter makes the other calls free, but strace then forgets to kill: only errors go with it.
        filtre = [] if faute == MORT else ["--seccomp-bpf"]
        trace = ["strace", "-f", *filtre, "-qq", "-o", "/dev/null", "-e", f"trace={appel}"]
        self._erreurs = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `fermer`
        self._processus = subprocess.Popen(
            [*trace, "-e", f"inject={appel}:{faute}:when={quand}", sys.executable, __file__, module, course, appel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._erreurs,
            text=True,
            bufsize=1,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def lancer(self, rang: int, dossier: Path) -> int:
        """Run the course in a folder with the fault at its `rang`-th call; return how it ended."""
        assert self._processus.stdin is not None
        assert self._processus.stdout is not None
        self._processus.stdin.write(f"{rang} {dossier}\n")
        reponse = self._processus.stdout.readline()
        if not reponse:
            raise AssertionError(f"the launcher stopped: {self.derniers_mots()}")
        return int(reponse)

    def derniers_mots(self) -> str:
        """Return what the runs printed last."""
        self._erreurs.seek(0)
        return self._erreurs.read().decode()[-3000:]

    def fermer(self) -> None:
        """Stop it."""
        assert self._processus.stdin is not None
        self._processus.stdin.close()
        self._processus.wait(20)
        assert self._processus.stdout is not None
        self._processus.stdout.close()
        self._erreurs.close()


@contextlib.contextmanager
def lanceur(module: str, course: str, *, appel: str, faute: str, persiste: bool = False) -> Iterator[Lanceur]:
    """Open a launcher and stop it at the end."""
    ouvert = Lanceur(module, course, appel=appel, faute=faute, persiste=persiste)
    try:
        yield ouvert
    finally:
        ouvert.fermer()


def explorer(
    module: str, course: str, *, preparer: Callable[[str], Path], verifier: Callable[[Path], None]
) -> dict[str, int]:
    """
    Run a course with each fault at each of its calls, and check what is left every time.

    Args:
        module, course: where the course is: a function of one folder.
        preparer: makes a fresh folder for one run, named after the argument.
        verifier: raises if an invariant is broken in a folder, or if going on from it does not come to the end.

    Returns:
        Points explored, by kind of fault.
    """
    points = {"tue": 0, "erreur": 0, "erreur_durable": 0}
    for appel in APPELS:
        total = 0
        with lanceur(module, course, appel=appel, faute=MORT) as tueur:
            for rang in range(1, N):
                dossier = preparer(f"{appel}-mort-{rang}")
                fin = tueur.lancer(rang, dossier)
                assert fin in {FINI, TUE}, f"{appel} {rang} : {fin} {tueur.derniers_mots()}"
                verifier(dossier)
                if fin == FINI:
                    break
                total += 1
        points["tue"] += total
        for faute in ERREURS:
            for persiste in (False, True):
                with lanceur(module, course, appel=appel, faute=faute, persiste=persiste) as fautif:
                    for rang in range(1, total + 1):
                        dossier = preparer(f"{appel}-{faute}-{persiste}-{rang}")
                        fin = fautif.lancer(rang, dossier)
                        assert fin in {FINI, DIT}, f"{appel} {faute} {rang} : {fautif.derniers_mots()}"
                        verifier(dossier)
                points["erreur_durable" if persiste else "erreur"] += total
    return points


def _appeler(appel: str, descripteur: int) -> None:
    """Make one call of a kind that changes nothing."""
    inoffensifs: dict[str, Callable[[], object]] = {
        "write": lambda: os.write(descripteur, b""),
        "pwrite64": lambda: os.pwrite(descripteur, b"", 0),
        "fsync": lambda: os.fsync(descripteur),
        "fdatasync": lambda: os.fdatasync(descripteur),
        "rename": lambda: Path("/nulle/part").rename("/nulle/part"),
        "renameat": lambda: os.rename("/nulle/part", "/nulle/part", src_dir_fd=descripteur, dst_dir_fd=descripteur),
        "linkat": lambda: os.link("/nulle/part", "/nulle/part", src_dir_fd=descripteur, follow_symlinks=False),
        "unlink": lambda: Path("/nulle/part").unlink(),
        "unlinkat": lambda: os.unlink("/nulle/part", dir_fd=descripteur),
        "ftruncate": lambda: os.ftruncate(descripteur, 0),
    }
    with contextlib.suppress(OSError):
        inoffensifs[appel]()


def _servir(module: str, course: str, appel: str) -> None:
    """Read « rank folder » lines; fork a run for each; answer how it ended."""
    fonction: Callable[[Path], None] = getattr(importlib.import_module(module), course)
    vide = os.open("/dev/null", os.O_RDWR)
    for ligne in sys.stdin:
        rang, dossier = ligne.split(maxsplit=1)
        enfant = os.fork()
        if enfant == 0:
            _courir(fonction, Path(dossier.strip()), avant=N - int(rang), appel=appel, descripteur=vide)
        _, etat = os.waitpid(enfant, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(etat)}\n")
        sys.stdout.flush()


def _courir(fonction: Callable[[Path], None], dossier: Path, *, avant: int, appel: str, descripteur: int) -> None:
    """Run once, in the child, and end it: 0 at the course's end, 3 after a French sentence, 1 for a fault of ours."""
    fin = 1
    try:
        for _ in range(avant):
            _appeler(appel, descripteur)
        fonction(dossier)
        fin = FINI
    except ErreurPirogue as dite:
        fin = DIT if str(dite) and dite.geste else 1
        sys.stderr.write(f"{type(dite).__name__}: {dite}\n")
    except BaseException:  # noqa: BLE001 - told to the launcher, which fails the test
        traceback.print_exc()
    finally:
        os._exit(fin)


if __name__ == "__main__":
    _servir(*sys.argv[1:])

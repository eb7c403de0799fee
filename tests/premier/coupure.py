"""
A power cut at one chosen instant of a piece of work.

The N-th thing that it asks of the disk (a file opened to be written, a name made, changed or removed, a program, an SQL
statement) is never done: its process is killed with SIGKILL. With `perdre`, what the disk had not been told to keep is
taken away first: a file that was not fsynced is empty, a name whose folder was not fsynced is not there.
"""

import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOMMENT = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.rmdir", "os.truncate", "subprocess.Popen"}
ECRIRE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Disque:
    """What a disk would keep of a folder if the power failed now."""

    def __init__(self, racine: Path) -> None:
        self.racine = racine
        dossiers = [racine, *(un for un in racine.rglob("*") if un.is_dir())]
        self.listes = {un.stat().st_ino: {fils.name for fils in un.iterdir()} for un in dossiers}
        self.gardes = {un.stat().st_ino for un in racine.rglob("*") if un.is_file()}

    def garder(self, descripteur: int) -> None:
        """Note that a file, or the list of a folder, was told to be kept."""
        chemin = Path(f"/proc/self/fd/{descripteur}").resolve()
        numero = os.fstat(descripteur).st_ino
        if chemin.is_dir():
            self.listes[numero] = {fils.name for fils in chemin.iterdir()}
        else:
            self.gardes.add(numero)

    def perdre(self) -> None:
        """Take away what was not."""
        self._perdre(self.racine)

    def _perdre(self, dossier: Path) -> None:
        connus = self.listes.get(dossier.stat().st_ino, set())
        for fils in list(dossier.iterdir()):
            if fils.name not in connus:
                shutil.rmtree(fils) if fils.is_dir() else fils.unlink()
            elif fils.is_dir():
                self._perdre(fils)
            elif fils.stat().st_ino not in self.gardes:
                os.truncate(fils, 0)


def couper(travail: Callable[[], object], disque: Path, *, instant: int, perdre: bool) -> bool:
    """Do the work in a process of its own, cut at this instant; say whether it was over before."""
    enfant = os.fork()
    if enfant == 0:
        try:
            _armer(Disque(disque) if perdre else None, disque, instant)
            travail()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, statut = os.waitpid(enfant, 0)
    if os.WIFSIGNALED(statut) and os.WTERMSIG(statut) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(statut) == 0, "the work failed by itself"
    return True


def _armer(disque: Disque | None, racine: Path, instant: int) -> None:
    """In this process and until its end: count, and kill."""
    fsync, reste, coupe = os.fsync, instant, False

    def compter() -> None:
        nonlocal reste, coupe
        reste -= 1
        if reste == 0 and not coupe:
            coupe = True
            if disque is not None:
                disque.perdre()
            os.kill(os.getpid(), signal.SIGKILL)

    def noter(fichier: Any) -> None:
        descripteur = fichier if isinstance(fichier, int) else fichier.fileno()
        fsync(descripteur)
        if disque is not None:
            disque.garder(descripteur)

    def ecouter(evenement: str, mots: tuple[Any, ...]) -> None:
        if coupe:
            return
        ecrit = evenement == "open" and isinstance(mots[2], int) and mots[2] & ECRIRE
        if (ecrit and str(mots[0]).startswith(str(racine))) or evenement in NOMMENT:
            compter()

    ouvrir = sqlite3.connect

    def ouvrir_en_comptant(*mots: Any, **autres: Any) -> sqlite3.Connection:
        ouverte = ouvrir(*mots, **autres)
        ouverte.set_trace_callback(lambda _: compter())
        return ouverte

    os.fsync, sqlite3.connect = noter, ouvrir_en_comptant
    sys.addaudithook(ecouter)

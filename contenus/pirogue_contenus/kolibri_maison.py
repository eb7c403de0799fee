"""The files that we keep in a Kolibri home: lock, mark of an unfinished making, secrets of this box."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from pirogue_contenus.kolibri_erreurs import KolibriNonPret

#: Lies in a home that is being made for the first time.
CHANTIER = "pirogue_chantier"
CLE_DJANGO = "cle_django"
CLE_ENTREE = "cle_entree"
MOT_DE_PASSE = "mot_de_passe_admin"
VERROU = "pirogue_verrou"
_GARDES = {CLE_DJANGO, CLE_ENTREE, MOT_DE_PASSE, VERROU, CHANTIER, "content"}


@contextmanager
def verrouiller(maison: Path) -> Iterator[int]:
    """Hold the home for ourselves, within 5 s; the kernel lets go if we are killed. Yield the lock's descriptor."""
    with (maison / VERROU).open("w") as fichier:
        for _ in range(50):
            try:
                fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                Event().wait(0.1)
        else:
            raise KolibriNonPret(
                "Kolibri est déjà en cours de préparation.", geste="Attends la fin de l'autre préparation."
            )
        yield fichier.fileno()


def ouvrir_chantier(maison: Path, progres: Callable[[str], None]) -> None:
    """Mark a home that is being made; throw away what an interrupted first making left."""
    chantier = maison / CHANTIER
    if chantier.exists():
        progres("Kolibri : reprise d'une préparation interrompue")
        for reste in maison.iterdir():
            if reste.name in _GARDES:
                continue
            shutil.rmtree(reste) if reste.is_dir() else reste.unlink()
    elif not (maison / "db.sqlite3").exists():
        ecrire(chantier, "", droits=0o640)


def ecrire_cles(maison: Path) -> None:
    """Draw the secrets of this box, once."""
    for nom, secret, droits in (
        (CLE_DJANGO, secrets.token_urlsafe(48), 0o600),
        (CLE_ENTREE, secrets.token_hex(32), 0o640),
        (MOT_DE_PASSE, secrets.token_urlsafe(18), 0o600),
    ):
        if not (maison / nom).exists():
            ecrire(maison / nom, secret + "\n", droits=droits)


def ecrire(cible: Path, texte: str, *, droits: int) -> None:
    """Write a small file whole or not at all."""
    provisoire = cible.with_name(cible.name + ".part")
    provisoire.unlink(missing_ok=True)
    with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, droits), "w", encoding="utf-8") as f:
        f.write(texte)
        f.flush()
        os.fsync(f.fileno())
    provisoire.replace(cible)

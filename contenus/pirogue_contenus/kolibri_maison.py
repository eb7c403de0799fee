"""The files that we keep in a Kolibri home: lock, mark of an unfinished making, secrets of this box."""

import fcntl
import os
import secrets
import shutil
import stat
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
_GARDES = {CLE_DJANGO, CLE_ENTREE, MOT_DE_PASSE, VERROU, CHANTIER, "content", "copies"}


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


def ouvrir_chantier(maison: Path, modele: Path | None, progres: Callable[[str], None]) -> None:
    """Mark a home that is being made; throw away what an interrupted first making left; begin from `modele` if any."""
    chantier = maison / CHANTIER
    if chantier.exists():
        progres("Kolibri : reprise d'une préparation interrompue")
        for reste in maison.iterdir():
            if reste.name in _GARDES:
                continue
            shutil.rmtree(reste) if reste.is_dir() else reste.unlink()
    elif not (maison / "db.sqlite3").exists():
        ecrire(chantier, "", droits=0o640)
    if chantier.exists() and modele is not None and (modele / "db.sqlite3").exists():
        progres("Kolibri : copie de ce que l'image apporte")
        # Not copytree: it would give the home's folders the rights that they have in the image.
        for source in sorted(un for un in modele.rglob("*") if un.is_file()):
            cible = maison / source.relative_to(modele)
            cible.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, cible)


def partager_bases(maison: Path) -> None:
    """
    Let the shared group write in our databases.

    SQLite gives its side files (`-wal`, `-shm`) the rights of the database: made by the portal, which only reads,
    beside a database that the group may not write, they would stop Kolibri.
    """
    for base in maison.glob("*.sqlite3*"):
        etat = base.stat()
        if etat.st_uid == os.geteuid() and etat.st_mode & 0o060 != 0o060:
            base.chmod(stat.S_IMODE(etat.st_mode) | 0o060)


def ecrire_cles(maison: Path) -> None:
    """Draw the secrets of this box, once."""
    tirer_cle_entree(maison)
    for nom, secret in ((CLE_DJANGO, secrets.token_urlsafe(48)), (MOT_DE_PASSE, secrets.token_urlsafe(18))):
        if not (maison / nom).exists():
            ecrire(maison / nom, secret + "\n", droits=0o600)


def tirer_cle_entree(maison: Path) -> bytes:
    """
    Return the key that the portal and Kolibri share, drawn by whichever of the two asks first.

    Its group is the folder's, the one that both belong to. A key that a power cut left torn is drawn again.
    """
    cle = maison / CLE_ENTREE
    if cle.exists() and len(cle.read_bytes().strip()) < 64:
        cle.unlink(missing_ok=True)
    if not cle.exists():
        provisoire = maison / f".{CLE_ENTREE}.{os.getpid()}"
        ecrire(provisoire, secrets.token_hex(32) + "\n", droits=0o640)
        try:
            cle.hardlink_to(provisoire)
        except FileExistsError:
            pass  # the other one was quicker: its key is the key
        finally:
            provisoire.unlink()
    return cle.read_bytes().strip()


def ecrire(cible: Path, texte: str, *, droits: int) -> None:
    """Write a small file whole or not at all."""
    provisoire = cible.with_name(cible.name + ".part")
    provisoire.unlink(missing_ok=True)
    with os.fdopen(os.open(provisoire, os.O_WRONLY | os.O_CREAT | os.O_EXCL, droits), "w", encoding="utf-8") as f:
        f.write(texte)
        f.flush()
        os.fsync(f.fileno())
    provisoire.replace(cible)

"""
Copies of a SQLite file, kept beside it, and the way back: what is damaged is set aside, never deleted.

They lie on the same card: they answer for a torn file, not for a lost card (the shore does). A copy is a file
`copies/0007.sqlite3` and its `copies/0007.json`; a copy without the second was cut while it was made.
"""

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

DOSSIER = "copies"
GARDEES = 3
#: How long SQLite waits for a writer, seconds.
ATTENTE_S = 10.0
#: What copies may write in an hour: a class writes 50 MB at most, and a register of one year weighs 25.
DEBIT_OCTETS_H = 10_000_000
NS_PAR_H = 3_600_000_000_000
SUITES = ("", "-wal", "-shm", "-journal")
#: What a file that was set aside begins with until something sound has its name, in place of « SQLite format 3 ».
RATURE = b"PIROGUE: abime.\0"
ENTETE = "entete"


class AucuneCopie(ErreurPirogue):
    """No sound copy is left to put back."""

    geste = "Ne touche plus à la boîte. Appelle le coordinateur : les données envoyées sont à terre."
    code = 95


@dataclass(frozen=True, slots=True)
class Copie:
    """
    A sound copy.

    Attributes:
        fichier: where it is.
        marque: what the original looked like; the same means that nothing changed.
        boot_id, bt_ns, mur_ms: when it was made.
        octets: its size.
    """

    fichier: Path
    marque: str
    boot_id: str
    bt_ns: int
    mur_ms: int
    octets: int

    @property
    def instant(self) -> Instant:
        """When it was made."""
        return Instant(self.boot_id, self.bt_ns, self.mur_ms)


def examiner(base: Path) -> str:
    """Return what SQLite reproaches a file with, nothing when it is sound; the file is only read (quick_check)."""
    try:
        with _ouvrir(base) as db:
            lu = db.execute("PRAGMA quick_check(1)").fetchone()
            verdict = str(lu[0]) if lu else "vide"
            if verdict == "ok" and not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                verdict = "vide"
    except sqlite3.OperationalError as cause:
        if cause.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return ""  # somebody works on it: it lives
        verdict = str(cause)
    except sqlite3.Error as cause:
        verdict = str(cause)
    return "" if verdict == "ok" else verdict


def lister(base: Path) -> tuple[Copie, ...]:
    """Return the copies of a file, newest first, whole or damaged."""
    trouvees: list[Copie] = []
    for fiche in sorted((base.parent / DOSSIER).glob(f"{base.stem}-*.json"), reverse=True):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            lu = json.loads(fiche.read_text(encoding="utf-8"))
            copie = Copie(fichier=fiche.with_suffix(".sqlite3"), **lu)
            if copie.fichier.exists():
                trouvees.append(copie)
    return tuple(trouvees)


def garder(base: Path, *, instant: Instant, marque: str, garder: int = GARDEES) -> Copie:
    """
    Copy a file that others may be writing, and forget the oldest copies.

    Nothing is written when nothing changed, or when the last copy of this start is so young that the card would be
    given more than `DEBIT_OCTETS_H`: a file of 25 MB is copied at the start, then every two hours and a half.

    Args:
        base: a sound SQLite file.
        instant: now.
        marque: what the file looks like (see `marquer`).
        garder: how many copies are kept.

    Returns:
        The newest copy.

    Raises:
        sqlite3.Error, OSError: no copy was made; the former ones are kept.
    """
    dossier = ouvrir_dossier(base)
    with _seul(dossier):
        connues = lister(base)
        if connues and (connues[0].marque == marque or _est_trop_tot(connues[0], instant)):
            return connues[0]
        presentes = list(dossier.glob(f"{base.stem}-*.sqlite3"))
        for coupee in {*presentes} - {un.fichier for un in connues}:
            coupee.unlink()
        rang = 1 + max((int(un.stem.rpartition("-")[2]) for un in presentes), default=0)
        cible = dossier / f"{base.stem}-{rang:06d}.sqlite3"
        with _ouvrir(base) as db:
            db.execute("VACUUM INTO ?", (str(cible),))
        rendre(cible)
        if reproche := examiner(cible):
            cible.unlink()
            raise sqlite3.DatabaseError(f"copy: {reproche}")
        _poser(cible)
        copie = Copie(cible, marque, instant.boot_id, instant.bt_ns, instant.mur_ms, cible.stat().st_size)
        ecrire_objet(cible.with_suffix(".json"), {cle: un for cle, un in asdict(copie).items() if cle != "fichier"})
        for vieille in lister(base)[garder:]:
            vieille.fichier.with_suffix(".json").unlink(missing_ok=True)
            vieille.fichier.unlink(missing_ok=True)
        return copie


def marquer(base: Path) -> str:
    """Return what a file and its log look like from outside: size and date of each."""
    etats = [un.stat() for suite in SUITES[:2] if (un := Path(f"{base}{suite}")).exists()]
    return " ".join(f"{etat.st_size}:{etat.st_mtime_ns}" for etat in etats)


def choisir(base: Path) -> Copie:
    """Return the newest sound copy of a file; raises AucuneCopie."""
    for copie in lister(base):
        if not examiner(copie.fichier):
            return copie
    raise AucuneCopie("Il n'y a aucune copie saine.")


def ecarter(base: Path) -> Path:
    """
    Set a damaged file aside, with its log, in a new folder `copies/abime-0001`; nothing of it is lost, nor moved yet.

    Its name must never stand empty (whoever opens it would begin a new file), nor stand for the file without its log
    (an older state, that would pass for the present one). So it gets a second name in the shelter; then its first
    octets are struck out, after they were written down beside it: from now on nobody can open it. Then its log goes.
    `copier` puts a sound file in its place, `rendre_entete` gives the octets back. Cut anywhere and run again, it
    ends the same.

    Returns:
        The shelter.

    Raises:
        OSError: run it again.
    """
    dossier = ouvrir_dossier(base)
    abrites = list(dossier.glob(f"abime-*/{base.name}"))
    if base.exists() and not _est_rayee(base) and not any(un.samefile(base) for un in abrites):
        rang = 1 + max((int(un.name.rpartition("-")[2]) for un in dossier.glob("abime-*")), default=0)
        atelier = dossier / ".abri"
        shutil.rmtree(atelier, ignore_errors=True)
        atelier.mkdir(mode=0o770)
        for suite in SUITES:
            fichier = Path(f"{base}{suite}")
            if fichier.exists():
                (atelier / fichier.name).hardlink_to(fichier)
        with base.open("rb") as flux:
            (atelier / ENTETE).write_bytes(flux.read(len(RATURE)))
        _poser(atelier / ENTETE)
        poser_dossier(atelier)
        atelier.rename(dossier / f"abime-{rang:04d}")
        poser_dossier(dossier)
    if base.exists():
        _ecrire_debut(base, RATURE)
    for suite in SUITES[1:]:
        Path(f"{base}{suite}").unlink(missing_ok=True)
    poser_dossier(base.parent)
    return max(dossier.glob(f"abime-*/{base.name}"), default=dossier / base.name).parent


def rendre_entete(base: Path) -> None:
    """Give its first octets back to what was set aside, once something else stands in its place. Raises OSError."""
    for abri in sorted((base.parent / DOSSIER).glob("abime-*")):
        entete = abri / ENTETE
        if entete.exists() and (abri / base.name).exists():
            debut = entete.read_bytes()
            if _est_rayee(abri / base.name):
                _ecrire_debut(abri / base.name, debut)
                if len(debut) < len(RATURE):
                    os.truncate(abri / base.name, len(debut))
            entete.unlink()


def copier(source: Path, cible: Path) -> None:
    """Put a copy of a file in place, whole or not at all, with the rights of its folder's owner; raises OSError."""
    provisoire = cible.with_name(f"{cible.name}.remise")
    shutil.copyfile(source, provisoire)
    rendre(provisoire)
    _poser(provisoire)
    provisoire.replace(cible)
    poser_dossier(cible.parent)


def rendre(fichier: Path, *, droits: int = 0o660) -> None:
    """Give a file to the owner and group of its folder: root may have made it. Raises OSError."""
    proprietaire = fichier.parent.stat()
    fichier.chmod(droits)
    if os.geteuid() == 0:
        os.chown(fichier, proprietaire.st_uid, proprietaire.st_gid)


def ouvrir_dossier(base: Path) -> Path:
    """
    Return the folder of a file's copies, made if need be. Raises OSError.

    It takes the group of the folder above from that folder's own mark (setgid): our units may not set such a mark.
    """
    dossier = base.parent / DOSSIER
    if not dossier.exists():
        dossier.mkdir(mode=0o770)
        if os.geteuid() == 0:
            rendre(dossier, droits=0o2770)
    return dossier


def ecrire_objet(fichier: Path, objet: dict[str, object]) -> None:
    """Write a small JSON file, whole or not at all, readable by the group. Raises OSError."""
    provisoire = fichier.with_name(f"{fichier.name}.part")
    with provisoire.open("w", encoding="utf-8") as ecrit:
        json.dump(objet, ecrit, ensure_ascii=False)
        ecrit.flush()
        os.fsync(ecrit.fileno())
    rendre(provisoire)
    provisoire.replace(fichier)
    poser_dossier(fichier.parent)


def poser_dossier(dossier: Path) -> None:
    """Have the names of a folder on the disk. Raises OSError."""
    _poser(dossier)


def _poser(chemin: Path) -> None:
    descripteur = os.open(chemin, os.O_RDONLY)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


def _est_trop_tot(derniere: Copie, instant: Instant) -> bool:
    """Say whether another copy now would write more than the card is given; another start's copy is old enough."""
    attente_ns = derniere.octets * NS_PAR_H // DEBIT_OCTETS_H
    return derniere.boot_id == instant.boot_id and instant.bt_ns - derniere.bt_ns < attente_ns


def _est_rayee(fichier: Path) -> bool:
    with fichier.open("rb") as flux:
        return flux.read(len(RATURE)) == RATURE


def _ecrire_debut(fichier: Path, octets: bytes) -> None:
    with fichier.open("r+b") as flux:
        flux.write(octets)
        flux.flush()
        os.fsync(flux.fileno())


@contextlib.contextmanager
def _ouvrir(base: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that exists, to read it."""
    db = sqlite3.connect(f"{base.resolve().as_uri()}?mode=rw", uri=True, timeout=ATTENTE_S, isolation_level=None)
    with contextlib.closing(db):
        yield db


@contextlib.contextmanager
def _seul(dossier: Path) -> Iterator[None]:
    """One copy at a time: the lock is on the folder, and falls with us."""
    descripteur = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descripteur, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descripteur)

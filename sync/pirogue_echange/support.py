"""
The stick: its folders, and the only code that opens, writes or removes a file on it.

A stick comes from anywhere. Nothing on it is followed (no symbolic link), waited for (no pipe), believed by its name
or read beyond a cap. Files are immutable: a lot is written once under its own name and never replaced in place.

Writing needs one step more than the textbook: on vfat, `fsync, rename, fsync(folder)` leaves an *empty* file if the
stick is pulled (measured: 218 out of 218), because the renamed entry has no cluster until the inode is written again.
So the descriptor stays open and is synced a second time after the rename (measured: 242 intact out of 242).
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange import montages
from pirogue_echange.lot import LOT_MAX
from pirogue_socle.erreurs import ErreurPirogue

RACINE = "PIROGUE"
#: In either case: on vfat and exFAT `A….LOT` and `a….lot` are one file, and some machines copy names in capitals.
NOM_LOT = re.compile(r"([0-9a-f]{32})\.lot", re.IGNORECASE)
#: Beyond this many entries the rest of a folder is not looked at.
ENTREES_MAX = 10_000
_OUVRIR = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

LISEZMOI = """\
CLÉ DE LA PIROGUE CONNECTÉE

Cette clé transporte des données scellées entre la pirogue et la terre.
Personne ne peut les lire en route. Ne change rien dans ce dossier.

  montee     ce qui part de la pirogue
  descente   les reçus qui reviennent de la terre

Si tu trouves cette clé, rends-la à l'équipe de la pirogue. Merci !
"""


class SupportAbsent(ErreurPirogue):
    """The folder is not there, or is not a folder, or the stick was pulled."""

    geste = "Remets la clé et recommence. Les données sont toujours à bord."
    code = 70


class SupportPlein(ErreurPirogue):
    """No room on the stick; what was announced before is on it."""

    geste = "Fais de la place sur la clé, ou prends une autre clé. Les données sont toujours à bord."
    code = 71


class SupportProtege(ErreurPirogue):
    """The stick may not be written."""

    geste = "Déverrouille la clé (petit bouton sur le côté) ou prends une autre clé."
    code = 72


class SupportDefaillant(ErreurPirogue):
    """The stick answers with errors, or what was written does not read back."""

    geste = "Cette clé est abîmée : prends une autre clé. Les données sont toujours à bord."
    code = 73


@contextlib.contextmanager
def phrases(support: Path | None = None) -> Iterator[None]:
    """
    Turn what the system says about a stick into a sentence for a person.

    A stick that was pulled answers anything (an I/O error, a read-only file system, an empty folder): if where it is
    mounted is given, that it is gone is told before what it answered.
    """
    try:
        with _phrases_du_systeme():
            yield
    except (SupportPlein, SupportProtege, SupportDefaillant) as cause:
        if support is not None and montages.est_partie(support):
            raise SupportAbsent("La clé a été retirée trop tôt : ce qui était annoncé est dessus.") from cause
        raise


@contextlib.contextmanager
def _phrases_du_systeme() -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise SupportPlein("La clé est pleine.") from cause
        if cause.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
            raise SupportProtege("La clé est protégée : on ne peut pas écrire dessus.") from cause
        if cause.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENODEV, errno.ENXIO}:
            raise SupportAbsent("Ce dossier n'est pas une clé utilisable, ou la clé a été retirée.") from cause
        raise SupportDefaillant(f"La clé ne répond pas bien (erreur {cause.errno}).") from cause


@contextlib.contextmanager
def ouvrir_dossier(support: Path, *noms: str, creer: bool = False) -> Iterator[int]:
    """
    Open a folder of the stick, one level after another, without following a link; yield its descriptor.

    The stick's format is looked at first (see `montages`).

    Args:
        support: where the stick is mounted.
        noms: names below it, such as `PIROGUE`, `montee`.
        creer: make the missing folders, durably.

    Raises:
        SupportMauvaisFormat: the stick is neither vfat nor exFAT.
        OSError: to be turned into a sentence by `phrases`.
    """
    montages.exiger_format(support)
    fd = os.open(support, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for nom in noms:
            if creer:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(nom, 0o777, dir_fd=fd)
                    os.fsync(fd)
            suivant = os.open(nom, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            os.close(fd)
            fd = suivant
        yield fd
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class Inventaire:
    """
    What a folder of a stick holds, by names alone.

    Attributes:
        lots: names of the lots, sorted, each once.
        autres: how many other entries were seen.
        deborde: True if there are more than `ENTREES_MAX` entries; the rest was not looked at.
    """

    lots: tuple[str, ...]
    autres: int
    deborde: bool

    @property
    def remarques(self) -> tuple[str, ...]:
        """Return French sentences about what is left alone, none for an ordinary stick."""
        phrases_ = []
        if self.deborde:
            phrases_.append(
                f"La clé porte trop de fichiers : je ne regarde que les {ENTREES_MAX} premiers d'un dossier."
            )
        if self.autres:
            phrases_.append(f"{self.autres} fichier(s) de la clé ne sont pas des lots : ils sont laissés tels quels.")
        return tuple(phrases_)


def inventorier(dossier: int) -> Inventaire:
    """Look at the names of an open folder, up to the cap; nothing is opened. Time and memory are bounded by the cap."""
    lots: set[str] = set()
    autres = 0
    with os.scandir(dossier) as entrees:
        for rang, entree in enumerate(entrees):
            if rang == ENTREES_MAX:
                return Inventaire(tuple(sorted(lots)), autres, deborde=True)
            if NOM_LOT.fullmatch(entree.name):
                lots.add(entree.name)
            else:
                autres += 1
    return Inventaire(tuple(sorted(lots)), autres, deborde=False)


def lister(dossier: int) -> list[str]:
    """Return the names of the lots of an open folder, sorted; other names and entries past the cap are left out."""
    return list(inventorier(dossier).lots)


def lire(dossier: int, nom: str, *, maximum: int = LOT_MAX, du_support: bool = False) -> bytes | None:
    """
    Read one regular file of an open folder; None if it is anything else, or larger than `maximum` bytes.

    Args:
        dossier: the open folder.
        nom: a name in it, never a path.
        maximum: bytes; a larger file is not read at all.
        du_support: forget what memory holds of it first, so that the stick itself answers.

    Raises:
        OSError: the stick does not answer.
    """
    try:
        fd = os.open(nom, os.O_RDONLY | _OUVRIR, dir_fd=dossier)
    except OSError as cause:
        if cause.errno in {errno.ELOOP, errno.ENXIO, errno.ENOENT, errno.EACCES, errno.EISDIR}:
            return None
        raise
    etat = os.fstat(fd)
    if not stat.S_ISREG(etat.st_mode) or etat.st_size > maximum:
        os.close(fd)
        return None
    if du_support:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    with os.fdopen(fd, "rb") as fichier:
        octets = fichier.read(maximum + 1)
    return octets if len(octets) <= maximum else None


def ecrire(dossier: int, nom: str, octets: bytes) -> None:
    """
    Write one new file durably: temporary name, sync, rename, sync again, sync the folder.

    Raises:
        OSError: to be turned into a sentence by `phrases`; the temporary file is removed where possible.
    """
    provisoire = f"{nom}.tmp"
    effacer(dossier, provisoire)
    fd = os.open(provisoire, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _OUVRIR, 0o666, dir_fd=dossier)
    try:
        reste = memoryview(octets)
        while reste:
            reste = reste[os.write(fd, reste) :]
        os.fsync(fd)
        os.rename(provisoire, nom, src_dir_fd=dossier, dst_dir_fd=dossier)
        os.fsync(fd)
        os.fsync(dossier)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # so that reading back asks the stick, not the memory
    except OSError:
        with contextlib.suppress(OSError):
            effacer(dossier, provisoire)
        raise
    finally:
        os.close(fd)


def effacer(dossier: int, nom: str) -> bool:
    """Remove one name from an open folder, if it is there; say whether it was. A link is removed, not followed."""
    try:
        os.unlink(nom, dir_fd=dossier)
    except FileNotFoundError:
        return False
    return True


def relire(dossier: int, attendus: dict[str, bytes]) -> None:
    """
    Read every announced file back, from the stick rather than from memory, and compare it byte for byte.

    Raises:
        SupportDefaillant: one of them is missing or different.
        OSError: the stick does not answer.
    """
    mauvais = [nom for nom, octets in attendus.items() if lire(dossier, nom, du_support=True) != octets]
    if mauvais:
        raise SupportDefaillant(f"La clé n'a pas gardé ce qu'on y a écrit ({len(mauvais)} fichier(s)).")

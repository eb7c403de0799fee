"""
The part of an update that has come so far: a file beside where root takes the whole one, kept across cuts and days.

It is named by the digest of what it will be, so a part is never gone on with from another bundle. What is in it is
durable each time that the link rests. Whole and judged, it takes a name that root looks for (`*.raucb`).
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pirogue_echange.offre import Offre
from pirogue_socle.erreurs import ErreurPirogue

#: What must stay free once the bundle is whole: root's own copy of it, and what the class writes meanwhile. Bytes.
PLACE_LIBRE_OCTETS = 600_000_000
#: How often the same bundle is handed over: root may have lacked room; refused twice, it will be refused again.
REMISES_MAX = 2
#: What was handed over, by digest: never read by anybody but us.
REMISES = "remises.json"
_BLOC = 1 << 20


class PlaceManquante(ErreurPirogue):
    """The card has no room for the update; nothing more of it was fetched."""

    geste = (
        "Regarde la page « État du bateau », ligne « Place sur la carte ». La mise à jour attend ; rien n'est perdu."
    )
    code = 118


class PaquetAbime(ErreurPirogue):
    """The update that came whole is not the one that was announced: it was thrown away."""

    geste = "La boîte la reprendra depuis le début ; si cela recommence, apporte-la sur une clé."
    code = 119


class PaquetImpossible(ErreurPirogue):
    """The update cannot be kept: the folder or the card refuses."""

    geste = "Apporte la mise à jour sur une clé, et dis-le au coordinateur. Les données sont toujours à bord."
    code = 120


def preparer(dossier: Path, offre: Offre) -> int:
    """
    Make room for an update: forget the parts of others, see how much of this one is there; return it, bytes.

    Raises:
        PlaceManquante: the rest of it, and `PLACE_LIBRE_OCTETS`, do not hold on the card.
        PaquetImpossible: the folder cannot be used.
    """
    partie = _chemin(dossier, offre)
    with _phrases():
        dossier.mkdir(parents=True, exist_ok=True)
        for autre in dossier.glob("*.partie"):
            if autre != partie or autre.is_symlink() or autre.stat().st_size > offre.octets:
                autre.unlink()
        deja = partie.stat().st_size if partie.exists() else 0
        place = os.statvfs(dossier)
    if place.f_bavail * place.f_frsize < offre.octets - deja + PLACE_LIBRE_OCTETS:
        raise PlaceManquante(f"La carte n'a pas assez de place pour la mise à jour {offre.version}.")
    return deja


def oublier(dossier: Path) -> None:
    """Give back the room of a part that nobody wants any more; raises PaquetImpossible."""
    with _phrases():
        for inutile in dossier.glob("*.partie"):
            inutile.unlink()


@contextlib.contextmanager
def prolonger(dossier: Path, offre: Offre) -> Iterator[Callable[[bytes], object]]:
    """
    Give what takes the next bytes of the part; they are on the card for good at the end, however it comes.

    Raises:
        PlaceManquante, PaquetImpossible: they cannot be written.
    """
    with _phrases():
        descripteur = os.open(_chemin(dossier, offre), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def ajouter(octets: bytes) -> None:
        with _phrases():
            reste = memoryview(octets)
            while reste:
                reste = reste[os.write(descripteur, reste) :]

    try:
        yield ajouter
    finally:
        with _phrases():
            try:
                os.fsync(descripteur)
            finally:
                os.close(descripteur)


def remettre(dossier: Path, offre: Offre) -> Path:
    """
    Judge a part that has all its bytes, and hand it over to root under its last name; return that.

    Raises:
        PaquetAbime: it is not what was announced; it is gone.
        PlaceManquante, PaquetImpossible: it cannot be read, or named.
    """
    partie = _chemin(dossier, offre)
    but = dossier / f"{offre.sha256[:16]}-{offre.version}.raucb"
    with _phrases():
        empreinte = hashlib.sha256()
        with partie.open("rb") as lu:
            while bloc := lu.read(_BLOC):
                empreinte.update(bloc)
        if empreinte.hexdigest() != offre.sha256:
            partie.unlink()
            raise PaquetAbime(f"La mise à jour {offre.version} est arrivée abîmée : elle est jetée.")
        _noter_remise(dossier, offre)
        partie.rename(but)
        _synchroniser(dossier)
    return but


def remises(dossier: Path, offre: Offre) -> int:
    """Return how often this very bundle was handed over; 0 when nothing that can be read says so."""
    try:
        lu = json.loads((dossier / REMISES).read_text(encoding="utf-8"))
        return int(lu["fois"]) if lu["sha256"] == offre.sha256 else 0
    except (OSError, ValueError, TypeError, KeyError):
        return 0


def _noter_remise(dossier: Path, offre: Offre) -> None:
    neuf = dossier / f".{REMISES}.neuf"
    with neuf.open("w", encoding="utf-8") as flux:
        json.dump({"sha256": offre.sha256, "version": offre.version, "fois": remises(dossier, offre) + 1}, flux)
        flux.flush()
        os.fsync(flux.fileno())
    neuf.replace(dossier / REMISES)


def _synchroniser(dossier: Path) -> None:
    descripteur = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


def _chemin(dossier: Path, offre: Offre) -> Path:
    return dossier / f"{offre.sha256}.partie"


@contextlib.contextmanager
def _phrases() -> Iterator[None]:
    """Say in French what the system says about the card."""
    try:
        yield
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise PlaceManquante("La carte de la boîte est pleine : la mise à jour attend.") from cause
        raise PaquetImpossible(f"La mise à jour ne peut pas être gardée à bord ({cause.strerror}).") from cause

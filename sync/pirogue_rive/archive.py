"""
The lots as they arrived, one file each: `bruts/<relais>/<id>.lot`. Enough to make the whole database again.

A file has its name only once its bytes are on the disk, and the database speaks of a lot only once its file has its
name. Files never change, but for one case: a lot of identities that must not be readable any more keeps its header
and its signatures, which its place in the journal needs, and loses its payload.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.lot import LOT_MAX
from pirogue_rive import disque
from pirogue_socle.ids import nouvel_id

_SUFFIXE = ".lot"
_NEUF = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Brut:
    """
    A lot to be kept as it arrived.

    Attributes:
        relais: whose journal it is; the name of its folder, checked by the header's form.
        id: its name.
        octets: its bytes.
    """

    relais: str
    id: str
    octets: bytes


def chemin(bruts: Path, *, relais: str, lot_id: str) -> Path:
    """Return where a lot is kept."""
    return bruts / relais / f"{lot_id}{_SUFFIXE}"


def ranger(bruts: Path, lots: Sequence[Brut]) -> None:
    """
    Write the lots that are not there yet; when this returns, all of them are on the disk under their names.

    All are written before the first is synced, so that the disk is waited for once rather than for each.

    A name that is there already may be there in memory only, after a folder that could not be synced: folders are
    synced in any case.

    Raises:
        RivePleine, RiveIllisible: the disk is full or fails.
    """
    uniques = {lot.id: (chemin(bruts, relais=lot.relais, lot_id=lot.id), lot.octets) for lot in lots}
    with disque.phrases():
        for dossier in {definitif.parent for definitif, _ in uniques.values()}:
            _creer(dossier)
        _ecrire_tous([(definitif, octets) for definitif, octets in uniques.values() if not definitif.exists()])
        for dossier in {definitif.parent for definitif, _ in uniques.values()}:
            _synchroniser(dossier)


def confirmer(bruts: Path, relais: str) -> None:
    """
    Make durable the names of a relay's kept lots: a stop may have come between a name and its folder's sync.

    Raises:
        RivePleine, RiveIllisible: the disk is full or fails.
    """
    with disque.phrases():
        _synchroniser(bruts / relais)
        _synchroniser(bruts)


def _creer(dossier: Path) -> None:
    """Make a relay's folder, durably; one that could not be synced is not left to be believed."""
    if dossier.is_dir():
        return
    dossier.mkdir(parents=True, exist_ok=True)
    try:
        _synchroniser(dossier.parent)
    except OSError:
        with contextlib.suppress(OSError):
            dossier.rmdir()
        raise


def _ecrire_tous(lots: Sequence[tuple[Path, bytes]]) -> None:
    """Write files under temporary names, sync them all, then give each its name; on failure nothing half is left."""
    ouverts: list[tuple[int, Path, Path]] = []
    try:
        for definitif, octets in lots:
            provisoire = definitif.with_name(f"{definitif.stem}.{nouvel_id()}.tmp")
            ouverts.append((os.open(provisoire, _NEUF, 0o600), provisoire, definitif))
            _ecrire(ouverts[-1][0], octets)
        for fd, _, _ in ouverts:
            os.fsync(fd)
        for _, provisoire, definitif in ouverts:
            provisoire.rename(definitif)
    except OSError:
        for _, provisoire, _ in ouverts:
            with contextlib.suppress(OSError):  # what stays under this name is removed by `lister`
                provisoire.unlink(missing_ok=True)
        raise
    finally:
        for fd, _, _ in ouverts:
            os.close(fd)


def _ecrire(fd: int, octets: bytes) -> None:
    reste = memoryview(octets)
    while reste:
        reste = reste[os.write(fd, reste) :]


def relais_gardes(bruts: Path) -> list[str]:
    """Return the relays of which lots are kept, sorted; raises RiveIllisible."""
    with disque.phrases(), os.scandir(bruts) as entrees:
        return sorted(entree.name for entree in entrees if entree.is_dir(follow_symlinks=False))


def lister(bruts: Path, relais: str) -> list[str]:
    """
    Return the ids of the lots kept of a relay, in no order; what a power cut left unfinished is removed.

    Raises:
        RiveIllisible: the disk fails.
    """
    noms: list[str] = []
    with disque.phrases(), os.scandir(bruts / relais) as entrees:
        for entree in entrees:
            if entree.name.endswith(_SUFFIXE):
                noms.append(entree.name[: -len(_SUFFIXE)])
            elif entree.name.endswith(".tmp"):
                Path(entree.path).unlink(missing_ok=True)
    return noms


def dans_l_ordre(bruts: Path, relais: str, ids: Iterable[str]) -> list[str]:
    """Return ids of kept lots in the order of their journals; a file whose header is damaged comes first."""
    return sorted(ids, key=lambda lot_id: (*_rang(bruts, relais, lot_id), lot_id))


def lire(bruts: Path, *, relais: str, lot_id: str) -> bytes:
    """Return the bytes of a kept lot, at most one byte more than a lot may have; raises RiveIllisible."""
    with disque.phrases(), chemin(bruts, relais=relais, lot_id=lot_id).open("rb") as fichier:
        return fichier.read(LOT_MAX + 1)


def retirer(bruts: Path, *, relais: str, lot_id: str) -> None:
    """Remove a lot that another table keeps; raises RiveIllisible."""
    with disque.phrases():
        chemin(bruts, relais=relais, lot_id=lot_id).unlink(missing_ok=True)


def evider(bruts: Path, *, relais: str, lot_id: str) -> None:
    """
    Destroy the payload of a kept lot: overwritten, synced, cut off; its header and signatures stay.

    Done twice, or on a lot that is not there, it changes nothing.

    Raises:
        RiveIllisible: the disk fails; do it again.
    """
    fichier = chemin(bruts, relais=relais, lot_id=lot_id)
    if not fichier.exists():
        return
    octets = lire(bruts, relais=relais, lot_id=lot_id)
    prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    debut = len(prefixe.brut) if prefixe is not None else len(octets)
    if debut == len(octets):
        return
    with disque.phrases():
        fd = os.open(fichier, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(fd, bytes(len(octets) - debut), debut)
            os.fsync(fd)
            os.ftruncate(fd, debut)
            os.fsync(fd)
        finally:
            os.close(fd)


def _rang(bruts: Path, relais: str, lot_id: str) -> tuple[str, str, int]:
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(lire(bruts, relais=relais, lot_id=lot_id))))
    except LotInvalide:
        return ("", "", 0)
    return ("", "", 0) if prefixe is None else (prefixe.entete.inc, prefixe.entete.flux, prefixe.entete.premier)


def _synchroniser(dossier: Path) -> None:
    fd = os.open(dossier, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

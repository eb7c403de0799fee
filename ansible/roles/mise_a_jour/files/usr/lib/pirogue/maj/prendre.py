#!/usr/bin/python3 -EsB
"""
Take the update that a stick carries, or that the courier fetched: judged by its signature, copied, judged again.

`prendre.py MONTAGE RECIT`: after the courier's exchange, while the stick is still mounted; it may be pulled afterwards.
`prendre.py QUAI`: the courier handed one over in its own folder, which is emptied, whatever the bundle was worth.

Whoever filled the folder is not believed: no link is followed on the way to a bundle, and what was opened is what is
judged and copied, whatever takes its name meanwhile.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import commun
from commun import MajRefusee, Paquet
from recit import Recit

DOSSIER = "PIROGUE/maj"
SUFFIXE = ".raucb"
RECUE, ARRIVEE = "recue.raucb", "arrivee.raucb"
BLOC_OCTETS = 4 << 20
#: What the class may still write while a bundle waits.
MARGE_OCTETS = 300_000_000


@contextlib.contextmanager
def ouvrir(montage: Path) -> Iterator[list[Path]]:
    """Open the bundles below a mount: plain files of a size that makes sense; give a path to each open one."""
    with contextlib.ExitStack() as pile:
        dossier = _ouvrir_dossier(montage)
        if dossier is None:
            yield []
            return
        pile.callback(os.close, dossier)
        trouves = []
        for nom in _noms(dossier):
            try:
                fichier = os.open(nom, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dossier)
            except OSError:
                continue  # a link, or what may not be read
            pile.callback(os.close, fichier)
            vu = os.fstat(fichier)
            if stat.S_ISREG(vu.st_mode) and 0 < vu.st_size <= commun.TAILLE_MAX_OCTETS:
                trouves.append(commun.OUVERTS / str(fichier))
        yield trouves


def vider(montage: Path) -> None:
    """Remove from the courier's folder whatever has a bundle's name, be it a link or a folder; raises OSError."""
    dossier = _ouvrir_dossier(montage)
    if dossier is None:
        return
    try:
        for nom in _noms(dossier):
            if stat.S_ISDIR(os.stat(nom, dir_fd=dossier, follow_symlinks=False).st_mode):
                shutil.rmtree(nom, dir_fd=dossier)
            else:
                os.unlink(nom, dir_fd=dossier)
    finally:
        os.close(dossier)


def _noms(dossier: int) -> list[str]:
    with os.scandir(dossier) as dedans:
        return sorted(un.name for un in dedans if un.name.endswith(SUFFIXE))


def _ouvrir_dossier(montage: Path) -> int | None:
    """Open the folder of bundles below a mount, step by step; None when there is none, or a link stands for it."""
    drapeaux = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        ici = os.open(montage, drapeaux)
        for etape in DOSSIER.split("/"):
            avant = ici
            try:
                ici = os.open(etape, drapeaux | os.O_NOFOLLOW, dir_fd=avant)
            finally:
                os.close(avant)
    except OSError:
        return None
    return ici


def choisir(candidats: list[Path], *, presente: str, refusees: tuple[str, ...], cles: Path) -> Paquet:
    """Return the newest that may be installed; raises MajRefusee with the last reason, when none may."""
    bons: list[Paquet] = []
    raison = MajRefusee("rien à prendre")
    for fichier in candidats:
        try:
            bons.append(commun.examiner(fichier, presente=presente, refusees=refusees, cles=cles))
        except MajRefusee as refus:
            raison = refus
    if not bons:
        raise raison
    return max(bons, key=lambda un: un.numero)


def copier(source: Path, but: Path, *, avancer: Callable[[float], None]) -> None:
    """
    Copy a bundle onto the card for good, in place of a former one.

    Raises:
        MajRefusee: no room, or the stick was pulled.
    """
    partie = but.with_name(f"{but.name}.partie")
    try:
        with source.open("rb") as lu:
            taille, fait = os.fstat(lu.fileno()).st_size, 0
            partie.unlink(missing_ok=True)
            place = os.statvfs(but.parent)
            if place.f_bavail * place.f_frsize < taille + MARGE_OCTETS:
                raise MajRefusee("il n'y a pas assez de place sur la carte de la boîte")
            with partie.open("wb") as ecrit:
                while bloc := lu.read(BLOC_OCTETS):
                    ecrit.write(bloc)
                    fait += len(bloc)
                    avancer(fait / taille)
                ecrit.flush()
                os.fsync(ecrit.fileno())
    except OSError as cause:
        partie.unlink(missing_ok=True)
        raise MajRefusee(f"la copie s'est arrêtée, la clé a peut-être été retirée ({cause.strerror})") from cause
    partie.replace(but)
    dossier = os.open(but.parent, os.O_RDONLY)
    try:
        os.fsync(dossier)
    finally:
        os.close(dossier)


def prendre(
    montage: Path, *, depot: Path, ephemere: Path, cles: Path, presente: str, recit: Recit | None = None
) -> Paquet | None:
    """
    Take the newest good bundle of a stick, or of the quay; return it, or None when there is none.

    Args:
        montage: the stick, or the folder that stands for one.
        depot: where a bundle waits.
        ephemere: where the update's story is told.
        cles: the certificates that are believed.
        presente: the version of the running system.
        recit: the stick's own story.

    Raises:
        MajRefusee: it carries some, and none is good.
    """
    with ouvrir(montage) as candidats, _seul(depot):
        if not candidats:
            return None
        choisi = choisir(candidats, presente=presente, refusees=commun.refusees(depot), cles=cles)

        def avancer(fraction: float) -> None:
            commun.raconter("copie", dossier=ephemere, vers=choisi.version, fraction=round(fraction, 2))
            if recit is not None:
                recit.copier(choisi.version, fraction)

        avancer(0.0)
        copier(choisi.fichier, depot / RECUE, avancer=avancer)
        # Judged again: the stick may have changed its mind while it was read.
        copie = commun.examiner(depot / RECUE, presente=presente, refusees=commun.refusees(depot), cles=cles)
        commun.raconter("attente", dossier=ephemere, vers=copie.version)
        copie.fichier.replace(depot / ARRIVEE)
    return Paquet(depot / ARRIVEE, copie.version)


@contextlib.contextmanager
def _seul(depot: Path) -> Iterator[None]:
    """Let one take at a time: a stick may be plugged in at the quay."""
    dossier = os.open(depot, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(dossier, fcntl.LOCK_EX)
        yield
    finally:
        os.close(dossier)


def main() -> None:
    """Take what lies at this mount; a refusal is said, and is no failure of the exchange."""
    montage, *suite = (Path(un) for un in sys.argv[1:])
    recit = Recit(suite[0]) if suite else None
    ou = {"depot": commun.DEPOT, "ephemere": commun.EPHEMERE, "cles": commun.CLES}
    try:
        pris = prendre(montage, presente=commun.version_presente(), recit=recit, **ou)
        phrase = f"La mise à jour {pris.version} est copiée." if pris else ""
    except MajRefusee as refus:
        pris, phrase = None, commun.PHRASES["refusee"].format(raison=refus)
        (commun.DEPOT / RECUE).unlink(missing_ok=True)
        commun.raconter("refusee", raison=str(refus))
    if recit is None:
        vider(montage)
    elif phrase:
        recit.finir(phrase, prise=pris is not None)


if __name__ == "__main__":
    main()

#!/usr/bin/python3 -EsB
"""
Take the update that a stick carries: judged by its signature, copied, judged again; the stick may then be pulled.

Run after the courier's exchange, while the stick is still mounted. Usage: `prendre.py MONTAGE RECIT`.
"""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import commun
from commun import MajRefusee, Paquet
from recit import Recit

DOSSIER = "PIROGUE/maj"
ARRIVEE = "arrivee.raucb"
BLOC_OCTETS = 4 << 20
#: What the class may still write while a bundle waits.
MARGE_OCTETS = 300_000_000


def chercher(montage: Path) -> list[Path]:
    """Return the bundles of a stick: plain files of a size that makes sense, no link followed."""
    trouves = []
    for fichier in sorted((montage / DOSSIER).glob("*.raucb")):
        vu = fichier.lstat()
        if stat.S_ISREG(vu.st_mode) and 0 < vu.st_size <= commun.TAILLE_MAX_OCTETS:
            trouves.append(fichier)
    return trouves


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
    Take the newest good bundle of a stick; return it, or None when the stick carries none.

    Args:
        montage: the stick.
        depot: where a bundle waits.
        ephemere: where the update's story is told.
        cles: the certificates that are believed.
        presente: the version of the running system.
        recit: the stick's own story.

    Raises:
        MajRefusee: it carries some, and none is good.
    """
    candidats = chercher(montage)
    if not candidats:
        return None
    choisi = choisir(candidats, presente=presente, refusees=commun.refusees(depot), cles=cles)

    def avancer(fraction: float) -> None:
        commun.raconter("copie", dossier=ephemere, vers=choisi.version, fraction=round(fraction, 2))
        if recit is not None:
            recit.copier(choisi.version, fraction)

    avancer(0.0)
    copier(choisi.fichier, depot / "recue.raucb", avancer=avancer)
    # Judged again: the stick may have changed its mind while it was read.
    copie = commun.examiner(depot / "recue.raucb", presente=presente, refusees=commun.refusees(depot), cles=cles)
    commun.raconter("attente", dossier=ephemere, vers=copie.version)
    copie.fichier.replace(depot / ARRIVEE)
    return Paquet(depot / ARRIVEE, copie.version)


def main() -> None:
    """Take what the stick at this mount carries; a refusal is said, and is no failure of the exchange."""
    recit, ou = Recit(Path(sys.argv[2])), {"depot": commun.DEPOT, "ephemere": commun.EPHEMERE, "cles": commun.CLES}
    try:
        pris = prendre(Path(sys.argv[1]), presente=commun.version_presente(), recit=recit, **ou)
    except MajRefusee as refus:
        (commun.DEPOT / "recue.raucb").unlink(missing_ok=True)
        commun.raconter("refusee", raison=str(refus))
        recit.finir(commun.PHRASES["refusee"].format(raison=refus), prise=False)
        return
    if pris is not None:
        recit.finir(f"La mise à jour {pris.version} est copiée.", prise=True)


if __name__ == "__main__":
    main()

"""
The update that the shore offers to its boats: one signed bundle, what is said of it beside it, in the folder `maj`.

The shore cannot judge a signature: a boat's root does, with RAUC. Here a bundle is only kept whole. The announcement is
written last and removed first, so that what is announced is there; a bundle has its digest for name, so that a boat in
the middle of a former one is never handed the bytes of another.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO

from pirogue_echange import offre as offres
from pirogue_echange.erreurs import FormeInvalide
from pirogue_echange.offre import Offre
from pirogue_rive import actes
from pirogue_rive.config import Rive, RiveIllisible, ecrire_durable
from pirogue_rive.disque import phrases
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

DOSSIER, ANNONCE = "maj", "maj.json"
_NOM = re.compile(r"pirogue-(.+)\.raucb")
#: A bundle is a squashfs, its signature behind it.
_DEBUT = b"hsqs"
_BLOC = 1 << 20


def offrir(rive: Rive, paquet: Path, *, version: str = "", par: str, instant: Instant) -> Offre:
    """
    Keep a bundle for the boats, in place of the former one.

    Args:
        rive: the open shore.
        paquet: the signed bundle.
        version: of what is in it; taken from its name `pirogue-<version>.raucb` when empty.
        par: who offers it.
        instant: now.

    Returns:
        What the boats are told.

    Raises:
        EntreeInvalide: not a bundle, or its version cannot be known; nothing changed.
        RiveIllisible, RivePleine: it cannot be read or kept; the former one is still offered.
    """
    version = version or _version_du_nom(paquet)
    if not offres.est_version(version):
        raise EntreeInvalide(f"« {version} » n'est pas une version : elle commence par un chiffre, comme 0.1.320.")
    dossier = rive.dossier / DOSSIER
    provisoire = dossier / f"{nouvel_id()}.tmp"
    with phrases():
        dossier.mkdir(exist_ok=True)
        _balayer(dossier, "*.tmp")  # what a stop left behind
        try:
            offre = _copier(paquet, provisoire, version=version)
            provisoire.rename(dossier / f"{offre.sha256}.raucb")
        finally:
            provisoire.unlink(missing_ok=True)
    ecrire_durable(dossier / ANNONCE, offres.ecrire(offre))
    with phrases():
        _balayer(dossier, "*.raucb", sauf=f"{offre.sha256}.raucb")
    _noter(rive, "maj_offerte", sur=offre.version, par=par, instant=instant)
    return offre


def retirer(rive: Rive, *, par: str, instant: Instant) -> None:
    """Offer nothing any more; raises RiveIllisible, RivePleine."""
    dossier = rive.dossier / DOSSIER
    with phrases():
        (dossier / ANNONCE).unlink(missing_ok=True)
        _balayer(dossier, "*.raucb")
    _noter(rive, "maj_retiree", sur="", par=par, instant=instant)


def lire(rive: Rive) -> Offre | None:
    """Return what is offered, None for nothing; raises RiveIllisible."""
    fichier = rive.dossier / DOSSIER / ANNONCE
    with phrases():
        try:
            octets = fichier.read_bytes()
        except FileNotFoundError:
            return None
    try:
        return offres.lire(octets)
    except FormeInvalide as cause:
        raise RiveIllisible(f"{fichier} est abîmé : offre encore une fois la mise à jour.") from cause


def ouvrir(rive: Rive, sha256: str) -> tuple[BinaryIO, int]:
    """Open the bundle of this digest; return it and its size. Raises Introuvable when it is not (any more) offered."""
    if not offres.SHA256.fullmatch(sha256):
        raise Introuvable("Cette mise à jour n'est pas offerte.")
    try:
        ouvert = (rive.dossier / DOSSIER / f"{sha256}.raucb").open("rb")
    except FileNotFoundError as cause:
        raise Introuvable("Cette mise à jour n'est plus offerte.") from cause
    return ouvert, os.fstat(ouvert.fileno()).st_size


def _version_du_nom(paquet: Path) -> str:
    trouve = _NOM.fullmatch(paquet.name)
    if trouve is None:
        raise EntreeInvalide(
            f"Le nom « {paquet.name} » ne dit pas la version.",
            geste="Donne-la avec --version, ou rends au fichier son nom : pirogue-VERSION.raucb.",
        )
    return trouve[1]


def _copier(paquet: Path, but: Path, *, version: str) -> Offre:
    """Copy a bundle for good, counting and hashing what is copied; raises EntreeInvalide, OSError."""
    empreinte, octets = hashlib.sha256(), 0
    try:
        lu = paquet.open("rb")
    except OSError as cause:
        raise EntreeInvalide(f"Le fichier {paquet} n'est pas lisible.") from cause
    with lu, but.open("wb") as ecrit:
        while bloc := lu.read(_BLOC):
            if not octets and not bloc.startswith(_DEBUT):
                break
            ecrit.write(bloc)
            empreinte.update(bloc)
            octets += len(bloc)
        ecrit.flush()
        os.fsync(ecrit.fileno())
    if not 0 < octets <= offres.OCTETS_MAX:
        raise EntreeInvalide(f"{paquet.name} n'est pas une mise à jour (un fichier .raucb).")
    return Offre(version, octets, empreinte.hexdigest())


def _balayer(dossier: Path, motif: str, *, sauf: str = "") -> None:
    for fichier in dossier.glob(motif):
        if fichier.name != sauf:
            fichier.unlink(missing_ok=True)


def _noter(rive: Rive, quoi: str, *, sur: str, par: str, instant: Instant) -> None:
    with rive.moteur.begin() as db:
        actes.noter(db, quoi=quoi, par=par, sur=sur, instant=instant)

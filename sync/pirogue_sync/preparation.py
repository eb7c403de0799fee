"""
A new stick: its folders, its page, the proof of its size, and last of all its signed label.

The label is written last, so that a preparation that was cut short has made no stick. A counterfeit stick announces
more than it has and writes the rest over itself (or nowhere): the only proof is to write distinct blocks, make the
memory forget them, and read all of them again.
"""

import contextlib
import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path

from pirogue_echange import etiquette as etiquettes
from pirogue_echange import support
from pirogue_echange.cles import Cles
from pirogue_echange.etiquette import Etiquette
from pirogue_echange.support import RACINE, SupportPlein
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.ids import nouvel_id

NOM_ETIQUETTE = "cle.json"
NOM_LISEZMOI = "LISEZMOI.txt"
#: Two years of one boat are 4 MB: a stick that keeps so much is large enough, whatever else it claims.
VERIFIER_OCTETS = 256 << 20
#: Left free while checking, and the least that a stick must have.
RESERVE_OCTETS = 1 << 20
MINIMUM_OCTETS = 8 << 20
_BLOC = 1 << 20
#: Blocks per file of the check: vfat holds at most 4 GiB in one.
_BLOCS_PAR_FICHIER = 64

Progres = Callable[[str], None]


class CleDejaPrete(ErreurPirogue):
    """The stick has a label already; nothing was written."""

    geste = "Prends une clé neuve, ou efface celle-ci : pirogue cle preparer /dev/… --numero N"
    code = 101


class CleContrefaite(ErreurPirogue):
    """The stick announces more room than it has; what is written beyond is lost. It has no label."""

    geste = "Ne te sers pas de cette clé : rends-la au vendeur et prends-en une autre."
    code = 102


def preparer_dossier(
    dossier: Path,
    *,
    numero: int,
    cles: Cles,
    verifier_octets: int = VERIFIER_OCTETS,
    octets_connus: int = 0,
    progres: Progres = lambda _: None,
) -> Etiquette:
    """
    Make a stick of a mounted folder: `PIROGUE/` with its page, its two folders and its signed label.

    Args:
        dossier: where the stick is mounted; what it holds besides is left as it is.
        numero: the number painted on it.
        cles: who prepares it, and signs the label.
        verifier_octets: how much of the free room is written and read again (all of it, if there is less).
        octets_connus: the true size, where it was proved already; 0 says what was checked here.
        progres: called with a French sentence at each step.

    Raises:
        CleDejaPrete, CleContrefaite: no label was written.
        SupportMauvaisFormat, SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick.
    """
    with support.phrases(dossier):
        with support.ouvrir_dossier(dossier, RACINE, creer=True) as racine:
            if support.lire(racine, NOM_ETIQUETTE, maximum=etiquettes.TAILLE_MAX) is not None:
                raise CleDejaPrete("Cette clé est déjà préparée.")
            progres("Je prépare les dossiers de la clé…")
            page = support.LISEZMOI.replace("\n", "\r\n").encode("utf-8-sig")
            if support.lire(racine, NOM_LISEZMOI) != page:
                support.ecrire(racine, NOM_LISEZMOI, page)
            support.relire(racine, {NOM_LISEZMOI: page})
        for nom in ("montee", "descente"):
            with support.ouvrir_dossier(dossier, RACINE, nom, creer=True):
                pass
        with support.ouvrir_dossier(dossier, RACINE) as racine:
            verifies = verifier_place(racine, octets=verifier_octets, progres=progres)
            etiquette = Etiquette(numero=numero, id=nouvel_id()[:8], octets=octets_connus or verifies)
            octets = etiquettes.ecrire(etiquette, cles)
            support.ecrire(racine, NOM_ETIQUETTE, octets)
            support.relire(racine, {NOM_ETIQUETTE: octets})
    return etiquette


def verifier_place(dossier: int, *, octets: int, progres: Progres = lambda _: None) -> int:
    """
    Write distinct blocks on the stick, read all of them again from it, and remove them.

    Args:
        dossier: an open folder of the stick.
        octets: how much to check; no more than what is free.
        progres: called with a French sentence, at most a hundred times.

    Returns:
        How many bytes were proved.

    Raises:
        CleContrefaite: something written did not come back.
        SupportPlein: the stick has too little room to be of use.
        OSError: to be turned into a sentence by `support.phrases`.
    """
    etat = os.fstatvfs(dossier)
    libres = etat.f_bavail * etat.f_frsize
    if libres < MINIMUM_OCTETS:
        raise SupportPlein(f"Cette clé n'a que {libres // 1_000_000} Mo libres : c'est trop peu.")
    blocs = max(1, min(octets, libres - RESERVE_OCTETS) // _BLOC)
    graine = secrets.randbits(128)  # a stick cannot have known it
    fichiers = [
        (f"verification{rang}.tmp", range(debut, min(debut + _BLOCS_PAR_FICHIER, blocs)))
        for rang, debut in enumerate(range(0, blocs, _BLOCS_PAR_FICHIER))
    ]
    dire = _Avancement(progres, total=2 * blocs)
    try:
        for nom, rangs in fichiers:
            _remplir(dossier, nom, rangs=rangs, graine=graine, dire=dire)
        for nom, rangs in fichiers:
            _relire_blocs(dossier, nom, rangs=rangs, graine=graine, dire=dire)
    finally:
        for nom, _ in fichiers:
            with contextlib.suppress(OSError):
                support.effacer(dossier, nom)
    os.fsync(dossier)
    return blocs * _BLOC


class _Avancement:
    """Tells how far a long work is, once per percent."""

    def __init__(self, progres: Progres, *, total: int) -> None:
        self._progres, self._total = progres, total
        self._fait = self._dit = 0

    def avancer(self) -> None:
        """Count one block, and say the percent if it is a new one."""
        self._fait += 1
        pourcent = 100 * self._fait // self._total
        if pourcent > self._dit:
            self._dit = pourcent
            self._progres(f"Je vérifie la vraie taille de la clé : {pourcent} %")


def _bloc(graine: int, rang: int) -> bytes:
    return random.Random(graine + rang).randbytes(_BLOC)  # noqa: S311 - a pattern, not a secret


def _remplir(dossier: int, nom: str, *, rangs: range, graine: int, dire: _Avancement) -> None:
    """Write some blocks to one new file, down to the stick, and make the memory forget them."""
    support.effacer(dossier, nom)
    drapeaux = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(nom, drapeaux, 0o600, dir_fd=dossier), "wb", buffering=0) as fichier:
        for rang in rangs:
            reste = memoryview(_bloc(graine, rang))
            while reste:
                reste = reste[fichier.write(reste) :]
            os.fsync(fichier.fileno())
            os.posix_fadvise(fichier.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            dire.avancer()


def _relire_blocs(dossier: int, nom: str, *, rangs: range, graine: int, dire: _Avancement) -> None:
    """Read one file's blocks again from the stick; raise CleContrefaite at the first that is not what was written."""
    drapeaux = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(nom, drapeaux, dir_fd=dossier), "rb", buffering=0) as fichier:
        os.posix_fadvise(fichier.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for rang in rangs:
            if _lire_bloc(fichier.fileno()) != _bloc(graine, rang):
                raise CleContrefaite("Cette clé annonce plus de place qu'elle n'en a : elle perd ce qu'on y écrit.")
            dire.avancer()


def _lire_bloc(fd: int) -> bytes:
    morceaux: list[bytes] = []
    reste = _BLOC
    while reste and (morceau := os.read(fd, reste)):
        morceaux.append(morceau)
        reste -= len(morceau)
    return b"".join(morceaux)

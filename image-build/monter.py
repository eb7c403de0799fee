"""The steps that make a card from a kept base, done the same way by whoever builds one image or two to compare."""

import ctypes
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import assembler
import cartes_meres
import garnir
import roues
from atelier import DEPOT, Rate, date_source, etape, lancer

PROFILS = ("pirogue", "kiosque", "cooperative")
#: The Pi's own, a USB one, an access point on the cable (role point_acces).
RADIOS = ("interne", "usb", "externe")
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 0x4000, 0x40000


@dataclass(frozen=True, slots=True)
class Lieux:
    """
    Where a card is made.

    Attributes:
        arbre: the root's tree.
        amorce: the first partition's files.
        racine: the root's ext4.
        image: the whole card.
    """

    arbre: Path
    amorce: Path
    racine: Path
    image: Path


@dataclass(frozen=True, slots=True)
class Version:
    """
    Which image it is.

    Attributes:
        numero: grows with each commit.
        commit: twelve letters of it.
        ecart: letters that name what was not committed, or nothing.
    """

    numero: int
    commit: str
    ecart: str = ""

    @property
    def nom(self) -> str:
        """The name that people read, number first."""
        return f"{self.numero}-g{self.commit[:7]}{self.ecart}"

    @classmethod
    def du_depot(cls, sources: str, dossiers: tuple[str, ...]) -> "Version":
        """Return that of the checkout; `sources` is the digest of what lies in these folders."""
        numero = int(lancer("git", "-C", DEPOT, "rev-list", "--count", "HEAD"))
        commit = lancer("git", "-C", DEPOT, "rev-parse", "--short=12", "HEAD").strip()
        sale = lancer("git", "-C", DEPOT, "status", "--porcelain", "--", *dossiers)
        return cls(numero, commit, f"-{sources[:6]}" if sale else "")


def monter(
    archive: Path,
    lieux: Lieux,
    *,
    version: Version,
    choix: Mapping[str, str],
    confiance: Path,
    durees: dict[str, float],
) -> tuple[str, tuple[str, ...]]:
    """
    Make a card, and return its kernel's version and the boards that find it with that kernel.

    Args:
        archive: the base (see `amorcer`).
        lieux: where; what was there is replaced.
        version: written in the tree.
        choix: what the roles are told: which relay it is for (`profil`), which radio it has.
        confiance: the certificate whose updates the box will believe.
        durees: seconds of each step, filled.

    Raises:
        Rate: a step failed.
    """
    with etape("Arbre", durees):
        garnir.deballer(archive, lieux.arbre)
        garnir.poser_fichiers(lieux.arbre, version=version.nom, commit=version.commit, numero=version.numero)
    with etape("Rôles", durees):
        garnir.appliquer_roles(lieux.arbre, choix=choix, confiance=confiance)
    with etape("Python et Kolibri", durees):
        roues.garnir(lieux.arbre)
    with etape("Leçons", durees):
        garnir.poser_lecons(lieux.arbre)
    with etape("Noyau et amorce", durees):
        noyau = garnir.finir(lieux.arbre)
        garnir.garnir_amorce(lieux.arbre, noyau, lieux.amorce)
        connues = cartes_meres.verifier(lieux.arbre, noyau, lieux.amorce)
        garnir.nettoyer(lieux.arbre)
    with etape("Carte", durees):
        assembler.assembler(
            lieux.arbre, lieux.amorce, racine=lieux.racine, image=lieux.image, epoque=int(date_source())
        )
    return noyau, connues


def s_isoler() -> None:
    """Take a mount namespace of our own, private: what is mounted here dies with us."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        raise Rate(f"Il faut être root ({os.strerror(ctypes.get_errno())}).")

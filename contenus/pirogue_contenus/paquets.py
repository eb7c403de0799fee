"""Files as Kolibri stores them: deterministic zips, named by the MD5 of their bytes."""

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pirogue_contenus.lecons import IMAGES, Lecon

#: Any fixed date does; the zip format starts in 1980.
DATE_FIXE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Fichier:
    """One stored file: its bytes, its extension, and Kolibri's name for its use (`preset`)."""

    octets: bytes
    extension: str
    preset: str
    vignette: bool = False

    @property
    def md5(self) -> str:
        """The name Kolibri gives to these bytes; an address, not a proof of origin."""
        return hashlib.md5(self.octets, usedforsecurity=False).hexdigest()

    @property
    def nom(self) -> str:
        """Path inside the storage folder."""
        return f"{self.md5[0]}/{self.md5[1]}/{self.md5}.{self.extension}"


def zip_stable(fichiers: Mapping[str, bytes]) -> bytes:
    """
    Return a zip whose bytes depend on the names and contents alone.

    Sorted names, one fixed date, no compression (zlib's output changes between its versions): the same lesson has
    the same MD5 on every machine, so an update copies only what changed.
    """
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_STORED) as archive:
        for nom in sorted(fichiers):
            entree = zipfile.ZipInfo(nom, date_time=DATE_FIXE)
            entree.create_system = 3
            entree.external_attr = 0o644 << 16
            archive.writestr(entree, fichiers[nom])
    return tampon.getvalue()


def kpub(lecon: Lecon, *, langue: str) -> Fichier:
    """Return a lesson as Kolibri's article format: `index.html` and its pictures."""
    page = (
        f'<!doctype html>\n<html lang="{escape(langue)}"><head><meta charset="utf-8">'
        f"<title>{escape(lecon.titre)}</title></head>\n<body>\n<h1>{escape(lecon.titre)}</h1>\n"
        f"{lecon.html}\n</body></html>\n"
    )
    images = {f"{IMAGES}/{chemin.name}": chemin.read_bytes() for chemin in lecon.images}
    return Fichier(zip_stable({"index.html": page.encode()} | images), "kpub", "kpub")


def perseus(fichiers: Mapping[str, bytes]) -> Fichier:
    """Return the files of a quiz as one Perseus package."""
    return Fichier(zip_stable(fichiers), "perseus", "exercise")


def vignette(chemin: Path, *, genre: str) -> Fichier:
    """Return a thumbnail; `genre` is Kolibri's kind of node (`topic`, `document`, `exercise`)."""
    return Fichier(chemin.read_bytes(), "png", f"{genre}_thumbnail", vignette=True)


def poser(octets: bytes, destination: Path, *, travail: Path) -> None:
    """
    Write a file so that its final name never holds a part of it, even if the power goes.

    Args:
        octets: the whole content.
        destination: final path; its folder is made; an equal file is left alone.
        travail: a folder of the same file system for the unfinished file.
    """
    if destination.is_file() and destination.read_bytes() == octets:
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    provisoire = travail / destination.name
    with provisoire.open("wb") as flux:
        flux.write(octets)
        flux.flush()
        os.fsync(flux.fileno())
    provisoire.replace(destination)

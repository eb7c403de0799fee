"""Channels as files: read their version, bring them into a Kolibri home. Standard library only."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pirogue_contenus.kolibri_erreurs import KolibriNonPret


@dataclass(frozen=True, slots=True)
class Canal:
    """
    A channel of lessons.

    Attributes:
        canal_id: 32 hexadecimal characters.
        version: a greater one replaces a smaller one.
    """

    canal_id: str
    version: int


def canaux_du_dossier(contenu: Path) -> tuple[Canal, ...]:
    """
    Return the channels of a folder `content/databases/*.sqlite3` + `content/storage/`, sorted by id.

    Raises:
        KolibriNonPret: there is none, or one of the files is not a channel.
    """
    bases = sorted((contenu / "content/databases").glob("*.sqlite3"))
    if not bases:
        raise KolibriNonPret("Il n'y a pas de leçons à installer.", geste="Fabrique d'abord les leçons, puis relance.")
    return tuple(_lire_canal(fichier) for fichier in bases)


def canaux_de_kolibri(maison: Path) -> tuple[Canal, ...]:
    """Return the channels that a Kolibri home has imported; none if it has no readable database yet."""
    base = maison / "db.sqlite3"
    if not base.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"file:{base}?mode=ro", uri=True)) as db:
            lignes = db.execute("SELECT id, version FROM content_channelmetadata ORDER BY id").fetchall()
    except sqlite3.Error:
        return ()
    return tuple(Canal(canal_id=canal_id.replace("-", ""), version=version) for canal_id, version in lignes)


def apporter(contenu: Path, maison: Path, canaux: tuple[Canal, ...]) -> int:
    """
    Copy into the home the files it lacks, then the databases of `canaux`; return how many files were copied.

    Each file appears whole or not at all (copied aside, then renamed), so an interrupted copy goes on where it was.
    A stored file is named after its own digest: same name and same size means same file.
    """
    copies = 0
    for source in _fichiers(contenu / "content/storage"):
        cible = maison / source.relative_to(contenu)
        if not cible.exists() or cible.stat().st_size != source.stat().st_size:
            _copier(source, cible)
            copies += 1
    for canal in canaux:
        relatif = Path("content/databases") / f"{canal.canal_id}.sqlite3"
        _copier(contenu / relatif, maison / relatif)
        copies += 1
    return copies


def _lire_canal(fichier: Path) -> Canal:
    """Read id and version in a channel's own database."""
    try:
        with closing(sqlite3.connect(f"file:{fichier}?mode=ro&immutable=1", uri=True)) as db:
            canal_id, version = db.execute("SELECT id, version FROM content_channelmetadata").fetchone()
    except (sqlite3.Error, TypeError) as erreur:
        raise KolibriNonPret(
            f"Le fichier de leçons {fichier.name} est abîmé.",
            geste="Refabrique les leçons ou reprends-les sur la clé, puis relance.",
        ) from erreur
    return Canal(canal_id=canal_id.replace("-", ""), version=int(version))


def _fichiers(dossier: Path) -> Iterator[Path]:
    """Yield the files under a folder."""
    return (chemin for chemin in dossier.rglob("*") if chemin.is_file())


def _copier(source: Path, cible: Path) -> None:
    """Copy a file aside, flush it, then give it its name."""
    cible.parent.mkdir(parents=True, exist_ok=True)
    provisoire = cible.with_name(cible.name + ".part")
    shutil.copyfile(source, provisoire)
    with provisoire.open("rb") as fichier:
        os.fsync(fichier.fileno())
    provisoire.replace(cible)

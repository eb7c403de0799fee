"""
The Kolibri channel, built offline from the course.

Writes `content/databases/<canal_id>.sqlite3` and `content/storage/a/b/<md5>.<ext>`, the tree that Kolibri imports
from a disk, or reads in place (`CONTENT_FALLBACK_DIRS` and `scanforcontent`). Two builds of one course under one
version are equal: same rows, same bytes of every stored file.
"""

import base64
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pirogue_contenus import paquets
from pirogue_contenus.catalogue import Parcours, charger
from pirogue_contenus.identites import ligne_id
from pirogue_contenus.noeuds import LICENCE, Place, arbre, placer
from pirogue_socle.erreurs import ErreurPirogue

VERSION_SCHEMA = "5"
AUTEUR = "Pirogue connectée"
CHANTIER = ".construction-"


class ChaineNonEcrite(ErreurPirogue):
    """The channel cannot be written: full disk, missing rights."""

    geste = "Libère de la place ou vérifie les droits du dossier, puis relance."
    code = 41


@dataclass(frozen=True, slots=True)
class Chaine:
    """
    A built channel.

    Attributes:
        canal_id: Kolibri's id of the channel.
        version: version it was built under.
        dossier: the folder to give to Kolibri (it holds `content/`).
        base: the channel's database.
        noeuds: number of nodes.
        empreinte: what is in it, version apart; equal for equal contents.
    """

    canal_id: str
    version: int
    dossier: Path
    base: Path
    noeuds: int
    empreinte: str


def construire(parcours: Path, sortie: Path, *, version: int) -> Chaine:
    """
    Build the channel of the course in `parcours` into `sortie`, which is made if need be.

    Nothing half-written ever bears a final name: files are finished aside and renamed, the database last of all, so
    a build cut short leaves the former channel whole. Files that no version needs any more are left where they are.

    Args:
        parcours: folder of the course (see `livre.parcours_livre`).
        sortie: folder that will hold `content/`.
        version: must grow for Kolibri to take the change (see `catalogue.version_du`).

    Raises:
        CoursInvalide: the course has a fault; nothing is written.
        ChaineNonEcrite: the disk is full or refuses; the former channel, if any, is whole.
    """
    cours = charger(parcours)
    places = placer(arbre(cours, parcours))
    try:
        return _poser(cours, places, parcours, sortie, version=version)
    except (OSError, sqlite3.OperationalError) as erreur:
        raise ChaineNonEcrite(f"Les cours ne peuvent pas être écrits dans {sortie} ({erreur}).") from erreur


def _poser(cours: Parcours, places: tuple[Place, ...], parcours: Path, sortie: Path, *, version: int) -> Chaine:
    """Write every file, the database last."""
    sortie.mkdir(parents=True, exist_ok=True)
    base = base_du(cours.canal_id, sortie)
    with _chantier(sortie) as travail:
        for fichier in (un for place in places for un in place.noeud.fichiers):
            paquets.poser(fichier.octets, sortie / "content/storage" / fichier.nom, travail=travail)
        provisoire = travail / base.name
        empreinte = _ecrire(provisoire, cours, places, version=version, vignette=_icone(cours, parcours))
        base.parent.mkdir(parents=True, exist_ok=True)
        with provisoire.open("rb") as flux:
            os.fsync(flux.fileno())
        provisoire.replace(base)
    return Chaine(cours.canal_id, version, sortie, base, len(places), empreinte)


def base_du(canal_id: str, sortie: Path) -> Path:
    """Return where the database of a channel is, or will be."""
    return sortie / "content/databases" / f"{canal_id}.sqlite3"


@contextmanager
def _chantier(sortie: Path) -> Iterator[Path]:
    """Give a folder for unfinished files; clear it after, and those of builds that were killed."""
    for reste in sortie.glob(f"{CHANTIER}*"):
        if not Path("/proc", reste.name.removeprefix(CHANTIER)).exists():
            shutil.rmtree(reste, ignore_errors=True)
    travail = sortie / f"{CHANTIER}{os.getpid()}"
    travail.mkdir(exist_ok=True)
    try:
        yield travail
    finally:
        shutil.rmtree(travail, ignore_errors=True)


def _icone(cours: Parcours, dossier: Path) -> str:
    """Return the channel's picture as a data address, empty when it has none."""
    if cours.vignette is None:
        return ""
    return "data:image/png;base64," + base64.b64encode((dossier / cours.vignette).read_bytes()).decode()


def _ecrire(chemin: Path, cours: Parcours, places: tuple[Place, ...], *, version: int, vignette: str) -> str:
    """Write the database and return the fingerprint of its rows, the version apart."""
    with closing(sqlite3.connect(chemin)) as connexion:
        connexion.executescript(files("pirogue_contenus").joinpath("schema_canal.sql").read_text("utf-8"))
        connexion.execute("insert into content_language values (?, ?, null, 'Français', 'ltr')", (cours.langue,) * 2)
        for ordre, place in enumerate(places, start=1):
            _ecrire_noeud(connexion, cours, place, ordre)
        empreinte = _empreinte(connexion, vignette)
        connexion.execute(
            "insert into content_channelmetadata values (?, ?, ?, ?, ?, ?, ?, null, ?, ?)",
            (
                cours.canal_id,
                cours.titre,
                cours.resume,
                cours.resume[:150],
                AUTEUR,
                version,
                vignette,
                VERSION_SCHEMA,
                places[0].noeud.noeud_id,
            ),
        )
        connexion.commit()
        connexion.execute("vacuum")
    return empreinte


def _empreinte(connexion: sqlite3.Connection, vignette: str) -> str:
    """Return 16 hexadecimal characters that change with any row or picture."""
    somme = hashlib.sha256(vignette.encode())
    for table in ("contentnode", "file", "localfile", "assessmentmetadata"):
        for ligne in connexion.execute(f"select * from content_{table} order by id"):  # noqa: S608 - our own names
            somme.update(repr(ligne).encode())
    return somme.hexdigest()[:16]


def _ecrire_noeud(connexion: sqlite3.Connection, cours: Parcours, place: Place, ordre: int) -> None:
    """Write one node, its files and its questions."""
    noeud = place.noeud
    theme = noeud.sorte == "topic"
    colonnes: dict[str, str | int | None] = {
        "id": noeud.noeud_id,
        "license_name": None if theme else LICENCE,
        "title": noeud.titre,
        "coach_content": 0,
        "content_id": noeud.contenu_id,
        "channel_id": cours.canal_id,
        "description": noeud.description,
        "sort_order": ordre,
        "license_owner": "" if theme else AUTEUR,
        "author": AUTEUR,
        "kind": noeud.sorte,
        "available": 0,  # Kolibri sets it when it finds the files
        "options": noeud.options_json,
        "learning_activities": noeud.activite,
        "categories": ",".join(noeud.categories) or None,
        "learner_needs": noeud.besoins,
        "duration": noeud.duree_s,
        "lft": place.gauche,
        "rght": place.droite,
        "tree_id": 1,
        "level": place.niveau,
        "lang_id": cours.langue,
        "parent_id": place.parent,
    }
    noms, marques = ", ".join(colonnes), ", ".join("?" * len(colonnes))
    connexion.execute(
        f"insert into content_contentnode ({noms}) values ({marques})",  # noqa: S608 - our own names
        tuple(colonnes.values()),
    )
    for rang, fichier in enumerate(noeud.fichiers, start=1):
        connexion.execute(
            "insert or ignore into content_localfile values (?, ?, 0, ?)",
            (fichier.md5, fichier.extension, len(fichier.octets)),
        )
        connexion.execute(
            "insert into content_file values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ligne_id("fichier", noeud.noeud_id, fichier.preset),
                fichier.preset,
                fichier.vignette,
                fichier.vignette,
                rang,
                noeud.noeud_id,
                cours.langue,
                fichier.md5,
            ),
        )
    if noeud.evaluation is not None:
        connexion.execute(
            "insert into content_assessmentmetadata values (?, ?, ?, ?, 0, 1, ?)",
            (
                ligne_id("evaluation", noeud.noeud_id),
                json.dumps(noeud.evaluation.questions),
                len(noeud.evaluation.questions),
                json.dumps(noeud.evaluation.maitrise),
                noeud.noeud_id,
            ),
        )

"""The shore's folder: its keys, the cards of the relays that it knows, its database, the lots as they arrived."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from pirogue_echange import cles as cles_
from pirogue_echange.annuaire import Droit, ecrire_droits, lire_droits
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_rive import base, cles_suivantes, disque
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.ids import nouvel_id

CORPS_MAX = 8 * 1024 * 1024
#: The name under which the command line knows it.
RiveIllisible = disque.RiveIllisible


class RelaisDejaConnu(ErreurPirogue):
    """Another card with the same id is known already; it is not replaced."""

    geste = "Compare les empreintes sur les deux écrans avant d'enlever l'ancienne carte."
    code = 80


@dataclass(frozen=True, slots=True)
class ConfigRive:
    """
    Where the shore keeps its things and whom it answers.

    Attributes:
        dossier: its folder, 0700.
        hotes: names under which it may be called (Host header), without port.
        corps_max_octets: largest body of a request.
        base: URL of its database, such as `postgresql+psycopg://…`; empty for an SQLite file in the folder.
    """

    dossier: Path
    hotes: tuple[str, ...] = ("127.0.0.1", "localhost")
    corps_max_octets: int = CORPS_MAX
    base: str = ""

    @property
    def url(self) -> str:
        """Return the URL of the database."""
        return self.base or f"sqlite:///{self.dossier / 'rive.sqlite3'}"


@dataclass(frozen=True, slots=True)
class Rive:
    """
    An open shore.

    Attributes:
        moteur: the database.
        cles: the shore's keys.
        dossier: its folder.
    """

    moteur: Engine
    cles: Cles
    dossier: Path

    @property
    def bruts(self) -> Path:
        """Return the folder of the lots as they arrived."""
        return self.dossier / "bruts"

    def annuaire(self) -> Mapping[str, tuple[Droit, ...]]:
        """Return the cards of the relays that this shore knows, as they are now: a relay is welcomed at once."""
        return _Relais(self.dossier / "relais")


class _Relais(Mapping[str, tuple[Droit, ...]]):
    """The folder of cards as a directory: a file is looked at when its relay is asked for, read when it changed."""

    def __init__(self, dossier: Path) -> None:
        self._dossier = dossier

    def __getitem__(self, relais: str) -> tuple[Droit, ...]:
        chemin = self._dossier / f"{relais}.json"
        try:
            if not cles_.NOM.fullmatch(relais):
                raise KeyError(relais)
            etat = chemin.stat()
        except FileNotFoundError as cause:
            raise KeyError(relais) from cause
        return _lire_droits(chemin, (etat.st_ino, etat.st_mtime_ns, etat.st_size))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(chemin.stem for chemin in self._dossier.glob("*.json")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=4096)
def _lire_droits(chemin: Path, etat: tuple[int, int, int]) -> tuple[Droit, ...]:  # noqa: ARG001 - part of the key
    return lire_droits(chemin.read_bytes())


def installer(dossier: Path, *, id: str = "rive", nom: str = "Rive") -> Carte:  # noqa: A002 - the field's name
    """
    Make a shore in a folder: keys (`cles.json`), card (`rive.json`), and two keys to be moved offline.

    `secours.txt` opens everything, for the day the shore burns; `identites.txt` opens names, for who may read them.

    On a folder that is a shore already nothing changes.

    Returns:
        The shore's card.

    Raises:
        RiveIllisible, ClesIllisibles: the folder cannot be written or holds damaged keys.
    """
    try:
        (dossier / "relais").mkdir(parents=True, exist_ok=True)
        (dossier / "bruts").mkdir(exist_ok=True)
        dossier.chmod(0o700)
        if not (dossier / "cles.json").exists():
            secours, identites = (_cle_hors_ligne(dossier / f"{nom_}.txt") for nom_ in ("secours", "identites"))
            neuves = cles_.faire("rive", id=id, nom=nom, secours=secours, identites=identites)
            cles_.enregistrer(neuves, dossier / "cles.json")
        carte = cles_.charger(dossier / "cles.json").carte
        (dossier / "rive.json").write_bytes(cles_.ecrire_carte(carte))
    except OSError as cause:
        raise RiveIllisible(f"Le dossier de la rive ne peut pas être préparé (erreur {cause.errno}).") from cause
    return carte


def _cle_hors_ligne(chemin: Path) -> str:
    """Write a new age identity to a file; return its recipient. One from an install that was cut opens nothing."""
    identite, destinataire = cles_.faire_secours()
    chemin.unlink(missing_ok=True)
    cles_.ecrire_prive(chemin, identite.encode() + b"\n")
    return destinataire


def accueillir(dossier: Path, octets: bytes) -> Carte:
    """
    Make a relay known to the shore, from its card; the person has compared the fingerprints first.

    Raises:
        ClesIllisibles: not a relay's card.
        RelaisDejaConnu: another card with this id is known.
        RiveIllisible: the folder cannot be written.
    """
    carte = cles_.lire_carte(octets)
    if carte.genre != "relais":
        raise ClesIllisibles("Cette carte n'est pas celle d'un relais.")
    chemin = dossier / "relais" / f"{carte.id}.json"
    try:
        if chemin.exists():
            if lire_droits(chemin.read_bytes())[0].carte.empreinte != carte.empreinte:
                raise RelaisDejaConnu("Un relais de ce nom est déjà connu, avec d'autres clés.")
            return carte
        ecrire_durable(chemin, ecrire_droits([Droit(carte)]))
    except OSError as cause:
        raise RiveIllisible(f"La carte du relais ne peut pas être écrite (erreur {cause.errno}).") from cause
    return carte


@contextlib.contextmanager
def ouvrir(config: ConfigRive) -> Iterator[Rive]:
    """
    Open the shore and close it at the end.

    Raises:
        RiveIllisible, RivePleine, RiveOccupee, ClesIllisibles: it was never installed, or cannot be read or written.
    """
    rive = ouvrir_rive(config)
    try:
        yield rive
    finally:
        rive.moteur.dispose()


def ouvrir_rive(config: ConfigRive) -> Rive:
    """Open the shore for the life of a process; same errors as `ouvrir`."""
    if not (config.dossier / "cles.json").exists():
        raise RiveIllisible("Il n'y a pas de rive dans ce dossier.")
    try:
        moteur = base.ouvrir_moteur(config.url)
    except (ArgumentError, ImportError) as cause:
        raise RiveIllisible("L'adresse de la base de la rive n'a pas la forme attendue.") from cause
    cles_suivantes.achever(moteur, config.dossier)
    return Rive(moteur=moteur, cles=cles_.charger(config.dossier / "cles.json"), dossier=config.dossier)


def ecrire_durable(chemin: Path, octets: bytes) -> None:
    """
    Write a new file so that after a power cut it is whole or absent: temporary name, sync, rename, sync folder.

    Raises:
        RivePleine, RiveIllisible: the disk is full or fails.
    """
    provisoire = chemin.with_name(f"{chemin.name}.{nouvel_id()}.tmp")
    with disque.phrases():
        with provisoire.open("wb") as fichier:
            fichier.write(octets)
            fichier.flush()
            os.fsync(fichier.fileno())
        provisoire.rename(chemin)
        dossier = os.open(chemin.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(dossier)
        finally:
            os.close(dossier)

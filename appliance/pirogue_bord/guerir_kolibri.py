"""
Kolibri's databases, looked at before it starts: sound, or put back from a copy, or begun again.

Only `db.sqlite3` holds somebody's work (accounts, progress: the register has read most of it). The others are queues
and sessions: Kolibri's own empty ones take their place. Lessons come from the system, never from a copy.
"""

import importlib.util
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pirogue_bord import guerir
from pirogue_bord.guerir import Copie
from pirogue_contenus.kolibri_annuaire import en_vie
from pirogue_contenus.kolibri_maison import CHANTIER
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

BASE = "db.sqlite3"
ANNEXES = ("sessions", "notifications", "syncqueue", "networklocation", "job_storage")
HISTOIRE = "histoire.json"
LECONS = Path("content/databases")
#: Kolibri starts during which people are told of a healing: one is missed when the current comes and goes.
DEMARRAGES_DITS = 3


class KolibriTourne(ErreurPirogue):
    """Kolibri is running on its home: what it holds open must not be moved."""

    geste = "Arrête Kolibri d'abord : « systemctl stop kolibri »."
    code = 97


@dataclass(frozen=True, slots=True)
class Soin:
    """
    What was done to Kolibri's home.

    Attributes:
        quoi: `copie` (put back from one), `neuve` (begun again), `annexes` (only queues, sessions, lessons).
        boot_id, bt_ns, mur_ms: when.
        copie_boot_id, copie_bt_ns, copie_mur_ms: when the copy was made; empty and 0 without one.
        demarrages: how many times Kolibri was started since.
    """

    quoi: str
    boot_id: str
    bt_ns: int
    mur_ms: int
    copie_boot_id: str = ""
    copie_bt_ns: int = 0
    copie_mur_ms: int = 0
    demarrages: int = 0

    @property
    def dit(self) -> bool:
        """Whether people are still told."""
        return self.demarrages < DEMARRAGES_DITS

    @property
    def nom(self) -> str:
        """Which healing this is: one name for each."""
        return f"{self.boot_id}:{self.bt_ns}"


def garder(maison: Path, *, instant: Instant) -> Copie:
    """
    Keep a copy of Kolibri's database if it changed; Kolibri may run.

    Raises:
        KolibriAbime: it is damaged; no copy is made, it is healed when Kolibri starts again.
        sqlite3.Error, OSError: no copy was made.
    """
    base = maison / BASE
    reproche = guerir.examiner(base)
    if reproche:
        raise sqlite3.DatabaseError(f"{BASE}: {reproche}")
    return guerir.garder(base, instant=instant, marque=guerir.marquer(base))


def soigner(
    maison: Path,
    *,
    instant: Instant,
    adresse: str,
    modele: Path | None,
    contenu: Path | None,
    dire: Callable[[str], None],
) -> Soin | None:
    """
    Look at the databases of a home that nobody uses; heal what is damaged, so that `kolibri_boite.preparer` can go on.

    Cut at any instant and run again, it ends the same; what was damaged is moved to `copies/abime-…`.

    Args:
        maison: Kolibri's home.
        instant: now.
        adresse: where Kolibri would answer if it ran.
        modele: the home that an image brings, whose empty databases are ours; Kolibri's own otherwise.
        contenu: the channel that an image brings, or that was built here; None without one.
        dire: called with a short French phrase at each step.

    Returns:
        What was done, None when all was sound, or when no home was ever made.

    Raises:
        KolibriTourne: Kolibri answers; nothing was touched.
        AucuneCopie: an empty database that Kolibri ships is not there.
        OSError: run it again.
    """
    base = maison / BASE
    if (maison / CHANTIER).exists() or not _a_servi(maison):
        return None
    reproche = guerir.examiner(base) if base.exists() else "disparue"
    annexes = [nom for nom in ANNEXES if _est_abimee(maison / f"{nom}.sqlite3")]
    lecons = _lecons_abimees(maison, contenu)
    if not reproche and not annexes and not lecons:
        _compter(maison)
        return None
    if en_vie(base=adresse):
        raise KolibriTourne("Kolibri tourne : je ne touche pas à ses données.")
    soin = Soin("annexes", instant.boot_id, instant.bt_ns, instant.mur_ms)
    if reproche:
        dire(f"Kolibri : la base est abîmée ({reproche}), mise de côté")
        soin = _remettre_base(maison, soin, dire=dire)
    else:
        _noter(maison, soin)
    if soin.quoi != "neuve":
        for nom in annexes:
            dire(f"Kolibri : {nom} est abîmée, mise de côté")
            _remettre(maison / f"{nom}.sqlite3", _vide(nom, modele))
    for source, cible in lecons:
        dire(f"Kolibri : les leçons {cible.stem} sont abîmées, reprises du système")
        guerir.copier(source, cible)
    return soin


def lire_soin(maison: Path) -> Soin | None:
    """Return the last healing of a home, None when there was none or it cannot be read."""
    try:
        return Soin(**json.loads((maison / guerir.DOSSIER / HISTOIRE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _a_servi(maison: Path) -> bool:
    """Say whether this home was ever whole: a database, or a copy of one, or what was damaged of it."""
    dossier = maison / guerir.DOSSIER
    return (maison / BASE).exists() or bool(guerir.lister(maison / BASE)) or any(dossier.glob(f"abime-*/{BASE}"))


def _est_abimee(fichier: Path) -> bool:
    return bool(guerir.examiner(fichier)) if fichier.exists() else True


def _lecons_abimees(maison: Path, contenu: Path | None) -> list[tuple[Path, Path]]:
    """Return (source, file) for each channel's database that is damaged and that the system brings: nobody's work."""
    if contenu is None:
        return []
    sources = sorted((contenu / LECONS).glob("*.sqlite3"))
    paires = [(source, maison / LECONS / source.name) for source in sources]
    return [(source, cible) for source, cible in paires if cible.exists() and guerir.examiner(cible)]


def _remettre(base: Path, source: Path | None) -> None:
    """Set a file aside and put another in its place, or nothing."""
    guerir.ecarter(base)
    if source is not None:
        guerir.copier(source, base)
    else:
        base.unlink(missing_ok=True)
        guerir.poser_dossier(base.parent)
    guerir.rendre_entete(base)


def _noter(maison: Path, soin: Soin) -> None:
    """Write down what is about to be done: a healing that was cut is done again, and told."""
    guerir.ecrire_objet(guerir.ouvrir_dossier(maison / BASE) / HISTOIRE, asdict(soin))


def _remettre_base(maison: Path, soin: Soin, *, dire: Callable[[str], None]) -> Soin:
    """Set the main database aside, put the newest sound copy in its place; without one, leave room for a new home."""
    base = maison / BASE
    # What Kolibri remembers of the database that goes: a new one would be asked for the former facility.
    shutil.rmtree(maison / "process_cache", ignore_errors=True)
    try:
        copie = guerir.choisir(base)
    except guerir.AucuneCopie:
        dire("Kolibri : aucune copie, je laisse la place à une maison neuve")
        soin = replace(soin, quoi="neuve")
        _noter(maison, soin)
        # Without its version, Kolibri takes the databases that it ships instead of making each table again (minutes).
        for nom in (".data_version", "pirogue_etat.json"):
            (maison / nom).unlink(missing_ok=True)
        for nom in ANNEXES:
            if (maison / f"{nom}.sqlite3").exists():
                _remettre(maison / f"{nom}.sqlite3", None)
        # Last: a base that is still there, damaged, brings us back here after a cut.
        _remettre(base, None)
        return soin
    dire("Kolibri : je remets la dernière copie")
    du = {"copie_boot_id": copie.boot_id, "copie_bt_ns": copie.bt_ns, "copie_mur_ms": copie.mur_ms}
    soin = Soin(**asdict(soin) | du | {"quoi": "copie"})
    _noter(maison, soin)
    _remettre(base, copie.fichier)
    return soin


def _vide(nom: str, modele: Path | None) -> Path:
    """Return the empty database of this name; raises AucuneCopie."""
    trouve = importlib.util.find_spec("kolibri")
    dossiers = [modele] if modele is not None else []
    if trouve is not None and trouve.origin is not None:
        dossiers.append(Path(trouve.origin).parent / "dist" / "home")
    for dossier in dossiers:
        if (dossier / f"{nom}.sqlite3").exists():
            return dossier / f"{nom}.sqlite3"
    raise guerir.AucuneCopie(f"Kolibri n'a pas de base neuve pour {nom}.")


def _compter(maison: Path) -> None:
    """Count one more start since the last healing, as long as it is told."""
    soin = lire_soin(maison)
    if soin is not None and soin.dit:
        guerir.ecrire_objet(maison / guerir.DOSSIER / HISTOIRE, asdict(soin) | {"demarrages": soin.demarrages + 1})

"""
Four ways of writing lots on a stick: the product's two, and two controls that must lose what they announce.

Each is a generator that yields (name, bytes) at the moment when it believes that the file is safe.
"""

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from equipage import HUIT_HEURES_MS
from pirogue_echange import cles as format_cles
from pirogue_echange import support
from pirogue_registre import base, journal
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_sync import cle as voie_cle
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.trousseau import assembler

#: What a writer meets when the stick goes.
PANNES = (OSError, ErreurPirogue)
Ecrits = Iterator[tuple[str, bytes]]


def naif(dossier: Path, hasard: random.Random, _donnees: Path, serie: str) -> Ecrits:
    """Control: copy the file, as anybody would."""
    source = Path(f"/run/source-{serie}")
    montee = _montee(dossier)
    for nom, octets in _lots(hasard):
        source.write_bytes(octets)
        shutil.copy(source, montee / nom)
        yield nom, octets


def manuel(dossier: Path, hasard: random.Random, _donnees: Path, _serie: str) -> Ecrits:
    """Control: what the textbooks say, which vfat does not keep: sync, rename, sync the folder."""
    montee = _montee(dossier)
    fd_dossier = os.open(montee, os.O_RDONLY | os.O_DIRECTORY)
    for nom, octets in _lots(hasard):
        provisoire = montee / f"{nom}.tmp"
        with provisoire.open("wb") as fichier:
            fichier.write(octets)
            fichier.flush()
            os.fsync(fichier.fileno())
        provisoire.rename(montee / nom)
        os.fsync(fd_dossier)
        yield nom, octets


def seul(dossier: Path, hasard: random.Random, _donnees: Path, _serie: str) -> Ecrits:
    """Ours, the writer alone: `support.ecrire`, one file after another, each read back."""
    with support.phrases(), support.ouvrir_dossier(dossier, support.RACINE, "montee", creer=True) as montee:
        for nom, octets in _lots(hasard):
            support.ecrire(montee, nom, octets)
            support.relire(montee, {nom: octets})
            yield nom, octets


def echange(dossier: Path, _hasard: random.Random, donnees: Path, serie: str) -> Ecrits:
    """Ours, the whole road: register, sealing, `pirogue_sync.cle.echanger`; announced is what the register notes."""
    shutil.copytree(donnees, _maison(serie))
    annonces: set[str] = set()
    while True:
        _vivre(serie)
        _echanger(dossier, serie)
        registre = base.ouvrir(_maison(serie) / "registre")
        for lot_id, corps in registre.db.execute("SELECT id, corps FROM depot JOIN lot ON lot.id = depot.lot_id"):
            if lot_id not in annonces:
                annonces.add(lot_id)
                yield f"{lot_id}.lot", corps
        base.fermer(registre)


def finir_echange(dossier: Path, serie: str) -> dict[str, object]:
    """Exchange once more and return what the register believes: lots put on sticks, lots left, the chip."""
    bilan = _echanger(dossier, serie)
    registre = base.ouvrir(_maison(serie) / "registre")
    lignes = registre.db.execute("SELECT id, corps FROM lot ORDER BY premier").fetchall()
    base.fermer(registre)
    return {
        "puce": bilan.puce.code,
        "lots": {f"{lot_id}.lot": hashlib.sha256(corps).hexdigest() for lot_id, corps in lignes},
    }


ECRIVAINS: dict[str, Callable[[Path, random.Random, Path, str], Ecrits]] = {
    "naif": naif,
    "manuel": manuel,
    "seul": seul,
    "echange": echange,
}


def _montee(dossier: Path) -> Path:
    montee = dossier / "PIROGUE/montee"
    montee.mkdir(parents=True)
    subprocess.run(["sync", "-f", montee], check=True)  # the controls do not lose because the folder is new
    return montee


def _lots(hasard: random.Random) -> Ecrits:
    """Yield files named and sized like lots, without end."""
    while True:
        octets = hasard.randbytes(hasard.randint(400, 30_000))
        yield f"{hashlib.sha256(octets).hexdigest()[:32]}.lot", octets


def _maison(serie: str) -> Path:
    return Path("/run/maison") / serie


def _echanger(dossier: Path, serie: str) -> BilanEchange:
    maison = _maison(serie)
    registre = base.ouvrir(maison / "registre")
    try:
        return voie_cle.echanger(
            registre,
            dossier=dossier,
            trousseau=assembler(
                maison,
                cles=format_cles.charger(maison / "relais.cles"),
                rive=format_cles.lire_carte((maison / "rive.json").read_bytes()),
            ),
            instant=maintenant(),
        )
    finally:
        base.fermer(registre)


def _vivre(serie: str) -> None:
    """Live a little: Rachelle confirms the date, three times."""
    registre = base.ouvrir(_maison(serie) / "registre")
    for rang in range(3):
        instant = maintenant()
        valeurs = {"utc_ms": HUIT_HEURES_MS + rang, "source": "formateur"}
        journal.ecrire(registre, type="ancre", valeurs=valeurs, instant=instant, auteur="rachelle")
    base.fermer(registre)

"""
The register's copies: one an hour while something is written, three kept; and the way back, on a person's order only.

A register that is damaged is never replaced by itself: what it still holds may be more than any copy. Whoever was
erased is erased from the copies too, and a register put back begins a new life (`incarnation`), so that the shore
never mixes what was written after the copy with what is written now.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from pirogue_bord import guerir
from pirogue_bord.guerir import Copie
from pirogue_registre import base, effacement, incarnation
from pirogue_registre.base import RegistreIllisible
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

FICHIER = "registre.sqlite3"
#: What the last whole check said, read by the health check `registre`.
VERDICT = "verdict.json"
REMISE = "remise"


class RegistreSain(ErreurPirogue):
    """The register is not damaged: a copy would only lose what was written since."""

    geste = "Ne remets rien. Si la page du bateau dit autre chose, appelle le coordinateur."
    code = 96


def garder(dossier: Path, *, instant: Instant) -> Copie:
    """
    Check the whole register, say what was found in `copies/verdict.json`, and keep a copy if something changed.

    Raises:
        RegistreIllisible: it is damaged or gone; no copy is made, and the former ones stay.
    """
    chemin = dossier / FICHIER
    reproche = guerir.examiner(chemin)
    abri = guerir.ouvrir_dossier(chemin)
    verdict: dict[str, object] = {"boot_id": instant.boot_id, "bt_ns": instant.bt_ns, "reproche": reproche}
    guerir.ecrire_objet(abri / VERDICT, verdict)
    if reproche:
        raise RegistreIllisible(
            f"Le registre est abîmé ({reproche}).",
            geste="Ne débranche rien. Appelle le coordinateur : docs/etat-du-bateau.md dit quoi faire.",
        )
    _oublier_effacees(chemin)
    return guerir.garder(chemin, instant=instant, marque=_marquer(chemin))


def remettre(dossier: Path, *, instant: Instant, meme_sain: bool = False) -> Copie:
    """
    Put the newest sound copy in the place of the register, under a new incarnation; the damaged file is set aside.

    Nothing of the boat may be writing meanwhile (stop the portal, the body and the courier).

    Args:
        dossier: the register's.
        instant: now.
        meme_sain: also when the register is sound.

    Raises:
        RegistreSain: it is sound.
        AucuneCopie: no copy is.
        DisquePlein, RegistreIllisible, OSError: nothing was changed; run it again.
    """
    chemin = dossier / FICHIER
    if not meme_sain and chemin.exists() and not guerir.examiner(chemin):
        raise RegistreSain("Le registre n'est pas abîmé : rien n'a été remis.")
    copie = guerir.choisir(chemin)
    atelier = dossier / REMISE
    shutil.rmtree(atelier, ignore_errors=True)
    atelier.mkdir(mode=0o770)
    try:
        # All that the new life needs is done before it has the register's name: a cut leaves the old one, or this one.
        shutil.copyfile(copie.fichier, atelier / FICHIER)
        remis = base.ouvrir(atelier)
        try:
            incarnation.renaitre(remis, instant=instant)
            remis.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            base.fermer(remis)
        guerir.ecarter(chemin)
        guerir.copier(atelier / FICHIER, chemin)
        guerir.rendre_entete(chemin)
    finally:
        shutil.rmtree(atelier, ignore_errors=True)
    return copie


def redire_a_kolibri(dossier: Path, *, soin: str) -> int:
    """
    After Kolibri was put back from a copy, have it forget again everybody who was erased aboard; return how many.

    Args:
        dossier: the register's.
        soin: which healing, so that one is told once; nothing when there was none.

    Raises:
        ErreurPirogue: the register cannot be written; nothing was.
    """
    if not soin:
        return 0
    registre = base.ouvrir(dossier)
    try:
        return effacement.redire_a_kolibri(registre, soin=soin)
    finally:
        base.fermer(registre)


def _marquer(chemin: Path) -> str:
    """Return how far the register is: the last number of each table that grows, so that a mere opening counts not."""
    with contextlib.closing(sqlite3.connect(f"{chemin.as_uri()}?mode=ro", uri=True)) as db:
        tables = [nom for (nom,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        compte = [db.execute(f"SELECT coalesce(max(rowid), 0), count(*) FROM {nom}").fetchone() for nom in tables]  # noqa: S608
    return " ".join(f"{dernier}:{nombre}" for dernier, nombre in compte)


def _oublier_effacees(chemin: Path) -> None:
    """Destroy, in every copy, the keys of those who were erased since: a copy must not bring a name back."""
    with contextlib.closing(sqlite3.connect(f"{chemin.as_uri()}?mode=ro", uri=True)) as db:
        effacees = [(un,) for (un,) in db.execute("SELECT personne_id FROM effacement")]
    for copie in guerir.lister(chemin):
        with contextlib.closing(sqlite3.connect(copie.fichier, isolation_level=None)) as db:
            db.execute("PRAGMA secure_delete=ON")
            db.execute("BEGIN IMMEDIATE")
            for table, colonne in (("coffre", "personne_id"), ("secret_compte", "compte_id")):
                presents = {un for (un,) in db.execute(f"SELECT {colonne} FROM {table}")}  # noqa: S608 - our own names
                db.executemany(
                    f"DELETE FROM {table} WHERE {colonne} = ?",  # noqa: S608
                    [un for un in effacees if un[0] in presents],
                )
            db.execute("COMMIT")

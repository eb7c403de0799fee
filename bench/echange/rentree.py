"""Figure 5: events per second from the sealed lot to the projected view, on both engines, beside a bare insert."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, create_engine

from echange import deux_ans, postgres, quai
from echange.quai import Quai
from mesure import tableau
from pirogue_registre import base, envois, journal
from pirogue_rive import arrivees
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive
from pirogue_socle.horloge import maintenant

TOURS, BUT = 3, 50_000


def mesurer(jours: int = deux_ans.JOURS) -> dict[str, float]:
    """Take two years in, several times on each engine, in alternation with bare inserts; print and return events/s."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pirogue-rentree-") as dossier, postgres.serveur() as pg:
        lieu = Path(dossier)
        q, lots, lignes = sceller_deux_ans(lieu, jours)
        moteurs: dict[str, Callable[[str], str]] = {
            "SQLite": lambda nom: f"sqlite:///{lieu}/{nom}.sqlite3",
            "PostgreSQL": lambda nom: postgres.creer_base(pg, nom),
        }
        debits: dict[str, list[tuple[float, float]]] = {nom: [] for nom in moteurs}
        for tour in range(TOURS):
            for nom, adresse in moteurs.items():
                nu = inserer_nu(adresse(f"nu{tour}"), lignes)
                rentree = prendre_tout(copier_rive(q, lieu / f"{nom}{tour}"), adresse(f"rive{tour}"), lots)
                debits[nom].append((len(lignes) / rentree, len(lignes) / nu))
    return imprimer(debits, len(lignes), len(lots))


def sceller_deux_ans(lieu: Path, jours: int) -> tuple[Quai, list[bytes], list[bytes]]:
    """Pair a boat of so many days with a shore, seal all; return the quay, the lots, the journal's lines."""
    (lieu / "bateau").mkdir()
    deux_ans.copier(deux_ans.modele(jours), lieu / "bateau" / "registre")
    q = quai.apparier(lieu)
    quai.sceller(q)
    registre = base.ouvrir(q.registre)
    lots = [lot.corps for lot in envois.a_envoyer(registre)]
    lignes = [ligne for _, ligne in journal.lignes(registre, apres=0, limite=10**9)]
    base.fermer(registre)
    return q, lots, lignes


def copier_rive(q: Quai, vers: Path) -> Path:
    """Copy the shore's folder, which has received nothing yet: same keys, same relay."""
    return Path(shutil.copytree(q.rive, vers, ignore=shutil.ignore_patterns("*.sqlite3*")))


def prendre_tout(dossier: Path, adresse: str, lots: list[bytes]) -> float:
    """Take lots in, as when they arrive by the network; return seconds."""
    with rives.ouvrir(ConfigRive(dossier, base=adresse)) as rive:
        debut = time.perf_counter()
        sorts = {un.sort for un in arrivees.prendre_suite(rive, lots, voie="4g", instant=maintenant())}
        duree = time.perf_counter() - debut
    if sorts != {"ingere"}:
        raise RuntimeError(f"des lots ne sont pas entrés : {sorts}")
    return duree


def inserer_nu(adresse: str, lignes: list[bytes]) -> float:
    """Insert the same lines, unchecked, a thousand per transaction, into one table with one key; return seconds."""
    moteur = create_engine(adresse)
    metadata = MetaData()
    table = Table("nu", metadata, Column("seq", Integer, primary_key=True), Column("ligne", LargeBinary))
    metadata.create_all(moteur)
    debut = time.perf_counter()
    for rang in range(0, len(lignes), 1000):
        with moteur.begin() as db:
            db.execute(
                table.insert(),
                [{"seq": seq, "ligne": ligne} for seq, ligne in enumerate(lignes[rang : rang + 1000], rang)],
            )
    duree = time.perf_counter() - debut
    moteur.dispose()
    return duree


def imprimer(debits: dict[str, list[tuple[float, float]]], evenements: int, lots: int) -> dict[str, float]:
    """Print figure 5; return the medians."""
    medianes = {nom: statistics.median(ev for ev, _ in serie) for nom, serie in debits.items()}
    tableau(
        f"5. La rentrée ({evenements} événements en {lots} lots, {TOURS} fois) : vérifier, ouvrir, ranger, projeter",
        ["moteur", "événements/s (médiane)", "min", "insertion nue /s", "coût / insertion nue", "but"],
        [
            [
                nom,
                round(medianes[nom]),
                round(min(ev for ev, _ in serie)),
                round(statistics.median(nu for _, nu in serie)),
                statistics.median(nu / ev for ev, nu in serie),
                f"≥ {BUT}",
            ]
            for nom, serie in debits.items()
        ],
    )
    return medianes

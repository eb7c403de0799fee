"""What one durable event costs beside one bare durable row of the same size, in the same run, on the same disk."""

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from mesure import tableau
from pirogue_registre import base, journal
from pirogue_registre.vues import vider
from pirogue_socle.horloge import maintenant

TOURS, PAR_TOUR = 7, 200


def mesurer() -> None:
    """Interleave both writers and print the median of the ratios."""
    with tempfile.TemporaryDirectory(dir=".") as dossier:
        registre = base.ouvrir(Path(dossier) / "registre")
        vider(registre.db)
        nu = _ouvrir_nu(Path(dossier) / "nu.sqlite3")
        paires = [(_nous(registre), _nu(nu)) for _ in range(TOURS)]
        _lot(registre)
        lot = _lot(registre)
        base.fermer(registre)
        nu.close()
    ratios = sorted(n / c for n, c in paires)
    tableau(
        "Le registre : un événement durable (WAL, synchronous=FULL), vues comprises",
        ["écrivain", "par seconde (médiane)", "coût / ligne nue : min", "médiane", "max"],
        [
            ["ligne nue de même taille", PAR_TOUR / statistics.median(c for _, c in paires), 1.0, 1.0, 1.0],
            [
                "journal.ecrire",
                PAR_TOUR / statistics.median(n for n, _ in paires),
                ratios[0],
                statistics.median(ratios),
                ratios[-1],
            ],
            ["journal.ecrire, 200 dans une transaction", PAR_TOUR / lot, "", "", ""],
        ],
    )


def _nous(registre: base.Registre) -> float:
    debut = time.perf_counter()
    for rang in range(PAR_TOUR):
        _ecrire(registre, rang)
    return time.perf_counter() - debut


def _lot(registre: base.Registre) -> float:
    debut = time.perf_counter()
    with base.transaction(registre):
        for rang in range(PAR_TOUR):
            _ecrire(registre, rang)
    return time.perf_counter() - debut


def _ecrire(registre: base.Registre, rang: int) -> None:
    journal.ecrire(
        registre,
        type="presence_pointee",
        valeurs={
            "etat": "present",
            "source": "appel",
            "arrivee_heure": None,
            "depart_heure": None,
            "motif_absence": None,
        },
        instant=maintenant(),
        auteur="a" * 32,
        personne_id=f"{rang:032d}",
        seance_id="s" * 32,
    )


def _ouvrir_nu(chemin: Path) -> sqlite3.Connection:
    db = sqlite3.connect(chemin, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE ligne (seq INTEGER PRIMARY KEY, corps TEXT)")
    return db


def _nu(db: sqlite3.Connection) -> float:
    corps = "x" * 330
    debut = time.perf_counter()
    for _ in range(PAR_TOUR):
        db.execute("INSERT INTO ligne (corps) VALUES (?)", (corps,))
    return time.perf_counter() - debut

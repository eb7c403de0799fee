"""The picture: what a session, a day, a week and a month cost by every road, in bytes and in seconds far away."""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from echange.autres import BENCH_PYTHON
from echange.jour import LOINTAIN, Banc, Methode
from mesure import tableau

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "cout_echange.svg"
#: (name, days, sessions a day, timed far away too).
GRANDEURS = (
    ("une séance", 1, 1, True),
    ("un jour", 1, 2, True),
    ("une semaine", 6, 2, True),
    ("un mois", 26, 2, False),
)
COURTS = {
    "nous": "notre échange",
    "csv": "csv.zip",
    "kolibri": "Kolibri",
    "par_ligne": "un JSON par événement",
    "rsync": "rsync -z de la base",
}


@dataclass(frozen=True)
class Point:
    """What one size cost by one road; `secondes` is 0 when it was not timed."""

    methode: str
    evenements: int
    octets: int
    secondes: float


def mesurer(banc: Banc) -> None:
    """Send each size by every road, near for its bytes, far for its seconds; print, and draw the picture."""
    methodes = [methode for methode in banc.toutes if methode.cle in COURTS]
    points: list[Point] = []
    rattrapage = banc.vivre()
    for methode in methodes:
        methode.essayer(rattrapage, loin=False)
    for _, jours, seances, loin in GRANDEURS:
        lignes = banc.vivre(jours, seances=seances)
        octets = {methode.cle: methode.essayer(lignes, loin=False).octets for methode in methodes}
        autres = banc.vivre(jours, seances=seances) if loin else []
        durees = {methode.cle: _duree_s(methode, autres) if loin else 0.0 for methode in methodes}
        points += [Point(COURTS[cle], len(lignes), octets[cle], durees[cle]) for cle in octets]
    _imprimer(points)
    _dessiner(points)


def _duree_s(methode: Methode, lignes: list[bytes]) -> float:
    part = len(lignes) / methode.lignes_loin if methode.lignes_loin else 1.0
    return methode.essayer(lignes, loin=True).duree_s * part


def _imprimer(points: list[Point]) -> None:
    rangees: list[list[object]] = []
    for nom in COURTS.values():
        siens = [point for point in points if point.methode == nom]
        rangees.append(
            [nom, *(f"{point.octets / 1000:.1f}" for point in siens), *(f"{p.secondes:.1f}" for p in siens[:-1])]
        )
    titres = [
        f"{nom} ({point.evenements}), ko" for (nom, *_), point in zip(GRANDEURS, points[:: len(COURTS)], strict=True)
    ]
    titres += [f"{nom}, s" for nom, *_ in GRANDEURS[:-1]]
    tableau("Le coût selon la quantité (secondes à 300 ms, 32 ko/s montants)", ["par", *titres], rangees)


def _dessiner(points: list[Point]) -> None:
    """Let the bench's own environment draw."""
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    donnees = {
        "points": [asdict(point) for point in points],
        "lien": f"aller-retour {2000 * LOINTAIN.aller_s:.0f} ms, {LOINTAIN.montant_o_s / 1000:.0f} ko/s montants",
    }
    commande = [str(BENCH_PYTHON), str(Path(__file__).with_name("tracer.py")), str(IMAGE)]
    subprocess.run(commande, input=json.dumps(donnees), text=True, check=True)
    print(f"\n  image : {IMAGE.relative_to(IMAGE.parents[2])}")

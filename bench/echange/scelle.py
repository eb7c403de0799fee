"""Figure 4: what sealing one day costs, early and late in the life of a register."""

import statistics
import tempfile
import time
from pathlib import Path

from echange import deux_ans
from echange.deux_ans import Bateau
from mesure import tableau
from pirogue_echange import cles as trousseau
from pirogue_echange.cles import Carte, Cles
from pirogue_registre import base, reglages
from pirogue_rive import config as rives
from pirogue_socle.horloge import maintenant
from pirogue_sync import scellement

#: Middle of the days measured on each boat, and how many of them, one boat after the other.
JEUNE, VIEUX, TOURS = 10, 600, 20


def mesurer() -> float:
    """Seal one day on a young register, one on an old one, again and again; print and return the ratio of medians."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as dossier:
        lieu = Path(dossier)
        rive = rives.installer(lieu / "rive")
        couples = [_preparer(lieu / str(age), jusqu_a=age - TOURS // 2, rive=rive) for age in (JEUNE, VIEUX)]
        durees: list[list[float]] = [[], []]
        for _ in range(TOURS):
            for rang, (bateau, cles) in enumerate(couples):
                bateau.vivre()
                durees[rang].append(_sceller(bateau, cles, rive))
        for bateau, _ in couples:
            base.fermer(bateau.registre)
    jeune, vieux = (statistics.median(serie) * 1000 for serie in durees)
    tableau(
        f"4. Sceller une journée ({TOURS} journées de chaque âge, en alternance)",
        ["autour du jour", "ms (médiane)", "min", "max"],
        [
            [age, statistics.median(serie) * 1000, min(serie) * 1000, max(serie) * 1000]
            for age, serie in zip((JEUNE, VIEUX), durees, strict=True)
        ],
    )
    print(f"\n  4. jour {VIEUX} / jour {JEUNE} : × {vieux / jeune:.2f} (but ≤ 1,2)")
    return vieux / jeune


def _preparer(dossier: Path, *, jusqu_a: int, rive: Carte) -> tuple[Bateau, Cles]:
    """Make a boat of so many days, all sealed."""
    bateau = deux_ans.embarquer(dossier)
    cles = trousseau.faire("relais", id=reglages.lire(bateau.registre, "relais"), nom="Pirogue 1")
    for _ in deux_ans.vivre_jusqu_a(bateau, jusqu_a):
        pass
    _sceller(bateau, cles, rive)
    return bateau, cles


def _sceller(bateau: Bateau, cles: Cles, rive: Carte) -> float:
    debut = time.perf_counter()
    scellement.sceller(bateau.registre, cles=cles, rive=rive, instant=maintenant())
    return time.perf_counter() - debut

"""A class comes aboard: thirty laptops open their lids in the same second."""

import concurrent.futures
import csv
import threading
import time
from pathlib import Path

import pytest

import pirogue_portail.captif
from reseau.lac import Lac
from reseau.poste import Poste

ORDINATEURS, SONDES, BORNE_S = 30, 10, 2.0
CAPTUREE = "198.51.100.1"


def sondes() -> list[dict[str, str]]:
    """Return ten probes of ten hosts, from the responder's own table."""
    table = Path(pirogue_portail.captif.__file__).with_name("sondes.csv")
    with table.open(encoding="utf-8", newline="") as fichier:
        lignes = {ligne["hote"]: ligne for ligne in csv.DictReader(fichier) if ligne["methode"] == "GET"}
    return [ligne for ligne in lignes.values() if ligne["statut"] in ("200", "204")][:SONDES]


@pytest.fixture(scope="module")
def classe(lac: Lac) -> list[Poste]:
    """Thirty laptops with their addresses: that is not timed."""
    return [lac.poste(f"poste{numero}") for numero in range(ORDINATEURS)]


def sonder_ensemble(classe: list[Poste]) -> tuple[float, list[list[int]]]:
    """Let every laptop ask its ten probes, all from the same instant; return the seconds taken and the statuses."""
    depart = threading.Barrier(ORDINATEURS + 1)

    def sonder(poste: Poste) -> list[int]:
        depart.wait()
        return [poste.aller(CAPTUREE, un["chemin"], Host=un["hote"]).statut for un in sondes()]

    with concurrent.futures.ThreadPoolExecutor(ORDINATEURS) as fils:
        futurs = [fils.submit(sonder, poste) for poste in classe]
        depart.wait()
        debut = time.monotonic()
        statuts = [futur.result() for futur in futurs]
    return time.monotonic() - debut, statuts


def test_thirty_laptops_that_join_at_once_are_served_in_two_seconds(classe: list[Poste]) -> None:
    """Ten probes each, before anybody pressed *Continuer*, then after everybody did."""
    attendus = [int(un["statut"]) for un in sondes()]
    avant_s, avant = sonder_ensemble(classe)
    for poste in classe:
        poste.aller("10.10.10.10", "/continuer", methode="POST", corps=b"", Host="pirogue.internal")
    apres_s, apres = sonder_ensemble(classe)

    assert avant == [[302] * SONDES] * ORDINATEURS
    assert apres == [attendus] * ORDINATEURS
    assert max(avant_s, apres_s) < BORNE_S

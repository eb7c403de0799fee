"""Figures 8 to 10: what the tests counted, read from the small files that they leave under `artefacts/echange/`."""

import json
from pathlib import Path
from typing import Any

from mesure import tableau

DOSSIER = Path(__file__).parents[2] / "artefacts" / "echange"
#: File → what makes it.
SOURCES = {
    "coupures.json": "make test (tests/sync : kill -9, ENOSPC, EIO)",
    "cles.json": "make stick-test",
    "mutants.json": "make fuzz",
}


def mesurer() -> None:
    """Print figures 8 to 10, or what to run to have them."""
    coupures, cles, mutants = (_lire(nom) for nom in SOURCES)
    rangees: list[list[object]] = []
    if coupures is None:
        rangees.append(["8. points de coupure", "—", "—", f"lancer {SOURCES['coupures.json']}"])
    else:
        for suite, compte in coupures.items():
            points = sum(nombre for panne, nombre in compte.items() if panne != "violations")
            detail = f"kill -9 : {compte['tue']}, erreurs du disque : {points - compte['tue']}"
            sort = f"{compte['violations']} violation(s)"
            rangees.append([f"8. pannes à chaque pas, {suite}", points, sort, f"but : 0 ({detail})"])
    if cles is None:
        rangees.append(["9. clés et courant", "—", "—", f"lancer {SOURCES['cles.json']}"])
    for essai in cles or []:
        sort = f"{essai['intacts']} intacts sur {essai['annonces']} annoncés"
        but = "témoin : doit perdre" if essai["temoin"] else "but : tous"
        rangees.append([f"9. {essai['essai']}", essai["coups"], sort, but])
    if mutants is None:
        rangees.append(["10. lots hostiles", "—", "—", f"lancer {SOURCES['mutants.json']}"])
    else:
        tries = mutants["refuses"] + mutants["sans_effet"] + mutants["acceptes"] + mutants["imprevus"]
        sort = f"{mutants['acceptes']} accepté(s), {mutants['imprevus']} imprévu(s)"
        rangees.append(["10. lots hostiles", tries, sort, "but : 0 et 0"])
    tableau("8-10. Les preuves, comptées par les tests", ["preuve", "essais", "sort", "but"], rangees)


def _lire(nom: str) -> Any:
    chemin = DOSSIER / nom
    return json.loads(chemin.read_text(encoding="utf-8")) if chemin.exists() else None

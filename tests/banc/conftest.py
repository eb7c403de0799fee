"""Fixtures of the bench: the machine, booted once for all that needs no power cut; the table of what was counted."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banc import noyau as noyaux
from banc.boite import Boite
from banc.comptes import COMPTES, est_temoin
from banc.machine import Machine, allumer
from banc.noyau import Noyau
from equipage import Bord
from pirogue_echange import cles as trousseau
from sync.quai import Quai, preparer_quai

RACINE = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def noyau() -> Noyau:
    """Debian's kernel and our memory disk."""
    return noyaux.preparer()


@pytest.fixture(scope="session")
def machine(noyau: Noyau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A running machine, shared: each test plugs in its own sticks."""
    with allumer(noyau, tmp_path_factory.mktemp("m") / "m") as allumee:
        yield allumee


@pytest.fixture(scope="session")
def hasard() -> random.Random:
    """The instants of pulls and cuts; `BANC_GRAINE` does the same again."""
    graine = int(os.environ.get("BANC_GRAINE") or random.SystemRandom().randrange(10**6))
    COMPTES.append((f"BANC_GRAINE={graine}", 0, 0, 0))
    return random.Random(graine)


@pytest.fixture
def quai(bord: Bord, tmp_path: Path) -> Quai:
    """A boat and its shore, paired."""
    return preparer_quai(bord, tmp_path / "rive")


@pytest.fixture
def maison(quai: Quai, tmp_path: Path) -> Path:
    """A boat's register, keys and shore card, as the machine finds them."""
    dossier = tmp_path / "maison"
    dossier.mkdir()
    quai.bord.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (dossier / "registre").mkdir()
    for fichier in quai.bord.registre.dossier.iterdir():
        (dossier / "registre" / fichier.name).write_bytes(fichier.read_bytes())
    trousseau.enregistrer(quai.cles, dossier / "relais.cles")
    (dossier / "rive.json").write_bytes(trousseau.ecrire_carte(quai.carte_rive))
    return dossier


@pytest.fixture
def boite(machine: Machine, maison: Path) -> Iterator[Boite]:
    """The command `pirogue` in the machine, for a box whose data are in its memory."""
    machine.appeler("installer_boite", maison=str(maison))

    def pirogue(*mots: str, entree: str = "") -> list[Any]:
        rendu: list[Any] = machine.appeler("pirogue", mots=list(mots), entree=entree)
        return rendu

    yield pirogue
    machine.appeler("lancer", commande=["rm", "-rf", "/run/boite"])


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Where the bytes of this test's sticks are."""
    dossier = tmp_path / "images"
    dossier.mkdir()
    return dossier


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was announced and what was found intact."""
    if not COMPTES:
        return
    terminalreporter.section("banc : annoncé / intact")
    for quoi, annonces, intacts, fois in sorted(COMPTES):
        ligne = quoi if not fois else f"{quoi:<44} {annonces:>6} / {intacts:<6} en {fois} coupure(s)"
        terminalreporter.write_line(ligne)
    essais = [
        {"essai": quoi, "coups": fois, "annonces": annonces, "intacts": intacts, "temoin": est_temoin(quoi)}
        for quoi, annonces, intacts, fois in sorted(COMPTES)
        if fois
    ]
    if essais:
        dossier = RACINE / "artefacts" / "echange"
        dossier.mkdir(parents=True, exist_ok=True)
        (dossier / "cles.json").write_text(json.dumps(essais, indent=1) + "\n", encoding="utf-8")

"""
Power, room and disk fail at every write, sync and rename between the roll and the receipt: nothing acknowledged is
lost, nothing is doubled, nothing false is announced, and going on from there comes to the end.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from equipage import Horloge, preparer_bord
from pirogue_echange import cles as trousseaux
from pirogue_registre import base, envois, flux
from pirogue_registre.base import Registre
from pirogue_rive import config as rives
from pirogue_rive import schema
from pirogue_rive.config import ConfigRive
from sync import courses
from sync.pannes import explorer
from sync.quai import Quai, compter, lignes, preparer_quai, sceller_par, vivre_une_journee

RACINE = Path(__file__).parents[2]


@pytest.fixture
def memoire() -> Iterator[Path]:
    """A folder in memory: the faults come from strace, so the disk under it need not be a slow one."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as dossier:
        yield Path(dossier)


@pytest.fixture
def depart(quai_simple: Quai, memoire: Path) -> Path:
    """A folder from which every run is copied: a boat after a day, in several lots, a stick, an empty shore."""
    dossier = memoire / "depart"
    vivre_une_journee(quai_simple.bord)
    sceller_par(quai_simple, 12)
    quai_simple.bord.ouvrir_seance()
    trousseaux.enregistrer(quai_simple.cles, dossier / "cles" / "relais.cles")
    (dossier / "cles" / "rive.json").write_bytes(trousseaux.ecrire_carte(quai_simple.carte_rive))
    base.fermer(quai_simple.bord.registre)
    return dossier


@pytest.fixture
def quai_simple(memoire: Path) -> Quai:
    """The quay, on the shore's own file, laid out as the courses expect it."""
    dossier = memoire / "depart"
    for nom in ("cles", "cle", "acquis"):
        (dossier / nom).mkdir(parents=True)
    return preparer_quai(preparer_bord(dossier / "registre", Horloge()), dossier / "terre")


@pytest.fixture
def copier(memoire: Path) -> Callable[[Path], Callable[[str], Path]]:
    """Return a maker of fresh copies of a folder; the one before is dropped."""

    def depuis(depart: Path) -> Callable[[str], Path]:
        def copier(nom: str) -> Path:
            shutil.rmtree(memoire / "essais", ignore_errors=True)
            shutil.copytree(depart, memoire / "essais" / nom)
            return memoire / "essais" / nom

        return copier

    return depuis


def noter_points(nom: str, points: dict[str, int]) -> None:
    """Leave the number of points explored where the bench prints it."""
    dossier = RACINE / "artefacts" / "echange"
    dossier.mkdir(parents=True, exist_ok=True)
    fichier = dossier / "coupures.json"
    tous = json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else {}
    fichier.write_text(json.dumps(tous | {nom: points | {"violations": 0}}, indent=1) + "\n", encoding="utf-8")


def exiger_registre(registre: Registre, dossier: Path) -> None:
    """The file is sound, what was acknowledged is there, what is noted as on the stick is on it, whole."""
    assert registre.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    acquis = {chemin.name for chemin in (dossier / "acquis").iterdir()}
    marques = {
        f"{rang}-{etat}"
        for rang, (etat,) in enumerate(
            registre.db.execute(
                "SELECT json_extract(valeurs, '$.etat') FROM evenement WHERE type = 'presence_pointee'"
                " AND seance_id = (SELECT seance_id FROM seance ORDER BY seq DESC LIMIT 1) ORDER BY seq"
            )
        )
    }
    assert acquis <= marques
    poses = registre.db.execute(
        "SELECT lot.id, lot.corps FROM depot JOIN lot ON lot.id = depot.lot_id WHERE voie = 'cle'"
    ).fetchall()
    for lot_id, corps in poses:
        fichier = dossier / "cle" / "PIROGUE" / "montee" / f"{lot_id}.lot"
        assert not fichier.exists() or corps is None or fichier.read_bytes() == corps
        assert fichier.exists() or envois.est_couvert(registre, lot_id)


def aller_au_bout(dossier: Path) -> None:
    """Whatever happened, two journeys of the stick bring every line ashore once, and a green chip home."""
    registre, cles = courses.ouvrir(dossier)
    try:
        exiger_registre(registre, dossier)
        instant = courses.MIDI
        for _ in range(2):
            courses.cle_bord.echanger(registre, dossier=dossier / "cle", trousseau=cles, instant=instant)
            with rives.ouvrir(ConfigRive(dossier / "terre")) as rive:
                courses.arrivees.rattraper(rive, instant=instant)
                prise = courses.cle_rive.prendre_cle(rive, dossier=dossier / "cle", instant=instant)
                assert prise.refuses == 0
                a_terre = lignes(rive)
                assert compter(rive, schema.quarantaine) == 0
        courses.cle_bord.echanger(registre, dossier=dossier / "cle", trousseau=cles, instant=instant)
        assert envois.etat_puce(registre).code == "confirme"
        assert a_terre == [ligne for _, ligne in flux.lignes(registre, "activite", apres=0, limite=10_000)]
    finally:
        base.fermer(registre)


@pytest.mark.timeout(1200)
def test_the_boat_broken_at_any_call_from_the_roll_to_the_stick(
    depart: Path, copier: Callable[[Path], Callable[[str], Path]]
) -> None:
    """Rachelle marks three lines, seals, fills the stick; power, room or disk fail anywhere in between."""
    points = explorer("sync.courses", "bateau", preparer=copier(depart), verifier=aller_au_bout)
    noter_points("bateau", points)

    assert points["tue"] > 60
    assert points["erreur"] > 120


@pytest.mark.timeout(1200)
def test_the_shore_broken_at_any_call_from_a_stick_to_its_receipts(
    depart: Path, copier: Callable[[Path], Callable[[str], Path]]
) -> None:
    """The power goes at La Rive between any two calls; the stick is plugged in again."""
    courses.bateau(depart)
    points = explorer("sync.courses", "rive", preparer=copier(depart), verifier=aller_au_bout)
    noter_points("rive", points)

    assert points["tue"] > 60


@pytest.mark.timeout(1200)
def test_the_boat_broken_at_any_call_while_it_takes_its_receipts(
    depart: Path, copier: Callable[[Path], Callable[[str], Path]]
) -> None:
    """The stick is back aboard; covered lots leave it, sealed bodies are purged."""
    courses.bateau(depart)
    courses.rive(depart)
    points = explorer("sync.courses", "retour", preparer=copier(depart), verifier=aller_au_bout)
    noter_points("retour", points)

    assert points["tue"] > 20


@pytest.mark.timeout(1200)
def test_the_shore_broken_at_any_call_of_a_request(
    depart: Path, copier: Callable[[Path], Callable[[str], Path]]
) -> None:
    """The boat's one request, the shore's real application, and a failure anywhere: it says so, and nothing is lost."""
    courses.bateau(depart)
    points = explorer("sync.courses", "rive_par_reseau", preparer=copier(depart), verifier=aller_au_bout)
    noter_points("rive_par_reseau", points)

    assert points["tue"] > 60


@pytest.mark.timeout(1200)
def test_the_boat_broken_at_any_call_of_its_own_request(
    depart: Path, copier: Callable[[Path], Callable[[str], Path]]
) -> None:
    """The boat seals, calls the shore's real application, takes the receipt home, and fails anywhere on the way."""
    copie, ouvertes = copier(depart), list[Flask]()

    def aiguiller(environ: dict[str, Any], debuter: Any) -> Iterable[bytes]:
        return ouvertes[-1](environ, debuter)

    serveur = make_server("127.0.0.1", 0, aiguiller, threaded=True)
    fil = threading.Thread(target=serveur.serve_forever)
    fil.start()

    def preparer(nom: str) -> Path:
        """A shore of its own for each run: the same boat begun again is, to one shore, a restored card."""
        dossier = copie(nom)
        (dossier / "url").write_text(f"http://127.0.0.1:{serveur.server_port}", encoding="ascii")
        while ouvertes:
            ouvertes.pop().extensions["rive"].moteur.dispose()
        ouvertes.append(courses.web.creer_app(ConfigRive(dossier / "terre")))
        return dossier

    try:
        points = explorer("sync.courses", "bateau_par_reseau", preparer=preparer, verifier=aller_au_bout)
    finally:
        serveur.shutdown()
        fil.join()
        serveur.server_close()
        ouvertes.pop().extensions["rive"].moteur.dispose()
    noter_points("bateau_par_reseau", points)

    assert points["tue"] > 20

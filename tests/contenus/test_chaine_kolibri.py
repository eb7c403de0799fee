"""The real Kolibri takes our channel: every node available, quizzes known as quizzes, nothing for trainers."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from petit_cours import ecrire_cours, remplacer
from pirogue_contenus.catalogue import charger
from pirogue_contenus.chaine import construire
from pirogue_contenus.livre import parcours_livre

Kolibri = Callable[..., None]


@pytest.fixture
def maison(tmp_path: Path) -> Path:
    """A fresh KOLIBRI_HOME."""
    dossier = tmp_path / "kolibri"
    dossier.mkdir()
    return dossier


@pytest.fixture
def kolibri(maison: Path) -> Kolibri:
    """Run a management command of the installed Kolibri in the fresh home."""
    environnement = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith("KOLIBRI_")} | {
        "KOLIBRI_HOME": str(maison),
        "KOLIBRI_RUN_MODE": "pirogue-essais",
        "KOLIBRI_PLUGIN_ENABLE": "kolibri.plugins.safe_html5_viewer",
        "KOLIBRI_NO_FILE_BASED_LOGGING": "1",
    }

    def lancer(*arguments: str | Path) -> None:
        fini = subprocess.run(
            [sys.executable, "-m", "kolibri", "manage", *map(str, arguments)],
            env=environnement,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert fini.returncode == 0, fini.stderr[-3000:]

    return lancer


def _importer(kolibri: Kolibri, canal: str, sortie: Path, *options: str) -> None:
    """Import a built channel as from a disk."""
    kolibri(*options, "importchannel", "disk", canal, sortie)
    kolibri("--skip-update", "importcontent", "disk", canal, sortie)


def _lire(maison: Path, requete: str) -> list[tuple[object, ...]]:
    """Ask Kolibri's own database."""
    connexion = sqlite3.connect(maison / "db.sqlite3")
    try:
        return connexion.execute(requete).fetchall()
    finally:
        connexion.close()


def test_kolibri_takes_the_whole_course(maison: Path, kolibri: Kolibri, tmp_path: Path) -> None:
    """What was built without a network is imported as a channel of Studio would be."""
    chaine = construire(parcours_livre(), tmp_path / "sortie", version=1)
    cours = charger(parcours_livre())
    _importer(kolibri, chaine.canal_id, tmp_path / "sortie")

    noeuds = _lire(maison, "select content_id, available, coach_content, modality, kind from content_contentnode")
    par_contenu = {noeud[0]: noeud[1:] for noeud in noeuds}
    assert len(noeuds) == chaine.noeuds
    assert all(disponible for _, disponible, *_ in noeuds)
    assert not any(formateur for _, _, formateur, *_ in noeuds)
    for ressource in (une for module in cours.modules for une in module.pour("jeune")):
        _, _, modalite, sorte = par_contenu[ressource.contenu_id]
        assert (modalite, sorte) == (("QUIZ", "exercise") if ressource.genre == "quiz" else (None, "document"))
    assert _lire(maison, "select count(*) from content_localfile where not available") == [(0,)]
    assert _lire(maison, "select name, version from content_channelmetadata") == [(cours.titre, 1)]


def test_kolibri_takes_a_greater_version_and_keeps_identities(maison: Path, kolibri: Kolibri, tmp_path: Path) -> None:
    """An update renames a lesson: the boat's Kolibri shows the new name under the same identity."""
    dossier = ecrire_cours(tmp_path / "cours")
    canal = charger(dossier).canal_id
    identites = {une.contenu_id for une in charger(dossier).modules[0].pour("jeune")}
    construire(dossier, tmp_path / "v1", version=1)
    _importer(kolibri, canal, tmp_path / "v1")
    remplacer(dossier, "M1/filet.md", "titre: Le filet", "titre: Mon filet")
    construire(dossier, tmp_path / "v2", version=2)
    _importer(kolibri, canal, tmp_path / "v2", "--skip-update")

    feuilles = _lire(maison, "select title, content_id, available from content_contentnode where kind != 'topic'")
    assert {contenu for _, contenu, _ in feuilles} == identites
    assert all(disponible for *_, disponible in feuilles)
    assert "Mon filet" in {titre for titre, *_ in feuilles}
    assert _lire(maison, "select version from content_channelmetadata") == [(2,)]

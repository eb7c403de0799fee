"""The channel is built offline, always the same, and never half."""

import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petit_cours import ecrire_cours, remplacer
from pirogue_contenus.chaine import Chaine, ChaineNonEcrite, construire
from pirogue_contenus.livre import parcours_livre
from pirogue_contenus.noeuds import Noeud, placer
from pirogue_contenus.paquets import zip_stable


def _fichiers(sortie: Path) -> dict[str, bytes]:
    """Return every stored file."""
    stockage = sortie / "content/storage"
    return {str(un.relative_to(stockage)): un.read_bytes() for un in stockage.rglob("*") if un.is_file()}


def _lignes(chaine: Chaine) -> list[str]:
    """Return the database as SQL, row by row."""
    connexion = sqlite3.connect(chaine.base)
    try:
        return list(connexion.iterdump())
    finally:
        connexion.close()


def _noeuds(chaine: Chaine) -> dict[str, tuple[str, str, str]]:
    """Return title → (node id, content id, parent's title)."""
    connexion = sqlite3.connect(chaine.base)
    try:
        lignes = connexion.execute(
            "select n.title, n.id, n.content_id, p.title from content_contentnode n"
            " join content_contentnode p on p.id = n.parent_id"
        ).fetchall()
    finally:
        connexion.close()
    return {titre: (noeud, contenu, parent) for titre, noeud, contenu, parent in lignes}


def test_two_builds_of_one_version_are_equal(tmp_path: Path) -> None:
    """Two boats that build the same course hold the same channel, to the byte of every stored file."""
    une = construire(parcours_livre(), tmp_path / "a", version=3)
    autre = construire(parcours_livre(), tmp_path / "b", version=3)

    assert _lignes(une) == _lignes(autre)
    assert _fichiers(tmp_path / "a") == _fichiers(tmp_path / "b")
    assert une.empreinte == autre.empreinte


def test_every_stored_file_bears_the_name_of_its_bytes(tmp_path: Path) -> None:
    """Kolibri checks nothing when it reads in place: the name must be right, and every row must have its file."""
    chaine = construire(parcours_livre(), tmp_path, version=1)

    connexion = sqlite3.connect(chaine.base)
    attendus = {
        f"{md5[0]}/{md5[1]}/{md5}.{extension}": taille
        for md5, extension, taille in connexion.execute("select id, extension, file_size from content_localfile")
    }
    orphelins = connexion.execute("pragma foreign_key_check").fetchall()
    connexion.close()
    trouves = _fichiers(tmp_path)
    assert {nom: len(octets) for nom, octets in trouves.items()} == attendus
    assert all(hashlib.md5(octets).hexdigest() in nom for nom, octets in trouves.items())
    assert orphelins == []


def test_progress_follows_a_lesson_that_is_renamed_and_moved(tmp_path: Path) -> None:
    """The content id is the lesson's identity; only its place changes."""
    cours = ecrire_cours(tmp_path / "cours")
    avant = _noeuds(construire(cours, tmp_path / "v1", version=1))
    ligne = "      - { cle: filet, genre: lecon, fichier: M1/filet.md }\n"
    remplacer(cours, "parcours.yml", ligne, "")
    remplacer(cours, "M1/filet.md", "titre: Le filet", "titre: Mon filet neuf")
    remplacer(cours, "parcours.yml", "    duree_min: 60\n", "    duree_min: 60\n    prete: true\n")
    ajout = "    ressources:\n      - { cle: filet, genre: lecon, fichier: M2/lecon.md }\n"
    (cours / "M2").mkdir()
    shutil.move(cours / "M1/filet.md", cours / "M2/lecon.md")
    with (cours / "parcours.yml").open("a", encoding="utf-8") as sommaire:
        sommaire.write(ajout)

    apres = _noeuds(construire(cours, tmp_path / "v2", version=2))

    assert apres["Mon filet neuf"][1] == avant["Le filet"][1]
    assert apres["Mon filet neuf"][0] != avant["Le filet"][0]
    assert apres["Mon filet neuf"][2] == "M2 · La pirogue"


def test_a_session_that_is_not_written_yet_is_not_in_the_channel(tmp_path: Path) -> None:
    """An empty folder would only be a dead end for a learner."""
    chaine = construire(ecrire_cours(tmp_path / "cours"), tmp_path / "sortie", version=1)

    assert set(_noeuds(chaine)) == {
        "Le début",
        "M1 · Le filet",
        "Le filet",
        "Quiz du filet",
    }


def test_kolibri_finds_the_quiz_by_its_exact_words(tmp_path: Path) -> None:
    """Kolibri looks for the text `"modality": "QUIZ"`, with the blank: compact JSON would lose every quiz."""
    chaine = construire(ecrire_cours(tmp_path / "cours"), tmp_path / "sortie", version=1)

    connexion = sqlite3.connect(chaine.base)
    trouves = connexion.execute(
        'select title from content_contentnode where options like \'%"modality": "QUIZ"%\''
    ).fetchall()
    connexion.close()
    assert trouves == [("Quiz du filet",)]


A_L_ETROIT = """
import resource, sys
from pathlib import Path
from pirogue_contenus.chaine import ChaineNonEcrite, construire
octets = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
try:
    construire(Path(sys.argv[1]), Path(sys.argv[2]), version=2)
except ChaineNonEcrite as erreur:
    sys.exit(erreur.code)
"""


@pytest.mark.parametrize("octets", [100, 1000, 5000, 60_000])
def test_a_full_card_leaves_the_former_channel_whole(tmp_path: Path, octets: int) -> None:
    """No file may grow beyond a size: a sentence, nothing half-written under a final name, and a next build works."""
    cours, sortie = ecrire_cours(tmp_path / "cours"), tmp_path / "sortie"
    avant = construire(cours, sortie, version=1)
    lignes = _lignes(avant)
    remplacer(cours, "M1/filet.md", "poissons.", "poissons.\n\n" + "Tire encore.\n\n" * 500)
    remplacer(cours, "M1/notes.md", "deux fois.", "trois fois.")

    essai = subprocess.run([sys.executable, "-c", A_L_ETROIT, cours, sortie, str(octets)], check=False)

    assert essai.returncode == ChaineNonEcrite.code
    assert _lignes(avant) == lignes
    assert all(hashlib.md5(octets).hexdigest() in nom for nom, octets in _fichiers(sortie).items())
    assert not list(sortie.glob(".construction-*"))
    assert construire(cours, sortie, version=2).empreinte != avant.empreinte


def test_what_a_killed_build_left_behind_is_swept(tmp_path: Path) -> None:
    """A power cut in the middle leaves a working folder; the next build takes it away."""
    cours, sortie = ecrire_cours(tmp_path / "cours"), tmp_path / "sortie"
    reste = sortie / ".construction-4999999"
    reste.mkdir(parents=True)
    (reste / "moitie.sqlite3").write_bytes(b"SQLite")

    construire(cours, sortie, version=1)

    assert not reste.exists()


NOMS = st.text("abcdefgh/._-é", min_size=1, max_size=12)


@given(st.dictionaries(NOMS, st.binary(max_size=200), max_size=8), st.randoms())
def test_a_package_depends_on_its_contents_alone(fichiers: dict[str, bytes], hasard: object) -> None:
    """Same files in any order, same bytes; and they come out as they went in."""
    noms = list(fichiers)
    hasard.shuffle(noms)  # type: ignore[attr-defined]
    octets = zip_stable({nom: fichiers[nom] for nom in noms})

    assert octets == zip_stable(fichiers)
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert {nom: archive.read(nom) for nom in archive.namelist()} == fichiers


@st.composite
def arbres(tirage: st.DrawFn, profondeur: int = 4) -> Noeud:
    """Any tree of nodes."""
    enfants = tirage(st.lists(arbres(profondeur - 1), max_size=3)) if profondeur else []
    un_id = tirage(st.uuids()).hex
    return Noeud(un_id, un_id, "titre", "", "topic", enfants=tuple(enfants))


@given(arbres())
def test_any_tree_is_numbered_without_a_hole(racine: Noeud) -> None:
    """Kolibri finds what is under a node by its two numbers: children lie strictly inside their parent's."""
    places = placer(racine)

    bornes = sorted(borne for place in places for borne in (place.gauche, place.droite))
    par_id = {place.noeud.noeud_id: place for place in places}
    assert bornes == list(range(1, 2 * len(places) + 1))
    for place in places:
        for enfant in place.noeud.enfants:
            dessous = par_id[enfant.noeud_id]
            assert place.gauche < dessous.gauche < dessous.droite < place.droite
            assert (dessous.parent, dessous.niveau) == (place.noeud.noeud_id, place.niveau + 1)


def test_options_are_what_kolibri_knows(tmp_path: Path) -> None:
    """An article is finished at its end; a quiz when each question has an answer."""
    chaine = construire(ecrire_cours(tmp_path / "cours"), tmp_path / "sortie", version=1)

    connexion = sqlite3.connect(chaine.base)
    options = dict(connexion.execute("select title, options from content_contentnode where kind != 'topic'"))
    connexion.close()
    assert json.loads(options["Le filet"])["completion_criteria"]["model"] == "pages"
    assert json.loads(options["Quiz du filet"])["modality"] == "QUIZ"


def test_nothing_of_the_trainer_s_note_is_in_the_channel(tmp_path: Path) -> None:
    """Kolibri gives every file of a channel to whoever asks: the note and its answers stay out of it."""
    chaine = construire(ecrire_cours(tmp_path / "cours"), tmp_path / "sortie", version=1)

    pages = []
    for nom, octets in _fichiers(tmp_path / "sortie").items():
        if nom.endswith(".kpub"):
            with zipfile.ZipFile(io.BytesIO(octets)) as archive:
                pages.append(archive.read("index.html").decode())
    assert len(pages) == 1
    assert "noeud deux fois" not in pages[0]
    assert "Corrigé" not in pages[0]
    assert not any("formateur" in ligne for ligne in _lignes(chaine))

"""The French that a learner meets: complete, ours where Kolibri's is missing, and still about the same messages."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from kolibri_essai import KolibriEssai, Navigateur
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_kolibri import francais

#: The pages and viewers that a learner can open.
RENCONTRES = (
    "kolibri.core.default_frontend",
    "kolibri.plugins.learn.app",
    "kolibri.plugins.learn.side_nav",
    "kolibri.plugins.learn.my_downloads_app",
    "kolibri.plugins.user_auth.app",
    "kolibri.plugins.html5_viewer.main",
    "kolibri.plugins.media_player.main",
    "kolibri.plugins.pdf_viewer.main",
    "kolibri.plugins.perseus_viewer.main",
    "kolibri.plugins.qti_viewer.main",
    "kolibri.plugins.safe_html5_viewer.main",
)


@pytest.fixture(scope="module")
def langue() -> Path:
    """Kolibri's installed messages."""
    kolibri = find_spec("kolibri")
    assert kolibri is not None
    assert kolibri.origin is not None
    return Path(kolibri.origin).parent / "locale"


def messages(dossier: Path, nom: str) -> dict[str, str]:
    """Return one file of messages."""
    lus: dict[str, str] = json.loads((dossier / f"{nom}-messages.json").read_text(encoding="utf-8"))
    return lus


def variables(phrase: str) -> set[str]:
    """Return the names that a message has replaced by values."""
    return set(re.findall(r"\{\s*(\w+)", re.sub(r"(one|other|=\d+) \{[^{}]*\}", "", phrase)))


def test_every_sentence_of_ours_still_fills_a_hole(langue: Path) -> None:
    """A key that Kolibri removed or translated by itself must leave our file."""
    toutes = [
        messages(f.parent, f.name.removesuffix("-messages.json")) for f in (langue / francais.DOSSIER).glob("*.json")
    ]
    trous = {cle for fichier in toutes for cle, phrase in fichier.items() if not phrase}

    assert sorted(set(francais.nos_messages()) - trous) == []


def test_every_sentence_that_we_say_better_is_still_said(langue: Path) -> None:
    """A key that Kolibri removed must leave our file."""
    dites = {
        cle
        for fichier in (langue / francais.DOSSIER).glob("*.json")
        for cle, phrase in messages(fichier.parent, fichier.name.removesuffix("-messages.json")).items()
        if phrase
    }

    assert sorted(set(francais.nos_remplacements()) - dites) == []


def test_our_sentences_name_the_same_values_as_the_english_ones(langue: Path) -> None:
    """A misspelt {title} would show as such on the screen."""
    anglais: dict[str, str] = {}
    for fichier in (langue / "en/LC_MESSAGES").glob("*-messages.json"):
        anglais |= messages(fichier.parent, fichier.name.removesuffix("-messages.json"))

    notres = francais.nos_messages() | francais.nos_remplacements()
    fautes = [cle for cle, phrase in notres.items() if variables(phrase) != variables(anglais[cle])]

    assert fautes == []


@pytest.mark.parametrize("nom", RENCONTRES)
def test_no_page_of_a_learner_is_left_without_words(nom: str, langue: Path, maison_modele: Path) -> None:
    """With our overlay first, every message that exists in English exists in French."""
    notre = maison_modele / "pirogue_langue" / francais.DOSSIER
    dossier = notre if (notre / f"{nom}-messages.json").exists() else langue / francais.DOSSIER
    anglais = messages(langue / "en/LC_MESSAGES", nom)

    vides = [cle for cle, phrase in messages(dossier, nom).items() if not phrase and anglais.get(cle)]

    assert vides == []


def test_kolibri_serves_our_french(kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri) -> None:
    """The learner's page carries our sentences, and Kolibri's own where it has them."""
    portable.lire(kolibri.lien(afi))

    page = portable.lire(f"{kolibri.base}/fr-fr/learn/").texte

    assert '"CoursesStrings.startCourseAction":"Commencer le cours"' in page
    assert '"CoursesStrings.lockedLabel":"Fermé"' in page
    assert '"QuizRenderer.submitExam":"J’ai fini le quiz"' in page

"""The course that the box carries: whole, in order, and written for a first day."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pirogue_contenus import lecons, quiz
from pirogue_contenus.catalogue import Parcours, Ressource, charger, module_de, version_du
from pirogue_contenus.livre import parcours_livre

MOTS_PAR_PHRASE = 12
OCTETS_PAR_VIGNETTE = 20 * 1024
BALISE = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def dossier() -> Path:
    """The folder of the shipped course."""
    return parcours_livre()


@pytest.fixture(scope="module")
def cours(dossier: Path) -> Parcours:
    """The shipped course."""
    return charger(dossier)


def _phrases(texte: str) -> list[str]:
    """Cut a text into sentences."""
    return [phrase.strip() for phrase in re.split(r"(?<=[.!?:;…])\s+|\n", texte) if phrase.strip()]


def _mots(phrase: str) -> int:
    """Count the words of a sentence as a child reads them: punctuation alone is no word."""
    return sum(any(signe.isalnum() for signe in mot) for mot in phrase.split())


def _texte(ressource: Ressource, dossier: Path) -> str:
    """Return what a learner reads of a lesson."""
    html = lecons.html(ressource, dossier)
    return BALISE.sub("", re.sub(r"</(?:p|li|h2|h3|td)>", "\n", html)).replace("\xa0", " ")


def _lecons(cours: Parcours) -> list[Ressource]:
    """Return the lessons that learners read."""
    return [une for une in cours.ressources() if une.genre == "lecon"]


def test_the_course_has_its_fifteen_sessions_of_two_hours(cours: Parcours) -> None:
    """Two courses of six sessions and three workshops, thirty hours in all."""
    codes = [module.code for module in cours.modules]

    assert codes == [f"S{n:02d}" for n in range(1, 13)] + ["T01", "T02", "T03"]
    assert sum(module.duree_min for module in cours.modules) == 30 * 60
    assert [partie.code for partie in cours.parties] == ["premiers_pas", "mon_projet", "atelier_thematique"]


def test_every_session_says_what_one_will_know_how_to_do(cours: Parcours) -> None:
    """A trainer chooses a session by its objectives, even before its lessons are written."""
    for module in cours.modules:
        assert len(module.objectifs) == 3 or module.code == "T01", module.code
        assert all(re.fullmatch(r"C\d\d", competence) for competence in module.competences), module.code
        assert module.competences, module.code
        assert module.activites, module.code


def test_the_first_two_sessions_are_ready(cours: Parcours) -> None:
    """S01 and S02 have lessons, a quiz for the learners, and notes for the trainer alone."""
    prets = [module for module in cours.modules if module.prete]

    assert [module.code for module in prets] == ["S01", "S02"]
    for module in prets:
        assert [une.genre for une in module.pour("jeune")] == ["lecon"] * 7 + ["quiz"]
        assert [une.genre for une in module.pour("formateur")] == ["note"]
        assert 40 <= sum(une.duree_min for une in module.pour("jeune") if une.genre == "lecon") <= 60


def test_a_progress_row_of_kolibri_finds_its_lesson(cours: Parcours) -> None:
    """The adapter reads content ids; someone else's channel is not ours."""
    for ressource in cours.ressources():
        assert module_de(cours, ressource.contenu_id) is ressource
    assert module_de(cours, "0" * 32) is None
    assert version_du(cours) == cours.version


def test_a_beginner_reads_only_short_sentences(cours: Parcours, dossier: Path) -> None:
    """At most twelve words a sentence, said to « tu »."""
    for ressource in _lecons(cours):
        texte = _texte(ressource, dossier)
        longues = [phrase for phrase in _phrases(texte) if _mots(phrase) > MOTS_PAR_PHRASE]
        assert longues == [], ressource.fichier
        assert not re.search(r"\bv(ous|otre|os)\b", texte, re.IGNORECASE), ressource.fichier


def test_every_lesson_is_done_on_the_laptop_by_both(cours: Parcours, dossier: Path) -> None:
    """Two on a laptop: each lesson has something to try, then the other one's turn."""
    for ressource in _lecons(cours):
        html = lecons.html(ressource, dossier)
        essai = html.index("<h2>Essaie maintenant</h2>")
        assert essai < html.index("<h2>Change de main\xa0!</h2>"), ressource.fichier
        assert html.count("<li>", essai) >= 3, ressource.fichier


def test_every_lesson_is_longer_than_a_screen(cours: Parcours, dossier: Path) -> None:
    """Kolibri sees an article finished when it was scrolled to its end: one that fits a screen never is."""
    for ressource in _lecons(cours):
        lue = lecons.lire(ressource.fichier, dossier)
        hauteur_px = 320 * (len(lue.images) - 1) + 24 * lue.html.count("\n")
        assert hauteur_px > 1080, ressource.fichier


def test_every_lesson_has_a_recording_to_come_under_its_key(cours: Parcours) -> None:
    """The voice button appears the day the file is there; its name must not be in doubt."""
    for ressource in _lecons(cours):
        assert ressource.audio == ressource.cle


def test_a_wrong_answer_gets_a_kind_sentence(cours: Parcours, dossier: Path) -> None:
    """Six to eight questions; each wrong choice is explained, each question has a hint, in short sentences."""
    for ressource in (une for une in cours.ressources() if une.genre == "quiz"):
        un = quiz.lire(ressource.fichier, dossier)
        assert 6 <= len(un.questions) <= 8
        for question in un.questions:
            textes = [question.texte, question.indice]
            for choix in question.choix:
                assert choix.explication, question.cle
                textes += [choix.texte, choix.explication]
            for phrase in (une for texte in textes for une in _phrases(texte)):
                assert _mots(phrase) <= MOTS_PAR_PHRASE, phrase


def test_the_trainer_knows_how_to_run_the_two_hours(cours: Parcours, dossier: Path) -> None:
    """The notes hold the timetable, what to show, what blocks, and when it is passed."""
    for ressource in (une for une in cours.ressources() if une.genre == "note"):
        html = lecons.html(ressource, dossier)
        for titre in ("Déroulé des 2 heures", "Ce que tu montres", "Blocages fréquents", "C'est acquis quand"):
            assert f"<h2>{titre}</h2>" in html, ressource.fichier


def test_every_card_has_its_small_picture(cours: Parcours, dossier: Path) -> None:
    """A beginner recognises a lesson by its picture; twelve laptops fetch them at once, so they are light."""
    cartes = [cours.vignette]
    cartes += [module.vignette for module in cours.modules if module.prete]
    cartes += [une.vignette for une in cours.ressources() if une.public == "jeune"]

    for carte in cartes:
        assert carte is not None
        octets = (dossier / carte).read_bytes()
        assert octets.startswith(b"\x89PNG")
        assert (int.from_bytes(octets[16:20]), int.from_bytes(octets[20:24])) == (320, 180), carte
        assert len(octets) <= OCTETS_PAR_VIGNETTE, carte


def test_every_drawing_is_a_drawing_and_is_used(cours: Parcours, dossier: Path) -> None:
    """Nothing but shapes and words in an SVG, with its size and its title; no drawing is left over."""
    sources = "".join((dossier / ressource.fichier).read_text(encoding="utf-8") for ressource in cours.ressources())
    permises = {"svg", "title", "g", "rect", "circle", "path", "text"}
    for dessin in sorted((dossier / "images").iterdir()):
        racine = ET.parse(dessin).getroot()
        balises = {str(element.tag).rpartition("}")[2] for element in racine.iter()}
        assert balises <= permises, dessin.name
        assert racine.get("width"), dessin.name
        assert f"../images/{dessin.name}" in sources, dessin.name

"""Quizzes become Perseus items that Kolibri can play, whatever their words."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petit_cours import ecrire_cours, remplacer
from pirogue_contenus import quiz
from pirogue_contenus.quiz import MARQUE_CHEMIN, MARQUE_WIDGET, Choix, Question, en_perseus

TEXTES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters=[MARQUE_WIDGET, MARQUE_CHEMIN]),
    min_size=1,
    max_size=40,
)


@st.composite
def questions(tirage: st.DrawFn) -> Question:
    """Any question with one right answer."""
    textes = tirage(st.lists(TEXTES, min_size=2, max_size=5, unique=True))
    juste = tirage(st.integers(0, len(textes) - 1))
    return Question(
        cle=tirage(TEXTES),
        texte=tirage(TEXTES),
        indice=tirage(TEXTES),
        choix=tuple(Choix(texte, juste=rang == juste, explication=tirage(TEXTES)) for rang, texte in enumerate(textes)),
        image=None,
        image_texte="",
    )


@given(questions())
def test_any_question_keeps_its_answer_and_its_words(question: Question) -> None:
    """One widget, one right choice at its place, shuffled by Kolibri, every wrong choice with its sentence."""
    article = json.loads(json.dumps(en_perseus(question)))

    radio = article["question"]["widgets"]["radio 1"]["options"]
    assert article["question"]["content"].count(MARQUE_WIDGET) == 1
    assert article["question"]["content"].endswith(f"[[{MARQUE_WIDGET} radio 1]]")
    assert [choix["correct"] for choix in radio["choices"]] == [choix.juste for choix in question.choix]
    assert radio["randomize"] is True
    assert radio["multipleSelect"] is False
    assert all(choix["clue"] for choix in radio["choices"])
    assert len(article["hints"]) == 1


@given(questions())
def test_the_answers_are_shown_and_never_run(question: Question) -> None:
    """Whatever its words, a question's answers make a page with our own tags alone."""
    html = quiz.corrige(quiz.Quiz("Quiz", 15, (question,)))

    assert set(re.findall(r"<(/?\w+)", html)) == {
        "h2",
        "/h2",
        "h3",
        "/h3",
        "ul",
        "/ul",
        "li",
        "/li",
        "strong",
        "/strong",
    }
    assert html.count("<li>") == len(question.choix)


@given(TEXTES)
def test_no_price_becomes_a_formula(texte: str) -> None:
    """A `$` opens a formula in Perseus: each one, and each backslash before it, is kept as a sign."""
    protege = quiz.proteger(texte)

    lu = re.sub(r"\\(.)", r"\1", protege)
    assert lu == quiz.typographie(texte)
    assert not re.search(r"(?<!\\)(?:\\\\)*\$", protege)


def test_mending_a_question_keeps_its_answers(tmp_path: Path) -> None:
    """Kolibri files attempts under the question's id: it comes from the key, not from the words."""
    dossier = ecrire_cours(tmp_path)
    avant = quiz.question_ids(quiz.lire("M1/quiz.yml", dossier), "quiz-filet")
    remplacer(dossier, "M1/quiz.yml", "Le filet a un trou.", "Ton filet est troué.")

    apres = quiz.question_ids(quiz.lire("M1/quiz.yml", dossier), "quiz-filet")

    assert avant == apres
    assert len(set(avant)) == 2
    assert not set(avant) & set(quiz.question_ids(quiz.lire("M1/quiz.yml", dossier), "autre-quiz"))


def test_a_picture_travels_with_its_question(tmp_path: Path) -> None:
    """Kolibri searches the raw text of an item for its picture: the path must be there as it is, not escaped."""
    dossier = ecrire_cours(tmp_path)
    un = quiz.lire("M1/quiz.yml", dossier)

    contenu = quiz.fichiers(un, "quiz-filet")

    ids = quiz.question_ids(un, "quiz-filet")
    assert set(contenu) == {"exercise.json", "images/filet.svg", *(f"{un_id}.json" for un_id in ids)}
    assert b"${\xe2\x98\xa3 LOCALPATH}/images/filet.svg" in contenu[f"{ids[1]}.json"]
    assert json.loads(contenu["exercise.json"])["all_assessment_items"] == list(ids)


def test_a_reserved_sign_is_refused() -> None:
    """A snowman in a question would open a widget that does not exist."""
    with pytest.raises(quiz.CoursInvalide, match="signe réservé"):
        quiz.proteger(f"[[{MARQUE_WIDGET} radio 2]]")

"""A fault in the course is said in French, with the file and the place, before anything is built."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petit_cours import ecrire_cours, remplacer
from pirogue_contenus.catalogue import CoursInvalide, charger

CASSES = [
    ("M1/filet.md", "titre: Le filet\n", "", ["M1/filet.md", "« titre »"]),
    ("M1/filet.md", "duree_min: 5", "duree_min: cinq", ["M1/filet.md", "« duree_min »"]),
    ("M1/filet.md", "duree_min: 5", "duree_min: true", ["M1/filet.md", "« duree_min »"]),
    ("M1/filet.md", "titre: Le filet", "titre: [", ["M1/filet.md, ligne", "YAML"]),
    ("M1/filet.md", "filet.svg", "absente.svg", ["M1/filet.md, ligne 8", "absente.svg", "n'existe pas"]),
    ("M1/filet.md", "[Un filet]", "[]", ["M1/filet.md, ligne 8", "description"]),
    ("M1/filet.md", "filet.svg", "filet\x00.svg", ["M1/filet.md, ligne 8", "ne s'affiche pas"]),
    ("M1/filet.md", "filet.svg", "f" * 300 + ".svg", ["M1/filet.md, ligne 8", "n'existe pas"]),
    ("M1/quiz.yml", "filet.svg", "f" * 300 + ".svg", ["questions[2]", "n'existe pas"]),
    ("M1/filet.md", "../images/filet.svg", "../../secret.svg", ["M1/filet.md, ligne 8", "images/"]),
    ("M1/filet.md", "*les*", "[les](http://exemple.bj)", ["M1/filet.md, ligne 6", "un lien"]),
    ("M1/filet.md", "*les*", "<https://exemple.bj>", ["M1/filet.md", "un lien"]),
    ("M1/quiz.yml", ", juste: true }", ", explication: Non. }", ["M1/quiz.yml, questions[1]", "aucune bonne réponse"]),
    ("M1/quiz.yml", "Je jette., expl", "Je jette., juste: true, expl", ["questions[1]", "2 bonnes réponses"]),
    ("M1/quiz.yml", ", explication: Un filet se répare.", "", ["choix[2]", "« explication »"]),
    ("M1/quiz.yml", "    indice: Il nage.\n", "", ["questions[2]", "« indice »"]),
    ("M1/quiz.yml", "cle: poisson", "cle: trou", ["M1/quiz.yml", "« trou »"]),
    ("M1/quiz.yml", "Je jette.", "Je répare.", ["questions[1]", "même chose"]),
    ("M1/quiz.yml", "filet.svg", "rien.svg", ["questions[2]", "rien.svg"]),
    ("M1/quiz.yml", "juste: true", "juste: oui peut-être", ["choix[1]", "« juste »"]),
    ("M1/quiz.yml", "Que prend", "Que \u2603 prend", ["signe réservé"]),
    ("M1/quiz.yml", "Que prend le filet ?", '"Que \\u0007 ?"', ["questions[2]", "ne s'affiche pas"]),
    ("parcours.yml", "cle: quiz-filet", "cle: filet", ["parcours.yml", "« filet »", "deux fois"]),
    ("parcours.yml", "code: M2", "code: M1", ["parcours.yml", "« M1 »", "deux fois"]),
    ("parcours.yml", "genre: note", "genre: chanson", ["modules[1], ressources[3]", "chanson"]),
    ("parcours.yml", "parcours: suite", "parcours: ailleurs", ["modules[2]", "ailleurs"]),
    ("parcours.yml", 'objectifs: ["Ramer droit"]', "objectifs: []", ["modules[2]", "« objectifs »"]),
    ("parcours.yml", 'objectifs: ["Ramer droit"]', "objectifs: [3]", ["modules[2]", "objectifs[1]"]),
    ("parcours.yml", 'objectifs: ["Ramer', 'prete: true\n    objectifs: ["Ramer', ["modules[2]", "au moins une"]),
    ("parcours.yml", "version: 1", "version: 0", ["parcours.yml", "« version »"]),
    ("parcours.yml", "version: 1", "version: 2025-02-31", ["parcours.yml", "impossible"]),
    ("parcours.yml", "M1/filet.md", "../ailleurs.md", ["ressources[1]", "hors du dossier"]),
    ("parcours.yml", "M1/filet.md", "M1/perdu.md", ["M1/perdu.md", "n'existe pas"]),
    ("parcours.yml", "M1/filet.md", "M1", ["M1 : lecture impossible"]),
]


@pytest.mark.parametrize(("nom", "avant", "apres", "attendus"), CASSES)
def test_a_fault_names_its_file_and_its_place(
    tmp_path: Path, nom: str, avant: str, apres: str, attendus: list[str]
) -> None:
    """Whoever wrote the lesson finds the line without help, and knows what to do next."""
    cours = ecrire_cours(tmp_path)
    charger(cours)
    remplacer(cours, nom, avant, apres)

    with pytest.raises(CoursInvalide) as attrape:
        charger(cours)

    for attendu in attendus:
        assert attendu in str(attrape.value)
    assert attrape.value.geste


def test_a_lesson_without_its_header_says_how_to_begin(tmp_path: Path) -> None:
    """No front matter, one that is not closed, nothing after it, or another encoding."""
    cours = ecrire_cours(tmp_path)
    lecon = cours / "M1/filet.md"
    for octets, attendu in (
        (b"# Le filet\n", "ligne 1"),
        (b"---\ntitre: Le filet\n", "pas ferm"),
        (b"---\ntitre: Le filet\nduree_min: 5\n---\n  \n", "ligne 5"),
        (b"---\ntitre: P\xeache\n---\nbon\n", "UTF-8"),
        (b"", "ligne 1"),
    ):
        lecon.write_bytes(octets)

        with pytest.raises(CoursInvalide, match=attendu):
            charger(cours)


def test_a_folder_that_holds_no_course_says_so(tmp_path: Path) -> None:
    """The wrong folder in the configuration is a sentence, not a traceback."""
    with pytest.raises(CoursInvalide, match=r"parcours\.yml : ce fichier n'existe pas"):
        charger(tmp_path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    nom=st.sampled_from(["parcours.yml", "M1/filet.md", "M1/quiz.yml"]),
    coupe=st.floats(0, 1),
    bruit=st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"!!bool x", b"!!timestamp x", b"!!int z", b"[" * 3000, b'"\\ud800"', b"\x00", b"? {a: b}"]),
    ),
)
def test_any_damage_to_a_file_is_a_sentence(tmp_path: Path, nom: str, coupe: float, bruit: bytes) -> None:
    """A file cut short, or with anything at all pasted into it, loads or is refused; nothing else happens."""
    cours = ecrire_cours(tmp_path)
    octets = (cours / nom).read_bytes()
    rang = int(coupe * len(octets))
    (cours / nom).write_bytes(octets[:rang] + bruit + (octets[rang:] if len(bruit) % 2 else b""))

    with contextlib.suppress(CoursInvalide):
        charger(cours)

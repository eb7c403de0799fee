"""Quizzes: YAML in, Perseus items (the exercise format that Kolibri plays) out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pirogue_contenus.identites import question_id
from pirogue_contenus.lecons import FORMATS_IMAGE, IMAGES, existe, typographie
from pirogue_contenus.sources import CoursInvalide, Fiche, lire_fiche, lire_texte

#: Perseus puts a widget where this character stands between double brackets; Kolibri looks for it in image paths.
MARQUE_WIDGET, MARQUE_CHEMIN = "\N{SNOWMAN}", "\N{BIOHAZARD SIGN}"
WIDGET = "radio 1"
LARGEUR_IMAGE_PX, HAUTEUR_IMAGE_PX = 320, 160


@dataclass(frozen=True, slots=True)
class Choix:
    """One possible answer; `explication` is the kind sentence that follows it."""

    texte: str
    juste: bool
    explication: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with exactly one right answer; `cle` is its identity inside the quiz."""

    cle: str
    texte: str
    indice: str
    choix: tuple[Choix, ...]
    image: Path | None
    image_texte: str


@dataclass(frozen=True, slots=True)
class Quiz:
    """A quiz, its questions in the order in which they are asked."""

    titre: str
    duree_min: int
    questions: tuple[Question, ...]


def lire(fichier: str, dossier: Path) -> Quiz:
    """
    Read and check one quiz.

    Args:
        fichier: its path inside the course's folder.
        dossier: the course's folder.

    Raises:
        CoursInvalide: a missing field, no right answer or several, a wrong choice without its explanation, two
            questions with one key, a missing picture.
    """
    fiche = lire_fiche(lire_texte(dossier / fichier, ou=fichier), ou=fichier)
    questions = tuple(_question(bloc, dossier / fichier, dossier) for bloc in fiche.fiches("questions"))
    if not questions:
        raise fiche.invalide("il manque « questions ».")
    cles = [question.cle for question in questions]
    double = next((cle for cle in cles if cles.count(cle) > 1), None)
    if double is not None:
        raise fiche.invalide(f"deux questions ont la clé « {double} ».")
    return Quiz(titre=fiche.texte("titre"), duree_min=fiche.entier("duree_min", defaut=15), questions=questions)


def _question(fiche: Fiche, chemin: Path, dossier: Path) -> Question:
    """Read one question."""
    choix = tuple(_choix(bloc) for bloc in fiche.fiches("choix"))
    justes = sum(un.juste for un in choix)
    if justes != 1:
        combien = "aucune bonne réponse" if justes == 0 else f"{justes} bonnes réponses"
        raise fiche.invalide(f"il y a {combien} : il en faut une (« juste: true »).")
    if len(choix) < 2:
        raise fiche.invalide("il faut au moins deux choix.")
    if len({un.texte for un in choix}) < len(choix):
        raise fiche.invalide("deux choix disent la même chose.")
    image = None
    if "image" in fiche.champs:
        image = (chemin.parent / fiche.texte("image")).resolve()
        if not existe(image) or image.parent != (dossier / IMAGES).resolve() or image.suffix not in FORMATS_IMAGE:
            raise fiche.invalide(f"l'image {fiche.texte('image')} n'existe pas dans « {IMAGES}/ ».")
    return Question(
        cle=fiche.texte("cle"),
        texte=fiche.texte("question"),
        indice=fiche.texte("indice"),
        choix=choix,
        image=image,
        image_texte=fiche.texte("image_texte") if image else "",
    )


def _choix(fiche: Fiche) -> Choix:
    """Read one choice; only the right one may go without an explanation."""
    juste = fiche.oui("juste")
    return Choix(
        texte=fiche.texte("texte"),
        juste=juste,
        explication=fiche.texte("explication", defaut="" if juste else None),
    )


def proteger(texte: str) -> str:
    """
    Return a text in which nothing can be taken for Perseus's own signs.

    `$` opens a formula there, and the snowman a widget; emphasis (`**gras**`) is left to work.
    """
    if MARQUE_WIDGET in texte or MARQUE_CHEMIN in texte:
        raise CoursInvalide(f"« {texte} » contient un signe réservé ({MARQUE_WIDGET} ou {MARQUE_CHEMIN}).")
    return typographie(texte).replace("\\", "\\\\").replace("$", "\\$")


def en_perseus(question: Question) -> Mapping[str, object]:
    """
    Return one question as a Perseus item; Kolibri shuffles its choices each time it is shown.

    Raises:
        CoursInvalide: a text contains one of Perseus's reserved characters.
    """
    contenu, images = proteger(question.texte), {}
    if question.image is not None:
        adresse = f"${{{MARQUE_CHEMIN} LOCALPATH}}/{IMAGES}/{question.image.name}"
        contenu += f"\n\n![{proteger(question.image_texte)}]({adresse})"
        images[adresse] = {"width": LARGEUR_IMAGE_PX, "height": HAUTEUR_IMAGE_PX}
    return {
        "question": {
            "content": f"{contenu}\n\n[[{MARQUE_WIDGET} {WIDGET}]]",
            "images": images,
            "widgets": {WIDGET: _radio(question.choix)},
        },
        "answerArea": {
            "calculator": False,
            "chi2Table": False,
            "periodicTable": False,
            "tTable": False,
            "zTable": False,
        },
        "itemDataVersion": {"major": 0, "minor": 1},
        "hints": [{"content": proteger(question.indice), "images": {}, "widgets": {}, "replace": False}],
    }


def _radio(choix: tuple[Choix, ...]) -> Mapping[str, object]:
    """Return the widget that shows the choices, one per line."""
    return {
        "type": "radio",
        "graded": True,
        "static": False,
        "alignment": "default",
        "version": {"major": 1, "minor": 0},
        "options": {
            "choices": [
                {"content": proteger(un.texte), "correct": un.juste}
                | ({"clue": proteger(un.explication)} if un.explication else {})
                for un in choix
            ],
            "randomize": True,
            "multipleSelect": False,
            "countChoices": False,
            "displayCount": None,
            "hasNoneOfTheAbove": False,
            "onePerLine": True,
            "deselectEnabled": False,
        },
    }


def corrige(quiz: Quiz) -> str:
    """
    Return the answers as safe HTML: each question, its right answer, and the sentence for each wrong one.

    Kolibri 0.19.5 keeps a choice's explanation (`clue`) but shows it nowhere in a quiz: the trainer reads it here.
    """
    lignes = [f"<h2>{escape(typographie(f'Corrigé : {quiz.titre}'))}</h2>"]
    for question in quiz.questions:
        lignes += [f"<h3>{escape(typographie(question.texte))}</h3>", "<ul>"]
        for un in question.choix:
            texte = escape(typographie(un.texte))
            debut = f"<strong>{texte}</strong>" if un.juste else texte
            lignes.append(f"<li>{debut} {escape(typographie(un.explication))}</li>")
        lignes.append("</ul>")
    return "\n".join(lignes)


def question_ids(quiz: Quiz, cle: str) -> tuple[str, ...]:
    """Return the ids of the questions of the quiz resource `cle`, in order."""
    return tuple(question_id(cle, question.cle) for question in quiz.questions)


def maitrise(quiz: Quiz) -> Mapping[str, object]:
    """Return Kolibri's rule for a finished quiz: every question answered, whatever the answers."""
    nombre = len(quiz.questions)
    return {"type": "do_all", "m": nombre, "n": nombre}


def fichiers(quiz: Quiz, cle: str) -> dict[str, bytes]:
    """
    Return the files of the quiz's .perseus package: the list, one file per question, the pictures.

    Raises:
        CoursInvalide: a text contains one of Perseus's reserved characters.
    """
    ids = question_ids(quiz, cle)
    nombre = len(ids)
    entete = {
        "mastery_model": "do_all",
        "legacy_mastery_model": "do_all",
        "randomize": False,
        "m": nombre,
        "n": nombre,
        "all_assessment_items": list(ids),
        "assessment_mapping": dict.fromkeys(ids, "perseus_question"),
    }
    contenu = {"exercise.json": _json(entete)}
    for un_id, question in zip(ids, quiz.questions, strict=True):
        contenu[f"{un_id}.json"] = _json(en_perseus(question))
        if question.image is not None:
            contenu[f"{IMAGES}/{question.image.name}"] = question.image.read_bytes()
    return contenu


def _json(valeur: object) -> bytes:
    """Return stable JSON; characters as they are, because Kolibri searches the raw text for image paths."""
    return json.dumps(valeur, sort_keys=True, ensure_ascii=False).encode()

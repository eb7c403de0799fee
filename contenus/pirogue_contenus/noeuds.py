"""
The channel's tree: course, parts, modules, what the youths read and do, as Kolibri's nodes.

The trainers' notes are not in it: Kolibri gives a channel's every file to whoever asks (decision 0006).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pirogue_contenus import identites, lecons, paquets, quiz
from pirogue_contenus.catalogue import Module, Parcours, Ressource
from pirogue_contenus.paquets import Fichier

# Labels of le-utils (the tests compare them with the installed package).
LIRE, S_EXERCER = "wA01urpi", "VwRCom7G"
CULTURE_NUMERIQUE = "BCG3&slG.wZ3EAedB"
POUR_DEBUTER = "sccgQZDd.sAQsauuo"
LICENCE = "CC BY-SA"

Options = Mapping[str, object]
LECTURE: Options = {"completion_criteria": {"model": "pages", "threshold": "100%", "learner_managed": False}}
QUIZ: Options = {
    "completion_criteria": {"model": "mastery", "threshold": {"mastery_model": "do_all"}},
    "modality": "QUIZ",
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What Kolibri must know of a quiz: its questions and when it is finished."""

    questions: tuple[str, ...]
    maitrise: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Noeud:
    """One node; `sorte` is Kolibri's kind, `duree_s` in seconds, None for a topic."""

    noeud_id: str
    contenu_id: str
    titre: str
    description: str
    sorte: Literal["topic", "document", "exercise"]
    activite: str | None = None
    categories: tuple[str, ...] = ()
    besoins: str | None = None
    options: Options = field(default_factory=dict)
    duree_s: int | None = None
    fichiers: tuple[Fichier, ...] = ()
    evaluation: Evaluation | None = None
    enfants: tuple["Noeud", ...] = ()

    @property
    def options_json(self) -> str:
        """
        Options as Kolibri finds them.

        Python's default separators on purpose: Kolibri looks for `"modality": "QUIZ"`, with the blank.
        """
        return json.dumps(self.options, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A node's place in the tree, by the nested-set numbers that Kolibri queries."""

    noeud: Noeud
    parent: str | None
    gauche: int
    droite: int
    niveau: int


def arbre(parcours: Parcours, dossier: Path) -> Noeud:
    """
    Return the root of the channel; only parts and modules that are ready are in it.

    Raises:
        CoursInvalide: a source cannot be taught from.
    """
    parties = []
    for partie in parcours.parties:
        prets = tuple(m for m in parcours.modules if m.parcours == partie.code and m.prete)
        if prets:
            modules = tuple(_module(module, parcours, dossier) for module in prets)
            parties.append(_theme(partie.code, partie.titre, modules, modules[0].fichiers))
    racine = identites.noeud_id("racine", parcours.identifiant)
    return Noeud(racine, racine, parcours.titre, parcours.resume, "topic", options={}, enfants=tuple(parties))


def _theme(
    cle: str, titre: str, enfants: tuple[Noeud, ...], fichiers: tuple[Fichier, ...], description: str = ""
) -> Noeud:
    """Return a folder of the channel."""
    un_id = identites.noeud_id("theme", cle)
    return Noeud(un_id, un_id, titre, description, "topic", fichiers=fichiers, enfants=enfants)


def _module(module: Module, parcours: Parcours, dossier: Path) -> Noeud:
    """Return the folder of one module: what the youths do."""
    vignettes = _vignette(module.vignette, dossier, genre="topic")
    enfants = tuple(
        _quiz(une, dossier) if une.genre == "quiz" else _article(une, parcours.langue, dossier)
        for une in module.pour("jeune")
    )
    titre = f"{module.code} · {module.titre}"
    return _theme(module.code, titre, enfants, vignettes, " · ".join(module.objectifs))


def _article(ressource: Ressource, langue: str, dossier: Path) -> Noeud:
    """Return the node of one lesson."""
    lecon = lecons.lire(ressource.fichier, dossier)
    return Noeud(
        ressource.noeud_id,
        ressource.contenu_id,
        ressource.titre,
        "",
        "document",
        activite=LIRE,
        categories=(CULTURE_NUMERIQUE,),
        besoins=POUR_DEBUTER,
        options=LECTURE,
        duree_s=ressource.duree_min * 60,
        fichiers=(
            paquets.kpub(lecon, langue=langue),
            *_vignette(ressource.vignette, dossier, genre="document"),
        ),
    )


def _quiz(ressource: Ressource, dossier: Path) -> Noeud:
    """Return the node of one quiz."""
    un = quiz.lire(ressource.fichier, dossier)
    return Noeud(
        ressource.noeud_id,
        ressource.contenu_id,
        ressource.titre,
        "",
        "exercise",
        activite=S_EXERCER,
        categories=(CULTURE_NUMERIQUE,),
        besoins=POUR_DEBUTER,
        options=QUIZ,
        duree_s=ressource.duree_min * 60,
        fichiers=(
            paquets.perseus(quiz.fichiers(un, ressource.cle)),
            *_vignette(ressource.vignette, dossier, genre="exercise"),
        ),
        evaluation=Evaluation(quiz.question_ids(un, ressource.cle), quiz.maitrise(un)),
    )


def _vignette(chemin: str | None, dossier: Path, *, genre: str) -> tuple[Fichier, ...]:
    """Return the thumbnail, if there is one."""
    return () if chemin is None else (paquets.vignette(dossier / chemin, genre=genre),)


def placer(racine: Noeud) -> tuple[Place, ...]:
    """Return every node, parents before children, with its nested-set numbers (from 1, without a hole)."""
    return tuple(_placer(racine, None, 1, 0))


def _placer(noeud: Noeud, parent: str | None, gauche: int, niveau: int) -> Iterator[Place]:
    """Yield the places of a subtree whose left number is `gauche`."""
    dessous: list[Place] = []
    suivant = gauche + 1
    for enfant in noeud.enfants:
        places = list(_placer(enfant, noeud.noeud_id, suivant, niveau + 1))
        suivant = places[0].droite + 1
        dessous.extend(places)
    yield Place(noeud, parent, gauche, suivant, niveau)
    yield from dessous

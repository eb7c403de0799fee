"""
The course as the youths' pages see it: stones, steps, texts, and the doors to and from Kolibri.

The only module of the portal that knows both the catalogue and Kolibri; the views know neither.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from pirogue_contenus import catalogue, kolibri_annuaire, kolibri_jeton, kolibri_progres, lecons, quiz
from pirogue_contenus.catalogue import Module, Parcours, Ressource
from pirogue_contenus.kolibri_erreurs import KolibriAbsent, KolibriChange, KolibriRefuse
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_contenus.quiz import Choix
from pirogue_portail.config import IMAGES_LECONS, ConfigPortail
from pirogue_registre import effacement, jeunes, progres
from pirogue_registre.base import Registre
from pirogue_registre.jeunes import Jeune
from pirogue_registre.lieux import lister_groupes
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant, maintenant

journal = logging.getLogger("pirogue.portail")

#: What Kolibri answered holds this long, so that a full class does not ask it at every page.
VALIDITE_NS = 2_000_000_000
#: The path is the course's two *parcours* of six sessions; the workshops (T01…) are not stones.
LONGUEUR_CHEMIN = 12


@dataclass(frozen=True, slots=True)
class Pierre:
    """A stone of the path: a module, and whether it is `faite`, `ici` (the next one), `apres` or `bientot`."""

    code: str
    titre: str
    etat: str


@dataclass(frozen=True, slots=True)
class Etape:
    """A lesson or a quiz of a module; `etat` as for a stone, right answers where a quiz was taken."""

    cle: str
    titre: str
    genre: str
    etat: str
    justes: int | None
    questions: int | None


@dataclass(frozen=True, slots=True)
class Reponse:
    """A question of a quiz with its answer: the right choice, the others, each with its kind sentence."""

    question: str
    image: str | None
    image_texte: str
    juste: Choix
    autres: tuple[Choix, ...]


class _Veille:
    """When something was last asked of Kolibri and what it answered, for all the threads."""

    def __init__(self) -> None:
        self.verrou = threading.Lock()
        self.vu_ns = -VALIDITE_NS
        self.eveille = False


_VEILLES: dict[str, _Veille] = {}
#: The last reading of everybody's progress in each Kolibri home: one thread reads, the others find it done.
_RELEVES: dict[Path, _Veille] = {}
RELEVE_NS = 1_000_000_000


@lru_cache(maxsize=4)
def _parcours(dossier: Path) -> Parcours:
    """Return the course, read once in the life of the process."""
    return catalogue.charger(dossier)


def modules(config: ConfigPortail) -> tuple[Module, ...]:
    """Return the modules that are written, in order."""
    return tuple(module for module in _parcours(config.parcours).modules if module.prete)


def module(config: ConfigPortail, code: str) -> Module:
    """Return one written module; raises Introuvable."""
    trouve = next((module for module in modules(config) if module.code == code), None)
    if trouve is None:
        raise Introuvable("Cette étape n'est pas à bord.")
    return trouve


def ressource(config: ConfigPortail, *, code: str, cle: str) -> Ressource:
    """Return one lesson or quiz of a module; a trainer's note is not found here. Raises Introuvable."""
    trouvee = next((une for une in module(config, code).pour("jeune") if une.cle == cle), None)
    if trouvee is None:
        raise Introuvable("Cette leçon n'est pas à bord.")
    return trouvee


def module_du_noeud(config: ConfigPortail, noeud_id: str) -> str | None:
    """Return the code of the module whose youths' page in Kolibri is this node; None for any other node."""
    return next((un.code for un in modules(config) for une in un.pour("jeune") if une.noeud_id == noeud_id), None)


def _acheves(registre: Registre, personnes: Sequence[str]) -> tuple[set[str], dict[str, progres.Progres]]:
    """Return the contents that every one of these people has finished, and the first one's progress by content."""
    lus = [progres.lire(registre, personne_id) for personne_id in personnes]
    finis = [{un.contenu_id for un in trace if un.acheve} for trace in lus]
    return set.intersection(*finis), {un.contenu_id: un for un in lus[0]}


def pierres(config: ConfigPortail, registre: Registre, *, personnes: Sequence[str]) -> list[Pierre]:
    """
    Return the twelve stones for one person or a pair.

    A stone is done when both have finished all its lessons and quizzes; the first written one that is not is `ici`.
    """
    finis, _ = _acheves(registre, personnes)
    chemin: list[Pierre] = []
    ici = False
    for un in _parcours(config.parcours).modules[:LONGUEUR_CHEMIN]:
        if not un.prete:
            etat = "bientot"
        elif {une.contenu_id for une in un.pour("jeune")} <= finis:
            etat = "faite"
        else:
            etat, ici = ("apres" if ici else "ici"), True
        chemin.append(Pierre(un.code, un.titre, etat))
    return chemin


def etapes(config: ConfigPortail, registre: Registre, *, code: str, personnes: Sequence[str]) -> list[Etape]:
    """Return the steps of a module for one person or a pair; raises Introuvable."""
    finis, traces = _acheves(registre, personnes)
    suite: list[Etape] = []
    ici = False
    for une in module(config, code).pour("jeune"):
        if une.contenu_id in finis:
            etat = "faite"
        else:
            etat, ici = ("apres" if ici else "ici"), True
        trace = traces.get(une.contenu_id)
        justes, questions = (trace.justes, trace.questions) if trace else (None, None)
        suite.append(Etape(une.cle, une.titre, une.genre, etat, justes, questions))
    return suite


def texte(config: ConfigPortail, ressource: Ressource) -> Markup | None:
    """Return a lesson as a piece of page (safe HTML, pictures served by us); None for a quiz."""
    if ressource.genre != "lecon":
        return None
    return Markup(lecons.html(ressource, config.parcours, prefixe_images=IMAGES_LECONS))  # noqa: S704 - our own tags


@lru_cache(maxsize=32)
def _quiz(dossier: Path, fichier: str) -> quiz.Quiz:
    """Return a quiz, read once in the life of the process."""
    return quiz.lire(fichier, dossier)


def reponses(config: ConfigPortail, ressource: Ressource) -> list[Reponse]:
    """Return the questions of a quiz with their answers, in order; raises Introuvable for a lesson."""
    if ressource.genre != "quiz":
        raise Introuvable("Cette leçon n'a pas de questions.")
    return [
        Reponse(
            question=lecons.typographie(une.texte),
            image=f"{IMAGES_LECONS}{une.image.name}" if une.image else None,
            image_texte=une.image_texte,
            juste=_imprimer(next(un for un in une.choix if un.juste)),
            autres=tuple(_imprimer(un) for un in une.choix if not un.juste),
        )
        for une in _quiz(config.parcours, ressource.fichier).questions
    ]


def _imprimer(choix: Choix) -> Choix:
    """Return a choice whose punctuation never starts a line."""
    return replace(choix, texte=lecons.typographie(choix.texte), explication=lecons.typographie(choix.explication))


def notes(config: ConfigPortail, *, code: str) -> Markup:
    """
    Return a module's notes for its trainer, then the answers of its quiz, as a piece of page; raises Introuvable.

    Kolibri holds neither: it gives a channel's files to whoever asks (decision 0006).
    """
    un = module(config, code)
    pieces = [
        lecons.html(note, config.parcours, prefixe_images=IMAGES_LECONS)
        for note in un.pour("formateur")
        if note.genre == "note"
    ]
    pieces += [quiz.corrige(_quiz(config.parcours, une.fichier)) for une in un.ressources if une.genre == "quiz"]
    return Markup("\n".join(pieces))  # noqa: S704 - our own tags


def kolibri_eveille(config: ConfigPortail) -> bool:
    """Say whether Kolibri answers; asked at most every two seconds, by one thread at a time."""
    if config.cle_kolibri is None:
        return False
    veille = _VEILLES.setdefault(config.kolibri_base, _Veille())
    instant_ns = maintenant().bt_ns
    if instant_ns - veille.vu_ns < VALIDITE_NS:
        return veille.eveille
    with veille.verrou:
        if maintenant().bt_ns - veille.vu_ns >= VALIDITE_NS:
            veille.eveille = kolibri_annuaire.en_vie(base=config.kolibri_interne or config.kolibri_base, delai_s=0.5)
            veille.vu_ns = maintenant().bt_ns
    return veille.eveille


def lien_entree(config: ConfigPortail, *, jeune: Jeune, classe: str, ressource: Ressource, instant: Instant) -> str:
    """
    Return the address that opens a lesson in Kolibri, signed in as this person, once.

    Raises:
        Introuvable: this box has no key for Kolibri.
    """
    if config.cle_kolibri is None:
        raise Introuvable("Kolibri n'est pas installé sur cette boîte.")
    return kolibri_jeton.lien_entree(
        base=config.kolibri_base,
        cle=config.cle_kolibri,
        personne=_personne(jeune, classe),
        suite=kolibri_jeton.suite_ressource(ressource.noeud_id),
        instant=instant,
    )


def _personne(jeune: Jeune, classe: str) -> PersonneKolibri:
    """Return a trainee as Kolibri is to know her: first name, initial, her card's code, her class."""
    return PersonneKolibri(
        sub=jeune.personne_id, nom=jeune.nom_court, code=jeune.code_jeune, role="learner", classes=(classe,)
    )


def presenter(config: ConfigPortail, registre: Registre) -> None:
    """Tell Kolibri about every trainee, so that a coach sees whole groups; a Kolibri that refuses is logged."""
    if config.cle_kolibri is None:
        return
    connus = {
        jeune.personne_id: _personne(jeune, groupe.libelle)
        for groupe in lister_groupes(registre)
        for jeune in jeunes.lister(registre, groupe.groupe_id)
    }
    try:
        kolibri_annuaire.pousser(
            base=config.kolibri_interne or config.kolibri_base, cle=config.cle_kolibri, personnes=connus.values()
        )
    except (KolibriAbsent, KolibriRefuse) as erreur:
        journal.warning("%s %s", erreur, erreur.geste)


def oublier_effacees(config: ConfigPortail, registre: Registre) -> bool:
    """
    Make Kolibri forget the people who were erased aboard; say whether none is left to forget.

    Kolibri that sleeps is asked again at the next occasion: who is to be forgotten is kept until it has answered.
    """
    personnes = effacement.a_effacer_de_kolibri(registre)
    if not personnes:
        return True
    if config.cle_kolibri is None or not kolibri_eveille(config):
        return False
    try:
        kolibri_annuaire.oublier(
            base=config.kolibri_interne or config.kolibri_base, cle=config.cle_kolibri, personnes=personnes
        )
    except (KolibriAbsent, KolibriRefuse) as erreur:
        journal.warning("%s %s", erreur, erreur.geste)
        return False
    effacement.noter_kolibri_efface(registre, personnes)
    return True


def lien_sortie(config: ConfigPortail) -> str:
    """Return the address that signs the browser out of Kolibri and comes back to the welcome screen."""
    return kolibri_jeton.lien_sortie(config.kolibri_base)


def relever(config: ConfigPortail, registre: Registre, *, instant: Instant, tout_de_suite: bool = False) -> None:
    """
    Read what Kolibri knows of everybody's progress into the register; to be called before a sign-in is closed.

    Kolibri that is absent or that changed is logged, never told to a youth: what the register knows is shown.

    Args:
        tout_de_suite: read even if it was just read (someone is leaving).
    """
    if config.kolibri_maison is None:
        return
    releve = _RELEVES.setdefault(config.kolibri_maison, _Veille())
    with releve.verrou:
        if not tout_de_suite and maintenant().bt_ns - releve.vu_ns < RELEVE_NS:
            return
        try:
            kolibri_progres.relever(
                registre, maison=config.kolibri_maison, parcours=_parcours(config.parcours), instant=instant
            )
        except (KolibriAbsent, KolibriChange) as erreur:
            journal.warning("%s %s", erreur, erreur.geste)
        releve.vu_ns = maintenant().bt_ns

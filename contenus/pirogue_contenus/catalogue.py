"""The catalogue of the course: what it is made of, read from `parcours.yml` and checked whole."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pirogue_contenus import identites, lecons, quiz
from pirogue_contenus.sources import CoursInvalide, Fiche, lire_fiche, lire_texte

SOMMAIRE = "parcours.yml"
VIGNETTES = "vignettes"

Genre = Literal["lecon", "quiz", "note"]
Public = Literal["jeune", "formateur"]
GENRES: tuple[Genre, ...] = ("lecon", "quiz", "note")


@dataclass(frozen=True, slots=True)
class Ressource:
    """
    One thing to read or to do.

    Attributes:
        cle: its identity, never changed and never used twice in the course.
        module: code of its module.
        genre: `lecon`, `quiz` or `note` (for the trainer).
        titre: title as people see it.
        fichier: source, relative to the course's folder.
        contenu_id: Kolibri's content_id; progress follows it.
        noeud_id: Kolibri's node id; pages are opened by it.
        public: `jeune`, or `formateur` (hidden from learners).
        duree_min: minutes it takes.
        audio: name of its recording, None when none is planned.
        vignette: its small picture relative to the course's folder, None when it has none.
    """

    cle: str
    module: str
    genre: Genre
    titre: str
    fichier: str
    contenu_id: str
    noeud_id: str
    public: Public
    duree_min: int
    audio: str | None
    vignette: str | None


@dataclass(frozen=True, slots=True)
class Activite:
    """An activity on the computer that a module plans: its engine, what to do, when it is passed."""

    moteur: str
    nom: str
    tache: str
    reussite: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Module:
    """A two-hour session of the course; `prete` once its resources are written."""

    code: str
    titre: str
    parcours: str
    duree_min: int
    competences: tuple[str, ...]
    objectifs: tuple[str, ...]
    prete: bool
    ressources: tuple[Ressource, ...]
    activites: tuple[Activite, ...] = ()
    preuve: str = ""
    vignette: str | None = None

    def pour(self, public: Public) -> tuple[Ressource, ...]:
        """Return the module's resources for one public, in order."""
        return tuple(ressource for ressource in self.ressources if ressource.public == public)


@dataclass(frozen=True, slots=True)
class Partie:
    """A part of the course: six sessions that make a *parcours*, or the workshops."""

    code: str
    titre: str


@dataclass(frozen=True, slots=True)
class Parcours:
    """The whole course, in order; `version` only ever grows."""

    identifiant: str
    titre: str
    resume: str
    langue: str
    licence: str
    version: int
    parties: tuple[Partie, ...]
    modules: tuple[Module, ...]
    vignette: str | None

    @property
    def canal_id(self) -> str:
        """Kolibri's id of the channel made from this course."""
        return identites.canal_id(self.identifiant)

    def ressources(self) -> tuple[Ressource, ...]:
        """Return every resource of every module, in order."""
        return tuple(ressource for module in self.modules for ressource in module.ressources)


def version_du(parcours: Parcours) -> int:
    """Return the version under which the course is built; Kolibri takes only a strictly greater one."""
    return parcours.version


def module_de(parcours: Parcours, contenu: str) -> Ressource | None:
    """Return the resource whose Kolibri content_id is `contenu`, or None for someone else's content."""
    return next((une for une in parcours.ressources() if une.contenu_id == contenu), None)


def charger(dossier: Path) -> Parcours:
    """
    Read and check a whole course: nothing that would fail at building passes here.

    Args:
        dossier: the folder that holds `parcours.yml`.

    Raises:
        CoursInvalide: with the file and the line or field, in French.
    """
    fiche = lire_fiche(lire_texte(dossier / SOMMAIRE, ou=SOMMAIRE), ou=SOMMAIRE)
    parties = tuple(Partie(une.texte("code"), une.texte("titre")) for une in fiche.fiches("parcours"))
    _uniques(fiche, "parcours", [partie.code for partie in parties])
    modules = tuple(_module(une, dossier, {partie.code for partie in parties}) for une in fiche.fiches("modules"))
    _uniques(fiche, "modules", [module.code for module in modules])
    if not modules:
        raise fiche.invalide("il manque « modules ».")
    parcours = Parcours(
        identifiant=fiche.texte("id"),
        titre=fiche.texte("titre"),
        resume=fiche.texte("resume"),
        langue=fiche.texte("langue"),
        licence=fiche.texte("licence"),
        version=fiche.entier("version"),
        parties=parties,
        modules=modules,
        vignette=_vignette(dossier, "canal"),
    )
    _uniques(fiche, "ressources", [ressource.cle for ressource in parcours.ressources()])
    return parcours


def _uniques(fiche: Fiche, quoi: str, cles: list[str]) -> None:
    """Refuse a key that is used twice."""
    double = next((cle for cle in cles if cles.count(cle) > 1), None)
    if double is not None:
        raise fiche.invalide(f"la clé « {double} » est utilisée deux fois dans « {quoi} ».")


def _module(fiche: Fiche, dossier: Path, parties: set[str]) -> Module:
    """Read one module and its resources."""
    code, partie = fiche.texte("code"), fiche.texte("parcours")
    if partie not in parties:
        raise fiche.invalide(f"le parcours « {partie} » n'existe pas.")
    objectifs = fiche.textes("objectifs")
    if not objectifs:
        raise fiche.invalide("il manque « objectifs ».")
    ressources = tuple(_ressource(une, dossier, code) for une in fiche.fiches("ressources"))
    prete = fiche.oui("prete")
    if prete and not ressources:
        raise fiche.invalide("un module prêt a au moins une ressource.")
    return Module(
        code=code,
        titre=fiche.texte("titre"),
        parcours=partie,
        duree_min=fiche.entier("duree_min"),
        competences=fiche.textes("competences"),
        objectifs=objectifs,
        prete=prete,
        ressources=ressources,
        activites=tuple(
            Activite(
                moteur=une.texte("moteur"),
                nom=une.texte("nom"),
                tache=une.texte("tache"),
                reussite=une.texte("reussite"),
                minutes=une.entier("minutes"),
            )
            for une in fiche.fiches("activites")
        ),
        preuve=fiche.texte("preuve", defaut=""),
        vignette=_vignette(dossier, code),
    )


def _ressource(fiche: Fiche, dossier: Path, module: str) -> Ressource:
    """Read one resource and the file it comes from."""
    cle, genre, fichier = fiche.texte("cle"), fiche.texte("genre"), fiche.texte("fichier")
    if genre not in GENRES:
        raise fiche.invalide(f"« genre » vaut {', '.join(GENRES)} ; pas « {genre} ».")
    if not (dossier / fichier).resolve().is_relative_to(dossier.resolve()):
        raise fiche.invalide(f"{fichier} est hors du dossier du cours.")
    titre, duree_min, audio = _LECTEURS[genre](fichier, dossier)
    return Ressource(
        cle=cle,
        module=module,
        genre=genre,
        titre=titre,
        fichier=fichier,
        contenu_id=identites.contenu_id(cle),
        noeud_id=identites.noeud_id(module, cle),
        public="formateur" if genre == "note" else "jeune",
        duree_min=duree_min,
        audio=audio,
        vignette=_vignette(dossier, cle),
    )


def _lire_quiz(fichier: str, dossier: Path) -> tuple[str, int, str | None]:
    """Return title, minutes and recording of a quiz, having checked it whole."""
    un = quiz.lire(fichier, dossier)
    quiz.fichiers(un, fichier)
    return un.titre, un.duree_min, None


def _lire_lecon(fichier: str, dossier: Path) -> tuple[str, int, str | None]:
    """Return title, minutes and recording of a lesson or a note, having checked it whole."""
    une = lecons.lire(fichier, dossier)
    return une.titre, une.duree_min, une.audio


_LECTEURS: dict[Genre, Callable[[str, Path], tuple[str, int, str | None]]] = {
    "lecon": _lire_lecon,
    "note": _lire_lecon,
    "quiz": _lire_quiz,
}


def _vignette(dossier: Path, cle: str) -> str | None:
    """Return the small picture of a channel, module or resource, if one was drawn."""
    chemin = f"{VIGNETTES}/{cle}.png"
    return chemin if lecons.existe(dossier / chemin) else None


__all__ = [
    "Activite",
    "CoursInvalide",
    "Module",
    "Parcours",
    "Partie",
    "Ressource",
    "charger",
    "module_de",
    "version_du",
]

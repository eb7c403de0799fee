"""The course as a trainer needs it: what may be opened, what comes next, and Kolibri as its coach."""

from dataclasses import dataclass

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from pirogue_contenus import kolibri_jeton
from pirogue_contenus.catalogue import Module
from pirogue_contenus.kolibri_erreurs import KolibriAbsent
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_portail import cours
from pirogue_portail.contexte import config, registre
from pirogue_portail.formateur import porte
from pirogue_registre import progres, seances
from pirogue_registre.comptes import Compte
from pirogue_registre.lieux import lister_groupes
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant, maintenant

#: A session without a lesson of ours: the roll is called all the same, even when the course cannot be read.
AUTRE = "autre"
AUTRE_TITRE = "Autre séance, sans leçon"
#: Kolibri's pages for a coach, from its root.
SUITE_COACH = "/fr-fr/coach/"


@dataclass(frozen=True, slots=True)
class Choix:
    """A module that a session may be opened with."""

    code: str
    titre: str


@dataclass(frozen=True, slots=True)
class Avancee:
    """How far a trainee is in a module: steps finished out of all."""

    code: str
    titre: str
    faites: int
    total: int


def _modules() -> tuple[Module, ...]:
    """Return the written modules; none when the course cannot be read: the roll never waits for the lessons."""
    try:
        return cours.modules(config())
    except (ErreurPirogue, OSError):
        return ()


def choix() -> list[Choix]:
    """Return what a session may be opened with, in the order of the course."""
    return [*(Choix(un.code, un.titre) for un in _modules()), Choix(AUTRE, AUTRE_TITRE)]


def titre(code: str) -> str:
    """Return a module as it is said: `S01 · Je découvre l'ordinateur`; its code alone when it is not aboard."""
    trouve = {un.code: un.titre for un in choix()}.get(code)
    if trouve is None or code == AUTRE:
        return trouve or code
    return f"{code} · {trouve}"


def suivant(groupe_id: str) -> str:
    """Return the code of the module that comes after this group's last one; AUTRE when all were done."""
    codes = [un.code for un in _modules()]
    dernier = next((une.module for une in seances.tenues(registre(), groupe_id) if une.module in codes), None)
    rang = 0 if dernier is None else codes.index(dernier) + 1
    return codes[rang] if rang < len(codes) else AUTRE


def avancees(personne_id: str) -> list[Avancee]:
    """Return how far a trainee is, for the modules that she has begun."""
    finis = {un.contenu_id for un in progres.lire(registre(), personne_id) if un.acheve}
    toutes = [
        Avancee(un.code, un.titre, sum(une.contenu_id in finis for une in un.pour("jeune")), len(un.pour("jeune")))
        for un in _modules()
    ]
    return [une for une in toutes if une.faites]


def relever(instant: Instant) -> None:
    """Bring the register up to date with what Kolibri knows; nothing of the page waits for it or fails with it."""
    try:
        cours.oublier_effacees(config(), registre())
        cours.relever(config(), registre(), instant=instant)
    except (ErreurPirogue, OSError):
        return


def _lien_coach(compte: Compte, instant: Instant) -> str:
    """Return the address that opens Kolibri as coach, once; raises KolibriAbsent."""
    cle = config().cle_kolibri
    if cle is None or not cours.kolibri_eveille(config()):
        raise KolibriAbsent("Les leçons Kolibri dorment.", geste="L'appel et le reste marchent. Réessaie plus tard.")
    cours.presenter(config(), registre())
    classes = tuple(groupe.libelle for groupe in lister_groupes(registre()))
    personne = PersonneKolibri(sub=compte.compte_id, nom=compte.nom, code="", role="coach", classes=classes)
    return kolibri_jeton.lien_entree(
        base=config().kolibri_base, cle=cle, personne=personne, suite=SUITE_COACH, instant=instant
    )


def kolibri() -> Response:
    """Open Kolibri as coach; when it sleeps, say so."""
    try:
        return redirect(_lien_coach(porte.moi(), maintenant()), code=303)
    except ErreurPirogue as erreur:
        flash(f"{erreur} {erreur.geste}", "attention")
        return redirect(url_for("formateur.aujourdhui"), code=303)

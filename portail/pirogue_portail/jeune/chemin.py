"""Aboard: my path, a module, its lessons in Kolibri (or here when Kolibri sleeps), «J'ai fini»."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import cours
from pirogue_portail.contexte import config, registre
from pirogue_portail.jeune import etat
from pirogue_portail.jeune.plan import vers
from pirogue_registre import connexions, jeunes, seances
from pirogue_registre.connexions import Connexion
from pirogue_registre.jeunes import Jeune
from pirogue_registre.lieux import lire_groupe
from pirogue_socle.horloge import maintenant

P = ParamSpec("P")
Page = str | Response


def a_bord(vue: Callable[Concatenate[Connexion, P], Page]) -> Callable[P, Page]:
    """Give the view the sign-in of this browser; without one, the welcome screen; after a rest, «toujours toi ?»."""

    @wraps(vue)
    def gardee(*args: P.args, **kwargs: P.kwargs) -> Page:
        connexion = etat.connexion_en_cours()
        if connexion is None:
            etat.oublier()
            return vers("accueil")
        instant = maintenant()
        if etat.repose(instant):
            return redirect(url_for("jeune.toujours", de=request.args.get("de")), code=303)
        etat.toucher(instant)
        return vue(connexion, *args, **kwargs)

    return gardee


def equipage(connexion: Connexion) -> list[Jeune]:
    """Return who sits at this laptop: one person, or the pair."""
    ids = [connexion.personne_id, *([connexion.binome_avec] if connexion.binome_avec else [])]
    return [jeunes.lire(registre(), personne_id) for personne_id in ids]


@a_bord
def chemin(connexion: Connexion) -> Page:
    """
    Show the twelve stones: done, next, to come.

    Who comes back from a lesson of Kolibri (`?de=` its node) finds the lessons of that module, the next one lit.
    """
    de = cours.module_du_noeud(config(), request.args.get("de", ""))
    cours.relever(config(), registre(), instant=maintenant(), tout_de_suite=de is not None)
    if de is not None:
        return redirect(url_for("jeune.module", code=de, _anchor="ici"), code=303)
    a_deux = equipage(connexion)
    pierres = cours.pierres(config(), registre(), personnes=[un.personne_id for un in a_deux])
    return render_template(
        "jeune/chemin.html",
        equipage=a_deux,
        pierres=pierres,
        prochaine=next((une for une in pierres if une.etat == "ici"), None),
        eveille=cours.kolibri_eveille(config()),
    )


@a_bord
def module(connexion: Connexion, code: str) -> Page:
    """Show the lessons and the quiz of a module, with what is done."""
    cours.relever(config(), registre(), instant=maintenant())
    a_deux = equipage(connexion)
    etapes = cours.etapes(config(), registre(), code=code, personnes=[un.personne_id for un in a_deux])
    return render_template(
        "jeune/module.html",
        equipage=a_deux,
        module=cours.module(config(), code),
        etapes=etapes,
        quiz_fait=next((une for une in etapes if une.genre == "quiz" and une.etat == "faite"), None),
        tout_fait=all(une.etat == "faite" for une in etapes),
        eveille=cours.kolibri_eveille(config()),
    )


@a_bord
def ouvrir(connexion: Connexion, code: str, cle: str) -> Page:
    """Go to the lesson in Kolibri, already signed in there; when Kolibri sleeps, read it here."""
    ressource = cours.ressource(config(), code=code, cle=cle)
    if not cours.kolibri_eveille(config()):
        return vers("lecon", code=code, cle=cle)
    seance = seances.lire(registre(), connexion.seance_id)
    lien = cours.lien_entree(
        config(),
        jeune=jeunes.lire(registre(), connexion.personne_id),
        classe=lire_groupe(registre(), seance.groupe_id).libelle,
        ressource=ressource,
        instant=maintenant(),
    )
    return redirect(lien, code=303)


@a_bord
def lecon(connexion: Connexion, code: str, cle: str) -> Page:
    """Read a lesson on the portal itself."""
    ressource = cours.ressource(config(), code=code, cle=cle)
    return render_template(
        "jeune/lecon.html",
        equipage=equipage(connexion),
        ressource=ressource,
        texte=cours.texte(config(), ressource),
        eveille=cours.kolibri_eveille(config()),
    )


@a_bord
def reponses(connexion: Connexion, code: str, cle: str) -> Page:
    """Show the answers of a quiz and why, once all who sit here have done it: Kolibri shows none."""
    a_deux = equipage(connexion)
    ressource = cours.ressource(config(), code=code, cle=cle)
    toutes = cours.reponses(config(), ressource)
    etapes = cours.etapes(config(), registre(), code=code, personnes=[un.personne_id for un in a_deux])
    etape = next(une for une in etapes if une.cle == cle)
    if etape.etat != "faite":
        flash("Fais d'abord le quiz. Les réponses viennent après.", "attention")
        return vers("module", code=code)
    return render_template(
        "jeune/reponses.html",
        equipage=a_deux,
        ressource=ressource,
        etape=etape,
        reponses=toutes,
        eveille=cours.kolibri_eveille(config()),
    )


def toujours() -> Page:
    """Ask «C'est toujours toi ?» after a rest; on no, the next ones find a clean screen."""
    connexion = etat.connexion_en_cours()
    if connexion is None:
        etat.oublier()
        return vers("accueil")
    if request.method == "GET":
        return render_template("jeune/toujours.html", equipage=equipage(connexion), de=request.args.get("de", ""))
    if request.form.get("reponse") != "oui":
        return finir()
    etat.toucher(maintenant())
    return redirect(url_for("jeune.chemin", de=request.form.get("de") or None), code=303)


def finir() -> Response:
    """Sign out here, then in Kolibri (the welcome screen passes by there)."""
    connexion = etat.connexion_en_cours()
    if connexion is not None:
        instant = maintenant()
        cours.relever(config(), registre(), instant=instant, tout_de_suite=True)
        connexions.fermer(registre(), connexion_id=connexion.connexion_id, instant=instant)
    etat.oublier()
    return vers("accueil")

"""Coming aboard: welcome, tile, three pictures, «C'est toi ?», «Vous êtes deux ?». No page needs JavaScript."""

from dataclasses import replace

from flask import abort, flash, redirect, render_template, request, session, url_for
from pirogue_registre import connexions, jeunes, seances
from pirogue_registre.jeunes import IMAGES, Jeune
from pirogue_registre.seances import Seance
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import maintenant
from werkzeug.wrappers import Response

from pirogue_portail import cours
from pirogue_portail.contexte import config, registre
from pirogue_portail.jeune import etat
from pirogue_portail.jeune.etat import Embarquement
from pirogue_portail.jeune.plan import blueprint

ESSAIS_MAX = 3
LONGUEUR = 3


def _vers(vue: str, **valeurs: str) -> Response:
    """Redirect to a youths' page after a form."""
    return redirect(url_for(f"jeune.{vue}", **valeurs), code=303)


def _tuiles(seance: Seance) -> list[Jeune]:
    """Return who may come aboard: today's group, less whoever this browser already holds, by first name."""
    deja = etat.connexion_en_cours()
    a_bord = {deja.personne_id, deja.binome_avec} if deja is not None else set()
    return [jeune for jeune in jeunes.lister(registre(), groupe_id=seance.groupe_id) if jeune.personne_id not in a_bord]


def _choisi(seance: Seance, etape: Embarquement) -> Jeune | None:
    """Return the trainee of the chosen tile; None if it is not (any more) a tile of today."""
    return next((jeune for jeune in _tuiles(seance) if jeune.personne_id == etape.personne_id), None)


@blueprint.get("/")
def accueil() -> str | Response:
    """Show the welcome screen; a browser that is signed in goes on where it was."""
    if etat.connexion_en_cours() is not None:
        return _vers("chemin")
    etat.oublier()
    if session.pop("sortir_kolibri", False) and cours.kolibri_eveille(config()):
        return redirect(cours.lien_sortie(config()), code=303)
    return render_template("jeune/accueil.html")


@blueprint.get("/qui")
def qui() -> str | Response:
    """Show today's tiles, or that the session is not open."""
    seance = seances.en_cours(registre())
    if seance is None:
        return render_template("jeune/fermee.html")
    etape = etat.embarquement()
    if not etape.second and etat.connexion_en_cours() is not None:
        return _vers("chemin")
    groupe = groupes_lire(seance)
    return render_template("jeune/qui.html", groupe=groupe, tuiles=_tuiles(seance), second=etape.second)


@blueprint.post("/qui")
def choisir() -> Response:
    """Keep the tile that was touched; an id that is not on today's list is told so."""
    seance = seances.en_cours(registre())
    if seance is None:
        return _vers("qui")
    etape = Embarquement(personne_id=request.form.get("personne", ""), second=etat.embarquement().second)
    if _choisi(seance, etape) is None:
        flash("Ce nom n'est pas dans la liste d'aujourd'hui. Touche ton nom.", "erreur")
        return _vers("qui")
    etat.retenir(etape)
    return _vers("images")

"""The youths' pages, in the order in which a girl meets them."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from pirogue_portail import pages
from pirogue_portail.config import IMAGES_LECONS

blueprint = Blueprint("jeune", __name__)

pages.poser(
    blueprint,
    (
        ("GET", "/bienvenue", "bienvenue.bienvenue"),
        ("POST", "/continuer", "bienvenue.continuer"),
        ("GET", "/aide-reseau", "aide_reseau.choisir_aide_reseau"),
        ("GET", "/aide-reseau/<code>", "aide_reseau.aide_systeme"),
        ("GET", "/", "accueil.accueil"),
        ("GET", "/qui", "embarquer.qui"),
        ("POST", "/qui", "embarquer.choisir"),
        ("GET", "/images", "embarquer.images"),
        ("POST", "/images", "embarquer.toucher_image"),
        ("POST", "/images/effacer", "embarquer.effacer"),
        ("GET", "/toi", "embarquer.toi"),
        ("POST", "/toi", "embarquer.repondre_toi"),
        ("GET", "/deux", "embarquer.deux"),
        ("POST", "/deux", "embarquer.repondre_deux"),
        ("GET", "/aide", "embarquer.aide"),
        ("GET", "/chemin", "chemin.chemin"),
        ("GET", "/chemin/<code>", "chemin.module"),
        ("GET", "/chemin/<code>/<cle>", "chemin.lecon"),
        ("POST", "/chemin/<code>/<cle>/ouvrir", "chemin.ouvrir"),
        ("GET", "/chemin/<code>/<cle>/reponses", "chemin.reponses"),
        ("GET POST", "/toujours", "chemin.toujours"),
        ("POST", "/fini", "chemin.finir"),
        ("GET", "/visite", "visite.visite"),
        ("GET", "/visite/<code>", "visite.visite_module"),
        ("GET", "/visite/<code>/<cle>", "visite.visite_lecon"),
        ("GET", f"{IMAGES_LECONS}<nom>", "visite.image_lecon"),
        ("GET", "/credits", "visite.credits_page"),
    ),
)


def vers(vue: str, *, code: str = "", cle: str = "") -> Response:
    """Redirect to a youths' page after a form; `code` and `cle` name a module and a lesson where the page has one."""
    places = {nom: valeur for nom, valeur in (("code", code), ("cle", cle)) if valeur}
    return redirect(url_for(f"jeune.{vue}", _external=False, **places), code=303)

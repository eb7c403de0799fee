"""Whatever goes wrong, a page in French: what happened, and what to do now. Never a stack trace."""

import logging

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException, InternalServerError

from pirogue_socle.erreurs import ErreurPirogue, Introuvable

journal = logging.getLogger("pirogue.portail")

RETOUR = "Reviens au début : rien n'est perdu."
#: HTTP status → title and sentence.
PHRASES = {
    400: ("Je n'ai pas compris", "Cette demande n'a pas la bonne forme."),
    403: ("Page fermée", "Cette page n'est pas pour toi."),
    404: ("Page introuvable", "Cette page n'existe pas."),
    405: ("Je n'ai pas compris", "On n'entre pas ici de cette façon."),
    413: ("C'est trop gros", "Ce que tu envoies est trop gros. Rien n'a été enregistré."),
    500: ("La pirogue a un souci", "Quelque chose n'a pas marché de notre côté."),
}


def _dire_fait(erreur: ErreurPirogue) -> tuple[str, int]:
    """Show an expected fact: its sentence, its `geste`."""
    statut = 404 if isinstance(erreur, Introuvable) else 400
    titre = "Je ne trouve pas" if statut == 404 else "Un instant…"
    return render_template("erreur.html", titre=titre, phrase=str(erreur), geste=erreur.geste), statut


def _dire_http(erreur: HTTPException) -> tuple[str, int]:
    """Show an HTTP error in French; whatever we have no sentence for is told as a bad request or a fault."""
    statut = erreur.code or 500
    titre, phrase = PHRASES.get(statut) or PHRASES[400 if statut < 500 else 500]
    return render_template("erreur.html", titre=titre, phrase=phrase, geste=RETOUR), statut


def _dire_panne(erreur: InternalServerError) -> tuple[str, int]:
    """Show a fault; Flask has already logged it with its trace."""
    journal.debug("fault shown to a person: %s", erreur.original_exception)
    titre, phrase = PHRASES[500]
    geste = "Recommence. Si cela revient, appelle ton formateur."
    return render_template("erreur.html", titre=titre, phrase=phrase, geste=geste), 500


def installer(app: Flask) -> None:
    """Answer every error with a page."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(ErreurPirogue, _dire_fait)
    app.register_error_handler(HTTPException, _dire_http)
    app.register_error_handler(InternalServerError, _dire_panne)

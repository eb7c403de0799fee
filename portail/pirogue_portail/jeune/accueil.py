"""The first page. Alone in its module: it comes before the register, the lessons and the trainers are even read."""

from flask import redirect, render_template, session
from werkzeug.wrappers import Response

from pirogue_portail.contexte import config
from pirogue_portail.jeune import etat
from pirogue_portail.jeune.plan import vers


def accueil() -> str | Response:
    """
    Show the welcome screen; a browser that is signed in goes on where it was.

    Whoever was signed in here before, and is not any more, is signed out of Kolibri on the way.
    """
    if etat.connexion_en_cours() is not None:
        return vers("chemin")
    etat.oublier()
    if session.get("sortir_kolibri"):
        from pirogue_portail import cours  # noqa: PLC0415 -- the lessons weigh more than this page

        if cours.kolibri_eveille(config()):
            del session["sortir_kolibri"]
            return redirect(cours.lien_sortie(config()), code=303)
    return render_template("jeune/accueil.html")

"""
«Bienvenue à bord»: the page that a laptop's own little window shows when it joins the network, and its one button.

It needs no cookie and no script, and weighs almost nothing: twelve laptops ask for it in the same minute. Its form is
taken from anywhere (`garde.SANS_PROVENANCE`): the little window often says that it comes from nowhere.
"""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import postes
from pirogue_portail.contexte import adresse_visible, config
from pirogue_portail.jeune.plan import vers
from pirogue_socle.horloge import maintenant


def bienvenue() -> str:
    """Show the button and the address to keep; `?inconnu` after a button that could not be noted."""
    return render_template(
        "jeune/bienvenue.html",
        adresse=adresse_visible(),
        adresse_ip=config().adresse,
        inconnu="inconnu" in request.args,
    )


def continuer() -> Response:
    """Greet the laptop and go to the first page; one that the box does not recognise goes on too, knowing it."""
    if postes.saluer(maintenant()):
        return vers("accueil")
    return redirect(url_for("jeune.bienvenue", inconnu=1), code=303)

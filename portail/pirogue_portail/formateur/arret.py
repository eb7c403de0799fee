"""«Éteindre la boîte»: asked twice, done by root's helper, refused while a stick is being written."""

from pathlib import Path

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from pirogue_actions import client
from pirogue_portail.contexte import config, registre
from pirogue_registre import seances

#: How long a trainer waits for root's helper, seconds.
ATTENTE_S = 15.0
SANS_AIDE = "La boîte ne répond pas. Tiens son bouton trois secondes, ou attends une minute et recommence."


def demander_arret() -> str:
    """Ask whether the box is really to stop, and say what that does to the class."""
    return render_template("formateur/eteindre.html", ouverte=seances.en_cours(registre()) is not None, arretee=False)


def eteindre() -> Response | str:
    """Have the box stopped; say what to do next, or why it does not stop."""
    if refus := _arreter(config().actions_cle):
        flash(refus, "erreur")
        return redirect(url_for("formateur.demander_arret"), code=303)
    return render_template("formateur/eteindre.html", ouverte=False, arretee=True)


def _arreter(prise: Path | None) -> str:
    """Ask root's helper to stop the box; return why it does not, empty when it does."""
    try:
        if prise is None:
            return SANS_AIDE
        client.demander(prise, "eteindre", attente_s=ATTENTE_S)
    except client.AideAbsente:
        return SANS_AIDE
    except client.ActeRefuse as refus:
        return str(refus)
    return ""

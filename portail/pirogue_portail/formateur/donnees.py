"""« Où sont les données ? »: the four states of the chip in simple words, and the counts behind them."""

from flask import render_template

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import mots
from pirogue_portail.formateur.plan import blueprint
from pirogue_registre import envois, journal


@blueprint.get("/donnees")
def donnees() -> str:
    """Say where today's data are, and how many lines still wait for the shore's receipt."""
    couvert = envois.couvert_jusqua(registre())
    return render_template(
        "formateur/donnees.html",
        couvert=couvert,
        attendent=journal.dernier(registre()) - couvert,
        puces=mots.PUCES,
        titres=mots.PUCES_TITRES,
    )

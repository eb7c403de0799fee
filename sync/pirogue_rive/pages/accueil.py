"""The front page: what arrived, relay by relay; which update waits for the boats."""

from flask import Blueprint, render_template

from pirogue_rive import bilan, maj
from pirogue_rive.pages.contexte import rive

bp = Blueprint("accueil", __name__)


@bp.get("/")
def page() -> str:
    """Show, per relay, what arrived and how fresh it is, and the update that is offered."""
    bilans = bilan.tous(rive())
    return render_template(
        "accueil.html",
        bilans=bilans,
        total=lambda champ: bilan.total(bilans, champ),
        inconnus=bilan.refuses_sans_relais(rive()),
        offre=maj.lire(rive()),
    )

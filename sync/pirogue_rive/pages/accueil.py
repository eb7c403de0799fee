"""The front page: what arrived, relay by relay."""

from flask import Blueprint, render_template

from pirogue_rive import bilan
from pirogue_rive.pages.contexte import rive

bp = Blueprint("accueil", __name__)


@bp.get("/")
def page() -> str:
    """Show, per relay, what arrived and how fresh it is."""
    bilans = bilan.tous(rive())
    return render_template(
        "accueil.html",
        bilans=bilans,
        total=lambda champ: bilan.total(bilans, champ),
        inconnus=bilan.refuses_sans_relais(rive()),
    )

"""The youths' pages are one blueprint; the modules beside this one hang their views on it."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

blueprint = Blueprint("jeune", __name__)


def vers(vue: str, *, code: str = "", cle: str = "") -> Response:
    """Redirect to a youths' page after a form; `code` and `cle` name a module and a lesson where the page has one."""
    places = {nom: valeur for nom, valeur in (("code", code), ("cle", cle)) if valeur}
    return redirect(url_for(f"jeune.{vue}", _external=False, **places), code=303)

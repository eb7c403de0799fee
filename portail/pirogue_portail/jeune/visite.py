"""«Je visite»: the lessons may be read by anyone; nothing is kept, nothing is written."""

from flask import render_template, send_from_directory
from werkzeug.wrappers import Response

from pirogue_portail import cours
from pirogue_portail.contexte import config


def visite() -> str:
    """Show the modules that can be visited."""
    return render_template("jeune/visite.html", modules=cours.modules(config()))


def visite_module(code: str) -> str:
    """Show the lessons of a module."""
    module = cours.module(config(), code)
    lecons = [une for une in module.pour("jeune") if une.genre == "lecon"]
    return render_template("jeune/visite_module.html", module=module, lecons=lecons)


def visite_lecon(code: str, cle: str) -> str:
    """Read a lesson."""
    ressource = cours.ressource(config(), code=code, cle=cle)
    return render_template("jeune/visite_lecon.html", ressource=ressource, texte=cours.texte(config(), ressource))


def image_lecon(nom: str) -> Response:
    """Send a picture of a lesson that the portal shows itself."""
    return send_from_directory(config().parcours / "images", nom)


def credits_page() -> str:
    """Say who drew the pictures and the letters, and under which licence."""
    return render_template("jeune/credits.html")

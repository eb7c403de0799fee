"""The trainer's notes of each module, with the answers of its quiz: behind the PIN, never in Kolibri."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from pirogue_portail import cours
from pirogue_portail.contexte import config
from pirogue_socle.erreurs import Introuvable

Page = str | Response


def lister_notes() -> Page:
    """Show the written modules: the notes are read before the session as well."""
    return render_template("formateur/notes.html", modules=cours.modules(config()), module=None)


def notes(code: str) -> Page:
    """Show the notes of a module; a session without a lesson of ours has none: the list."""
    try:
        module = cours.module(config(), code)
    except Introuvable:
        return redirect(url_for("formateur.lister_notes"), code=303)
    return render_template("formateur/notes.html", module=module, texte=cours.notes(config(), code=code))

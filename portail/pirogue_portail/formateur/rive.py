"""« La rive » : the letters of the shore and of this box, side by side, to compare with the screen ashore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_registre import jumelages, reglages

if TYPE_CHECKING:
    from pirogue_echange.cles import Carte


def _carte(nom: str) -> Carte | None:
    """Return a card that the exchange published in the register, None before."""
    texte = reglages.lire(registre(), nom)
    return _lire(texte) if texte else None


def _lire(texte: str) -> Carte:
    from pirogue_echange.cles import lire_carte  # noqa: PLC0415 - megabytes that a youth's page does not need

    return lire_carte(texte.encode())


def rive() -> str:
    """Show both fingerprints, and the question while nobody has answered it."""
    texte, acceptee = jumelages.lire_proposition(registre())
    connue = _carte("carte_rive")
    return render_template(
        "formateur/rive.html",
        connue=connue,
        proposee=_lire(texte) if texte and connue is None else None,
        acceptee=bool(acceptee),
        nous=_carte("carte_relais"),
    )


def repondre_rive() -> Response:
    """Keep the answer: with « oui » the next exchange seals for this shore, with « non » its card is forgotten."""
    oui = request.form.get("reponse") == "oui"
    if not jumelages.repondre(registre(), empreinte=request.form.get("empreinte", ""), oui=oui):
        flash("La carte a changé entre-temps : compare encore une fois les lettres.", "attention")
    elif oui:
        flash("C'est noté. Branche encore la clé, ou appelle le réseau : les données partiront.", "succes")
    else:
        flash("Bien vu : cette carte est oubliée, rien n'est parti. Préviens le coordinateur.", "attention")
    return redirect(url_for("formateur.rive"), code=303)

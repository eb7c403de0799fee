"""
What a trainer was doing when the door shut: a page, or a form that she had just sent.

It waits in the PIN page as one sealed field: nothing of it can be read on a locked screen, and only the same person
gets it back. A form is never sent again by itself: she sees that it waits, and touches the button.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

#: A form longer than this is not kept, octets: our longest weighs under 2 000.
CHAMPS_MAX_OCTETS = 16_000
#: Fields of the door itself, never given back to a page.
A_LA_PORTE = {"pin", "reprise"}


@dataclass(frozen=True, slots=True)
class Reprise:
    """A page to go back to, and the fields of the form where there was one; `champs` is None for a plain page."""

    compte_id: str
    chemin: str
    champs: list[tuple[str, str]] | None


def _sceau() -> Fernet:
    secret = current_app.secret_key
    assert isinstance(secret, bytes)
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"reprise" + secret).digest()))


def sceller(compte_id: str) -> str:
    """Return the sealed field of the request in hand."""
    champs = None
    if request.method == "POST":
        champs = [(nom, valeur) for nom, valeur in request.form.items(multi=True) if nom not in A_LA_PORTE]
    chemin = request.full_path.rstrip("?")
    texte = json.dumps(asdict(Reprise(compte_id, chemin, champs))).encode()
    return _sceau().encrypt(texte).decode("ascii") if len(texte) <= CHAMPS_MAX_OCTETS else ""


def _ouvrir(jeton: str) -> Reprise | None:
    try:
        return Reprise(**json.loads(_sceau().decrypt(jeton.encode())))
    except InvalidToken:
        return None


def suivre(jeton: str, *, compte_id: str) -> Response | str:
    """Go back to what was sealed, if it is this person's; to « Aujourd'hui » otherwise."""
    reprise = _ouvrir(jeton)
    if reprise is None or reprise.compte_id != compte_id:
        return redirect(url_for("formateur.aujourdhui"), code=303)
    if reprise.champs is None:
        return redirect(reprise.chemin, code=303)
    return render_template("formateur/reprendre.html", reprise=reprise)

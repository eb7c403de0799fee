"""
What a trainer was doing when the door shut: a page, or a form that she had just sent.

It waits in the PIN page as one sealed field: nothing of it can be read on a locked screen, and only the same person
gets it back. A form is never sent again by itself: she sees that it waits, and touches the button.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: A form longer than this is not kept, octets: our longest weighs under 2 000.
CHAMPS_MAX_OCTETS = 16_000
OCTETS_NONCE = 12
#: Fields of the door itself, never given back to a page.
A_LA_PORTE = {"pin", "reprise"}


@dataclass(frozen=True, slots=True)
class Reprise:
    """A page to go back to, and the fields of the form where there was one; `champs` is None for a plain page."""

    compte_id: str
    chemin: str
    champs: list[tuple[str, str]] | None


def _sceau() -> "AESGCM":
    """AES-256-GCM (NIST SP 800-38D) under a key of this use, derived from the box's secret."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to import: no youth needs it

    secret = current_app.secret_key
    assert isinstance(secret, bytes)
    return AESGCM(hashlib.sha256(b"reprise" + secret).digest())


def sceller(compte_id: str) -> str:
    """Return the sealed field of the request in hand."""
    champs = None
    if request.method == "POST":
        champs = [(nom, valeur) for nom, valeur in request.form.items(multi=True) if nom not in A_LA_PORTE]
    chemin = request.full_path.rstrip("?")
    texte = json.dumps(asdict(Reprise(compte_id, chemin, champs))).encode()
    if len(texte) > CHAMPS_MAX_OCTETS:
        return ""
    nonce = secrets.token_bytes(OCTETS_NONCE)
    return base64.urlsafe_b64encode(nonce + _sceau().encrypt(nonce, texte, None)).decode("ascii")


def _ouvrir(jeton: str) -> Reprise | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415

    try:
        scelle = base64.urlsafe_b64decode(jeton.encode())
        texte = _sceau().decrypt(scelle[:OCTETS_NONCE], scelle[OCTETS_NONCE:], None)
    except (binascii.Error, InvalidTag, ValueError):
        return None
    return Reprise(**json.loads(texte))


def suivre(jeton: str, *, compte_id: str) -> Response | str:
    """Go back to what was sealed, if it is this person's; to « Aujourd'hui » otherwise."""
    reprise = _ouvrir(jeton)
    if reprise is None or reprise.compte_id != compte_id:
        return redirect(url_for("formateur.aujourdhui"), code=303)
    if reprise.champs is None:
        return redirect(reprise.chemin, code=303)
    return render_template("formateur/reprendre.html", reprise=reprise)

"""
The door of the shore's pages: nothing is read without an account, a form comes from one of our pages.

Every address is closed unless its view says otherwise (`libre`); a view that needs more than reading says which right
(`exiger`). The session is a signed cookie (HttpOnly, SameSite=Strict, Secure behind TLS) that names an account, its
password's mark and when it was last used on the machine's boot clock: closing an account, changing a password or
restarting the machine ends it.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface

from pirogue_echange.cles import ecrire_prive
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_rive import comptes
from pirogue_rive.comptes import Compte
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant, maintenant

#: A session that nobody touches ends after half an hour.
REPOS_NS = 30 * 60 * 1_000_000_000
#: Largest form of our pages, octets; lots have their own caps.
FORMULAIRE_MAX = 64 * 1024

Vue = TypeVar("Vue", bound=Callable[..., Any])

ENTETES = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class _Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, Secure as soon as the person came by TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Say whether the cookie may only travel by TLS."""
        return request.is_secure or super().get_cookie_secure(app)


def libre(vue: Vue) -> Vue:
    """Mark a view that answers without an account."""
    vue.libre = True  # type: ignore[attr-defined]
    return vue


def exiger(droit: str) -> Callable[[Vue], Vue]:
    """Mark a view that asks for a right beyond reading."""

    def marquer(vue: Vue) -> Vue:
        vue.droit = droit  # type: ignore[attr-defined]
        return vue

    return marquer


def moi() -> Compte:
    """Return the account of whoever asks; only in a view that is not `libre`."""
    return cast(Compte, g.compte)


def entrer(compte: Compte, *, instant: Instant) -> None:
    """Open a session for an account."""
    session.clear()
    session.update(compte=compte.compte_id, marque=compte.marque, boot=instant.boot_id, vu=instant.bt_ns)


def sortir() -> None:
    """End the session."""
    session.clear()


def installer(app: Flask, rive: Rive) -> None:
    """Put the guards before every view and the headers after."""
    app.secret_key = _secret(rive.dossier / "session.cle")
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="pirogue_rive", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Strict"
    )
    app.before_request(_verifier_provenance)
    app.before_request(_verifier_compte)
    app.after_request(_proteger)


def _secret(chemin: Path) -> bytes:
    """Read what signs the cookies; make it the first time. Raises ClesIllisibles: it cannot be made."""
    if not chemin.exists():
        try:
            ecrire_prive(chemin, secrets.token_hex(32).encode() + b"\n")
        except ClesIllisibles:
            if not chemin.exists():  # otherwise another process of ours was first
                raise
    return chemin.read_bytes().strip()


def _verifier_provenance() -> None:
    """Refuse a form that another site's page sent, whatever its method."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    provenance = request.headers.get("Origin") or request.headers.get("Referer")
    if provenance is not None and urlsplit(provenance).netloc != request.host:
        abort(403)


def _verifier_compte() -> Response | None:
    """Let in whoever may see what is asked; send the others to the login page, or refuse."""
    vue = current_app.view_functions.get(request.endpoint or "")
    if vue is None or request.endpoint == "static" or getattr(vue, "libre", False):
        return None
    compte = _compte_de_session(maintenant())
    if compte is None:
        if request.method not in ("GET", "HEAD"):
            abort(401)
        return cast(Response, redirect(url_for("connexion.page", suite=request.full_path.rstrip("?")), code=303))
    g.compte = compte
    if compte.a_changer and request.endpoint not in ("connexion.mot_de_passe", "connexion.quitter"):
        return cast(Response, redirect(url_for("connexion.mot_de_passe"), code=303))
    if not compte.peut(getattr(vue, "droit", "consulter")):
        abort(403)
    return None


def _compte_de_session(instant: Instant) -> Compte | None:
    """Return the account that the cookie names, if it still holds."""
    vu = session.get("vu")
    frais = session.get("boot") == instant.boot_id and isinstance(vu, int) and instant.bt_ns - vu < REPOS_NS
    if not frais:
        session.clear()
        return None
    try:
        compte = comptes.lire(current_app.extensions["rive"], str(session.get("compte")))
    except Introuvable:
        session.clear()
        return None
    if compte.marque != session.get("marque"):
        session.clear()
        return None
    session["vu"] = instant.bt_ns
    return compte


def _proteger(reponse: Response) -> Response:
    """Add what the browser must refuse; no page of ours is kept by anyone. Boats are spared it."""
    if request.path.startswith("/v1/"):
        return reponse  # a boat is no browser, and pays for every byte
    for nom, valeur in ENTETES.items():
        reponse.headers[nom] = valeur
    if request.endpoint != "static":
        reponse.headers["Cache-Control"] = "no-store"
    return reponse


def suite_sure(adresse: str | None) -> str:
    """Return where to go after login: an address of ours, or the front page."""
    if adresse and adresse.startswith("/") and not adresse.startswith(("//", "/\\")) and adresse.isprintable():
        return adresse
    return "/"

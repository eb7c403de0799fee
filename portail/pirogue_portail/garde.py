"""
The door: whose Host header, from which page a form comes, how large, and what the browser is told to refuse.

No form carries a secret token: cookies are SameSite=Lax and HttpOnly, and a form that says where it comes from
(Origin, else Referer) must come from us. A page under a foreign name never answers: it sends to our own address.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, make_response, render_template, request

from pirogue_portail.config import ConfigPortail
from pirogue_portail.contexte import config

#: Largest request body, octets: a roll with every row changed weighs under 8 000.
CORPS_MAX_OCTETS = 64 * 1024
#: Pages that take a file: the shore's answer, that a telephone brings back.
CORPS_GRANDS = {"formateur.prendre_courrier": 4 * 1024 * 1024 + 64 * 1024}
#: Forms taken from anywhere: the little window of a system says that it comes from nowhere, and all that it can do
#: here is to be greeted.
SANS_PROVENANCE = ("jeune.continuer",)
#: What is not a page: kept by the browser, same for everyone.
FICHIERS = ("static", "jeune.image_lecon")
#: How much of a larger body is read and thrown away, so that its sender is there to read the answer.
VIDANGE_MAX_OCTETS = 16 * 1024 * 1024


def est_a_nous(hote: str, hotes: tuple[str, ...]) -> bool:
    """Say whether a Host (or the host part of an Origin) is one of ours; an entry without port takes any port."""
    hote = hote.lower()
    return hote in hotes or hote.rsplit(":", 1)[0] in hotes


def politique(reglages: ConfigPortail) -> str:
    """Return the content security policy: everything from here; forms may also lead to Kolibri's door."""
    kolibri = urlsplit(reglages.kolibri_base)
    vers = f" {kolibri.scheme}://{kolibri.netloc}" if kolibri.netloc else ""
    return (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; font-src 'self'; "
        f"media-src 'self'; connect-src 'self'; form-action 'self'{vers}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def _refuser(statut: int, titre: str, phrase: str) -> Response:
    """Return a page that says why the request stops here."""
    return make_response(render_template("erreur.html", titre=titre, phrase=phrase, geste=""), statut)


def _verifier_hote() -> Response | None:
    """Send a visitor who came under a foreign name to our own address; a form under that name is refused."""
    reglages = config()
    if est_a_nous(request.environ.get("HTTP_HOST", ""), reglages.hotes):
        return None
    phrase = f"L'adresse de la pirogue est {reglages.portail_base}"
    if request.method not in ("GET", "HEAD"):
        return Response(f"Cette adresse n'est pas la nôtre. {phrase}\n", 421, mimetype="text/plain")
    return Response(f"{phrase}\n", 302, headers={"Location": reglages.portail_base}, mimetype="text/plain")


def _verifier_provenance() -> Response | None:
    """Refuse a form that another site's page sent."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.endpoint in SANS_PROVENANCE:
        return None
    provenance = request.headers.get("Origin") or request.headers.get("Referer")
    if provenance is None or est_a_nous(urlsplit(provenance).netloc, config().hotes):
        return None
    return _refuser(403, "Page inconnue", "Cette demande ne vient pas d'une page de la pirogue.")


def _verifier_taille() -> Response | None:
    """Refuse a body that none of our forms could make."""
    reste = request.content_length or 0
    permis = CORPS_GRANDS.get(request.endpoint or "", CORPS_MAX_OCTETS)
    request.max_content_length = permis
    if reste <= permis:
        return None
    flux, reste = request.environ["wsgi.input"], min(reste, VIDANGE_MAX_OCTETS)
    while reste > 0 and (morceau := flux.read(min(reste, CORPS_MAX_OCTETS))):
        reste -= len(morceau)
    return _refuser(413, "C'est trop gros", "Ce que tu envoies est trop gros. Rien n'a été enregistré.")


def _proteger(reponse: Response) -> Response:
    """Add what the browser must refuse, and forbid keeping any page that is not a plain asset."""
    entetes = reponse.headers
    entetes["X-Content-Type-Options"] = "nosniff"
    if request.endpoint in FICHIERS:
        entetes["Content-Security-Policy"] = "default-src 'none'"
        return reponse
    entetes["Content-Security-Policy"] = politique(config())
    entetes["X-Frame-Options"] = "DENY"
    entetes["Referrer-Policy"] = "same-origin"
    entetes["Cross-Origin-Opener-Policy"] = "same-origin"
    entetes["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    entetes["Cache-Control"] = "no-store"
    return reponse


def installer(app: Flask) -> None:
    """Put the guards before every view, and the headers after."""
    app.config["MAX_CONTENT_LENGTH"] = CORPS_MAX_OCTETS
    app.config["SESSION_COOKIE_NAME"] = "pirogue_portail"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    for verifier in (_verifier_hote, _verifier_provenance, _verifier_taille):
        app.before_request(verifier)
    app.after_request(_proteger)

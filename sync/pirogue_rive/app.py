"""The shore's web application: what boats call, what a courier brings, the pages of those who keep the shore."""

from flask import Flask, Response, g, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from pirogue_rive import arrivees, garde
from pirogue_rive.config import ConfigRive, ouvrir_rive
from pirogue_rive.disque import RiveIllisible, RiveOccupee, RivePleine
from pirogue_rive.pages import (
    accueil,
    accueillir,
    bateaux,
    connexion,
    contexte,
    courrier,
    gestion,
    maj,
    mises_de_cote,
    personnes,
    relais,
)
from pirogue_rive.presentation import FILTRES
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import maintenant

PHRASES = {
    400: "Cette demande n'a pas la forme attendue.",
    401: "Ta session est finie : connecte-toi encore une fois.",
    403: "Cette page ne t'est pas ouverte.",
    404: "Il n'y a rien à cette adresse.",
    405: "Cette adresse ne s'utilise pas ainsi.",
    413: "Cet envoi est trop gros : envoie moins de lots à la fois.",
    500: "La rive a eu un problème. Rien n'est perdu : recommence plus tard.",
}
_PAS_NOTRE_NOM = "Cette rive ne s'appelle pas ainsi : vérifie l'adresse."
#: Errors that are neither the person's nor the boat's: 507 Insufficient Storage, 503 Service Unavailable.
_STATUTS: dict[type[ErreurPirogue], int] = {Introuvable: 404, RivePleine: 507, RiveIllisible: 503, RiveOccupee: 503}
PAGES = (accueil, accueillir, bateaux, connexion, courrier, gestion, maj, mises_de_cote, personnes, relais)


def creer_app(config: ConfigRive, *, mandataires: int = 0) -> Flask:
    """
    Make the application over an installed shore; lots archived before a stop are taken in first.

    Args:
        config: the installed shore.
        mandataires: how many proxies of ours stand in front and say who came, and by TLS or not; 0: nobody is believed.

    Raises:
        RiveIllisible, RivePleine, RiveOccupee, ClesIllisibles: the shore was never installed, or its disk fails.
    """
    rive = ouvrir_rive(config)
    arrivees.rattraper(rive, instant=maintenant())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.corps_max_octets
    app.config["MAX_FORM_MEMORY_SIZE"] = garde.FORMULAIRE_MAX
    app.config["TRUSTED_HOSTS"] = list(config.hotes)
    app.jinja_env.filters.update(FILTRES)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if mandataires:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=mandataires, x_proto=mandataires, x_host=0, x_prefix=0
        )
    contexte.installer(app, rive)
    garde.installer(app, rive)
    for module in PAGES:
        app.register_blueprint(module.bp)
    app.register_error_handler(HTTPException, _erreur_http)
    app.register_error_handler(ErreurPirogue, _erreur_attendue)
    return app


def _erreur_http(cause: HTTPException) -> Response:
    """Say in French what went wrong."""
    if isinstance(cause, SecurityError):
        return _dire(400, _PAS_NOTRE_NOM)
    statut = cause.code or 500
    return _dire(statut, PHRASES.get(statut, PHRASES[500 if statut >= 500 else 400]))


def _erreur_attendue(erreur: ErreurPirogue) -> Response:
    """Say an expected error that no view took care of."""
    statut = next((statut for genre, statut in _STATUTS.items() if isinstance(erreur, genre)), 400)
    return _dire(statut, str(erreur), geste=erreur.geste)


def _dire(statut: int, phrase: str, *, geste: str = "") -> Response:
    """Answer a machine, or whoever called by a name that is not ours (it gets no link of ours), in one line."""
    if request.path.startswith("/v1/") or request_ctx.url_adapter is None:
        return contexte.texte(statut, phrase)
    if statut >= 500:
        g.compte = None  # no menu: its figures come from a database that may not answer
    return Response(render_template("erreur.html", phrase=phrase, geste=geste), status=statut)

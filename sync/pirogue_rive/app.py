"""The shore's web application: lots in, receipts out, one page to read."""

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from pirogue_echange.entete import SCELLE_MAX
from pirogue_echange.enveloppe import Lecteur, Prefixe, lire_prefixe, verifier
from pirogue_echange.erreurs import FormeInvalide, LotInvalide, SignataireInconnu
from pirogue_rive import arrivees, bilan, recepisses
from pirogue_rive.config import ConfigRive, Rive, ouvrir_rive
from pirogue_rive.presentation import FILTRES
from pirogue_socle.horloge import maintenant

TYPE = "application/x-pirogue-lot"
PHRASES = {
    400: "Cette demande n'a pas la forme attendue.",
    403: "Cette rive ne connaît pas ce relais.",
    404: "Il n'y a rien à cette adresse.",
    405: "Cette adresse ne s'utilise pas ainsi.",
    413: "Cet envoi est trop gros : envoie moins de lots à la fois.",
    500: "La rive a eu un problème. Rien n'est perdu : recommence plus tard.",
}
ENTETES = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def creer_app(config: ConfigRive) -> Flask:
    """
    Make the application over an installed shore; lots archived before a stop are taken in first.

    Raises:
        RiveIllisible, ClesIllisibles: the shore was never installed, or cannot be read.
    """
    rive = ouvrir_rive(config)
    arrivees.rattraper(rive, instant=maintenant())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.corps_max_octets
    app.config["TRUSTED_HOSTS"] = list(config.hotes)
    app.extensions["rive"] = rive
    app.jinja_env.filters.update(FILTRES)

    @app.get("/")
    def accueil() -> str:
        """Show, per relay, what arrived and how fresh it is."""
        bilans = bilan.tous(rive)
        return render_template(
            "rive.html",
            carte=rive.cles.carte,
            bilans=bilans,
            total=lambda champ: bilan.total(bilans, champ),
            inconnus=bilan.refuses_sans_relais(rive),
        )

    @app.post("/v1/lots")
    def prendre() -> Response:
        """Take in the lots of the body, one after another; answer with a receipt per journal that they touch."""
        return _prendre(rive)

    @app.get("/v1/relais/<relais>/recu")
    def recu(relais: str) -> Response:
        """Give the current receipts of a relay."""
        if relais not in rive.annuaire():
            return _phrase(403)
        inc = request.args.get("inc")
        if inc is not None and not arrivees.est_incarnation(inc):
            return _phrase(400)
        corps = b"".join(recepisses.pour(rive, relais=relais, instant=maintenant(), inc=inc))
        return Response(corps, mimetype=TYPE)

    @app.errorhandler(HTTPException)
    def erreur(cause: HTTPException) -> Response:
        """Say in French what went wrong."""
        return _phrase(cause.code or 500)

    @app.after_request
    def proteger(reponse: Response) -> Response:
        """Add the headers that keep the page from doing anything but being read."""
        reponse.headers.extend(ENTETES)
        return reponse

    return app


def _prendre(rive: Rive) -> Response:
    """Read lots from the request's body, never more than one of them in memory."""
    lecteur = Lecteur(request.stream)
    touches: dict[tuple[str, str], None] = {}
    annuaire = rive.annuaire()
    try:
        while (prefixe := lire_prefixe(lecteur)) is not None:
            try:
                verifier(prefixe, annuaire=annuaire)
            except SignataireInconnu:
                return _phrase(403)
            except LotInvalide as erreur:
                _refuser(rive, lecteur, prefixe, erreur=erreur)
                continue
            octets = prefixe.brut + lecteur.prendre(prefixe.entete.octets)
            arrivee = arrivees.prendre(rive, octets, voie="4g", instant=maintenant())
            if arrivee.inc:
                touches[(arrivee.relais, arrivee.inc)] = None
    except FormeInvalide as erreur:
        if not touches:
            return _phrase(400, str(erreur))
    if not touches:
        return _phrase(400, "Cet envoi ne contient aucun lot utilisable.")
    recus = [
        octets
        for relais, inc in touches
        for octets in recepisses.pour(rive, relais=relais, inc=inc, instant=maintenant())
    ]
    return Response(b"".join(recus), mimetype=TYPE)


def _refuser(rive: Rive, lecteur: Lecteur, prefixe: Prefixe, *, erreur: LotInvalide) -> None:
    """Quarantine a lot that names a known relay and that it did not sign so; then the next one is tried."""
    octets = prefixe.brut + lecteur.prendre(min(prefixe.entete.octets, SCELLE_MAX))
    arrivees.refuser(rive, octets, erreur=erreur, relais="", voie="4g", instant=maintenant())


def _phrase(statut: int, phrase: str | None = None) -> Response:
    """Return a refusal: one French sentence."""
    texte = phrase or PHRASES.get(statut, PHRASES[500 if statut >= 500 else 400])
    return Response(f"{texte}\n", status=statut, mimetype="text/plain")

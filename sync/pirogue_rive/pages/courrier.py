"""The courier's page: a phone brings a boat's lots, and takes back what is for that boat. No account."""

from flask import Blueprint, Response, current_app, render_template, request
from itsdangerous import BadData, URLSafeSerializer

from pirogue_echange.erreurs import LotInvalide
from pirogue_rive import actes, courrier, garde
from pirogue_rive.pages.contexte import rive
from pirogue_rive.reception import RelaisInconnu
from pirogue_socle.horloge import maintenant

bp = Blueprint("courrier", __name__, url_prefix="/courrier")

#: A token is good for this long on the machine's boot clock: the time to fetch the answer.
DUREE_NS = 60 * 60 * 1_000_000_000
TYPE = "application/x-pirogue-lot"
RIEN = "Ce fichier n'est pas celui d'un bateau : choisis le fichier « .lots » que la page du bateau t'a donné."
INCONNU = "Cette rive ne connaît pas ce bateau. Rien n'a été pris ; garde le fichier et préviens la coordination."
SANS_FICHIER = "Choisis d'abord le fichier que la page du bateau t'a donné."


@bp.get("")
@garde.libre
def page() -> str:
    """Ask for the file."""
    return render_template("courrier.html", pris=None, erreur=None, jeton="", noms=[])


@bp.post("")
@garde.libre
def prendre() -> Response:
    """Take the file in, say what became of it, offer the answer."""
    fichier = request.files.get("lots")
    if fichier is None or not fichier.filename:
        return _refuser(SANS_FICHIER)
    try:
        pris = courrier.recevoir(rive(), fichier.stream, heure=maintenant)
    except RelaisInconnu:
        return _refuser(INCONNU, statut=403)
    except LotInvalide:
        return _refuser(RIEN)
    relais = sorted({un for un, _ in pris.touches})[: courrier.RELAIS_MAX]
    connus = rive().annuaire()
    corps = render_template(
        "courrier.html",
        pris=pris,
        erreur=None,
        jeton=_signer(relais) if relais else "",
        noms=[connus[un][0].carte.nom for un in relais if un in connus],
    )
    return Response(corps)


@bp.post("/reponse")
@garde.libre
def reponse() -> Response:
    """Give what is for the boats whose lots were brought."""
    instant = maintenant()
    try:
        jeton = _jetons().loads(request.form.get("jeton", ""))
        relais, boot, bt_ns = [str(un) for un in jeton["relais"]], jeton["boot"], int(jeton["bt"])
    except (BadData, KeyError, TypeError, ValueError):
        return _refuser(RIEN)
    if boot != instant.boot_id or instant.bt_ns - bt_ns > DUREE_NS:
        return _refuser("C'était il y a trop longtemps : envoie le fichier du bateau encore une fois, puis recommence.")
    corps = courrier.reponse(rive(), relais, instant=instant)
    return Response(
        corps,
        mimetype=TYPE,
        headers={"Content-Disposition": 'attachment; filename="pour-le-bateau.lots"'},
    )


@bp.get("/passages")
@garde.exiger("courrier")
def passages() -> str:
    """Show when couriers came, and for which boats."""
    noms = {relais: droits[0].carte.nom for relais, droits in rive().annuaire().items()}
    return render_template("passages.html", passages=actes.derniers(rive(), quoi="courrier", combien=100), noms=noms)


def _refuser(phrase: str, *, statut: int = 400) -> Response:
    return Response(render_template("courrier.html", pris=None, erreur=phrase, jeton="", noms=[]), status=statut)


def _signer(relais: list[str]) -> str:
    instant = maintenant()
    return str(_jetons().dumps({"relais": relais, "boot": instant.boot_id, "bt": instant.bt_ns}))


def _jetons() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt="courrier")

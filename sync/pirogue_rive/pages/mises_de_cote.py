"""What was put aside, over all relays: looked at, never dropped."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reponse

from pirogue_rive import garde, mises_de_cote, quarantaine
from pirogue_rive.garde import suite_sure
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import maintenant

bp = Blueprint("mises_de_cote", __name__, url_prefix="/mises-de-cote")


@bp.get("")
def page() -> str:
    """Show what was put aside."""
    noms = {relais: droits[0].carte.nom for relais, droits in rive().annuaire().items()}
    return render_template(
        "mises_de_cote.html",
        cotes=mises_de_cote.lister(rive()),
        noms=noms,
        sans_place=quarantaine.sans_place(rive()),
    )


@bp.post("/<sha256>/vu")
@garde.exiger("regarder")
def voir(sha256: str) -> Reponse:
    """Say that one has looked."""
    try:
        mises_de_cote.marquer_vue(rive(), sha256=sha256, par=garde.moi().nom, instant=maintenant())
    except Introuvable as erreur:
        dire(erreur)
    return redirect(suite_sure(request.form.get("suite") or url_for("mises_de_cote.page")), code=303)


@bp.get("/<sha256>.bin")
@garde.exiger("octets")
def octets(sha256: str) -> Response:
    """Give the bytes as they came, to be looked at elsewhere."""
    corps = mises_de_cote.corps(rive(), sha256)
    nom = f"mise-de-cote-{sha256[:12]}.bin"
    return Response(
        corps, mimetype="application/octet-stream", headers={"Content-Disposition": f'attachment; filename="{nom}"'}
    )

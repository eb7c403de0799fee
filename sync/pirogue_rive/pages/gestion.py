"""Accounts of the shore, and what was done with them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_rive import actes, comptes, garde
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant

bp = Blueprint("gestion", __name__)


@bp.get("/comptes")
@garde.exiger("comptes")
def page() -> str:
    """Show the accounts."""
    return _page()


@bp.post("/comptes")
@garde.exiger("comptes")
def creer() -> Response | str:
    """Create an account; its first password is shown this once."""
    try:
        compte, secret = comptes.creer(
            rive(),
            nom=request.form.get("nom", ""),
            role=request.form.get("role", ""),
            instant=maintenant(),
            par=garde.moi().nom,
        )
    except ErreurPirogue as erreur:
        dire(erreur)
        return redirect(url_for("gestion.page"), code=303)
    return _page(nouveau=compte.nom, secret=secret)


@bp.post("/comptes/<compte_id>")
@garde.exiger("comptes")
def changer(compte_id: str) -> Response | str:
    """Close an account, or give it a new first password."""
    par, instant = garde.moi(), maintenant()
    try:
        if request.form.get("faire") == "refaire":
            compte, secret = comptes.reinitialiser(rive(), compte_id=compte_id, instant=instant, par=par.nom)
            return _page(nouveau=compte.nom, secret=secret)
        if compte_id == par.compte_id:
            raise EntreeInvalide("On ne ferme pas son propre compte : demande à quelqu'un d'autre.")
        ferme = comptes.fermer(rive(), compte_id=compte_id, instant=instant, par=par.nom)
        flash(f"Le compte de {ferme.nom} est fermé.", "succes")
    except ErreurPirogue as erreur:
        dire(erreur)
    return redirect(url_for("gestion.page"), code=303)


@bp.get("/gestes")
@garde.exiger("regarder")
def gestes() -> str:
    """Show who did what: keys, erasures, names opened, accounts."""
    noms = {relais: droits[0].carte.nom for relais, droits in rive().annuaire().items()}
    return render_template("gestes.html", gestes=actes.derniers(rive(), combien=200), noms=noms)


def _page(*, nouveau: str = "", secret: str = "") -> str:
    return render_template(
        "comptes.html", comptes=comptes.lister(rive()), roles=comptes.ROLES, nouveau=nouveau, secret=secret
    )

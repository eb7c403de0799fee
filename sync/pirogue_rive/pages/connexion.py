"""Coming in, going out, one's own password."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reponse

from pirogue_rive import comptes, garde
from pirogue_rive.comptes import AccesRefuse, CompteBloque
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import maintenant

bp = Blueprint("connexion", __name__)


@bp.get("/entree")
@garde.libre
def page() -> str:
    """Ask for a name and a password."""
    return render_template("entree.html", suite=request.args.get("suite", "/"), nom="", erreur=None)


@bp.post("/entree")
@garde.libre
def entrer() -> Reponse:
    """Open a session, or say that the two do not go together."""
    suite, nom = request.form.get("suite"), request.form.get("nom", "")
    instant = maintenant()
    try:
        compte = comptes.verifier(rive(), nom=nom, mot_de_passe=request.form.get("mot_de_passe", ""), instant=instant)
    except (AccesRefuse, CompteBloque) as erreur:
        corps = render_template("entree.html", suite=suite, nom=nom, erreur=erreur)
        return Response(corps, status=429 if isinstance(erreur, CompteBloque) else 401)
    garde.entrer(compte, instant=instant)
    return redirect(garde.suite_sure(suite), code=303)


@bp.post("/sortie")
def quitter() -> Reponse:
    """Close the session."""
    garde.sortir()
    return redirect(url_for("connexion.page"), code=303)


@bp.route("/mot-de-passe", methods=["GET", "POST"])
def mot_de_passe() -> Reponse | str:
    """Change one's own password; the first one must be changed before anything else is seen."""
    compte = garde.moi()
    if request.method == "GET":
        return render_template("mot_de_passe.html", compte=compte)
    nouveau, instant = request.form.get("nouveau", ""), maintenant()
    if nouveau != request.form.get("encore", ""):
        flash("Les deux nouveaux mots de passe ne sont pas les mêmes.", "erreur")
        return redirect(url_for("connexion.mot_de_passe"), code=303)
    try:
        change = comptes.changer_mot_de_passe(
            rive(), compte_id=compte.compte_id, ancien=request.form.get("ancien", ""), nouveau=nouveau, instant=instant
        )
    except (EntreeInvalide, AccesRefuse, CompteBloque) as erreur:
        dire(erreur)
        return redirect(url_for("connexion.mot_de_passe"), code=303)
    garde.entrer(change, instant=instant)
    flash("Ton mot de passe est changé.", "succes")
    return redirect(url_for("accueil.page"), code=303)

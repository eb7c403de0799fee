"""People: their names for who has the key, and forgetting one of them."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reponse

from pirogue_rive import effacements, garde, noms
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant

bp = Blueprint("personnes", __name__)


@bp.get("/noms")
@garde.exiger("noms")
def page_noms() -> str:
    """Ask for the key of names."""
    return render_template("noms.html", relais=_relais(), choisi=None, ouverts=None)


@bp.post("/noms")
@garde.exiger("noms")
def ouvrir() -> str | Reponse:
    """Show the names of a relay, once, to who gave the key; neither the key nor a name is kept."""
    choisi = request.form.get("relais", "")
    fichier = request.files.get("identites")
    try:
        if choisi not in rive().annuaire():
            raise EntreeInvalide("Choisis d'abord une boîte.")
        if fichier is None or not fichier.filename:
            raise EntreeInvalide("Choisis d'abord le fichier de la clé des noms.")
        ouverts = noms.ouvrir(
            rive(),
            relais=choisi,
            identites=fichier.stream.read(noms.FICHIER_MAX),
            par=garde.moi().nom,
            instant=maintenant(),
        )
    except ErreurPirogue as erreur:
        dire(erreur)
        return redirect(url_for("personnes.page_noms"), code=303)
    return render_template("noms.html", relais=_relais(), choisi=choisi, ouverts=ouverts)


@bp.get("/effacer")
@garde.exiger("effacer")
def page_effacer() -> str | Response:
    """Find a person by her code, and say what would be destroyed."""
    cherche = request.args.get("code", "").strip()
    personne, erreur = None, None
    if cherche:
        try:
            personne = effacements.trouver(rive(), cherche)
        except ErreurPirogue as cause:
            erreur = cause
    return render_template(
        "effacer.html",
        cherche=cherche,
        personne=personne,
        erreur=erreur,
        demandes=effacements.lister(rive()),
        relais=_relais(),
    )


@bp.post("/effacer")
@garde.exiger("effacer")
def effacer() -> Reponse:
    """Ask the boats to forget a person; the code is written once more."""
    try:
        personne = effacements.trouver(rive(), request.form.get("personne", ""))
        confirme = request.form.get("confirme", "").strip().upper()
        if not confirme or confirme not in (personne.code_jeune, personne.personne_id.upper()):
            raise EntreeInvalide("Recopie le code de la personne pour confirmer.")
        _effacer(personne.personne_id)
    except ErreurPirogue as erreur:
        dire(erreur)
        return redirect(url_for("personnes.page_effacer", code=request.form.get("personne", "")), code=303)
    return redirect(url_for("personnes.page_effacer"), code=303)


def _effacer(personne_id: str) -> None:
    """Ask the boats; with the key of names, destroy at once what is kept here."""
    par, instant = garde.moi().nom, maintenant()
    cle = request.files.get("identites")
    if cle is not None and cle.filename:
        octets = cle.stream.read(noms.FICHIER_MAX)
        detruits = effacements.detruire_ici(rive(), personne_id=personne_id, identites=octets, par=par, instant=instant)
        flash(f"Ce qui ouvrait son nom ici est détruit ({detruits} lot{'s' if detruits > 1 else ''}).", "succes")
        return
    dits = effacements.demander(rive(), personne_id=personne_id, par=par, instant=instant)
    flash(f"L'effacement est demandé. Il sera fait au prochain échange avec : {_dire(dits)}.", "succes")


def _relais() -> dict[str, str]:
    connus = {relais: droits[0].carte.nom for relais, droits in rive().annuaire().items()}
    return dict(sorted(connus.items(), key=lambda un: un[1]))


def _dire(relais: tuple[str, ...]) -> str:
    return ", ".join(_relais().get(un, un) for un in relais)

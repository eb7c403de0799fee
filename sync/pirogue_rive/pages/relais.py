"""One relay: what arrived, what is missing, what goes down to it, whose keys are believed."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_rive import bilan, cartes, effacements, etats, garde, mises_de_cote, pertes, reglages
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_socle.listes import listes

bp = Blueprint("relais", __name__, url_prefix="/relais")


@bp.get("/<relais>")
def page(relais: str) -> str:
    """Show everything that the shore knows of a relay, names excepted."""
    droits = cartes.droits(rive(), relais)
    return render_template(
        "relais.html",
        relais=relais,
        droits=droits,
        active=cartes.active(rive(), relais),
        bilan=bilan.un(rive(), relais),
        etat=etats.lire(rive(), relais),
        pertes=pertes.lire(rive(), relais),
        cotes=mises_de_cote.lister(rive(), relais=relais),
        effacements=effacements.lister(rive(), relais),
        reglages=reglages.lire(rive(), relais),
        choix=reglages.lister_choix(rive(), relais),
        ouvertes={nom: listes()[nom] for nom in reglages.LISTES},
    )


@bp.post("/<relais>/retirer")
@garde.exiger("retirer")
def retirer(relais: str) -> Response:
    """Stop believing a relay's key; the person wrote the relay's name to say that she means it."""
    try:
        carte = cartes.droits(rive(), relais)[0].carte
        if " ".join(request.form.get("nom", "").split()).casefold() != carte.nom.casefold():
            raise EntreeInvalide("Écris exactement le nom de la boîte pour confirmer.")
        limites = _limites(cartes.arrives(rive(), relais))
        cartes.revoquer(rive(), relais=relais, par=garde.moi().nom, instant=maintenant(), limites=limites)
    except ErreurPirogue as erreur:
        dire(erreur)
    else:
        flash(f"La clé de « {carte.nom} » est retirée : ce qu'elle signera d'autre sera mis de côté.", "succes")
    return redirect(url_for("relais.page", relais=relais), code=303)


@bp.post("/<relais>/reglages")
@garde.exiger("configurer")
def regler(relais: str) -> Response:
    """Send settings down."""
    try:
        reglages.regler(rive(), relais=relais, saisie=request.form.to_dict(), par=garde.moi().nom, instant=maintenant())
    except ErreurPirogue as erreur:
        dire(erreur)
    else:
        flash("Les réglages descendront au prochain échange.", "succes")
    return redirect(url_for("relais.page", relais=relais, _anchor="descend"), code=303)


@bp.post("/<relais>/choix")
@garde.exiger("configurer")
def ajouter_choix(relais: str) -> Response:
    """Send a longer list of choices down."""
    try:
        reglages.ajouter_choix(
            rive(),
            relais=relais,
            liste=request.form.get("liste", ""),
            libelle=request.form.get("libelle", ""),
            par=garde.moi().nom,
            instant=maintenant(),
        )
    except ErreurPirogue as erreur:
        dire(erreur)
    else:
        flash("Ce choix descendra au prochain échange.", "succes")
    return redirect(url_for("relais.page", relais=relais, _anchor="descend"), code=303)


@bp.post("/<relais>/redemander")
@garde.exiger("configurer")
def redemander(relais: str) -> Response:
    """Ask the boat to send again what the shore does not have; the person ticked that she means it."""
    try:
        _exiger_oui("Coche la case pour confirmer : le bateau renverra tout ce qui manque ici.")
        reglages.redemander(rive(), relais=relais, par=garde.moi().nom, instant=maintenant())
    except ErreurPirogue as erreur:
        dire(erreur)
    else:
        flash("C'est redemandé : le bateau renverra ce qui manque à son prochain échange.", "succes")
    return redirect(url_for("relais.page", relais=relais), code=303)


@bp.post("/<relais>/renaitre")
@garde.exiger("configurer")
def renaitre(relais: str) -> Response:
    """Ask a boat with two histories to send everything again, under a new number."""
    try:
        _exiger_oui("Coche la case pour confirmer : ce bateau renverra tout son journal.")
        inc = request.form.get("inc", "")
        reglages.renaitre(rive(), relais=relais, inc=inc, par=garde.moi().nom, instant=maintenant())
    except ErreurPirogue as erreur:
        dire(erreur)
    else:
        flash("C'est demandé : ce bateau renverra tout, sous un autre numéro, à son prochain échange.", "succes")
    return redirect(url_for("relais.page", relais=relais, _anchor="cote"), code=303)


def _exiger_oui(phrase: str) -> None:
    if request.form.get("confirme") != "oui":
        raise EntreeInvalide(phrase)


def _limites(arrives: dict[str, int]) -> dict[str, int]:
    """Return up to where each journal is believed: what the form says, else what has arrived."""
    limites: dict[str, int] = {}
    for journal, dernier in arrives.items():
        dit = request.form.get(journal, "").strip()
        if dit and not (dit.isascii() and dit.isdigit() and len(dit) < 16):
            raise EntreeInvalide("Un numéro ne contient que des chiffres.")
        limites[journal] = int(dit) if dit else dernier
    return limites

"""Welcoming a relay: two screens, the same twelve letters."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_rive import cartes, demandes, garde, noms, restauration
from pirogue_rive.pages.contexte import dire, rive
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant

bp = Blueprint("accueillir", __name__, url_prefix="/accueillir")


@bp.get("")
@garde.exiger("accueillir")
def page() -> str:
    """Show who waits, and who was refused."""
    connus = {relais: droits[0].carte for relais, droits in rive().annuaire().items()}
    return render_template(
        "accueillir.html",
        attentes_=demandes.lister(rive()),
        refusees=demandes.lister(rive(), "refuse"),
        connus=sorted(connus.values(), key=lambda carte: carte.nom),
    )


@bp.post("/carte")
@garde.exiger("accueillir")
def deposer() -> Response:
    """Take a card that somebody brought as a file."""
    fichier = request.files.get("carte")
    try:
        if fichier is None:
            raise EntreeInvalide("Choisis d'abord le fichier de la carte.")
        demande = demandes.noter(rive(), fichier.stream.read(demandes.TAILLE_MAX + 1), voie="cle", instant=maintenant())
    except ErreurPirogue as erreur:
        dire(erreur)
        return redirect(url_for("accueillir.page"), code=303)
    if demande.etat == "accueilli":
        flash(f"« {demande.carte.nom} » est déjà accueilli.", "succes")
    return redirect(url_for("accueillir.page"), code=303)


@bp.post("/<empreinte>")
@garde.exiger("accueillir")
def decider(empreinte: str) -> Response:
    """Welcome or refuse a relay; one that replaces a lost box inherits its people."""
    par, instant = garde.moi().nom, maintenant()
    try:
        if request.form.get("decision") != "accueillir":
            carte = demandes.refuser(rive(), empreinte=empreinte, par=par, instant=instant)
            flash(f"« {carte.nom} » est refusé : rien de ce qui vient de lui ne sera cru.", "succes")
            return redirect(url_for("accueillir.page"), code=303)
        perdu = request.form.get("remplace", "")
        cle = request.files.get("identites")
        identites = cle.stream.read(noms.FICHIER_MAX) if cle is not None and cle.filename else None
        if perdu and identites is not None:
            noms.exiger_cle(rive(), identites)
        carte = demandes.accueillir(rive(), empreinte=empreinte, par=par, instant=instant)
        flash(f"« {carte.nom} » est accueilli. Ses lots seront pris dès le prochain envoi.", "succes")
        if perdu:
            _remplacer(perdu, carte.id, par=par, identites=identites)
    except ErreurPirogue as erreur:
        dire(erreur)
        return redirect(url_for("accueillir.page"), code=303)
    return redirect(url_for("relais.page", relais=carte.id), code=303)


def _remplacer(perdu: str, nouveau: str, *, par: str, identites: bytes | None) -> None:
    """Stop believing the lost box, and send its people down to the new one."""
    instant = maintenant()
    if cartes.active(rive(), perdu) is not None:
        cartes.revoquer(rive(), relais=perdu, par=par, instant=instant)
    nombre = restauration.restaurer(
        rive(), ancien=perdu, nouveau=nouveau, par=par, instant=instant, identites=identites
    )
    avec = "avec leurs noms" if identites is not None else "sans leurs noms"
    flash(
        f"La boîte perdue n'est plus crue. Ses groupes et ses jeunes ({avec}) descendront en {nombre} "
        f"{'lots' if nombre > 1 else 'lot'} au prochain échange.",
        "succes",
    )

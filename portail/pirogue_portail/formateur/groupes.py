"""Groups: making one (and its stop), and the page of one group with everybody's card and progress."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import lecons, porte
from pirogue_portail.formateur.saisie import exiger, lire_nombre, lire_numero
from pirogue_registre import base, consentements, jeunes, seances
from pirogue_registre.lieux import (
    COUVERTURES_4G,
    TYPES_ESCALE,
    Escale,
    Groupe,
    ecrire_escale,
    ecrire_groupe,
    lire_groupe,
    lister_escales,
    lister_groupes,
)
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant

Page = str | Response | tuple[str, int]

NOUVELLE = "nouvelle"
TYPES = dict(zip(TYPES_ESCALE, ("Collège", "Embarcadère", "Marché", "École", "Centre", "Quai de la base"), strict=True))
COUVERTURES = dict(zip(COUVERTURES_4G, ("Bonne", "Faible", "Aucune"), strict=True))


def nouveau_groupe() -> Page:
    """Ask for a group and its stop, on one page."""
    return _page_nouveau()


def _page_nouveau(erreur: ErreurPirogue | None = None) -> str:
    return render_template(
        "formateur/nouveau_groupe.html",
        escales=lister_escales(registre()),
        types=TYPES,
        couvertures=COUVERTURES,
        saisie=request.form,
        erreur=erreur,
    )


def creer_groupe() -> Page:
    """Write the group, and its stop where it is a new one; both or neither."""
    champs, instant, numero = request.form, maintenant(), lire_numero(request.form)
    try:
        capacite = lire_nombre(
            champs.get("capacite", ""), phrase="Combien de places ? Écris un nombre, par exemple 24."
        )
        with base.transaction(registre()):
            if numero in {un.groupe_id for un in lister_groupes(registre())}:
                return redirect(url_for("formateur.groupe", groupe_id=numero), code=303)
            escale_id = champs.get("escale", NOUVELLE)
            if escale_id == NOUVELLE:
                voulue = Escale(
                    escale_id=numero,
                    nom=champs.get("escale_nom", ""),
                    type=champs.get("escale_type", ""),
                    arrondissement=None,
                    couverture_4g=champs.get("couverture", ""),
                )
                escale_id = ecrire_escale(registre(), voulue, instant=instant, auteur=porte.auteur()).escale_id
            else:
                connues = {une.escale_id for une in lister_escales(registre())}
                exiger(escale_id, connues, phrase="Cette escale n'existe plus. Choisis-en une autre.")
            groupe = Groupe(
                groupe_id=numero,
                libelle=champs.get("libelle", ""),
                etablissement=champs.get("etablissement", ""),
                escale_id=escale_id,
                capacite=capacite,
                parcours="premiers_pas",
            )
            ecrit = ecrire_groupe(registre(), groupe, instant=instant, auteur=porte.auteur())
    except ErreurPirogue as erreur:
        return _page_nouveau(erreur), 400
    flash(f"Le groupe {ecrit.libelle} est prêt. Inscris les jeunes, ou ouvre la séance.", "succes")
    return redirect(url_for("formateur.groupe", groupe_id=ecrit.groupe_id), code=303)


def groupe(groupe_id: str) -> Page:
    """Show a group: everyone, her card, how far she is, who is to be completed."""
    lu = lire_groupe(registre(), groupe_id)
    lecons.relever(maintenant())
    lignes = [
        (jeune, lecons.avancees(jeune.personne_id), consentements.lire(registre(), jeune.personne_id, "suivi"))
        for jeune in jeunes.lister(registre(), groupe_id)
    ]
    ouverte = seances.en_cours(registre())
    return render_template("formateur/groupe.html", groupe=lu, lignes=lignes, ouverte=ouverte)

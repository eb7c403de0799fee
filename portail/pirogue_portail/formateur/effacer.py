"""« Effacer cette personne… » : what goes, what stays, her first name typed to be sure; it cannot be undone."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import cours
from pirogue_portail.contexte import config, registre
from pirogue_portail.formateur import porte
from pirogue_portail.formateur.saisie import exiger
from pirogue_registre import effacement, jeunes, ressemblance
from pirogue_registre.jeunes import Jeune
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant

Page = str | Response | tuple[str, int]


def demander_effacement(personne_id: str) -> Page:
    """Say plainly what is destroyed and what stays, and ask for a reason and her first name."""
    return _page(_presente(personne_id))


def effacer(personne_id: str) -> Page:
    """Erase her once her first name was typed; Kolibri is told at once, or as soon as it wakes."""
    jeune, motif = _presente(personne_id), request.form.get("motif", "")
    try:
        exiger(motif, set(motifs()), phrase="Pourquoi ? Choisis une réponse.")
        _exiger_prenom(jeune, request.form.get("prenom", ""))
        effacement.effacer(
            registre(), personne_id=personne_id, motif=motif, instant=maintenant(), auteur=porte.auteur()
        )
    except EntreeInvalide as erreur:
        return _page(jeune, erreur=erreur, motif=motif), 400
    effacement.nettoyer(registre())
    if cours.oublier_effacees(config(), registre()) or config().cle_kolibri is None:
        flash("C'est effacé. Son nom n'existe plus dans la boîte ; à terre, il part au prochain envoi.", "succes")
    else:
        flash("C'est effacé du registre. Kolibri dort : il oubliera cette personne à son réveil.", "attention")
    return redirect(url_for("formateur.aujourdhui"), code=303)


def motifs() -> dict[str, str]:
    """Return the reasons that a trainer may give; the shore's own orders come from the shore."""
    return {code: texte for code, texte in listes.listes()["motif_effacement"].items() if code != "ordre_rive"}


def _presente(personne_id: str) -> Jeune:
    """Return a trainee who was not erased; raises Introuvable."""
    effacement.exiger_presente(registre(), personne_id)
    return jeunes.lire(registre(), personne_id)


def _exiger_prenom(jeune: Jeune, ecrit: str) -> None:
    """Check that the first name that was typed is hers, accents and capitals aside; raises EntreeInvalide."""
    if ressemblance.cle(" ".join(ecrit.split())) != ressemblance.cle(jeune.prenom):
        raise EntreeInvalide("Ce n'est pas son prénom : rien n'a été effacé.", geste="Écris-le comme ci-dessus.")


def _page(jeune: Jeune, *, erreur: ErreurPirogue | None = None, motif: str = "") -> str:
    return render_template("formateur/effacer.html", jeune=jeune, motifs=motifs(), motif=motif, erreur=erreur)

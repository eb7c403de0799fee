"""« Aujourd'hui »: the session in hand, or opening one, cancelling one; what is left to complete; past sessions."""

from collections import Counter
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import lecons, porte
from pirogue_portail.formateur.saisie import exiger, lire_nombre, lire_numero
from pirogue_registre import ancres, codes, jeunes, presences, seances
from pirogue_registre.lieux import Groupe, lire_groupe, lister_groupes
from pirogue_registre.seances import Seance
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import Ancre, estimer, maintenant
from pirogue_socle.regles import ETATS_VENUS

Page = str | Response | tuple[str, int]

#: Laptops aboard.
POSTES = 12
RECENTES, TOUTES = 6, 200


@dataclass(frozen=True, slots=True)
class Compteur:
    """The roll in four numbers; those who came are the present, the late and those who left early."""

    venus: int
    absents: int
    excuses: int
    a_faire: int


@dataclass(frozen=True, slots=True)
class Ligne:
    """A session as the lists show it; `heure_ms` is its estimated start."""

    seance: Seance
    groupe: Groupe
    module: str
    debut_ms: int
    compteur: Compteur


def compter(etats: Counter[str]) -> Compteur:
    """Return a roll's four numbers, from its lines by state."""
    venus = sum(etats[etat] for etat in ETATS_VENUS)
    return Compteur(venus, etats["absent"], etats["excuse"], etats["non_marque"])


def ligne_de(seance: Seance, connues: dict[str, Ancre]) -> Ligne:
    """Return a session with what its line shows; `connues` are the anchors, read once for a whole list."""
    etats = presences.compter(registre(), seance_id=seance.seance_id, groupe_id=seance.groupe_id)
    return Ligne(
        seance=seance,
        groupe=lire_groupe(registre(), seance.groupe_id),
        module=lecons.titre(seance.module),
        debut_ms=estimer(seance.debut, connues),
        compteur=compter(etats),
    )


def aujourdhui() -> Page:
    """Show the day."""
    instant = maintenant()
    ouverte = seances.en_cours(registre())
    limite = TOUTES if "toutes" in request.args else RECENTES
    passees = [une for une in seances.lister(registre(), limite + 2) if une.statut != "ouverte"]
    connues = ancres.lire(registre())
    return render_template(
        "formateur/aujourdhui.html",
        maintenant_ms=estimer(instant, connues),
        ouverte=ligne_de(ouverte, connues) if ouverte else None,
        passees=[ligne_de(une, connues) for une in passees[:limite]],
        reste=len(passees) > limite,
        groupes=lister_groupes(registre()),
        a_completer=jeunes.a_completer(registre()),
    )


def choisir_groupe() -> Page:
    """Show the groups to open a session with; with a single one, go on; without any, make it first."""
    ouverte = seances.en_cours(registre())
    if ouverte is not None:
        return redirect(url_for("formateur.appel", seance_id=ouverte.seance_id), code=303)
    groupes = lister_groupes(registre())
    if not groupes:
        return redirect(url_for("formateur.nouveau_groupe"), code=303)
    if len(groupes) == 1:
        return redirect(url_for("formateur.preparer", groupe_id=groupes[0].groupe_id), code=303)
    tuiles = [(groupe, lecons.titre(lecons.suivant(groupe.groupe_id))) for groupe in groupes]
    return render_template("formateur/choisir_groupe.html", tuiles=tuiles)


def preparer(groupe_id: str) -> Page:
    """Ask how many laptops work and which module, both proposed."""
    return _page_ouvrir(groupe_id, postes=str(POSTES), module=lecons.suivant(groupe_id))


def _page_ouvrir(groupe_id: str, *, postes: str, module: str, erreur: ErreurPirogue | None = None) -> str:
    return render_template(
        "formateur/ouvrir.html",
        groupe=lire_groupe(registre(), groupe_id),
        postes=postes,
        total=POSTES,
        modules=lecons.choix(),
        module=module,
        erreur=erreur,
    )


def ouvrir(groupe_id: str) -> Page:
    """Open the session and show its roll."""
    champs = request.form
    postes = champs.get("postes_autre", "").strip() or champs.get("postes", "")
    module = champs.get("module", "")
    try:
        exiger(module, {un.code for un in lecons.choix()}, phrase="Choisis le module de la séance.")
        seance = seances.ouvrir(
            registre(),
            module=module,
            groupe_id=groupe_id,
            formateur=porte.auteur(),
            postes_utilisables=lire_nombre(postes, phrase="Combien d'ordinateurs marchent ? Choisis un nombre."),
            instant=maintenant(),
            auteur=porte.auteur(),
        )
    except seances.SeanceDejaOuverte as erreur:
        flash(f"{erreur} {erreur.geste}", "attention")
        return redirect(url_for("formateur.aujourdhui"), code=303)
    except EntreeInvalide as erreur:
        return _page_ouvrir(groupe_id, postes=postes, module=module, erreur=erreur), 400
    return redirect(url_for("formateur.appel", seance_id=seance.seance_id), code=303)


def demander_annulation() -> Page:
    """Ask which group and why."""
    return _page_annuler(request.args.get("groupe", ""))


def _page_annuler(groupe_id: str, *, erreur: ErreurPirogue | None = None) -> str:
    ouverte = seances.en_cours(registre())
    return render_template(
        "formateur/annuler.html",
        ouverte=ligne_de(ouverte, ancres.lire(registre())) if ouverte else None,
        groupes=lister_groupes(registre()),
        groupe_id=groupe_id,
        motifs=codes.choix(registre(), "motif_annulation"),
        dessines=listes.listes()["motif_annulation"],
        erreur=erreur,
    )


def annuler() -> Page:
    """Cancel the open session, or write down that today's one was not held; it never counts against a youth."""
    champs, instant = request.form, maintenant()
    groupe_id, motif, seance_id = (champs.get(nom, "") for nom in ("groupe", "motif", "seance"))
    try:
        if seance_id:
            seances.annuler(registre(), seance_id=seance_id, motif=motif, instant=instant, auteur=porte.auteur())
        else:
            connus = {groupe.groupe_id for groupe in lister_groupes(registre())}
            exiger(groupe_id, connus, phrase="Choisis d'abord le groupe, puis touche la raison.")
            seances.annuler_prevue(
                registre(),
                module=lecons.suivant(groupe_id),
                groupe_id=groupe_id,
                formateur=porte.auteur(),
                motif=motif,
                instant=instant,
                auteur=porte.auteur(),
                seance_id=lire_numero(champs),
            )
    except ErreurPirogue as erreur:
        return _page_annuler(groupe_id, erreur=erreur), 400
    flash(
        f"Séance annulée : {codes.libelle(registre(), 'motif_annulation', motif)}. Cela ne compte contre personne.",
        "succes",
    )
    return redirect(url_for("formateur.aujourdhui"), code=303)

"""Enrolment: the eight fields, the newcomer's three, « Est-ce la même personne ? », and the card."""

from collections.abc import Mapping
from dataclasses import fields, replace

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import porte
from pirogue_portail.formateur.saisie import lire_numero
from pirogue_registre import ancres, base, consentements, fiches, jeunes, presences, seances
from pirogue_registre.fiches import FicheJeune
from pirogue_registre.jeunes import Jeune
from pirogue_registre.lieux import lire_groupe
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant, en_civil, maintenant

Page = str | Response | tuple[str, int]

#: A record with nothing wrong in it: each typed field is judged in its place, one at a time.
SANS_FAUTE = FicheJeune("Afi", "Dossa", "inconnue", "nc", "nc", "nc", "nc", "non")
#: What is said when a choice was left empty, by field.
VIDES = {
    "sexe": "Fille ou garçon ? Choisis une réponse.",
    "territoire": "Quel village ? Choisis une réponse.",
    "situation": "Que fait cette personne ? Choisis une réponse.",
    "niveau_scolaire": "Quelle école ? Choisis une réponse.",
    "consentement_suivi": "Pose la question, puis choisis Oui ou Non.",
    "annee_naissance": "Écris l'année, ou coche « On ne sait pas ».",
}
ACCORDS = ("statistiques", "recherche", "contact", "image")


def lire_fiche(champs: Mapping[str, str]) -> FicheJeune:
    """Return the record that a form tells, unchecked."""
    inconnue = "annee_inconnue" in champs
    return FicheJeune(
        prenom=champs.get("prenom", ""),
        nom=champs.get("nom", ""),
        annee_naissance="inconnue" if inconnue else champs.get("annee_naissance", ""),
        annee_estimee="annee_estimee" in champs and not inconnue,
        consentement_suivi=champs.get("consentement_suivi", ""),
        forme=champs.get("forme", "oral_temoin"),
        par=champs.get("par", "lui_meme"),
        lien=champs.get("lien", "") if champs.get("par") == "responsable" else "",
        sexe=champs.get("sexe", ""),
        territoire=champs.get("territoire", ""),
        situation=champs.get("situation", ""),
        niveau_scolaire=champs.get("niveau_scolaire", ""),
        statistiques=champs.get("statistiques", "non"),
        recherche=champs.get("recherche", "non"),
        contact=champs.get("contact", "non"),
        image=champs.get("image", "non"),
    )


def juger(fiche: FicheJeune) -> dict[str, str]:
    """Return field → sentence for everything that the register would refuse, all at once."""
    erreurs: dict[str, str] = {}
    for champ in fields(FicheJeune):
        nom, valeur = champ.name, getattr(fiche, champ.name)
        if nom in VIDES and not str(valeur).strip():
            erreurs[nom] = VIDES[nom]
            continue
        try:
            fiches.controler(replace(SANS_FAUTE, **{nom: valeur}))
        except EntreeInvalide as erreur:
            erreurs[nom] = str(erreur)
    if fiche.par == "responsable" and not fiche.lien:
        erreurs["lien"] = "Qui est le responsable ? Choisis une réponse."
    return erreurs


def saisie_de(jeune: Jeune) -> dict[str, str]:
    """Return the form as it would have been typed for someone who is already in the register."""
    saisie = {nom: getattr(jeune, nom) for nom in ("prenom", "nom", "sexe", "territoire", "situation")}
    saisie["niveau_scolaire"] = jeune.niveau_scolaire
    if jeune.annee_naissance is not None:
        saisie["annee_naissance"] = str(jeune.annee_naissance)
    elif jeune.complet:
        saisie["annee_inconnue"] = "oui"
    if jeune.annee_estimee:
        saisie["annee_estimee"] = "oui"
    for finalite in ("suivi", *ACCORDS):
        valeur = consentements.lire(registre(), jeune.personne_id, finalite)
        if valeur is not None:
            saisie["consentement_suivi" if finalite == "suivi" else finalite] = valeur
    if not jeune.complet:  # asked with the eight fields, not guessed from the three
        saisie |= dict.fromkeys(("territoire", "situation", "niveau_scolaire"), "")
    return saisie


def _formulaire(
    titre: str, saisie: Mapping[str, str], *, retour: str, groupe_id: str = "", erreurs: Mapping[str, str] | None = None
) -> str:
    annee = en_civil(ancres.estimer_maintenant(registre(), instant=maintenant())).year
    return render_template(
        "formateur/inscrire.html",
        titre=titre,
        saisie=saisie,
        erreurs=erreurs or {},
        groupe=lire_groupe(registre(), groupe_id) if groupe_id else None,
        villages=listes.villages(),
        listes=listes.listes(),
        annee_mineur=annee - 18,
        retour=retour,
    )


def inscrire(groupe_id: str) -> Page:
    """Show the enrolment form."""
    retour = url_for("formateur.groupe", groupe_id=groupe_id)
    return _formulaire("Inscrire un jeune", {}, groupe_id=groupe_id, retour=retour)


def ecrire_inscription(groupe_id: str) -> Page:
    """Enrol; whatever is wrong is said beside its field, and a possible double is shown before anything is written."""
    champs, fiche = request.form, lire_fiche(request.form)
    erreurs = juger(fiche)
    if erreurs:
        retour = url_for("formateur.groupe", groupe_id=groupe_id)
        return _formulaire("Inscrire un jeune", champs, groupe_id=groupe_id, erreurs=erreurs, retour=retour), 400
    annee, instant, numero = fiches.lire_annee(fiche.annee_naissance), maintenant(), lire_numero(champs)
    with base.transaction(registre()):
        if page := _doublons(groupe_id, prenom=fiche.prenom, nom=fiche.nom, annee=annee, numero=numero):
            return page
        if choisi := champs.get("meme", ""):
            return _meme_personne(choisi, fiche, groupe_id, instant)
        jeune = jeunes.inscrire(
            registre(),
            fiche=fiche,
            groupe_id=groupe_id,
            instant=instant,
            auteur=porte.auteur(),
            personne_id=numero,
        )
    flash(f"{jeune.prenom} est à bord. Donne-lui sa carte.", "succes")
    return redirect(url_for("formateur.carte", personne_id=jeune.personne_id), code=303)


def _doublons(groupe_id: str, *, prenom: str, nom: str, annee: int | None, numero: str) -> str | None:
    """Return the page « Est-ce la même personne ? », None when nobody is alike, or it was answered or sent twice."""
    if request.form.get("meme") is not None:
        return None
    proches = jeunes.semblables(registre(), prenom=prenom, nom=nom, annee_naissance=annee, groupe_id=groupe_id)
    if not proches or numero in {jeune.personne_id for jeune in proches}:
        return None
    nom_tape = " ".join(f"{prenom} {nom}".split())
    return render_template("formateur/doublon.html", proches=proches, champs=request.form, nom_tape=nom_tape)


def _meme_personne(personne_id: str, fiche: FicheJeune, groupe_id: str, instant: Instant) -> Response:
    """It is someone we know: put her in this group, and complete her where she was noted in three fields."""
    jeune = jeunes.lire(registre(), personne_id)
    venue = _amener(personne_id, groupe_id, instant)
    if not jeune.complet:
        jeunes.completer(registre(), personne_id=personne_id, fiche=fiche, instant=instant, auteur=porte.auteur())
        flash(f"La fiche de {jeune.prenom} est complète.", "succes")
    elif venue:
        flash(f"{jeune.prenom} était déjà dans le registre : son nom est maintenant aussi dans ce groupe.", "succes")
    else:
        flash(f"{jeune.prenom} était déjà dans ce groupe : voici sa carte. Rien n'a été écrit.", "succes")
    return redirect(url_for("formateur.carte", personne_id=personne_id), code=303)


def _amener(personne_id: str, groupe_id: str, instant: Instant) -> bool:
    """Put someone known in a group; say whether she was not in it yet."""
    return jeunes.rejoindre(
        registre(), personne_id=personne_id, groupe_id=groupe_id, instant=instant, auteur=porte.auteur()
    )


def completer(personne_id: str) -> Page:
    """Show the form with what is known."""
    jeune = jeunes.lire(registre(), personne_id)
    retour = url_for("formateur.carte", personne_id=personne_id)
    return _formulaire(f"La fiche de {jeune.prenom}", saisie_de(jeune), retour=retour)


def ecrire_complement(personne_id: str) -> Page:
    """Complete or correct a record; code, animal and pictures stay."""
    jeune, fiche = jeunes.lire(registre(), personne_id), lire_fiche(request.form)
    erreurs = juger(fiche)
    if erreurs:
        retour = url_for("formateur.carte", personne_id=personne_id)
        return _formulaire(f"La fiche de {jeune.prenom}", request.form, erreurs=erreurs, retour=retour), 400
    jeunes.completer(registre(), personne_id=personne_id, fiche=fiche, instant=maintenant(), auteur=porte.auteur())
    flash(f"La fiche de {fiche.prenom.strip()} est complète.", "succes")
    return redirect(url_for("formateur.aujourdhui"), code=303)


def carte(personne_id: str) -> Page:
    """Show the card: first name, animal, three pictures; no surname, no village, no school."""
    jeune = jeunes.lire(registre(), personne_id)
    return render_template("formateur/carte.html", jeune=jeune, ouverte=seances.en_cours(registre()))


def nouveau(seance_id: str) -> Page:
    """Ask for a newcomer's three fields."""
    seance = seances.exiger_ouverte(registre(), seance_id)
    return render_template("formateur/nouveau.html", seance=seance, saisie={})


def ecrire_nouveau(seance_id: str) -> Page:
    """Write the newcomer down and present, together; her card follows, the rest of her record later."""
    champs, instant = request.form, maintenant()
    prenom, age = champs.get("prenom", ""), champs.get("age", "")
    seance, numero = seances.exiger_ouverte(registre(), seance_id), lire_numero(champs)
    try:
        with base.transaction(registre()):
            page = _doublons(seance.groupe_id, prenom=prenom, nom="", annee=None, numero=numero)
            if prenom.strip() and page:
                return page
            personne_id = champs.get("meme", "") or _noter_nouveau(seance.groupe_id, prenom, age, instant)
            _amener(personne_id, seance.groupe_id, instant)
            presences.pointer(
                registre(),
                seance_id=seance_id,
                personne_id=personne_id,
                etat="present",
                instant=instant,
                auteur=porte.auteur(),
            )
    except EntreeInvalide as erreur:
        return render_template("formateur/nouveau.html", seance=seance, saisie=champs, erreur=erreur), 400
    jeune = jeunes.lire(registre(), personne_id)
    flash(f"{jeune.prenom} est sur l'appel. Donne-lui sa carte.", "succes")
    return redirect(url_for("formateur.carte", personne_id=personne_id), code=303)


def _noter_nouveau(groupe_id: str, prenom: str, age: str, instant: Instant) -> str:
    """Enrol in three fields and return the new id; raises EntreeInvalide."""
    sexe = request.form.get("sexe", "")
    if not sexe:
        raise EntreeInvalide(VIDES["sexe"])
    jeune = jeunes.inscrire_nouveau(
        registre(),
        prenom=prenom,
        sexe=sexe,
        age=age,
        groupe_id=groupe_id,
        instant=instant,
        auteur=porte.auteur(),
        personne_id=lire_numero(request.form),
    )
    return jeune.personne_id

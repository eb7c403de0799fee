"""The roll: one page, a tap changes a line and saves; hours and reasons behind « ⋯ »; the head count."""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import lecons, mots, porte
from pirogue_portail.formateur.accueil import compter
from pirogue_portail.formateur.saisie import lire_heure, lire_nombre
from pirogue_registre import base, codes, presences, seances
from pirogue_registre.lieux import lire_groupe
from pirogue_registre.presences import AppelChange, LigneAppel
from pirogue_registre.seances import HeureFinManque, SeanceClose
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant, maintenant

Page = str | Response | tuple[str, int]


def _vers_appel(seance_id: str, *, ligne: str = "", ancre: str = "") -> Response:
    """Go back to the roll, at the line that was touched."""
    adresse = url_for("formateur.appel", seance_id=seance_id, ligne=ligne or None)
    return redirect(f"{adresse}#{ancre or (f'l-{ligne}' if ligne else 'contenu')}", code=303)


def _dire(erreur: ErreurPirogue) -> None:
    """Keep a sentence for the next page."""
    flash(f"{erreur} {erreur.geste}", "attention")


def appel(seance_id: str) -> Page:
    """Show the roll; that of a session that is over is its *bilan*."""
    seance = seances.lire(registre(), seance_id)
    if seance.statut != "ouverte":
        return redirect(url_for("formateur.bilan_seance", seance_id=seance_id), code=303)
    lignes = presences.appel(registre(), seance_id=seance_id, instant=maintenant())
    return render_template(
        "formateur/appel.html",
        seance=seance,
        groupe=lire_groupe(registre(), seance.groupe_id),
        module=lecons.titre(seance.module),
        lignes=lignes,
        prenoms={ligne.jeune.personne_id: ligne.jeune.prenom for ligne in lignes},
        compteur=compter(Counter(ligne.presence.etat for ligne in lignes)),
        touchee=request.args.get("ligne", ""),
    )


def toucher_ligne(seance_id: str, personne_id: str) -> Page:
    """One tap: the next state after the one that was shown, or « absent » at once; saved, and back to the line."""
    depuis, etat, instant = request.form.get("depuis", ""), request.form.get("etat", ""), maintenant()
    try:
        if etat:
            _marquer(seance_id, personne_id, etat=etat, depuis=depuis, instant=instant)
        else:
            presences.cycler(
                registre(),
                seance_id=seance_id,
                personne_id=personne_id,
                depuis=depuis,
                instant=instant,
                auteur=porte.auteur(),
            )
    except (AppelChange, SeanceClose) as erreur:
        _dire(erreur)
    return _vers_appel(seance_id, ligne=personne_id)


def _ligne(seance_id: str, personne_id: str) -> LigneAppel:
    """Return one line of a roll; raises Introuvable."""
    lignes = presences.appel(registre(), seance_id=seance_id, instant=maintenant())
    trouvee = next((ligne for ligne in lignes if ligne.jeune.personne_id == personne_id), None)
    if trouvee is None:
        raise Introuvable("Cette personne n'est pas sur cet appel.", geste="Reviens à l'appel.")
    return trouvee


def _marquer(  # noqa: PLR0913 - the fields of a mark
    seance_id: str,
    personne_id: str,
    *,
    etat: str,
    depuis: str,
    instant: Instant,
    heure: str | None = None,
    motif: str | None = None,
) -> None:
    """
    Mark a line with a given state, if it is still in the state that was shown.

    Raises:
        AppelChange: someone else changed it meanwhile. SeanceClose, Introuvable, EntreeInvalide. Nothing is written.
    """
    with base.transaction(registre()):
        ligne = _ligne(seance_id, personne_id)
        if ligne.presence.etat != depuis:
            vu = mots.dire_etat(ligne.presence.etat, ligne.jeune.sexe)
            raise AppelChange(f"La ligne de {ligne.jeune.prenom} venait de changer : {vu}.")
        presences.pointer(
            registre(),
            seance_id=seance_id,
            personne_id=personne_id,
            etat=etat,
            heure=heure,
            motif_absence=motif,
            instant=instant,
            auteur=porte.auteur(),
        )


def details(seance_id: str, personne_id: str) -> Page:
    """Ask for an hour or a reason."""
    if seances.lire(registre(), seance_id).statut != "ouverte":
        return redirect(url_for("formateur.bilan_seance", seance_id=seance_id), code=303)
    return _page_details(seance_id, personne_id)


def _page_details(seance_id: str, personne_id: str, erreur: ErreurPirogue | None = None) -> str:
    ligne = _ligne(seance_id, personne_id)
    return render_template(
        "formateur/details.html",
        seance=seances.lire(registre(), seance_id),
        ligne=ligne,
        depuis=ligne.presence.etat,
        motifs=codes.choix(registre(), "motif_absence"),
        saisie=request.form,
        erreur=erreur,
    )


def garder_details(seance_id: str, personne_id: str) -> Page:
    """Mark with an hour (late, left) or a reason (absent, excused)."""
    champs = request.form
    etat = champs.get("etat", "")
    heure = champs.get("arrivee" if etat == "retard" else "depart", "")
    try:
        _marquer(
            seance_id,
            personne_id,
            etat=etat,
            depuis=champs.get("depuis", ""),
            heure=lire_heure(heure) if heure.strip() and etat in ("retard", "parti_avant") else None,
            motif=champs.get("motif") or None if etat in ("absent", "excuse") else None,
            instant=maintenant(),
        )
    except (AppelChange, SeanceClose) as erreur:
        _dire(erreur)
    except EntreeInvalide as erreur:
        return _page_details(seance_id, personne_id, erreur), 400
    return _vers_appel(seance_id, ligne=personne_id)


def marquer_reste(seance_id: str) -> Page:
    """Mark everyone whom nobody marked, present or absent, in one tap."""
    try:
        marquer_tous(seance_id, etat=request.form.get("etat", ""), instant=maintenant())
    except SeanceClose as erreur:
        _dire(erreur)
    return _vers_appel(seance_id, ancre="tetes")


def marquer_tous(seance_id: str, *, etat: str, instant: Instant) -> None:
    """Mark every line that is still to do, all or none; raises EntreeInvalide, SeanceClose, Introuvable."""
    if etat == "present":
        presences.tous_presents(registre(), seance_id=seance_id, instant=instant, auteur=porte.auteur())
        return
    if etat != "absent":
        raise EntreeInvalide("Présents ou absents ? Choisis.")
    with base.transaction(registre()):
        seances.exiger_ouverte(registre(), seance_id)
        for ligne in presences.appel(registre(), seance_id=seance_id, instant=instant):
            if ligne.presence.etat == "non_marque":
                presences.pointer(
                    registre(),
                    seance_id=seance_id,
                    personne_id=ligne.jeune.personne_id,
                    etat="absent",
                    instant=instant,
                    auteur=porte.auteur(),
                )


def compter_tetes(seance_id: str) -> Page:
    """Keep the head count."""
    try:
        tetes = lire_nombre(request.form.get("tetes", ""), phrase="Combien de têtes ? Écris un nombre.")
        presences.compter_tetes(
            registre(), seance_id=seance_id, tetes=tetes, instant=maintenant(), auteur=porte.auteur()
        )
    except (EntreeInvalide, SeanceClose) as erreur:
        _dire(erreur)
    return _vers_appel(seance_id, ancre="tetes")


def cloturer(seance_id: str) -> Page:
    """
    Close; whoever is still to do is asked about first, and marked and closed in one tap.

    What Kolibri knows is read while the pairs still sit together, so both keep the trace of their last lesson. A
    session that was forgotten open asks when it ended.
    """
    instant, fin = maintenant(), request.form.get("fin", "").strip()
    try:
        seance = seances.exiger_ouverte(registre(), seance_id)
        lignes = presences.appel(registre(), seance_id=seance_id, instant=instant)
        restent = [ligne.jeune for ligne in lignes if ligne.presence.etat == "non_marque"]
        if restent and request.form.get("reste") != "absent":
            return render_template("formateur/cloturer.html", seance=seance, restent=restent)
        fin_heure = lire_heure(fin) if fin else None
        lecons.relever(instant)
        with base.transaction(registre()):
            marquer_tous(seance_id, etat="absent", instant=instant)
            seances.cloturer(
                registre(), seance_id=seance_id, instant=instant, auteur=porte.auteur(), fin_heure=fin_heure
            )
    except SeanceClose as erreur:
        _dire(erreur)
    except (HeureFinManque, EntreeInvalide) as erreur:
        seance = seances.lire(registre(), seance_id)
        debut_ms = seances.debut_ms(registre(), seance)
        page = render_template("formateur/fin_oubliee.html", seance=seance, debut_ms=debut_ms, fin=fin, erreur=erreur)
        return page, 400 if fin else 200
    return redirect(url_for("formateur.bilan_seance", seance_id=seance_id), code=303)

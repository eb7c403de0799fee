"""After the session: the *bilan* to print or read over the phone, and corrections with their trace."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import lecons, mots, porte
from pirogue_portail.formateur.saisie import exiger, lire_heure
from pirogue_registre import ancres, bilan, jeunes, presences, seances
from pirogue_registre.lieux import lire_groupe
from pirogue_registre.presences import LigneAppel
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import estimer, maintenant

Page = str | Response | tuple[str, int]

#: States that a correction may give; « à faire » is not one.
CORRIGEABLES = ("present", "retard", "parti_avant", "absent", "excuse")


@dataclass(frozen=True, slots=True)
class Trace:
    """A correction as it is told: whose line, and the sentence."""

    qui: str
    phrase: str


def traces(seance_id: str) -> list[Trace]:
    """Return the corrections of a session, oldest first, as sentences."""
    noms, connues = mots.noms_des_comptes(registre()), ancres.lire(registre())
    racontees = []
    for une in presences.corrections(registre(), seance_id):
        jeune = jeunes.lire(registre(), une.personne_id)
        avant, apres = (mots.dire_etat(etat, jeune.sexe).lower() for etat in (une.ancien, une.nouveau))
        motif = listes.libelle("motif_correction", une.motif_correction)
        jour = mots.jour_court(estimer(une.instant, connues))
        phrase = f"Corrigé par {noms.get(une.auteur, 'un autre compte')} le {jour} : {avant} → {apres}"
        racontees.append(Trace(jeune.nom_court, f"{phrase} ({motif[:1].lower()}{motif[1:]})"))
    return racontees


def bilan_seance(seance_id: str) -> Page:
    """Show the session in numbers and line by line."""
    seance, instant = seances.lire(registre(), seance_id), maintenant()
    if seance.statut == "ouverte":
        return redirect(url_for("formateur.appel", seance_id=seance_id), code=303)
    return render_template(
        "formateur/bilan.html",
        seance=seance,
        groupe=lire_groupe(registre(), seance.groupe_id),
        module=lecons.titre(seance.module),
        bilan=bilan.faire(registre(), seance_id=seance_id, instant=instant),
        lignes=presences.appel(registre(), seance_id=seance_id, instant=instant),
        traces=traces(seance_id),
        debut_ms=seances.debut_ms(registre(), seance),
        fin_ms=seances.fin_ms(registre(), seance, instant=instant),
        formateur=mots.noms_des_comptes(registre()).get(seance.formateur, ""),
    )


def _ligne(seance_id: str, personne_id: str) -> LigneAppel:
    """Return one line of a session; raises Introuvable."""
    lignes = presences.appel(registre(), seance_id=seance_id, instant=maintenant())
    trouvee = next((ligne for ligne in lignes if ligne.jeune.personne_id == personne_id), None)
    if trouvee is None:
        raise Introuvable("Cette personne n'était pas sur cet appel.", geste="Reviens au bilan de la séance.")
    return trouvee


def corriger(seance_id: str, personne_id: str) -> Page:
    """Ask for the new state and the reason."""
    return _page_corriger(seance_id, personne_id)


def _page_corriger(seance_id: str, personne_id: str, erreur: ErreurPirogue | None = None) -> str:
    return render_template(
        "formateur/corriger.html",
        seance=seances.lire(registre(), seance_id),
        jour=mots.quand(registre(), seances.lire(registre(), seance_id)),
        ligne=_ligne(seance_id, personne_id),
        etats=CORRIGEABLES,
        motifs=listes.listes()["motif_correction"],
        saisie=request.form,
        erreur=erreur,
    )


def garder_correction(seance_id: str, personne_id: str) -> Page:
    """Write the correction; the old state stays in the trace."""
    champs, ligne = request.form, _ligne(seance_id, personne_id)
    nouveau, heure = champs.get("nouveau", ""), champs.get("heure", "").strip()
    try:
        exiger(nouveau, CORRIGEABLES, phrase="Qu'est-ce qui est vrai ? Choisis une réponse.")
        presences.corriger(
            registre(),
            seance_id=seance_id,
            personne_id=personne_id,
            nouveau=nouveau,
            motif=champs.get("motif", ""),
            heure=lire_heure(heure) if nouveau in ("retard", "parti_avant") else None,
            instant=maintenant(),
            auteur=porte.auteur(),
        )
    except EntreeInvalide as erreur:
        return _page_corriger(seance_id, personne_id, erreur), 400
    flash(f"La ligne de {ligne.jeune.prenom} est corrigée.", "succes")
    return redirect(url_for("formateur.bilan_seance", seance_id=seance_id) + f"#l-{personne_id}", code=303)

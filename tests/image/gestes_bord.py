"""What is done aboard with the box's own packages, as one of its own users, by the agent."""

import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pirogue_bord.sante import tour
from pirogue_registre import ancres, base, comptes, envois, jeunes, journal, lieux, presences, reglages, seances
from pirogue_registre.base import Registre
from pirogue_registre.fiches import FicheJeune
from pirogue_socle import config, horloge
from pirogue_socle.horloge import Instant, maintenant

PIN_DONNE = "246810"
CONFIG = Path("/etc/pirogue/pirogue.toml")


def peupler(registre: Registre) -> dict[str, Any]:
    """Make Rachelle's account, her group of 4e, Afi and Koffi, once; return who they are and their pictures."""
    rachelle = next((un.compte_id for un in comptes.lister(registre) if un.nom == "Rachelle"), "")
    if not rachelle:
        qui = {"nom": "Rachelle", "role": "formateur", "pin": PIN_DONNE, "auteur": "pirogue"}
        rachelle = comptes.creer(registre, instant=maintenant(), **qui).compte_id
        escale = lieux.Escale("", "CEG Gbessou", "college", "030506", "faible")
        escale = lieux.ecrire_escale(registre, escale, instant=maintenant(), auteur=rachelle)
        groupe = lieux.Groupe("", "4e A – Gbessou", "CEG Gbessou", escale.escale_id, 24, "premiers_pas")
        groupe = lieux.ecrire_groupe(registre, groupe, instant=maintenant(), auteur=rachelle)
        for prenom, nom, sexe in (("Afi", "Dossou", "F"), ("Koffi", "Hounsou", "M")):
            inscrire(registre, rachelle=rachelle, groupe=groupe.groupe_id, prenom=prenom, nom=nom, sexe=sexe)
    groupe_id = lieux.lister_groupes(registre)[0].groupe_id
    classe = {un.prenom: [un.personne_id, list(un.images)] for un in jeunes.lister(registre, groupe_id)}
    return {
        "rachelle": rachelle,
        "groupe": groupe_id,
        "jeunes": classe,
        "relais": reglages.lire(registre, "relais"),
    }


def inscrire(registre: Registre, *, rachelle: str, groupe: str, prenom: str, nom: str, sexe: str) -> str:
    """Enrol a youth of Vekky; return her number."""
    fiche = FicheJeune(
        prenom=prenom,
        nom=nom,
        annee_naissance="2011",
        sexe=sexe,
        territoire="030506-vekky",
        situation="eleve_college",
        niveau_scolaire="college",
        consentement_suivi="oui",
        statistiques="oui",
    )
    return jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe, instant=maintenant(), auteur=rachelle).personne_id


def ouvrir_seance(registre: Registre, *, rachelle: str, groupe: str) -> str:
    """Open the session S01 of the group; return its id."""
    seance = seances.ouvrir(
        registre,
        module="S01",
        groupe_id=groupe,
        formateur=rachelle,
        postes_utilisables=11,
        instant=maintenant(),
        auteur=rachelle,
    )
    return seance.seance_id


def confirmer_date(registre: Registre, *, rachelle: str, utc_ms: int) -> None:
    """Rachelle says what hour it is."""
    ancres.confirmer_date(registre, utc_ms=utc_ms, source="formateur", instant=maintenant(), auteur=rachelle)


def evenements(registre: Registre) -> list[dict[str, Any]]:
    """Return every event of the journal, in order."""
    registre.db.row_factory = sqlite3.Row
    return [dict(rangee) for rangee in registre.db.execute("SELECT * FROM evenement ORDER BY seq")]


def dernier(registre: Registre) -> int:
    """Return the number of the last event."""
    return journal.dernier(registre)


def puce(registre: Registre) -> str:
    """Return where the data are, as the chip of the trainers' pages says it."""
    return envois.etat_puce(registre).code


def jeunes_presents(registre: Registre, *, seance: str) -> dict[str, str]:
    """Return each trainee's mark on the roll."""
    lignes = presences.appel(registre, seance_id=seance, instant=maintenant())
    return {ligne.jeune.personne_id: ligne.presence.etat for ligne in lignes}


def pointer(registre: Registre, *, seance: str, jeune: str, auteur: str) -> None:
    """Mark a trainee present."""
    presences.pointer(
        registre, seance_id=seance, personne_id=jeune, etat="present", instant=maintenant(), auteur=auteur
    )


def estimer(registre: Registre, *, seqs: list[int]) -> list[int]:
    """Return the estimated hour of these events, ms since 1970 UTC."""
    connues = ancres.lire(registre)
    rangees = registre.db.execute("SELECT seq, boot_id, bt_ns, mur_ms FROM evenement")
    instants = {seq: Instant(boot_id, bt_ns, mur_ms) for seq, boot_id, bt_ns, mur_ms in rangees}
    return [horloge.estimer(instants[seq], connues) for seq in seqs]


def regarder(_: Registre, *, controle: str) -> dict[str, Any]:
    """Make the round of the box's health now; return what one check says."""
    faits = tour.faire(config.lire(CONFIG), instant=maintenant())
    return next(asdict(un) for un in faits if un.code == controle)


def seance_en_cours(registre: Registre) -> str:
    """Return the id of the session that is open; empty without one."""
    ouverte = seances.en_cours(registre)
    return ouverte.seance_id if ouverte is not None else ""


ACTES: dict[str, Callable[..., Any]] = {
    acte.__name__: acte
    for acte in (
        peupler,
        inscrire,
        ouvrir_seance,
        confirmer_date,
        evenements,
        dernier,
        puce,
        pointer,
        estimer,
        regarder,
        jeunes_presents,
        seance_en_cours,
    )
}


def agir(acte: str, arguments: dict[str, Any]) -> Any:
    """Do one act on the box's register."""
    registre = base.ouvrir(config.lire(CONFIG).registre)
    try:
        return ACTES[acte](registre, **arguments)
    finally:
        base.fermer(registre)

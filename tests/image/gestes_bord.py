"""What is done aboard with the box's own Python, as one of its own users: `gestes_bord.py ACT JSON` prints JSON."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pirogue_registre import ancres, base, comptes, jeunes, journal, lieux, reglages, seances
from pirogue_registre.base import Registre
from pirogue_registre.fiches import FicheJeune
from pirogue_socle import config
from pirogue_socle.horloge import maintenant

PIN_DONNE = "246810"


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
            jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe.groupe_id, instant=maintenant(), auteur=rachelle)
    groupe_id = lieux.lister_groupes(registre)[0].groupe_id
    classe = {un.prenom: [un.personne_id, list(un.images)] for un in jeunes.lister(registre, groupe_id)}
    return {
        "rachelle": rachelle,
        "groupe": groupe_id,
        "jeunes": classe,
        "relais": reglages.lire(registre, "relais"),
    }


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


ACTES: dict[str, Callable[..., Any]] = {
    acte.__name__: acte for acte in (peupler, ouvrir_seance, confirmer_date, evenements, dernier)
}


def main() -> None:
    """Do one act on the box's register."""
    registre = base.ouvrir(config.lire(Path("/etc/pirogue/pirogue.toml")).registre)
    try:
        print(json.dumps(ACTES[sys.argv[1]](registre, **json.loads(sys.argv[2])), default=str))  # noqa: T201
    finally:
        base.fermer(registre)


if __name__ == "__main__":
    main()

"""From events to tables: one function per event type; replaying the journal gives the same tables."""

import base64
import sqlite3
from collections.abc import Callable
from typing import Any

from pirogue_registre.evenements import Evenement

VUES = (
    "ancre",
    "compte",
    "escale",
    "groupe",
    "jeune",
    "identite",
    "inscription",
    "consentement",
    "seance",
    "presence",
    "presence_correction",
    "connexion",
    "progres",
    "effacement",
    "descente",
)


def appliquer(db: sqlite3.Connection, evenement: Evenement) -> None:
    """Bring the views up to date with one event; a type that this version does not know changes nothing."""
    projection = PROJECTIONS.get(evenement.type)
    if projection is not None:
        projection(db, evenement)


def vider(db: sqlite3.Connection) -> None:
    """Empty every view."""
    for vue in VUES:
        db.execute(f"DELETE FROM {vue}")  # noqa: S608 - names from the table above


def _poser(db: sqlite3.Connection, table: str, **colonnes: object) -> None:
    """Insert or replace a whole row."""
    noms, marques = ", ".join(colonnes), ", ".join("?" * len(colonnes))
    db.execute(f"INSERT OR REPLACE INTO {table} ({noms}) VALUES ({marques})", tuple(colonnes.values()))  # noqa: S608


def _ancre(db: sqlite3.Connection, e: Evenement) -> None:
    _poser(
        db,
        "ancre",
        seq=e.seq,
        boot_id=e.instant.boot_id,
        bt_ns=e.instant.bt_ns,
        utc_ms=e.valeurs["utc_ms"],
        source=e.valeurs["source"],
    )


def _compte(db: sqlite3.Connection, e: Evenement) -> None:
    v = e.valeurs
    _poser(
        db,
        "compte",
        compte_id=v["compte_id"],
        nom=v.get("nom"),
        chiffre=base64.b64decode(v["chiffre"]) if e.version >= 2 else None,
        role=v["role"],
        actif=int(v["actif"]),
    )


def _escale(db: sqlite3.Connection, e: Evenement) -> None:
    _poser(db, "escale", **_choisir(e, "escale_id", "nom", "type", "arrondissement", "couverture_4g"))


def _groupe(db: sqlite3.Connection, e: Evenement) -> None:
    _poser(
        db,
        "groupe",
        **_choisir(e, "groupe_id", "libelle", "etablissement", "escale_id", "capacite", "parcours"),
    )


def _jeune(db: sqlite3.Connection, e: Evenement) -> None:
    champs = _choisir(
        e,
        "code_jeune",
        "sexe",
        "tranche_age_inscription",
        "territoire",
        "situation",
        "niveau_scolaire",
        "animal",
    )
    _poser(db, "jeune", personne_id=e.personne_id, complet=int(e.valeurs["complet"]), **champs)


def _identite(db: sqlite3.Connection, e: Evenement) -> None:
    _poser(db, "identite", personne_id=e.personne_id, chiffre=base64.b64decode(e.valeurs["chiffre"]))


def _effacement(db: sqlite3.Connection, e: Evenement) -> None:
    """Her name goes from every view; what was counted stays under her number."""
    _poser(db, "effacement", personne_id=e.personne_id, motif=e.valeurs["motif"], seq=e.seq)
    db.execute("DELETE FROM identite WHERE personne_id = ?", (e.personne_id,))
    db.execute("UPDATE compte SET nom = NULL, chiffre = NULL, actif = 0 WHERE compte_id = ?", (e.personne_id,))
    db.execute(
        "UPDATE inscription SET statut = 'efface' WHERE personne_id = ?",
        (e.personne_id,),
    )
    db.execute("UPDATE connexion SET ouverte = 0 WHERE ouverte = 1 AND personne_id = ?", (e.personne_id,))
    db.execute(
        "UPDATE connexion SET binome_avec = NULL WHERE ouverte = 1 AND binome_avec = ?",
        (e.personne_id,),
    )


def _descente(db: sqlite3.Connection, e: Evenement) -> None:
    _poser(db, "descente", genre=e.valeurs["genre"], serie=e.valeurs["serie"])


def _inscription(db: sqlite3.Connection, e: Evenement) -> None:
    champs = _choisir(e, "groupe_id", "parcours", "statut", "motif_sortie")
    _poser(db, "inscription", personne_id=e.personne_id, **champs)


def _consentement(db: sqlite3.Connection, e: Evenement) -> None:
    champs = _choisir(e, "finalite", "valeur", "forme", "par", "lien", "version_notice")
    _poser(db, "consentement", personne_id=e.personne_id, **champs)


def _seance_ouverte(db: sqlite3.Connection, e: Evenement) -> None:
    champs = _choisir(e, "type_seance", "module", "groupe_id", "escale_id", "formateur", "postes_utilisables")
    _poser(
        db,
        "seance",
        seance_id=e.seance_id,
        statut="ouverte",
        seq=e.seq,
        debut_boot_id=e.instant.boot_id,
        debut_bt_ns=e.instant.bt_ns,
        debut_mur_ms=e.instant.mur_ms,
        **champs,
    )


def _seance_cloturee(db: sqlite3.Connection, e: Evenement) -> None:
    _finir(db, e, statut="cloturee", motif=None)
    db.execute("UPDATE seance SET fin_heure = ? WHERE seance_id = ?", (e.valeurs.get("fin_heure"), e.seance_id))


def _seance_annulee(db: sqlite3.Connection, e: Evenement) -> None:
    if "module" in e.valeurs and not _existe(db, e):
        _seance_ouverte(db, e)
    _finir(db, e, statut="annulee", motif=e.valeurs["motif_annulation"])


def _existe(db: sqlite3.Connection, e: Evenement) -> bool:
    return db.execute("SELECT 1 FROM seance WHERE seance_id = ?", (e.seance_id,)).fetchone() is not None


def _finir(db: sqlite3.Connection, e: Evenement, *, statut: str, motif: str | None) -> None:
    instant = e.instant
    db.execute(
        "UPDATE seance SET statut = ?, motif_annulation = ?, fin_boot_id = ?, fin_bt_ns = ?, fin_mur_ms = ?"
        " WHERE seance_id = ?",
        (statut, motif, instant.boot_id, instant.bt_ns, instant.mur_ms, e.seance_id),
    )
    db.execute("UPDATE connexion SET ouverte = 0 WHERE seance_id = ? AND ouverte = 1", (e.seance_id,))


def _tetes(db: sqlite3.Connection, e: Evenement) -> None:
    db.execute("UPDATE seance SET tetes = ? WHERE seance_id = ?", (e.valeurs["tetes"], e.seance_id))


def _presence(db: sqlite3.Connection, e: Evenement) -> None:
    v = e.valeurs
    etat = v.get("etat") or v["nouveau"]
    # « Late » without an hour: late at the instant of the mark, whatever the clock said then.
    quand = e.instant if etat == "retard" and v.get("arrivee_heure") is None else None
    db.execute(
        "INSERT INTO presence (seance_id, personne_id, etat, source, arrivee_heure, depart_heure,"
        " motif_absence, marque_par, arrivee_boot_id, arrivee_bt_ns, arrivee_mur_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (seance_id, personne_id) DO UPDATE SET etat = excluded.etat, source = excluded.source,"
        " arrivee_heure = excluded.arrivee_heure, depart_heure = excluded.depart_heure,"
        " motif_absence = excluded.motif_absence, marque_par = excluded.marque_par,"
        " arrivee_boot_id = coalesce(excluded.arrivee_boot_id, arrivee_boot_id),"
        " arrivee_bt_ns = coalesce(excluded.arrivee_bt_ns, arrivee_bt_ns),"
        " arrivee_mur_ms = coalesce(excluded.arrivee_mur_ms, arrivee_mur_ms)",
        (
            e.seance_id,
            e.personne_id,
            etat,
            v.get("source", "correction"),
            v.get("arrivee_heure"),
            v.get("depart_heure"),
            v.get("motif_absence"),
            e.auteur,
            *((quand.boot_id, quand.bt_ns, quand.mur_ms) if quand is not None else (None, None, None)),
        ),
    )


def _correction(db: sqlite3.Connection, e: Evenement) -> None:
    instant = e.instant
    champs = _choisir(e, "ancien", "nouveau", "motif_correction")
    _poser(
        db,
        "presence_correction",
        seq=e.seq,
        seance_id=e.seance_id,
        personne_id=e.personne_id,
        auteur=e.auteur,
        apres_cloture=int(e.valeurs["apres_cloture"]),
        boot_id=instant.boot_id,
        bt_ns=instant.bt_ns,
        mur_ms=instant.mur_ms,
        **champs,
    )
    _presence(db, e)


def _connexion_ouverte(db: sqlite3.Connection, e: Evenement) -> None:
    _quitter(db, e)
    _poser(
        db,
        "connexion",
        connexion_id=e.valeurs["connexion_id"],
        seance_id=e.seance_id,
        personne_id=e.personne_id,
        binome_avec=None,
        ouverte=1,
    )
    _venir(db, e, avec=None)


def _connexion_rejointe(db: sqlite3.Connection, e: Evenement) -> None:
    avec = e.valeurs["binome_avec"]
    _quitter(db, e)
    db.execute(
        "UPDATE connexion SET binome_avec = ? WHERE connexion_id = ?",
        (e.personne_id, e.valeurs["connexion_id"]),
    )
    _venir(db, e, avec=avec)
    db.execute(
        "UPDATE presence SET binome_avec = ? WHERE seance_id = ? AND personne_id = ?",
        (e.personne_id, e.seance_id, avec),
    )


def _quitter(db: sqlite3.Connection, e: Evenement) -> None:
    """
    Take a person who sits down at one laptop away from every other one.

    Where she was first, the laptop is hers and it is signed out; where she was second, the first one goes on alone.
    """
    ailleurs = (e.personne_id, e.valeurs["connexion_id"])
    for change, place in (("ouverte = 0", "personne_id"), ("binome_avec = NULL", "binome_avec")):
        db.execute(
            f"UPDATE connexion SET {change} WHERE ouverte = 1 AND {place} = ? AND connexion_id <> ?",  # noqa: S608
            ailleurs,
        )


def _venir(db: sqlite3.Connection, e: Evenement, *, avec: str | None) -> None:
    """A sign-in proposes « present »; it never overrides what a trainer marked, and keeps the first arrival."""
    instant = e.instant
    db.execute(
        "INSERT INTO presence (seance_id, personne_id, etat, source, binome_avec, arrivee_boot_id,"
        " arrivee_bt_ns, arrivee_mur_ms, marque_par) VALUES (?, ?, 'present', 'connexion', ?, ?, ?, ?, ?)"
        " ON CONFLICT (seance_id, personne_id) DO UPDATE SET"
        " binome_avec = coalesce(excluded.binome_avec, binome_avec),"
        " arrivee_boot_id = coalesce(arrivee_boot_id, excluded.arrivee_boot_id),"
        " arrivee_bt_ns = coalesce(arrivee_bt_ns, excluded.arrivee_bt_ns),"
        " arrivee_mur_ms = coalesce(arrivee_mur_ms, excluded.arrivee_mur_ms)",
        (
            e.seance_id,
            e.personne_id,
            avec,
            instant.boot_id,
            instant.bt_ns,
            instant.mur_ms,
            e.auteur,
        ),
    )


def _connexion_fermee(db: sqlite3.Connection, e: Evenement) -> None:
    db.execute("UPDATE connexion SET ouverte = 0 WHERE connexion_id = ?", (e.valeurs["connexion_id"],))


def _progres(db: sqlite3.Connection, e: Evenement) -> None:
    champs = _choisir(e, "contenu_id", "module", "genre", "progression", "temps_s", "justes", "questions", "source")
    _poser(db, "progres", personne_id=e.personne_id, acheve=int(e.valeurs["acheve"]), **champs)


def _choisir(e: Evenement, *noms: str) -> dict[str, Any]:
    return {nom: e.valeurs[nom] for nom in noms}


PROJECTIONS: dict[str, Callable[[sqlite3.Connection, Evenement], None]] = {
    "ancre": _ancre,
    "compte_cree": _compte,
    "compte_change": _compte,
    "escale_ecrite": _escale,
    "groupe_ecrit": _groupe,
    "jeune_inscrit": _jeune,
    "identite_ecrite": _identite,
    "personne_effacee": _effacement,
    "descente_appliquee": _descente,
    "inscription_ecrite": _inscription,
    "consentement_donne": _consentement,
    "seance_ouverte": _seance_ouverte,
    "seance_cloturee": _seance_cloturee,
    "seance_annulee": _seance_annulee,
    "tetes_comptees": _tetes,
    "presence_pointee": _presence,
    "presence_corrigee": _correction,
    "connexion_ouverte": _connexion_ouverte,
    "connexion_rejointe": _connexion_rejointe,
    "connexion_fermee": _connexion_fermee,
    "progres_note": _progres,
}

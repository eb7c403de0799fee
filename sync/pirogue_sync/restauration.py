"""A lost boat's people, given back by the shore: its lines are journalled again here, by the author `restauration`."""

import base64
import binascii
import json
from typing import Any

from pirogue_registre import coffre, jeunes, journal
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant

AUTEUR = "restauration"
TEXTE, TEXTE_OU_RIEN, ENTIER, BOOLEEN = (str,), (str, type(None)), (int,), (bool,)
#: Kinds of lines that are taken, and the form of the values that their views read.
FORMES: dict[str, dict[str, tuple[type, ...]]] = {
    "escale_ecrite": {
        "escale_id": TEXTE,
        "nom": TEXTE,
        "type": TEXTE,
        "arrondissement": TEXTE_OU_RIEN,
        "couverture_4g": TEXTE,
    },
    "groupe_ecrit": {
        "groupe_id": TEXTE,
        "libelle": TEXTE,
        "etablissement": TEXTE,
        "escale_id": TEXTE_OU_RIEN,
        "capacite": ENTIER,
        "parcours": TEXTE,
    },
    "jeune_inscrit": {
        "code_jeune": TEXTE,
        "sexe": TEXTE,
        "tranche_age_inscription": TEXTE,
        "territoire": TEXTE,
        "situation": TEXTE,
        "niveau_scolaire": TEXTE,
        "animal": TEXTE,
        "complet": BOOLEEN,
    },
    "identite_ecrite": {"chiffre": TEXTE},
    "inscription_ecrite": {
        "groupe_id": TEXTE,
        "parcours": TEXTE,
        "statut": TEXTE,
        "motif_sortie": TEXTE_OU_RIEN,
    },
    "consentement_donne": {
        "finalite": TEXTE,
        "valeur": TEXTE,
        "forme": TEXTE_OU_RIEN,
        "par": TEXTE_OU_RIEN,
        "lien": TEXTE_OU_RIEN,
        "version_notice": TEXTE,
    },
}
_SANS_PERSONNE = ("escale_ecrite", "groupe_ecrit")


def reprendre_ligne(registre: Registre, ligne: dict[str, Any], instant: Instant) -> bool:
    """
    Take one line of a `restauration`, inside the caller's transaction; taking it twice writes it once.

    Returns:
        False when this version does not understand it. A person erased here stays erased, without a word.

    Raises:
        CoffreFerme: the safe's key cannot be read.
    """
    genre = ligne.get("type")
    personne_id = ligne.get("personne")
    if personne_id is not None and not isinstance(personne_id, str):
        return False
    if genre == "cle_personne":
        return _reprendre_cle(registre, personne_id, ligne.get("cle"))
    valeurs = ligne.get("valeurs")
    if not isinstance(genre, str) or genre not in FORMES or not isinstance(valeurs, dict):
        return False
    if not _bonne_forme(genre, valeurs, personne_id):
        return False
    if personne_id is not None and coffre.est_effacee(registre, personne_id):
        return True
    retenues = {nom: valeurs[nom] for nom in FORMES[genre]}
    if genre == "jeune_inscrit":
        retenues["code_jeune"] = jeunes.code_libre(registre, retenues["code_jeune"], personne_id=str(personne_id))
    if not _est_dit(registre, genre, personne_id, retenues):
        journal.ecrire(
            registre,
            type=genre,
            valeurs=retenues,
            instant=_instant(ligne, instant),
            auteur=AUTEUR,
            personne_id=personne_id,
        )
    return True


def _reprendre_cle(registre: Registre, personne_id: str | None, texte: object) -> bool:
    """Put a person's key back in the safe; one that the shore could not give (null) says nothing."""
    if personne_id is None or texte is None:
        return personne_id is not None
    try:
        cle = base64.b64decode(texte, validate=True) if isinstance(texte, str) else b""
    except (ValueError, binascii.Error):
        return False
    if len(cle) != coffre.OCTETS_CLE:
        return False
    if not coffre.est_effacee(registre, personne_id):
        coffre.deposer_cle(registre, personne_id, cle)
    return True


def _bonne_forme(genre: str, valeurs: dict[str, Any], personne_id: str | None) -> bool:
    if (personne_id is None) != (genre in _SANS_PERSONNE):
        return False
    if not all(type(valeurs.get(nom)) in formes for nom, formes in FORMES[genre].items()):
        return False
    if any(isinstance(valeur, int) and abs(valeur) >= 2**31 for valeur in valeurs.values()):
        return False
    if genre == "identite_ecrite":
        try:
            base64.b64decode(valeurs["chiffre"], validate=True)
        except (ValueError, binascii.Error):
            return False
    return True


def _instant(ligne: dict[str, Any], instant: Instant) -> Instant:
    """Return when the lost boat wrote it, so that an age band stays that of the day; now when it does not say."""
    boot, bt, mur = (ligne.get(nom) for nom in ("boot", "bt", "mur"))
    if isinstance(boot, str) and type(bt) is int and type(mur) is int and max(abs(bt), abs(mur)) < 2**62:
        return Instant(boot, bt, mur)
    return instant


def _est_dit(registre: Registre, genre: str, personne_id: str | None, valeurs: dict[str, Any]) -> bool:
    """Say whether a restoration already wrote this very line."""
    texte = json.dumps(valeurs, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    requete = "SELECT 1 FROM evenement WHERE auteur = ? AND type = ? AND personne_id IS ? AND valeurs = ? LIMIT 1"
    return registre.db.execute(requete, (AUTEUR, genre, personne_id, texte)).fetchone() is not None

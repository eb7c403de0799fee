"""
A lost boat is rebuilt: what its journal said of places, groups and people goes down to the box that replaces it.

Sessions and attendance stay ashore: they happened, and are counted. Names follow only when the key of names is given.
"""

import base64
from typing import Any

from sqlalchemy import select

from pirogue_echange import identite
from pirogue_rive import actes, base, cartes, descentes, lignes, noms, schema
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import effacement
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant

TYPES = (
    "escale_ecrite",
    "groupe_ecrit",
    "jeune_inscrit",
    "identite_ecrite",
    "inscription_ecrite",
    "consentement_donne",
)

#: What is said of each line; with when it was written, so that an age band stays that of the day.
CHAMPS = ("type", "personne", "valeurs", "v", "boot", "bt", "mur")


def restaurer(
    rive: Rive, *, ancien: str, nouveau: str, par: str, instant: Instant, identites: bytes | None = None
) -> int:
    """
    Send down to a relay what another one had enrolled.

    Args:
        rive: the open shore.
        ancien: the relay that is lost.
        nouveau: the relay that replaces it, welcomed already.
        par: who decides.
        instant: now.
        identites: the key of names, for this once: the new box then shows names again.

    Returns:
        How many lots were made.

    Raises:
        Introuvable: one of the two is not known, or the new one has no key in force.
        CleDesNomsFausse: not the key of names.
        EntreeInvalide: one relay twice, or nothing ever came from the old one. Nothing is written.
    """
    if ancien == nouveau:
        raise EntreeInvalide("Une boîte ne peut pas se remplacer elle-même.")
    cartes.droits(rive, ancien)
    cles = noms.cles_personnes(rive, relais=ancien, identites=identites) if identites is not None else {}
    dites = lignes_a_rendre(rive, relais=ancien, cles=cles)
    if not dites:
        raise EntreeInvalide("Rien n'est jamais arrivé de cette boîte : il n'y a rien à rendre.")
    series = descentes.decouper(rive, relais=nouveau, lignes=dites, instant=instant)
    with rive.moteur.begin() as db:
        actes.noter(db, quoi="restaure", par=par, sur=nouveau, instant=instant, combien=len(series))
    return len(series)


def lignes_a_rendre(rive: Rive, *, relais: str, cles: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return what a restoration says, in the journal's order; a person's key comes before what it opens."""
    effacees = _effacees(rive)
    dites: list[dict[str, Any]] = []
    donnees: set[str] = set()
    for objet in lignes.evenements(rive, relais=relais, types=TYPES):
        personne = objet.get("personne")
        if personne in effacees:
            continue
        if objet["type"] == "identite_ecrite" and personne in cles and personne not in donnees:
            donnees.add(personne)
            cle = base64.b64encode(cles[personne]).decode()
            dites.append({"type": identite.TYPE, "personne": personne, "cle": cle})
        dites.append({nom: objet[nom] for nom in CHAMPS})
    return dites


def _effacees(rive: Rive) -> set[str]:
    """Return who was erased, or whose erasure was asked, aboard any boat: people follow a box that was replaced."""
    with base.lire(rive.moteur) as db:
        faites = db.scalars(select(schema.effacee.c.personne_id))
        demandees = db.scalars(select(effacement.c.personne_id))
        return {*faites, *demandees}

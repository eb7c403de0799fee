"""Settings and choices that the shore gives to a relay: each time all of them, under the next number."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from pirogue_rive import actes, base, cartes, descentes
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant
from pirogue_socle.listes import listes

#: Lists that a place may lengthen with reasons of its own.
LISTES = ("motif_absence", "motif_annulation")
#: Choices added to one list at most.
AJOUTS_MAX = 40
OCTETS_PAR_MO = 1_000_000


def lire(rive: Rive, relais: str) -> dict[str, Any]:
    """Return the settings that were last given to a relay; nothing before the first time."""
    with base.lire(rive.moteur) as db:
        lignes = descentes.dernier_contenu(db, relais=relais, genre="config")
    return {nom: valeur for ligne in lignes for nom, valeur in ligne.items()}


def regler(rive: Rive, *, relais: str, saisie: Mapping[str, str], par: str, instant: Instant) -> int:
    """
    Give a relay settings from a form: `budget_mo` (per day, by the network), `attente_max_min`, `nom`.

    A field left empty is not said: the boat keeps what it has.

    Returns:
        The number of the lot.

    Raises:
        EntreeInvalide: a value of the wrong form, or nothing to say. Introuvable: no such relay, or no key in force.
    """
    dits: dict[str, Any] = lire(rive, relais)
    for champ, nom, echelle, haut in (
        ("budget_mo", "budget_octets_jour", OCTETS_PAR_MO, 1_000_000),
        ("attente_max_min", "attente_max_min", 1, 24 * 60),
    ):
        valeur = saisie.get(champ, "").strip()
        if valeur:
            dits[nom] = _entier(valeur, haut=haut) * echelle
    nom_voulu = " ".join(saisie.get("nom", "").split())
    if nom_voulu:
        if len(nom_voulu) > 60 or not nom_voulu.isprintable():
            raise EntreeInvalide("Le nom de la boîte a 60 lettres au plus.")
        dits["nom"] = nom_voulu
    if not dits:
        raise EntreeInvalide("Il n'y a rien à envoyer : remplis au moins une case.")
    return _publier(rive, relais=relais, genre="config", lignes=[dits], par=par, instant=instant)


def lister_choix(rive: Rive, relais: str) -> list[dict[str, Any]]:
    """Return the choices that were added to a relay's lists: `liste`, `code`, `libelle`."""
    with base.lire(rive.moteur) as db:
        return descentes.dernier_contenu(db, relais=relais, genre="listes")


def ajouter_choix(rive: Rive, *, relais: str, liste: str, libelle: str, par: str, instant: Instant) -> int:
    """
    Add a choice to one of a relay's lists; return the number of the lot.

    Raises:
        EntreeInvalide: a closed or full list, an empty or known label. Introuvable: no such relay.
    """
    libelle = " ".join(libelle.split())
    if liste not in LISTES or not 0 < len(libelle) <= 60 or not libelle.isprintable():
        raise EntreeInvalide("Écris le choix à ajouter (60 lettres au plus).")
    code, dits = _code(libelle), lister_choix(rive, relais)
    connus = {un["code"] for un in dits if un["liste"] == liste} | set(listes()[liste])
    if not code or code in connus:
        raise EntreeInvalide("Ce choix est déjà dans la liste.")
    if sum(un["liste"] == liste for un in dits) >= AJOUTS_MAX:
        raise EntreeInvalide("Cette liste a déjà tous les ajouts qu'elle peut avoir.")
    lignes = [*dits, {"liste": liste, "code": code, "libelle": libelle}]
    return _publier(rive, relais=relais, genre="listes", lignes=lignes, par=par, instant=instant)


def _publier(rive: Rive, *, relais: str, genre: str, lignes: list[dict[str, Any]], par: str, instant: Instant) -> int:
    cartes.droits(rive, relais)
    with rive.moteur.begin() as db:
        serie = descentes.publier(rive, relais=relais, genre=genre, lignes=lignes, instant=instant, db=db)
        actes.noter(db, quoi="configure", par=par, sur=relais, instant=instant)
    return serie


def _entier(valeur: str, *, haut: int) -> int:
    if not (valeur.isascii() and valeur.isdigit() and len(valeur) < 12 and 1 <= int(valeur) <= haut):
        raise EntreeInvalide(f"Écris un nombre entier entre 1 et {haut}.")
    return int(valeur)


def _code(libelle: str) -> str:
    """Return an ASCII code made from a label: `Fête au village` is `fete_au_village`."""
    sans_accent = (
        unicodedata.normalize("NFKD", libelle.casefold().replace("œ", "oe")).encode("ascii", "ignore").decode()
    )
    code = "_".join("".join(un if un.isalnum() else " " for un in sans_accent).split())[:40]
    return code if code[:1].isalpha() else ""

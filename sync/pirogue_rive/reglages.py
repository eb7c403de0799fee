"""
Settings and choices that the shore gives to a relay: each time all of them, under the next number.

Orders travel with the settings, since they must reach the boat as surely: to send again what the shore lost, to begin
a new life of its register, to stop believing a stolen key of ours. The boat obeys each once, however often it hears it.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from pirogue_rive import actes, base, cartes, descentes, schema
from pirogue_rive.config import Rive
from pirogue_rive.examen import ACTIVITE, IDENTITES
from pirogue_rive.schema_gestion import annonce
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant
from pirogue_socle.listes import listes

#: Lists that a place may lengthen with reasons of its own.
LISTES = ("motif_absence", "motif_annulation")
#: Choices added to one list at most.
AJOUTS_MAX = 40
OCTETS_PAR_MO = 1_000_000
#: What is asked of a boat beside its settings.
ORDRES = ("redemander", "renaitre")
#: Orders of each kind that are repeated at most; a boat remembers the last sixty-four.
ORDRES_MAX = 30
#: Numbers that lost days may have used, of settings and of receipts: after a loss we count on from beyond them.
SAUT_REGLAGES, SAUT_RECUS = 1_000, 100_000


def lire(rive: Rive, relais: str) -> dict[str, Any]:
    """Return the settings that were last given to a relay; nothing before the first time."""
    with base.lire(rive.moteur) as db:
        lignes = descentes.dernier_contenu(db, relais=relais, genre="config")
    return {nom: valeur for ligne in lignes for nom, valeur in ligne.items() if nom not in ORDRES}


def lire_ordres(rive: Rive, relais: str) -> list[dict[str, Any]]:
    """Return what the settings last given to a relay ask of it: lines with one of `ORDRES`."""
    with base.lire(rive.moteur) as db:
        lignes = descentes.dernier_contenu(db, relais=relais, genre="config")
    return [ligne for ligne in lignes if any(nom in ligne for nom in ORDRES)]


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
    lignes = [dits, *lire_ordres(rive, relais)]
    return _publier(rive, relais=relais, genre="config", lignes=lignes, par=par, instant=instant)


def redemander(rive: Rive, *, relais: str, par: str, instant: Instant) -> int:
    """
    Ask a relay to send again all that follows what the shore really holds of each of its journals (I10).

    For a shore put back from a backup: receipts of the lost days may still travel, so the boat is told not to believe
    a number that may exist, and ours, of receipts and settings alike, go on from beyond those.

    Returns:
        The number of the lot that asks.

    Raises:
        Introuvable: no such relay, or no key in force. EntreeInvalide: the shore does not know any journal of it yet.
    """
    cartes.droits(rive, relais)
    r = schema.recepisse
    with rive.moteur.begin() as db:
        base.verrouiller(db, [relais])
        tetes = _tetes(db, relais)
        if not tetes:
            raise EntreeInvalide(
                "La rive ne connaît aucun journal de cette boîte : qu'elle appelle par le réseau, ou rende une clé."
            )
        plafond = SAUT_RECUS + (db.scalar(select(func.max(r.c.serie)).where(r.c.relais == relais)) or 0)
        # A receipt that says nothing, for nobody: the next one is numbered after it.
        db.execute(r.insert().values(relais=relais, serie=plafond, inc="", flux="", etat="redemande", corps=b""))
        demandes = [
            {"redemander": {"inc": inc, "flux": flux, "depuis": jusqua, "serie": plafond}}
            for (inc, flux), jusqua in tetes.items()
        ]
        return _ordonner(rive, db, "redemander", demandes, relais=relais, par=par, instant=instant)


def renaitre(rive: Rive, *, relais: str, inc: str, par: str, instant: Instant) -> int:
    """
    Ask whoever lives this life of a relay's register to begin a new one: a fork's last resort.

    Two boxes with one journal (a copied card) each begin one of their own, and send all that they have under it.

    Returns:
        The number of the lot that asks.

    Raises:
        Introuvable: no such relay, or no key in force. EntreeInvalide: it has no such life.
    """
    cartes.droits(rive, relais)
    with rive.moteur.begin() as db:
        base.verrouiller(db, [relais])
        if all(inc != connue for connue, _ in _tetes(db, relais)):
            raise EntreeInvalide("Cette boîte n'a pas de journal de ce nom.")
        dits = [
            ligne
            for ligne in descentes.dernier_contenu(db, relais=relais, genre="config")
            if "renaitre" in ligne and ligne["renaitre"] != inc
        ]
        ordres = [*dits, {"renaitre": inc}][-ORDRES_MAX:]
        return _ordonner(rive, db, "renaitre", ordres, relais=relais, par=par, instant=instant)


def revoquer_ancienne(rive: Rive, *, cle: str, par: str, instant: Instant) -> int:
    """
    Tell every relay to stop believing a former key of this shore: it was stolen.

    Args:
        rive: the shore, with its new keys.
        cle: the former Ed25519 key, as a card has it.
        par, instant: who and when.

    Returns:
        The number of relays that will hear it.
    """
    combien = 0
    for relais in rive.annuaire():
        if cartes.active(rive, relais) is not None:
            lignes = [lire(rive, relais) | {"rive_revoquee": cle}, *lire_ordres(rive, relais)]
            _publier(rive, relais=relais, genre="config", lignes=lignes, par=par, instant=instant)
            combien += 1
    return combien


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


def _tetes(db: Connection, relais: str) -> dict[tuple[str, str], int]:
    """Return how far each journal of a relay is held, the life that spoke last first, known or not."""
    t, a = schema.avancee, annonce
    rangees = db.execute(select(t.c.inc, t.c.flux, t.c.jusqua).where(t.c.relais == relais).order_by(t.c.inc, t.c.flux))
    connues = {(un.inc, un.flux): int(un.jusqua) for un in rangees}
    dite = db.scalar(select(a.c.inc).where(a.c.relais == relais))
    vies = dict.fromkeys([*([dite] if dite else []), *(inc for inc, _ in connues)])
    return {
        (inc, flux): connues.get((inc, flux), 0) for inc in list(vies)[:ORDRES_MAX] for flux in (ACTIVITE, IDENTITES)
    }


def _ordonner(  # noqa: PLR0913 - what is asked, of whom, by whom, when
    rive: Rive,
    db: Connection,
    genre: str,
    ordres: Sequence[Mapping[str, Any]],
    *,
    relais: str,
    par: str,
    instant: Instant,
) -> int:
    """Publish the present settings with other orders of one kind."""
    dits = descentes.dernier_contenu(db, relais=relais, genre="config")
    lignes = [*(ligne for ligne in dits if genre not in ligne), *ordres]
    serie = descentes.publier(
        rive, relais=relais, genre="config", lignes=lignes, instant=instant, db=db, saut=SAUT_REGLAGES
    )
    actes.noter(db, quoi="redemande" if genre == "redemander" else "renait", par=par, sur=relais, instant=instant)
    return serie


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

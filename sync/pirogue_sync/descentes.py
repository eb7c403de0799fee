"""
What the shore sends down, applied aboard: settings, code lists, erasures, a lost boat's people.

One transaction per lot, with the event that says which series was applied: a lot seen twice, late, or older than what
is known changes nothing. A line that this version does not know is left aside: a newer shore may say more.
"""

from collections.abc import Callable
from typing import Any

from pirogue_echange import descente
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import Cles
from pirogue_echange.erreurs import CleManquante, LotInvalide, SignataireInconnu
from pirogue_registre import codes, effacement, incarnation, journal, reglages
from pirogue_registre import series as series_connues
from pirogue_registre.base import Registre, transaction
from pirogue_registre.confirmations import oublier
from pirogue_registre.flux import FLUX
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant
from pirogue_sync import restauration

AUTEUR = "rive"
ETRANGERE = "Un message vient d'une autre rive : il est laissé où il est."
ABIMEE = "Un message de la rive est abîmé : il est laissé où il est."

#: Settings that the shore may write: name → (setting of the register, smallest, largest) or a text's longest.
NOMBRES = {"budget_octets_jour": (0, 10**12), "attente_max_min": (1, 24 * 60)}
TEXTES = {"nom": ("nom_relais", 60), "rive_revoquee": ("rive_revoquee", 64)}


def prendre(registre: Registre, octets: bytes, *, annuaire: Annuaire, cles: Cles, instant: Instant) -> tuple[bool, str]:
    """
    Apply one downward lot.

    Args:
        registre: the open register.
        octets: one whole lot, from anywhere.
        annuaire: the shores that we believe.
        cles: this relay's keys.
        instant: now.

    Returns:
        (True if it was applied, a French remark or an empty string). Another relay's lot is carried without a word.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible, CoffreFerme: nothing of the lot was applied.
    """
    try:
        lue = descente.ouvrir(octets, annuaire=annuaire, cles=cles)
    except SignataireInconnu:
        return False, ETRANGERE
    except CleManquante:
        return False, ""
    except LotInvalide:
        return False, ABIMEE
    return appliquer(registre, lue, instant=instant)


def appliquer(registre: Registre, lue: descente.Descente, *, instant: Instant) -> tuple[bool, str]:
    """Apply a downward lot that was opened; same answer and errors as `prendre`."""
    with transaction(registre):
        connue = series_connues.lire(registre).get(lue.genre, 0)
        if lue.serie <= connue:
            return False, ""
        if lue.genre == "restauration" and lue.serie != connue + 1:
            return False, f"Il manque le morceau {connue + 1} de ce que la terre renvoie : celui-ci attend."
        ecartees = sum(not APPLIQUER[lue.genre](registre, ligne, instant) for ligne in lue.lignes)
        journal.ecrire(
            registre,
            type="descente_appliquee",
            valeurs={"genre": lue.genre, "serie": lue.serie},
            instant=instant,
            auteur=AUTEUR,
        )
    if lue.genre == "effacement":
        effacement.nettoyer(registre)
    if ecartees:
        return True, f"La terre a envoyé {ecartees} ligne(s) que cette version ne comprend pas."
    return True, ""


def series(registre: Registre) -> dict[str, int]:
    """Return, for each downward kind, the number of the last one that was applied; 0 for none."""
    return dict.fromkeys((*descente.GENRES, "cles"), 0) | series_connues.lire(registre)


def _config(registre: Registre, ligne: dict[str, Any], _instant: Instant) -> bool:
    """Apply the known names of a line; say whether there was one."""
    connus = 0
    for nom, valeur in ligne.items():
        if nom in NOMBRES:
            bas, haut = NOMBRES[nom]
            if type(valeur) is int and bas <= valeur <= haut:
                reglages.ecrire(registre, nom, str(valeur))
                connus += 1
        elif nom in TEXTES:
            reglage, longueur = TEXTES[nom]
            if isinstance(valeur, str) and 0 < len(valeur) <= longueur and valeur.isprintable():
                reglages.ecrire(registre, reglage, valeur)
                connus += 1
        elif nom == "redemander":
            connus += _redemander(registre, valeur)
        elif nom == "renaitre":
            connus += _renaitre(registre, valeur, _instant)
    return connus > 0


def _redemander(registre: Registre, demande: object) -> bool:
    """The shore lost what follows a line: send it again, once per demand however often the settings repeat it."""
    if not isinstance(demande, dict):
        return False
    inc, flux, depuis, serie = (demande.get(nom) for nom in ("inc", "flux", "depuis", "serie"))
    if flux not in FLUX or type(depuis) is not int or depuis < 0 or type(serie or 0) is not int:
        return False
    marque = f"{inc}/{flux}/{depuis}/{serie}"
    faites = reglages.lire(registre, "redemandes").split()
    if inc == reglages.lire(registre, "incarnation") and marque not in faites:
        oublier(registre, flux=str(flux), depuis=depuis, serie=int(serie or -1))
        reglages.ecrire(registre, "redemandes", " ".join([*faites[-63:], marque]))
    return True


def _renaitre(registre: Registre, inc: object, instant: Instant) -> bool:
    """The operator saw two boats under one number: this one begins a new life, once."""
    if inc == reglages.lire(registre, "incarnation"):
        incarnation.renaitre(registre, instant=instant)
    return isinstance(inc, str)


def _listes(registre: Registre, ligne: dict[str, Any], _instant: Instant) -> bool:
    liste, code, libelle = (ligne.get(nom) for nom in ("liste", "code", "libelle"))
    if not (isinstance(liste, str) and isinstance(code, str) and isinstance(libelle, str)):
        return False
    try:
        codes.ajouter(registre, liste=liste, code=code, libelle=libelle)
    except EntreeInvalide:
        return False
    return True


def _effacement(registre: Registre, ligne: dict[str, Any], instant: Instant) -> bool:
    personne_id = ligne.get("personne_id", ligne.get("personne"))
    if not isinstance(personne_id, str):
        return False
    effacement.effacer(registre, personne_id=personne_id, motif="ordre_rive", instant=instant, auteur=AUTEUR)
    return True


APPLIQUER: dict[str, Callable[[Registre, dict[str, Any], Instant], bool]] = {
    "config": _config,
    "listes": _listes,
    "effacement": _effacement,
    "restauration": restauration.reprendre_ligne,
}

"""Receipts coming home, by any road: checked, kept, and told apart from what is not for us."""

from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Carte
from pirogue_echange.erreurs import LotInvalide, SignataireInconnu
from pirogue_registre import envois, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import RecuRefuse

ETRANGER = "Un reçu vient d'une autre rive : il est laissé où il est."
ABIME = "Un reçu est abîmé : il est laissé où il est."


def prendre(registre: Registre, *, octets: bytes, rive: Carte) -> tuple[bool, str]:
    """
    Take one receipt home.

    Args:
        registre: the open register.
        octets: one whole lot, from anywhere.
        rive: the card of our shore, the only one that we believe.

    Returns:
        (True if it is new and ours, a French remark or an empty string). A receipt for another relay is carried
        without a word.
    """
    try:
        lu = recu.ouvrir(octets, annuaire=annuaire_de(rive))
    except SignataireInconnu:
        return False, ETRANGER
    except LotInvalide:
        return False, ABIME
    return noter(registre, lu=lu, octets=octets)


def noter(registre: Registre, *, lu: recu.Recu, octets: bytes) -> tuple[bool, str]:
    """Keep a receipt that has been opened; same answer as `prendre`."""
    if lu.relais != reglages.lire(registre, "relais") or lu.flux != "activite":
        return False, ""
    try:
        nouveau = envois.noter_recu(
            registre,
            incarnation=lu.inc,
            jusqua=lu.jusqua,
            h=bytes.fromhex(lu.h),
            serie=lu.serie,
            corps=octets,
        )
    except RecuRefuse as erreur:
        return False, f"{erreur} {erreur.geste}"
    return nouveau, ""

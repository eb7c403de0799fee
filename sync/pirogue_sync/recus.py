"""Receipts coming home, by any road: checked, kept, and told apart from what is not for us."""

from pirogue_echange import recu
from pirogue_echange.annuaire import Annuaire, annuaire_de
from pirogue_echange.erreurs import LotInvalide, SignataireInconnu
from pirogue_registre import envois, incarnation, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import Confirmation, RecuRefuse, VieDepassee
from pirogue_socle.horloge import Instant
from pirogue_sync.trousseau import Trousseau

ETRANGER = "Un reçu vient d'une autre rive : il est laissé où il est."
ABIME = "Un reçu est abîmé : il est laissé où il est."
RENAISSANCE = (
    "Cette boîte a été remise en route à partir d'une copie : tout est renvoyé à terre sous un nouveau numéro, rien "
    "n'est perdu. Dis-le au coordinateur."
)


def prendre_par(registre: Registre, octets: bytes, *, trousseau: Trousseau, instant: Instant) -> tuple[bool, str]:
    """
    Take one receipt home.

    One that our shore signed with its former key is believed for what our own chain confirms: it never makes the
    register begin a new life.

    Returns:
        (True if it is new and ours, a French remark or an empty string). A receipt for another relay is carried
        without a word.
    """
    try:
        recu.ouvrir(octets, annuaire=annuaire_de(trousseau.rive))
    except LotInvalide:
        return _ouvrir_et_noter(registre, octets, annuaire=trousseau.annuaire, instant=None)
    return _ouvrir_et_noter(registre, octets, annuaire=annuaire_de(trousseau.rive), instant=instant)


def noter(registre: Registre, *, lu: recu.Recu, octets: bytes, instant: Instant | None = None) -> tuple[bool, str]:
    """Keep a receipt that has been opened; same answer as `prendre_par`."""
    if lu.relais != reglages.lire(registre, "relais"):
        return False, ""
    confirmation = Confirmation(
        incarnation=lu.inc,
        flux=lu.flux,
        jusqua=lu.jusqua,
        h=bytes.fromhex(lu.h),
        serie=lu.serie,
        ilots=lu.ilots,
        heure_ms=lu.heure_ms,
        corps=octets,
    )
    try:
        nouveau = envois.noter_recu(registre, confirmation)
    except VieDepassee as erreur:
        if instant is None:
            return False, f"{erreur} {erreur.geste}"
        incarnation.renaitre(registre, instant=instant)
        return True, RENAISSANCE
    except RecuRefuse as erreur:
        return False, f"{erreur} {erreur.geste}"
    if nouveau:
        envois.purger(registre)
    return nouveau, ""


def _ouvrir_et_noter(
    registre: Registre, octets: bytes, *, annuaire: Annuaire, instant: Instant | None
) -> tuple[bool, str]:
    try:
        lu = recu.ouvrir(octets, annuaire=annuaire)
    except SignataireInconnu:
        return False, ETRANGER
    except LotInvalide:
        return False, ABIME
    return noter(registre, lu=lu, octets=octets, instant=instant)

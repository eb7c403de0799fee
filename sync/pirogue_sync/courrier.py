"""
The telephone's road, on the side that owns the keys: seal what is new, open the mail that a trainer brought back.

The portal offers sealed lots and takes files; it holds no key. This turn runs beside it, every few seconds.
"""

from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_registre import courriers, seances
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant
from pirogue_sync import arrivages, jumelage, rotation, scellement
from pirogue_sync.trousseau import Trousseau

#: As on a stick: keys before what they sign, receipts before the rest, each kind in its order.
ORDRE = {"cles": 0, "recepisse": 1}


def tour(registre: Registre, *, trousseau: Trousseau, instant: Instant) -> Trousseau:
    """
    Do what waits, once; return the keyring from now on.

    Nothing is sealed while a session is open: a lot per tap would cost more than the day's data.

    Raises:
        ClesIllisibles, CleManquante, LotTropGros, DisquePlein, RegistreOccupe, RegistreIllisible, CoffreFerme:
            what was done before stays done; the next turn goes on.
    """
    trousseau = rotation.reprendre(registre, trousseau)
    for lot_id, octets in sorted(courriers.lire(registre), key=lambda un: _rang(un[1])):
        arrivage = arrivages.prendre(registre, octets, trousseau=trousseau, instant=instant)
        trousseau = arrivage.trousseau
        courriers.noter_ouvert(registre, lot_id, nouveau=arrivage.nouveau, remarque=arrivage.remarque)
    if not courriers.est_scelle(registre) and seances.en_cours(registre) is None:
        scellement.sceller(registre, cles=trousseau.cles, rive=trousseau.rive, instant=instant)
    jumelage.publier(registre, cles=trousseau.cles, rive=trousseau.rive)
    return trousseau


def _rang(octets: bytes) -> tuple[int, str, int]:
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        prefixe = None
    if prefixe is None:
        return 9, "", 0
    return ORDRE.get(prefixe.entete.genre, 2), prefixe.entete.genre, prefixe.entete.serie

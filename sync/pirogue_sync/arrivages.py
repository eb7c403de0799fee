"""
Whatever comes down to the boat, by any road: one door that looks at the header and hands the lot to who knows it.

Nothing raises here for what a stranger may have put on a stick: a lot that is not for us is carried without a word,
one that is damaged or foreign is left where it is, with a French sentence.
"""

from dataclasses import dataclass

from pirogue_echange import descente
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_registre import reglages
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant
from pirogue_sync import descentes, recus, rotation
from pirogue_sync import trousseau as trousseaux
from pirogue_sync.trousseau import Trousseau


@dataclass(frozen=True, slots=True)
class Arrivage:
    """
    What became of one lot.

    Attributes:
        nouveau: True if it was for us and changed something.
        remarque: a French sentence about what was left alone and why, or empty.
        genre: the lot's kind; empty when it is not a lot.
        trousseau: the keyring from now on: a change of keys may have been taken.
    """

    nouveau: bool
    remarque: str
    genre: str
    trousseau: Trousseau


def prendre(registre: Registre, octets: bytes, *, trousseau: Trousseau, instant: Instant) -> Arrivage:
    """
    Take one lot home.

    Args:
        registre: the open register.
        octets: one whole lot, from anywhere.
        trousseau: our keys and cards.
        instant: now.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible, CoffreFerme: nothing of this lot was written.
        ClesIllisibles: the key file cannot be written.
    """
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        prefixe = None
    if prefixe is None:
        return Arrivage(nouveau=False, remarque=recus.ABIME, genre="", trousseau=trousseau)
    genre = prefixe.entete.genre
    nouveau, remarque = False, ""
    if prefixe.entete.relais == reglages.lire(registre, "relais"):
        if genre == "recepisse":
            nouveau, remarque = recus.prendre_par(registre, octets, trousseau=trousseau, instant=instant)
            if nouveau:
                trousseau = rotation.conclure(registre, trousseau)
        elif genre in descente.GENRES:
            nouveau, remarque = descentes.prendre(
                registre, octets, annuaire=trousseau.annuaire, cles=trousseau.cles, instant=instant
            )
            if nouveau and genre == "config":
                trousseau = trousseaux.oublier_ancienne(trousseau, reglages.lire(registre, "rive_revoquee"))
        elif genre == "cles":
            nouveau, remarque, trousseau = rotation.prendre_de_la_rive(
                registre, octets, trousseau=trousseau, instant=instant
            )
    return Arrivage(nouveau=nouveau, remarque=remarque, genre=genre, trousseau=trousseau)

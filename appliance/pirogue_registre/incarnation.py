"""A new life of the register: after a copy was put back, everything is sealed and sent again under a new number."""

import secrets

from pirogue_registre import flux, journal, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle.horloge import Instant


def renaitre(registre: Registre, *, instant: Instant) -> str:
    """
    Give the register a new incarnation and say so in the journal; nothing is overwritten, here or ashore.

    What the former life sent stays ashore under its own number; this one is sealed again from its first line.

    Returns:
        The new incarnation, 16 hexadecimal characters.
    """
    with transaction(registre):
        ancienne, jusqua = reglages.lire(registre, "incarnation"), journal.dernier(registre)
        nouvelle = secrets.token_hex(8)
        reglages.ecrire(registre, "incarnation", nouvelle)
        for courant in flux.FLUX:
            registre.db.execute("DELETE FROM reglage WHERE nom = ?", (f"plancher_{courant}",))
        journal.ecrire(
            registre,
            type="incarnation_nouvelle",
            valeurs={"ancienne": ancienne, "jusqua": jusqua},
            instant=instant,
            auteur="sync",
        )
    return nouvelle

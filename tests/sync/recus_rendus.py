"""A receipt in the register's words, as if the shore had signed it."""

from typing import Any

from pirogue_echange import canonique
from pirogue_registre import envois, reglages
from pirogue_registre import flux as courants
from pirogue_registre.envois import Confirmation
from sync.quai import Quai


def rendre_recu(
    quai: Quai, *, jusqua: int, serie: int, h: bytes | None = None, flux: str = "activite", **reste: Any
) -> bool:
    """Give the boat a receipt up to one line of a stream."""
    registre = quai.bord.registre
    lignes = [ligne for _, ligne in courants.lignes(registre, flux, apres=0, limite=jusqua)]
    return envois.noter_recu(
        registre,
        Confirmation(
            incarnation=reglages.lire(registre, "incarnation"),
            flux=flux,
            jusqua=jusqua,
            h=h if h is not None else canonique.enchainer(canonique.ORIGINE, lignes),
            serie=serie,
            corps=b"",
            **reste,
        ),
    )

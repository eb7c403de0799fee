"""From the lines of both streams to sealed lots, with the relay's keys."""

from collections.abc import Sequence

from pirogue_echange import lot
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.erreurs import ClesIllisibles, LotTropGros
from pirogue_registre import envois, reglages
from pirogue_registre.base import Registre
from pirogue_registre.envois import LotScelle
from pirogue_socle.horloge import Instant


def sceller(registre: Registre, *, cles: Cles, rive: Carte, instant: Instant) -> int:
    """
    Seal all that is not sealed yet; return the number of new lots.

    Raises:
        ClesIllisibles: these are not this relay's keys in force, or the register has no identity yet.
        CleManquante: the shore's card lacks a key.
        LotTropGros: one single event is larger than a lot may be.
        DisquePlein, RegistreOccupe, RegistreIllisible: what was sealed before is kept.
    """
    relais = reglages.lire(registre, "relais")
    if not relais or relais != cles.carte.id:
        raise ClesIllisibles("Ces clés ne sont pas celles de cette boîte.")
    attendue = registre.db.execute("SELECT cle FROM rotation ORDER BY serie DESC LIMIT 1").fetchone()
    if attendue is not None and attendue[0] != cles.carte.cle:
        raise ClesIllisibles("Ces clés ont été remplacées.", geste="Relance « pirogue sync changer-cles ».")

    def fabriquer(flux: str, incarnation: str, premier: int, avant: bytes, lignes: Sequence[bytes]) -> LotScelle:
        scelle = _sceller_ce_qui_tient(
            lignes, flux=flux, incarnation=incarnation, premier=premier, avant=avant, cles=cles, rive=rive, cree=cree
        )
        tete = scelle.entete
        return LotScelle(
            id=scelle.id,
            incarnation=incarnation,
            premier=tete.premier,
            dernier=tete.dernier,
            apres=bytes.fromhex(tete.apres),
            corps=scelle.octets,
            flux=flux,
        )

    cree = instant.mur_ms // 1000
    return envois.sceller_tout(registre, fabrique=fabriquer)


def _sceller_ce_qui_tient(  # noqa: PLR0913 - what the header says
    lignes: Sequence[bytes],
    *,
    flux: str,
    incarnation: str,
    premier: int,
    avant: bytes,
    cles: Cles,
    rive: Carte,
    cree: int,
) -> lot.Lot:
    """Seal the longest half, quarter… of the lines that fits in one lot."""
    while True:
        try:
            return lot.sceller(
                lignes, premier=premier, avant=avant, inc=incarnation, cles=cles, rive=rive, cree=cree, flux=flux
            )
        except LotTropGros:
            if len(lignes) <= 1:
                raise
            lignes = lignes[: len(lignes) // 2]

"""
The register's door for what leaves: lots sealed from the two streams, where they were put, receipts that came back.

The table `lot` is the cursor: what is sealed goes up to the last lot, and a lot's bytes are stored in the transaction
that moves it, so there is no moment when something is sealed and not stored. Lots and receipts are not events.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pirogue_registre import flux as courants
from pirogue_registre import reglages
from pirogue_registre.base import Registre, transaction
from pirogue_registre.coffre import CoffreFerme
from pirogue_registre.confirmations import (
    ORIGINE,
    Confirmation,
    RecuRefuse,
    VieDepassee,
    confirme_le_ms,
    couvert_jusqua,
    ilots,
)
from pirogue_registre.confirmations import noter as noter_recu
from pirogue_registre.puce import (
    A_BORD,
    AU_TELEPHONE,
    CONFIRME,
    ENVOYE,
    SUR_CLE,
    VOIES,
    EtatSeance,
    Puce,
    etat_puce,
    etats_seances,
)
from pirogue_socle.horloge import Instant

__all__ = [
    "AU_TELEPHONE",
    "A_BORD",
    "CONFIRME",
    "ENVOYE",
    "ORIGINE",
    "SUR_CLE",
    "VOIES",
    "Confirmation",
    "EtatSeance",
    "LotScelle",
    "Puce",
    "RecuRefuse",
    "VieDepassee",
    "a_envoyer",
    "compter_a_envoyer",
    "confirme_le_ms",
    "couvert_jusqua",
    "est_couvert",
    "est_couvert_jusqua",
    "etat_puce",
    "etats_seances",
    "ilots",
    "noter_depot",
    "noter_recu",
    "purger",
    "sceller_tout",
]

#: Sealed bodies that stay aboard although the shore confirmed them, per stream.
CORPS_GARDES = 3
#: A change of our own keys travels like a lot, before every other; its number is that of the change.
CLES = "cles"


@dataclass(frozen=True, slots=True)
class LotScelle:
    """
    A lot as the register keeps it.

    Attributes:
        id: name of the lot, given by the format.
        incarnation: the life of the register that its numbers belong to.
        premier, dernier: numbers of its first and last line.
        apres: chain value after the last line.
        corps: all its bytes, sealed.
        flux: its stream: `activite`, `identites`; `cles` for a change of our own keys.
    """

    id: str
    incarnation: str
    premier: int
    dernier: int
    apres: bytes
    corps: bytes
    flux: str = courants.ACTIVITE


#: Makes one lot of the first lines of those given: (stream, incarnation, number of the first, chain before it, lines).
Fabrique = Callable[[str, str, int, bytes, Sequence[bytes]], LotScelle]


def sceller_tout(registre: Registre, *, fabrique: Fabrique) -> int:
    """
    Seal every line of both streams that is in no lot yet; a lot is stored in the transaction that moves the cursor.

    When the safe is closed, activity is sealed and the keys of names wait aboard.

    Args:
        registre: the open register.
        fabrique: the sealing end's maker; it may take fewer lines than given, never none.

    Returns:
        The number of new lots.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible: the lots before this one are kept.
    """
    nombre = 0
    for flux in courants.FLUX:
        try:
            while _sceller_un(registre, flux, fabrique):
                nombre += 1
        except CoffreFerme:
            break
    return nombre


def a_envoyer(registre: Registre) -> Iterator[LotScelle]:
    """
    Yield one at a time the lots to send: a change of our keys, then those that no receipt covers, in order.

    A lot that lies wholly in an island of the latest receipt has arrived: it is not sent again.
    """
    for lot_id in [un for un, _ in _a_envoyer(registre)]:
        rangee = registre.db.execute(
            "SELECT id, incarnation, premier, dernier, apres, corps, flux FROM lot WHERE id = ?", (lot_id,)
        ).fetchone()
        if rangee is not None and rangee["corps"] is not None:
            yield LotScelle(*rangee)


def compter_a_envoyer(registre: Registre) -> tuple[int, int]:
    """Return how many lots are to send, and their bytes."""
    tailles = [octets for _, octets in _a_envoyer(registre)]
    return len(tailles), sum(tailles)


def est_couvert(registre: Registre, lot_id: str) -> bool:
    """Say whether a lot of ours is wholly covered by a receipt; False for a lot that is not ours."""
    rangee = registre.db.execute("SELECT incarnation, flux, dernier FROM lot WHERE id = ?", (lot_id,)).fetchone()
    return rangee is not None and est_couvert_jusqua(registre, incarnation=rangee[0], flux=rangee[1], seq=rangee[2])


def est_couvert_jusqua(registre: Registre, *, incarnation: str, flux: str, seq: int) -> bool:
    """Say whether a receipt covers the lines of a stream up to a number, in this life of the register."""
    if flux not in courants.FLUX or incarnation != reglages.lire(registre, "incarnation"):
        return False
    return seq <= couvert_jusqua(registre, flux)


def noter_depot(registre: Registre, *, lot_id: str, voie: str, support: str, instant: Instant) -> None:
    """
    Note that a lot was put somewhere; noting it twice keeps the first.

    Args:
        registre: the open register.
        lot_id: the lot.
        voie: `cle`, `4g` or `telephone`.
        support: which stick, which shore, which telephone.
        instant: when; information only.

    Raises:
        ValueError: unknown road.
    """
    if voie not in VOIES:
        raise ValueError(f"unknown road: {voie}")
    with transaction(registre):
        registre.db.execute(
            "INSERT INTO depot (lot_id, voie, support, mur_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (lot_id, voie, support, instant.mur_ms),
        )


def purger(registre: Registre, *, garder: int = CORPS_GARDES) -> int:
    """
    Drop the sealed bytes of lots that a receipt covers, except the last `garder` of the journal; return how many.

    Rows, numbers and chain ends stay, and so do the journal's lines (I5, I10). A covered key of a name is dropped
    at once: nothing aboard needs it sealed.
    """
    incarnation = reglages.lire(registre, "incarnation")
    nombre = 0
    with transaction(registre):
        for flux, marge in ((courants.ACTIVITE, garder), (courants.IDENTITES, 0)):
            nombre += registre.db.execute(
                "UPDATE lot SET corps = NULL WHERE incarnation = ? AND flux = ? AND dernier <= ? AND corps IS NOT NULL"
                " AND id NOT IN (SELECT id FROM lot WHERE incarnation = ? AND flux = ? ORDER BY premier DESC LIMIT ?)",
                (incarnation, flux, couvert_jusqua(registre, flux), incarnation, flux, marge),
            ).rowcount
    return nombre


def _sceller_un(registre: Registre, flux: str, fabrique: Fabrique) -> bool:
    """Seal the next lot of a stream; False when every line is in one."""
    incarnation = reglages.lire(registre, "incarnation")
    with transaction(registre):
        dernier, avant = _curseur(registre, incarnation, flux)
        lignes = courants.lignes(registre, flux, apres=dernier, limite=courants.LIGNES_MAX[flux])
        if not lignes:
            return False
        lot = fabrique(flux, incarnation, dernier + 1, avant, [ligne for _, ligne in lignes])
        if lot.premier != dernier + 1 or not dernier < lot.dernier <= lignes[-1][0]:
            raise ValueError("the maker of lots must seal the first lines that it was given")
        registre.db.execute(
            "INSERT INTO lot (id, incarnation, flux, premier, dernier, apres, octets, corps)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (lot.id, incarnation, flux, lot.premier, lot.dernier, lot.apres, len(lot.corps), lot.corps),
        )
    return True


def _a_envoyer(registre: Registre) -> list[tuple[str, int]]:
    """Return (id, bytes) of what is to send."""
    incarnation = reglages.lire(registre, "incarnation")
    trouves = registre.db.execute("SELECT id, octets FROM lot WHERE flux = ? ORDER BY premier", (CLES,)).fetchall()
    choisis = [(str(lot_id), int(octets)) for lot_id, octets in trouves]
    for flux in courants.FLUX:
        tenus = ilots(registre, flux)
        rangees = registre.db.execute(
            "SELECT id, octets, premier, dernier FROM lot WHERE incarnation = ? AND flux = ? AND dernier > ?"
            " AND corps IS NOT NULL ORDER BY premier",
            (incarnation, flux, couvert_jusqua(registre, flux)),
        )
        choisis += [
            (str(lot_id), int(octets))
            for lot_id, octets, premier, dernier in rangees
            if not any(debut <= premier and dernier <= fin for debut, fin in tenus)
        ]
    return choisis


def _curseur(registre: Registre, incarnation: str, flux: str) -> tuple[int, bytes]:
    """Return the number of the last sealed line of a stream and the chain value after it."""
    rangee = registre.db.execute(
        "SELECT dernier, apres FROM lot WHERE incarnation = ? AND flux = ? ORDER BY premier DESC LIMIT 1",
        (incarnation, flux),
    ).fetchone()
    return (rangee[0], rangee[1]) if rangee else (0, ORIGINE)

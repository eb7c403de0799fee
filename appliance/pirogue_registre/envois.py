"""
The register's door for what leaves: lots sealed from the journal, where they were put, receipts that came back.

The table `lot` is the cursor: what is sealed goes up to the last lot, and a lot's bytes are stored in the transaction
that moves it, so there is no moment when something is sealed and not stored. Lots and receipts are not events.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pirogue_registre import journal, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

#: Most events offered at once to the maker of lots; it takes as many of them as one lot may hold.
EVENEMENTS_MAX = 1000
#: Chain value before the first event.
ORIGINE = bytes(32)
VOIES = ("cle", "4g")


class RecuRefuse(ErreurPirogue):
    """A receipt signed by our shore does not agree with our journal; nothing is marked as arrived."""

    geste = "Ne débranche rien et préviens le coordinateur : la rive et la boîte ne sont pas d'accord."
    code = 68


@dataclass(frozen=True, slots=True)
class LotScelle:
    """
    A lot as the register keeps it.

    Attributes:
        id: name of the lot, given by the format.
        incarnation: the life of the register that its numbers belong to.
        premier, dernier: numbers of its first and last event.
        apres: chain value after the last event.
        corps: all its bytes, sealed.
    """

    id: str
    incarnation: str
    premier: int
    dernier: int
    apres: bytes
    corps: bytes


@dataclass(frozen=True, slots=True)
class Puce:
    """
    The chip in the header of the trainer's pages.

    Attributes:
        code: `a_bord`, `sur_cle`, `envoye` or `confirme`.
        libelle: what the trainer reads.
    """

    code: str
    libelle: str


A_BORD = Puce("a_bord", "À bord seulement")
SUR_CLE = Puce("sur_cle", "Sur la clé")
ENVOYE = Puce("envoye", "Envoyé")
CONFIRME = Puce("confirme", "Confirmé à terre ✓")

#: Makes one lot of the first lines of those given: (incarnation, number of the first, chain before it, lines).
Fabrique = Callable[[str, int, bytes, Sequence[bytes]], LotScelle]


def sceller_tout(registre: Registre, *, fabrique: Fabrique) -> int:
    """
    Seal every journal line that is in no lot yet; each lot is stored in the transaction that moves the cursor.

    Args:
        registre: the open register.
        fabrique: the sealing end's maker; it may take fewer lines than given, never none.

    Returns:
        The number of new lots.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible: the lots before this one are kept.
    """
    incarnation = reglages.lire(registre, "incarnation")
    nombre = 0
    while True:
        with transaction(registre):
            dernier, avant = _curseur(registre, incarnation)
            lignes = journal.lignes(registre, apres=dernier, limite=EVENEMENTS_MAX)
            if not lignes:
                return nombre
            lot = fabrique(incarnation, dernier + 1, avant, [ligne for _, ligne in lignes])
            if lot.premier != dernier + 1 or not dernier < lot.dernier <= lignes[-1][0]:
                raise ValueError("the maker of lots must seal the first lines that it was given")
            registre.db.execute(
                "INSERT INTO lot (id, incarnation, premier, dernier, apres, corps) VALUES (?, ?, ?, ?, ?, ?)",
                (lot.id, incarnation, lot.premier, lot.dernier, lot.apres, lot.corps),
            )
        nombre += 1


def a_envoyer(registre: Registre) -> Iterator[LotScelle]:
    """Yield, in order and one at a time, the lots that no receipt covers yet."""
    incarnation = reglages.lire(registre, "incarnation")
    identifiants = registre.db.execute(
        "SELECT id FROM lot WHERE incarnation = ? AND dernier > ? ORDER BY premier",
        (incarnation, couvert_jusqua(registre)),
    ).fetchall()
    for (lot_id,) in identifiants:
        rangee = registre.db.execute(
            "SELECT id, incarnation, premier, dernier, apres, corps FROM lot WHERE id = ?", (lot_id,)
        ).fetchone()
        yield LotScelle(*rangee)


def couvert_jusqua(registre: Registre) -> int:
    """Return the number of the last event that the shore's receipts cover, 0 without a receipt."""
    requete = "SELECT coalesce(max(jusqua), 0) FROM recu WHERE incarnation = ?"
    return int(registre.db.execute(requete, (reglages.lire(registre, "incarnation"),)).fetchone()[0])


def est_couvert(registre: Registre, lot_id: str) -> bool:
    """Say whether a lot of ours is wholly covered by a receipt; False for a lot that is not ours."""
    requete = "SELECT 1 FROM lot WHERE id = ? AND incarnation = ? AND dernier <= ?"
    cle = (lot_id, reglages.lire(registre, "incarnation"), couvert_jusqua(registre))
    return registre.db.execute(requete, cle).fetchone() is not None


def noter_depot(registre: Registre, *, lot_id: str, voie: str, support: str, instant: Instant) -> None:
    """
    Note that a lot was put somewhere; noting it twice keeps the first.

    Args:
        registre: the open register.
        lot_id: the lot.
        voie: `cle` or `4g`.
        support: which stick, or which shore.
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


def noter_recu(registre: Registre, *, incarnation: str, jusqua: int, h: bytes, serie: int, corps: bytes) -> bool:
    """
    Keep a receipt whose signature has been checked.

    A receipt that covers more than the known ones is believed whatever its number: it names a point of our own
    chain, and a shore rebuilt from its archive counts its receipts from one again.

    Args:
        registre: the open register.
        incarnation: the life of the register that the receipt speaks of.
        jusqua: the shore holds every event up to this number.
        h: chain value at that number, according to the shore.
        serie: the receipt's number; one that covers no more and is not newer than a known one changes nothing.
        corps: the receipt's bytes.

    Returns:
        True if it is new, False if it is old or about another life of this register.

    Raises:
        RecuRefuse: it goes back, covers more than was sealed, or its chain is not ours; nothing is written.
    """
    if incarnation != reglages.lire(registre, "incarnation"):
        return False
    with transaction(registre):
        connue = registre.db.execute("SELECT coalesce(max(serie), 0) FROM recu").fetchone()[0]
        couvert = couvert_jusqua(registre)
        if jusqua <= couvert and serie <= connue:
            return False
        if jusqua < couvert:
            raise RecuRefuse("Le nouveau reçu de la rive couvre moins que le précédent.")
        if _chaine(registre, incarnation, jusqua) != h:
            raise RecuRefuse("Le reçu de la rive ne correspond pas au journal de cette boîte.")
        registre.db.execute(
            "INSERT INTO recu (incarnation, serie, jusqua, corps) VALUES (?, ?, ?, ?)",
            (incarnation, serie, jusqua, corps),
        )
    return True


def etat_puce(registre: Registre) -> Puce:
    """
    Say where the data are, from facts alone: receipts first, then where each unreceipted lot was put.

    Only events about people and sessions count: an anchor written this morning does not make yesterday's confirmed
    data « aboard only » again.
    """
    utile = journal.dernier_utile(registre)
    couvert = couvert_jusqua(registre)
    if utile == 0:
        return A_BORD
    if couvert >= utile:
        return CONFIRME
    rangees = registre.db.execute(
        "SELECT lot.dernier, coalesce(max(depot.voie = '4g'), -1) FROM lot LEFT JOIN depot ON depot.lot_id = lot.id"
        " WHERE lot.incarnation = ? AND lot.dernier > ? AND lot.premier <= ? GROUP BY lot.id",
        (reglages.lire(registre, "incarnation"), couvert, utile),
    ).fetchall()
    if max((dernier for dernier, _ in rangees), default=0) < utile:
        return A_BORD
    moindre = min(par_4g for _, par_4g in rangees)
    return {-1: A_BORD, 0: SUR_CLE, 1: ENVOYE}[moindre]


def _curseur(registre: Registre, incarnation: str) -> tuple[int, bytes]:
    """Return the number of the last sealed event and the chain value after it."""
    rangee = registre.db.execute(
        "SELECT dernier, apres FROM lot WHERE incarnation = ? ORDER BY premier DESC LIMIT 1", (incarnation,)
    ).fetchone()
    return (rangee[0], rangee[1]) if rangee else (0, ORIGINE)


def _chaine(registre: Registre, incarnation: str, seq: int) -> bytes | None:
    """Return our own chain value at an event, or None if it is not sealed: SHA-256(previous value + line)."""
    if seq == 0:
        return ORIGINE
    lot = registre.db.execute(
        "SELECT premier FROM lot WHERE incarnation = ? AND premier <= ? AND dernier >= ?", (incarnation, seq, seq)
    ).fetchone()
    if lot is None:
        return None
    precedent = registre.db.execute(
        "SELECT apres FROM lot WHERE incarnation = ? AND dernier = ?", (incarnation, lot[0] - 1)
    ).fetchone()
    h: bytes = precedent[0] if precedent else ORIGINE
    for _, ligne in journal.lignes(registre, apres=lot[0] - 1, limite=seq - lot[0] + 1):
        h = hashlib.sha256(h + ligne).digest()
    return h

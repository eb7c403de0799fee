"""
What the shore confirmed: its receipts, kept, and compared with our own chain.

A receipt is cumulative, with islands: what arrived beyond a gap. Only the cumulative part is compared with our chain,
so only it turns the chip green and lets bodies be purged; an island says no more than « this need not be sent again ».
"""

import hashlib
import json
from dataclasses import dataclass

from pirogue_registre import flux as courants
from pirogue_registre import reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import ErreurPirogue

#: Chain value before the first line.
ORIGINE = bytes(32)


class RecuRefuse(ErreurPirogue):
    """A receipt signed by our shore does not agree with our journal; nothing is marked as arrived."""

    geste = "Ne débranche rien et préviens le coordinateur : la rive et la boîte ne sont pas d'accord."
    code = 68


class VieDepassee(RecuRefuse):
    """The shore holds what this register never wrote: the card was restored from a copy, or lives twice."""

    geste = "Préviens le coordinateur : cette boîte a été remise en route à partir d'une copie."
    code = 77


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """
    A receipt whose signature has been checked, in the register's words.

    Attributes:
        incarnation, flux: which life of the register, which stream.
        jusqua: the shore holds every line up to this number.
        h: chain value at that number, according to the shore.
        serie: the receipt's number.
        corps: its bytes.
        ilots: (first, last) of what arrived beyond a gap.
        heure_ms: the shore's clock when it signed; shown, never compared.
    """

    incarnation: str
    jusqua: int
    h: bytes
    serie: int
    corps: bytes
    flux: str = courants.ACTIVITE
    ilots: tuple[tuple[int, int], ...] = ()
    heure_ms: int = 0


def couvert_jusqua(registre: Registre, flux: str = courants.ACTIVITE) -> int:
    """Return the number of the last line of a stream that the shore's receipts cover, 0 without a receipt."""
    requete = "SELECT coalesce(max(jusqua), 0) FROM recu WHERE incarnation = ? AND flux = ? AND oublie = 0"
    return int(registre.db.execute(requete, (reglages.lire(registre, "incarnation"), flux)).fetchone()[0])


def ilots(registre: Registre, flux: str = courants.ACTIVITE) -> tuple[tuple[int, int], ...]:
    """Return what the latest receipt of a stream says arrived beyond a gap."""
    rangee = registre.db.execute(
        "SELECT ilots FROM recu WHERE incarnation = ? AND flux = ? AND oublie = 0 ORDER BY rowid DESC LIMIT 1",
        (reglages.lire(registre, "incarnation"), flux),
    ).fetchone()
    return tuple((int(premier), int(dernier)) for premier, dernier in json.loads(rangee[0])) if rangee else ()


def confirme_le_ms(registre: Registre, *, seq: int, flux: str = courants.ACTIVITE) -> int | None:
    """Return when the shore first signed that it holds a line (its clock, ms since 1970 UTC), None if it did not."""
    rangee = registre.db.execute(
        "SELECT heure_ms FROM recu WHERE incarnation = ? AND flux = ? AND oublie = 0 AND jusqua >= ?"
        " ORDER BY rowid LIMIT 1",
        (reglages.lire(registre, "incarnation"), flux, seq),
    ).fetchone()
    return int(rangee[0]) if rangee else None


def noter(registre: Registre, confirmation: Confirmation) -> bool:
    """
    Keep a receipt whose signature has been checked.

    A receipt that covers more than the known ones is believed whatever its number: it names a point of our own
    chain, and a shore rebuilt from its archive counts its receipts from one again.

    Returns:
        True if it is new; False if it is old, about another life, or was declared void by the operator.

    Raises:
        RecuRefuse: it goes back. VieDepassee: it covers what we never wrote. Nothing is written.
    """
    c = confirmation
    if c.incarnation != reglages.lire(registre, "incarnation") or c.flux not in courants.FLUX:
        return False
    with transaction(registre):
        if c.serie <= int(reglages.lire(registre, f"plancher_{c.flux}", "-1")):
            return False
        connue = registre.db.execute(
            "SELECT coalesce(max(serie), 0) FROM recu WHERE incarnation = ? AND flux = ? AND oublie = 0",
            (c.incarnation, c.flux),
        ).fetchone()[0]
        couvert = couvert_jusqua(registre, c.flux)
        if (c.jusqua <= couvert and c.serie <= connue) or _est_oublie(registre, c):
            return False
        if c.jusqua < couvert:
            raise RecuRefuse("Le nouveau reçu de la rive couvre moins que le précédent.")
        _exiger_notre_vie(registre, c)
        registre.db.execute(
            "INSERT INTO recu (incarnation, flux, serie, jusqua, ilots, heure_ms, oublie, corps)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
            (c.incarnation, c.flux, c.serie, c.jusqua, json.dumps(c.ilots), c.heure_ms, c.corps),
        )
    return True


def oublier(registre: Registre, *, flux: str, depuis: int, serie: int) -> int:
    """
    The shore lost what follows a line: forget the receipts above it, so that it is sent again.

    The lots of that stream are made again from the journal's lines, which are never purged. A receipt that was
    forgotten, or numbered up to `serie`, is not believed when a late stick brings it back.

    Returns:
        The number of the last line that stays covered.
    """
    incarnation = reglages.lire(registre, "incarnation")
    with transaction(registre):
        borne = registre.db.execute(
            "SELECT coalesce(max(dernier), 0) FROM lot WHERE incarnation = ? AND flux = ? AND dernier <= ?",
            (incarnation, flux, max(0, depuis)),
        ).fetchone()[0]
        registre.db.execute(
            "UPDATE recu SET oublie = 1 WHERE incarnation = ? AND flux = ? AND jusqua > ?", (incarnation, flux, borne)
        )
        registre.db.execute("UPDATE recu SET ilots = '[]' WHERE incarnation = ? AND flux = ?", (incarnation, flux))
        manque = registre.db.execute(
            "SELECT min(premier) FROM lot WHERE incarnation = ? AND flux = ? AND premier > ? AND corps IS NULL",
            (incarnation, flux, borne),
        ).fetchone()[0]
        if manque is not None:
            registre.db.execute(
                "DELETE FROM lot WHERE incarnation = ? AND flux = ? AND premier >= ?", (incarnation, flux, manque)
            )
        reglages.ecrire(registre, f"plancher_{flux}", str(serie))
    return int(borne)


def _est_oublie(registre: Registre, c: Confirmation) -> bool:
    requete = "SELECT 1 FROM recu WHERE incarnation = ? AND flux = ? AND serie = ? AND jusqua = ? AND oublie = 1"
    return registre.db.execute(requete, (c.incarnation, c.flux, c.serie, c.jusqua)).fetchone() is not None


def _exiger_notre_vie(registre: Registre, c: Confirmation) -> None:
    """Check that the shore speaks of lines that this life of the register wrote; raises VieDepassee."""
    ecrites = courants.dernier(registre, c.flux)
    if any(dernier > ecrites for _, dernier in c.ilots):
        raise VieDepassee("La rive a des lignes que cette boîte n'a jamais écrites.")
    if c.jusqua > ecrites or _chaine(registre, c) != c.h:
        raise VieDepassee("Le reçu de la rive ne correspond pas au journal de cette boîte.")


def _chaine(registre: Registre, c: Confirmation) -> bytes:
    """Return our own chain value at the receipt's number: the end of the last lot before it, then line by line."""
    rangee = registre.db.execute(
        "SELECT dernier, apres FROM lot WHERE incarnation = ? AND flux = ? AND dernier <= ?"
        " ORDER BY dernier DESC LIMIT 1",
        (c.incarnation, c.flux, c.jusqua),
    ).fetchone()
    rang, h = (rangee[0], bytes(rangee[1])) if rangee else (0, ORIGINE)
    if rang < c.jusqua:
        for _, ligne in courants.lignes(registre, c.flux, apres=rang, limite=c.jusqua - rang):
            h = hashlib.sha256(h + ligne).digest()
    return h

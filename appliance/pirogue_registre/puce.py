"""Where the data are, from facts alone: the chip of the trainer's pages, and each session's own state."""

import sqlite3
from dataclasses import dataclass

from pirogue_registre import flux as courants
from pirogue_registre import reglages
from pirogue_registre.base import Registre
from pirogue_registre.confirmations import confirme_le_ms, couvert_jusqua, ilots

#: The roads, from the least to the most advanced.
VOIES = ("telephone", "cle", "4g")


@dataclass(frozen=True, slots=True)
class Puce:
    """
    The chip in the header of the trainer's pages.

    Attributes:
        code: `a_bord`, `au_telephone`, `sur_cle`, `envoye` or `confirme`.
        libelle: what the trainer reads.
    """

    code: str
    libelle: str


A_BORD = Puce("a_bord", "À bord seulement")
AU_TELEPHONE = Puce("au_telephone", "Dans un téléphone")
SUR_CLE = Puce("sur_cle", "Sur la clé")
ENVOYE = Puce("envoye", "Envoyé")
CONFIRME = Puce("confirme", "Confirmé à terre ✓")
#: From the worst to the best; the place of a road in VOIES, plus one, is its place here.
RANGS = (A_BORD, AU_TELEPHONE, SUR_CLE, ENVOYE, CONFIRME)


@dataclass(frozen=True, slots=True)
class EtatSeance:
    """
    Where one session is.

    Attributes:
        seance_id: the session.
        code: as for the chip.
        support: which stick or telephone, when it is on one; empty otherwise.
        recu_ms: when the shore signed that it has it all (its clock, ms since 1970 UTC), None before.
    """

    seance_id: str
    code: str
    support: str
    recu_ms: int | None


def etat_puce(registre: Registre) -> Puce:
    """
    Say where the data are: receipts first, then where each unreceipted lot was put; the worse of the two streams.

    Only lines about people and sessions count: an anchor written this morning does not make yesterday's confirmed
    data « aboard only » again.
    """
    if courants.dernier_utile(registre, courants.ACTIVITE) == 0:
        return A_BORD
    return RANGS[min(_rang(registre, flux) for flux in courants.FLUX)]


def etats_seances(registre: Registre, limite: int = 12) -> list[EtatSeance]:
    """
    Return where each of the latest sessions is, newest first: judged by all the journal's lines about it.

    A session is confirmed when the last line about it is; a correction made since takes it back to where it is.
    """
    rangees = registre.db.execute("SELECT seance_id FROM seance ORDER BY seq DESC LIMIT ?", (limite,)).fetchall()
    return [_etat(registre, seance_id) for (seance_id,) in rangees]


def _rang(registre: Registre, flux: str) -> int:
    """Return the place in RANGS of the useful lines of a stream."""
    utile, couvert = courants.dernier_utile(registre, flux), couvert_jusqua(registre, flux)
    if couvert >= utile:
        return RANGS.index(CONFIRME)
    lots = _lots(registre, flux, apres=couvert, jusqua=utile)
    if max((lot["dernier"] for lot in lots), default=0) < utile:
        return RANGS.index(A_BORD)
    tenus = ilots(registre, flux)
    return min(_rang_lot(lot, tenus) for lot in lots)


def _lots(registre: Registre, flux: str, *, apres: int, jusqua: int) -> list[sqlite3.Row]:
    """Return the lots that hold lines in (apres, jusqua], each with the best road that it took."""
    return registre.db.execute(
        "SELECT lot.id, lot.premier, lot.dernier,"
        " max(CASE depot.voie WHEN '4g' THEN 3 WHEN 'cle' THEN 2 WHEN 'telephone' THEN 1 ELSE 0 END) AS rang"
        " FROM lot LEFT JOIN depot ON depot.lot_id = lot.id"
        " WHERE lot.incarnation = ? AND lot.flux = ? AND lot.dernier > ? AND lot.premier <= ?"
        " GROUP BY lot.id ORDER BY lot.premier",
        (reglages.lire(registre, "incarnation"), flux, apres, jusqua),
    ).fetchall()


def _rang_lot(lot: sqlite3.Row, tenus: tuple[tuple[int, int], ...]) -> int:
    """Return the place of one lot; in an island of a receipt it was seen ashore, though not yet in its order."""
    if any(debut <= lot["premier"] and lot["dernier"] <= fin for debut, fin in tenus):
        return RANGS.index(ENVOYE)
    return int(lot["rang"])


def _etat(registre: Registre, seance_id: str) -> EtatSeance:
    premiere, derniere = registre.db.execute(
        "SELECT min(seq), max(seq) FROM evenement WHERE seance_id = ?", (seance_id,)
    ).fetchone()
    recu_ms = confirme_le_ms(registre, seq=derniere)
    if recu_ms is not None:
        return EtatSeance(seance_id, CONFIRME.code, "", recu_ms)
    couvert = max(couvert_jusqua(registre), premiere - 1)
    lots = _lots(registre, courants.ACTIVITE, apres=couvert, jusqua=derniere)
    if max((lot["dernier"] for lot in lots), default=0) < derniere:
        return EtatSeance(seance_id, A_BORD.code, "", None)
    tenus = ilots(registre)
    rangs = [_rang_lot(lot, tenus) for lot in lots]
    moindre = RANGS[min(rangs)]
    support = ""
    if moindre in (SUR_CLE, AU_TELEPHONE):
        support = _support(registre, lots[rangs.index(min(rangs))]["id"], VOIES[min(rangs) - 1])
    return EtatSeance(seance_id, moindre.code, support, None)


def _support(registre: Registre, lot_id: str, voie: str) -> str:
    rangee = registre.db.execute(
        "SELECT support FROM depot WHERE lot_id = ? AND voie = ? ORDER BY rowid DESC LIMIT 1", (lot_id, voie)
    ).fetchone()
    return str(rangee[0])

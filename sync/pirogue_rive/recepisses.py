"""Receipts: what the shore says it holds of each journal. The same state gives the same receipt, byte for byte."""

import json

from sqlalchemy import Connection, func, select

from pirogue_echange import canonique, recu
from pirogue_echange.recu import ILOTS_MAX, Recu
from pirogue_rive import schema
from pirogue_rive.arrivees import ACTIVITE
from pirogue_rive.config import Rive
from pirogue_rive.projection import Journal
from pirogue_socle.horloge import Instant


def pour(rive: Rive, *, relais: str, instant: Instant, inc: str | None = None) -> list[bytes]:
    """
    Return the current receipts of a relay, one per life of its register, as signed lots.

    Args:
        rive: the open shore.
        relais: a relay that the shore knows.
        instant: now, written in a receipt that is new.
        inc: only this life; a receipt for nothing (serie 0, not kept) is given if the shore has nothing of it.
    """
    t = schema.avancee
    requete = select(t.c.inc, t.c.jusqua, t.c.h).where(t.c.relais == relais, t.c.flux == ACTIVITE).order_by(t.c.inc)
    with rive.moteur.begin() as db:
        tetes = [un for un in db.execute(requete).all() if inc in {None, un.inc}]
        if not tetes and inc is not None:
            rien = _recu(rive, Journal(relais, inc), jusqua=0, h=canonique.ORIGINE.hex(), ilots=(), instant=instant)
            return [recu.sceller(rien, cles=rive.cles).octets]
        return [
            _dernier_ou_nouveau(db, rive, Journal(relais, un.inc), jusqua=un.jusqua, h=un.h, instant=instant)
            for un in tetes
        ]


def _dernier_ou_nouveau(
    db: Connection, rive: Rive, journal: Journal, *, jusqua: int, h: str, instant: Instant
) -> bytes:
    """Return the stored receipt if it says what is true now; else sign, number and store a new one."""
    t = schema.recepisse
    ilots = _ilots(db, journal, jusqua=jusqua)
    etat = json.dumps([jusqua, h, ilots])
    garde = db.execute(
        select(t.c.etat, t.c.corps)
        .where(t.c.relais == journal.relais, t.c.inc == journal.inc, t.c.flux == ACTIVITE)
        .order_by(t.c.serie.desc())
        .limit(1)
    ).first()
    if garde is not None and garde.etat == etat:
        return bytes(garde.corps)
    serie = 1 + (db.scalar(select(func.max(t.c.serie)).where(t.c.relais == journal.relais)) or 0)
    nouveau = _recu(rive, journal, jusqua=jusqua, h=h, ilots=ilots, instant=instant, serie=serie)
    corps = recu.sceller(nouveau, cles=rive.cles).octets
    db.execute(t.insert().values(**journal.cle, flux=ACTIVITE, serie=serie, etat=etat, corps=corps))
    return corps


def _recu(  # noqa: PLR0913 - one argument per fact of a receipt
    rive: Rive,
    journal: Journal,
    *,
    jusqua: int,
    h: str,
    ilots: tuple[tuple[int, int], ...],
    instant: Instant,
    serie: int = 0,
) -> Recu:
    return Recu(
        rive=rive.cles.carte.id,
        relais=journal.relais,
        inc=journal.inc,
        flux=ACTIVITE,
        jusqua=jusqua,
        h=h,
        ilots=ilots,
        serie=serie,
        heure_ms=instant.mur_ms,
    )


def _ilots(db: Connection, journal: Journal, *, jusqua: int) -> tuple[tuple[int, int], ...]:
    """Return what arrived beyond a gap, neighbours joined, at most `ILOTS_MAX` pieces."""
    t = schema.lot
    rangees = db.execute(
        select(t.c.premier, t.c.dernier)
        .where(t.c.relais == journal.relais, t.c.inc == journal.inc, t.c.flux == ACTIVITE, t.c.dernier > jusqua)
        .order_by(t.c.premier)
    )
    ilots: list[tuple[int, int]] = []
    for premier, dernier in rangees:
        if ilots and premier <= ilots[-1][1] + 1:
            ilots[-1] = (ilots[-1][0], max(dernier, ilots[-1][1]))
        else:
            ilots.append((premier, dernier))
    return tuple(ilots[:ILOTS_MAX])

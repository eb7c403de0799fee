"""Receipts: what the shore says it holds of each journal. The same state gives the same receipt, byte for byte."""

import json

from sqlalchemy import Connection, func, select

from pirogue_echange import canonique, recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.recu import ILOTS_MAX, Recu
from pirogue_rive import base, schema
from pirogue_rive.config import Rive
from pirogue_rive.examen import ACTIVITE
from pirogue_socle.horloge import Instant

#: Relay, life of its register, stream.
CleJournal = tuple[str, str, str]


def pour(rive: Rive, *, relais: str, instant: Instant, inc: str | None = None) -> list[bytes]:
    """
    Return the current receipts of a relay, one per life of its register and stream that has begun, as signed lots.

    Args:
        rive: the open shore.
        relais: a relay that the shore knows.
        instant: now, written in a receipt that is new.
        inc: only this life; one receipt for nothing (serie 0, not kept) is given if the shore has nothing of it.

    Raises:
        RivePleine, RiveIllisible, RiveOccupee: the disk or the database fails; no receipt is given.
    """
    t = schema.avancee
    requete = select(t.c.inc, t.c.flux, t.c.jusqua, t.c.h).where(t.c.relais == relais).order_by(t.c.inc, t.c.flux)
    with base.lire(rive.moteur) as db:
        tetes = [un for un in db.execute(requete).all() if inc in {None, un.inc}]
        gardes = [_garde(db, rive, (relais, un.inc, un.flux), jusqua=un.jusqua, h=un.h) for un in tetes]
    if not tetes and inc is not None:
        rien = _recu(rive, (relais, inc, ACTIVITE), (0, canonique.ORIGINE.hex(), []), instant=instant)
        return [recu.sceller(rien, cles=rive.cles).octets]
    deja = [un for un in gardes if un is not None]
    if len(deja) == len(tetes):
        return deja
    with rive.moteur.begin() as db:
        base.verrouiller(db, [relais])
        tetes = [un for un in db.execute(requete).all() if inc in {None, un.inc}]
        return [_dernier_ou_nouveau(db, rive, (relais, un.inc, un.flux), un.jusqua, un.h, instant) for un in tetes]


def _garde(db: Connection, rive: Rive, cle: CleJournal, *, jusqua: int, h: str) -> bytes | None:
    """Return the stored receipt if it says what is true now and is signed with the key in force, the one believed."""
    t = schema.recepisse
    garde = db.execute(
        select(t.c.etat, t.c.corps)
        .where(t.c.relais == cle[0], t.c.inc == cle[1], t.c.flux == cle[2])
        .order_by(t.c.serie.desc())
        .limit(1)
    ).first()
    vrai = json.dumps([jusqua, h, _ilots(db, cle, jusqua=jusqua)])
    if garde is None or garde.etat != vrai:
        return None
    try:
        recu.ouvrir(bytes(garde.corps), annuaire=annuaire_de(rive.cles.carte))
    except LotInvalide:
        return None
    return bytes(garde.corps)


def _dernier_ou_nouveau(db: Connection, rive: Rive, cle: CleJournal, jusqua: int, h: str, instant: Instant) -> bytes:
    """Return the stored receipt if it says what is true now; else sign, number and store a new one."""
    garde = _garde(db, rive, cle, jusqua=jusqua, h=h)
    if garde is not None:
        return garde
    t = schema.recepisse
    etat = (jusqua, h, _ilots(db, cle, jusqua=jusqua))
    serie = 1 + (db.scalar(select(func.max(t.c.serie)).where(t.c.relais == cle[0])) or 0)
    corps = recu.sceller(_recu(rive, cle, etat, instant=instant, serie=serie), cles=rive.cles).octets
    relais, inc, flux = cle
    db.execute(t.insert().values(relais=relais, inc=inc, flux=flux, serie=serie, etat=json.dumps(etat), corps=corps))
    return corps


def _recu(
    rive: Rive, cle: CleJournal, etat: tuple[int, str, list[tuple[int, int]]], *, instant: Instant, serie: int = 0
) -> Recu:
    jusqua, h, ilots = etat
    relais, inc, flux = cle
    return Recu(
        rive=rive.cles.carte.id,
        relais=relais,
        inc=inc,
        flux=flux,
        jusqua=jusqua,
        h=h,
        ilots=tuple(ilots),
        serie=serie,
        heure_ms=instant.mur_ms,
    )


def _ilots(db: Connection, cle: CleJournal, *, jusqua: int) -> list[tuple[int, int]]:
    """Return what arrived beyond a gap, neighbours joined, at most `ILOTS_MAX` pieces."""
    t = schema.lot
    rangees = db.execute(
        select(t.c.premier, t.c.dernier)
        .where(t.c.relais == cle[0], t.c.inc == cle[1], t.c.flux == cle[2], t.c.premier > jusqua)
        .order_by(t.c.premier)
    )
    ilots: list[tuple[int, int]] = []
    for premier, dernier in rangees:
        if ilots and premier <= ilots[-1][1] + 1:
            ilots[-1] = (ilots[-1][0], max(dernier, ilots[-1][1]))
        else:
            ilots.append((premier, dernier))
    return ilots[:ILOTS_MAX]

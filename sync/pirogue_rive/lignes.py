"""A relay's events read back from what arrived, in order, without repeating what two lives of a register share."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import func, select

from pirogue_echange import canonique
from pirogue_rive import base, schema
from pirogue_rive.config import Rive
from pirogue_rive.examen import ACTIVITE, lignes_de


def evenements(rive: Rive, *, relais: str, types: Collection[str]) -> Iterator[dict[str, Any]]:
    """
    Yield the events of some types of a relay's whole journal, the life that came first, first.

    Only what is whole and verified is read: a lot beyond a gap waits.
    """
    t, a = schema.lot, schema.avancee
    vues: set[tuple[int, str, int]] = set()
    with base.lire(rive.moteur) as db:
        tetes = db.execute(
            select(a.c.inc, a.c.jusqua, func.min(t.c.arrive_ms).label("arrivee"))
            .join(t, (t.c.relais == a.c.relais) & (t.c.inc == a.c.inc) & (t.c.flux == a.c.flux))
            .where(a.c.relais == relais, a.c.flux == ACTIVITE)
            .group_by(a.c.inc, a.c.jusqua)
            .order_by("arrivee", a.c.inc)
        ).all()
        for tete in tetes:
            cadres = db.execute(
                select(t.c.cadre, t.c.clair)
                .where(t.c.relais == relais, t.c.inc == tete.inc, t.c.flux == ACTIVITE, t.c.dernier <= tete.jusqua)
                .order_by(t.c.premier)
            ).all()
            for cadre, clair in cadres:
                for ligne in lignes_de(bytes(cadre), clair):
                    objet = canonique.lire(ligne)
                    quoi = (objet["seq"], objet["boot"], objet["bt"])  # the same in every life that shares the line
                    if objet["type"] in types and quoi not in vues:
                        vues.add(quoi)
                        yield objet

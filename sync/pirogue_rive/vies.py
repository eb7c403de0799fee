"""
Several lives of one register: which row of a view counts when they do not say the same.

A copy put back (a restored SD card) starts a new life that sends everything again: up to where it was copied the two
are one, after it each has its own events. Each row knows the last event that touched it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from pirogue_rive import schema

Rangee = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Vies:
    """
    The lives of one relay's register, the older first.

    Attributes:
        incs: their names.
        lignees: for each, its ancestors and itself, with the number up to where the two are one.
    """

    incs: tuple[str, ...]
    lignees: dict[str, dict[str, float]]

    def commun(self, un: str, autre: str) -> float:
        """Return up to which number two lives are one; without end if nothing tells them apart yet."""
        autres = self.lignees[autre]
        return next((min(n, autres[inc]) for inc, n in self.lignees[un].items() if inc in autres), math.inf)

    def choisir(self, rangees: Iterable[Rangee]) -> Rangee:
        """
        Return the row that counts among those of one thing, at most one per life.

        What the younger life touched after it was copied wins; else what the older one did since; else they are the
        same, and the one that has arrived further counts.
        """
        triees = sorted(rangees, key=lambda rangee: self.incs.index(rangee.inc))
        choisie = triees[0]
        for neuve in triees[1:]:
            commun = self.commun(choisie.inc, neuve.inc)
            propre, ancienne = neuve.dernier_seq > commun, choisie.dernier_seq > commun
            if propre or (not ancienne and neuve.dernier_seq >= choisie.dernier_seq):
                choisie = neuve
        return choisie


def lire(db: Connection, relais: str) -> Vies:
    """Return the lives of a relay's register."""
    a, i = schema.avancee, schema.incarnation
    incs = set(db.scalars(select(a.c.inc).where(a.c.relais == relais)))
    parents = {
        un.inc: (un.ancienne, float(un.jusqua))
        for un in db.execute(select(i.c.inc, i.c.ancienne, i.c.jusqua).where(i.c.relais == relais))
    }
    lignees = {inc: _lignee(inc, parents) for inc in sorted(incs)}
    return Vies(tuple(sorted(incs, key=lambda inc: (len(lignees[inc]), inc))), lignees)


def rangees(db: Connection, vies: Vies, vue: Table, *, relais: str, cle: Sequence[str]) -> Sequence[Rangee]:
    """Return the rows of a view that count, one for each key."""
    toutes = db.execute(select(vue).where(vue.c.relais == relais)).all()
    if len(vies.incs) < 2:
        return toutes
    par_cle: dict[tuple[object, ...], list[Rangee]] = {}
    for rangee in toutes:
        par_cle.setdefault(tuple(getattr(rangee, nom) for nom in cle), []).append(rangee)
    return [vies.choisir(groupe) for groupe in par_cle.values()]


def _lignee(inc: str, parents: dict[str, tuple[str, float]]) -> dict[str, float]:
    """Return a life and its ancestors, nearest first, with the number up to where each is one with it."""
    lignee = {inc: math.inf}
    jusqua = math.inf
    while inc in parents and parents[inc][0] not in lignee:
        inc, borne = parents[inc]
        jusqua = min(jusqua, borne)
        lignee[inc] = jusqua
    return lignee

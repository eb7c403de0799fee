"""The state of one relay's exchange: what arrived and how, what is missing, what it says is still aboard."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from pirogue_rive import base, descentes, schema
from pirogue_rive.config import Rive
from pirogue_rive.descentes import Envoi
from pirogue_rive.examen import ACTIVITE
from pirogue_rive.schema_gestion import annonce
from pirogue_socle import horloge
from pirogue_socle.horloge import Instant

#: Arrivals shown on a relay's page.
ARRIVEES_MAX = 20
#: Lots of one road that came within this time came together.
_ENSEMBLE_MS = 5 * horloge.MS_PAR_MIN


@dataclass(slots=True)
class Arrivage:
    """Lots that came together: by which road, when the last one came (ms since 1970 UTC), how many, how large."""

    voie: str
    arrive_ms: int
    lots: int
    octets: int
    lignes: int


@dataclass(frozen=True, slots=True)
class Courant:
    """
    One journal of a relay: a stream of one life of its register.

    Attributes:
        inc, flux: which.
        jusqua: everything up to this number is here.
        trous: (first, last) of what is missing below something that came.
        illisibles: lines kept that this version cannot read.
    """

    inc: str
    flux: str
    jusqua: int
    trous: tuple[tuple[int, int], ...]
    illisibles: int


@dataclass(frozen=True, slots=True)
class Descendu:
    """A downward lot and what the relay said of it: `applique`, `attente`, or `remplace` by a later one."""

    envoi: Envoi
    etat: str


@dataclass(frozen=True, slots=True)
class Etat:
    """
    What the shore knows of a relay's exchange.

    Attributes:
        arrivages: the last arrivals, the latest first.
        courants: its journals.
        contacts: (road, ms since 1970 UTC), the latest first.
        depuis_ms: since when, as the boat reckons, something waits aboard; None when it said that nothing does.
        dit_ms: when it last said so; None if it never did.
        descentes: what goes down to it, the latest first.
    """

    arrivages: tuple[Arrivage, ...]
    courants: tuple[Courant, ...]
    contacts: tuple[tuple[str, int], ...]
    depuis_ms: int | None
    dit_ms: int | None
    descentes: tuple[Descendu, ...]


def noter_annonce(  # noqa: PLR0913 - what a relay says of itself
    rive: Rive,
    *,
    relais: str,
    inc: str,
    dernier: int,
    depuis_ms: int | None,
    series: dict[str, int],
    instant: Instant,
) -> None:
    """Keep what a relay says of itself when it asks for what comes down."""
    with rive.moteur.begin() as db:
        schema.poser(
            db,
            annonce,
            relais=relais,
            inc=inc,
            dernier=dernier,
            depuis_ms=depuis_ms,
            series=json.dumps(series, sort_keys=True),
            le_ms=instant.mur_ms,
        )


def lire(rive: Rive, relais: str) -> Etat:
    """Return the state of a relay's exchange; all empty for one that never came."""
    c, a = schema.contact, annonce
    envois = descentes.lister(rive, relais)
    with base.lire(rive.moteur) as db:
        courants = _courants(db, relais)
        contacts = db.execute(
            select(c.c.voie, c.c.dernier_ms).where(c.c.relais == relais).order_by(c.c.dernier_ms.desc())
        ).all()
        dit = db.execute(select(a).where(a.c.relais == relais)).first()
        series = descentes.lire_series(db, relais)
        return Etat(
            arrivages=_arrivages(db, relais),
            courants=courants,
            contacts=tuple((voie, quand) for voie, quand in contacts),
            depuis_ms=None if dit is None or _est_tout_la(dit, courants) else dit.depuis_ms,
            dit_ms=dit.le_ms if dit is not None else None,
            descentes=tuple(Descendu(un, _etat(un, envois, series)) for un in envois),
        )


def _est_tout_la(dit: Row[tuple[object, ...]], courants: tuple[Courant, ...]) -> bool:
    """Say whether everything that the relay announced has arrived since."""
    return any(un.inc == dit.inc and un.flux == ACTIVITE and un.jusqua >= dit.dernier for un in courants)


def _etat(envoi: Envoi, envois: list[Envoi], series: dict[str, int]) -> str:
    if envoi.serie <= series.get(envoi.genre, 0):
        return "applique"
    plus_recent = any(un.genre == envoi.genre and un.serie > envoi.serie for un in envois)
    return "remplace" if plus_recent and envoi.genre in descentes.CUMULATIFS else "attente"


def _courants(db: Connection, relais: str) -> tuple[Courant, ...]:
    t, v = schema.avancee, schema.lot
    tetes = db.execute(select(t).where(t.c.relais == relais).order_by(t.c.inc, t.c.flux)).all()
    courants = []
    for tete in tetes:
        au_dela = db.execute(
            select(v.c.premier, v.c.dernier)
            .where(v.c.relais == relais, v.c.inc == tete.inc, v.c.flux == tete.flux, v.c.dernier > tete.jusqua)
            .order_by(v.c.premier)
        ).all()
        trous, fin = [], tete.jusqua
        for premier, dernier in au_dela:
            if premier > fin + 1:
                trous.append((fin + 1, premier - 1))
            fin = max(fin, dernier)
        courants.append(Courant(tete.inc, tete.flux, tete.jusqua, tuple(trous), tete.illisibles))
    return tuple(courants)


def _arrivages(db: Connection, relais: str) -> tuple[Arrivage, ...]:
    t = schema.lot
    rangees = db.execute(
        select(t.c.voie, t.c.arrive_ms, t.c.octets, t.c.premier, t.c.dernier)
        .where(t.c.relais == relais)
        .order_by(t.c.arrive_ms.desc(), t.c.voie, t.c.id)
        .limit(2000)
    )
    arrivages: list[Arrivage] = []
    for un in rangees:
        lignes = un.dernier - un.premier + 1
        dernier = arrivages[-1] if arrivages else None
        if dernier and dernier.voie == un.voie and dernier.arrive_ms - un.arrive_ms < _ENSEMBLE_MS:
            dernier.lots += 1
            dernier.octets += un.octets
            dernier.lignes += lignes
            continue
        if len(arrivages) == ARRIVEES_MAX:
            break
        arrivages.append(Arrivage(un.voie, un.arrive_ms, 1, un.octets, lignes))
    return tuple(arrivages)

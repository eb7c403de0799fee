"""
What the shore has lost: signs that it once held more of a relay's journal than it does now, so that somebody asks.

A relay's request says how far it has written and since when something useful waits, not how far it is confirmed: so
these are signs, each of which no healthy shore shows once an exchange is over. To ask for nothing costs some bytes.
"""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from pirogue_rive import base, descentes, reglages, schema
from pirogue_rive.config import Rive
from pirogue_rive.examen import ACTIVITE
from pirogue_rive.schema_gestion import annonce, descente


@dataclass(frozen=True, slots=True)
class Pertes:
    """
    What a relay's page says of it.

    Attributes:
        signes: a French sentence for each sign of a loss.
        redemande: True while the relay has not yet heard the last demand.
        connue: True if the shore knows a journal of it, and so can ask.
    """

    signes: tuple[str, ...]
    redemande: bool
    connue: bool


def lire(rive: Rive, relais: str) -> Pertes:
    """Return the signs that the shore lost something of a relay."""
    ordres = [un for un in reglages.lire_ordres(rive, relais) if "redemander" in un]
    with base.lire(rive.moteur) as db:
        connues = descentes.lire_series(db, relais)
        t = schema.avancee
        tetes = {
            (un.inc, un.flux): int(un.jusqua)
            for un in db.execute(select(t.c.inc, t.c.flux, t.c.jusqua).where(t.c.relais == relais))
        }
        signes = [*_annonce(db, relais, tetes), *_sautes(db, relais, tetes)]
        if not ordres:
            signes += _oubliees(db, relais, connues)
        dit = db.scalar(select(annonce.c.inc).where(annonce.c.relais == relais))
        d = descente
        derniere = db.scalar(select(func.max(d.c.serie)).where(d.c.relais == relais, d.c.genre == "config"))
    redemande = bool(ordres) and (derniere or 0) > connues.get("config", 0)
    return Pertes(tuple(signes), redemande, connue=bool(tetes) or dit is not None)


def _annonce(db: Connection, relais: str, tetes: dict[tuple[str, str], int]) -> list[str]:
    """The boat says that nothing of use waits aboard, and has written more than is here."""
    dit = db.execute(select(annonce).where(annonce.c.relais == relais)).first()
    if dit is None or dit.depuis_ms is not None:
        return []
    ici = tetes.get((dit.inc, ACTIVITE), 0)
    if dit.dernier <= ici:
        return []
    return [f"le bateau dit que tout est confirmé, il a écrit {dit.dernier} lignes, il y en a {ici} ici"]


def _sautes(db: Connection, relais: str, tetes: dict[tuple[str, str], int]) -> list[str]:
    """The network brings the oldest first: what it brought beyond a gap followed what had been confirmed."""
    t = schema.lot
    signes = []
    for (inc, flux), jusqua in sorted(tetes.items()):
        premier = db.scalar(
            select(func.min(t.c.premier)).where(
                t.c.relais == relais, t.c.inc == inc, t.c.flux == flux, t.c.voie == "4g", t.c.premier > jusqua + 1
            )
        )
        if premier is not None:
            quoi = "du journal" if flux == ACTIVITE else "des fiches"
            signes.append(f"le bateau a envoyé la ligne {premier} {quoi} sans renvoyer la ligne {jusqua + 1}")
    return signes


def _oubliees(db: Connection, relais: str, connues: dict[str, int]) -> list[str]:
    """The boat has applied what this shore does not remember to have sent."""
    d = descente
    donnees: dict[str, int] = {
        un.genre: un.serie
        for un in db.execute(
            select(d.c.genre, func.max(d.c.serie).label("serie")).where(d.c.relais == relais).group_by(d.c.genre)
        )
    }
    dites: dict[str, int] = json.loads(db.scalar(select(annonce.c.series).where(annonce.c.relais == relais)) or "{}")
    if any(serie > donnees.get(genre, 0) for genre, serie in (dites | connues).items()):
        return ["le bateau a appliqué des messages que la rive ne se souvient pas d'avoir envoyés"]
    return []

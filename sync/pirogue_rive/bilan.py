"""
What the shore's page shows of each relay, counted from the views.

Counting a relay again is only needed when its journals have moved, or when the views were rebuilt: until then what
was counted stays in this process's memory.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, Table, exists, func, select

from pirogue_echange.cles import Carte
from pirogue_rive import base, decompte, jauges, schema
from pirogue_rive.config import Rive
from pirogue_rive.decompte import Decompte
from pirogue_socle.erreurs import Introuvable


@dataclass(frozen=True, slots=True, kw_only=True)
class BilanRelais:
    """
    What arrived from one relay.

    Attributes:
        relais, nom, type_relais: who, and what people call it.
        seances: sessions held (closed, not cancelled).
        duree_min: minutes that these sessions lasted.
        jeunes_min: minutes of presence, summed over the youths.
        filles, garcons, autres: different youths who came at least once.
        lecons, quiz: finished, counted once per youth.
        confirmees_ms: estimated time of the last event of the whole prefix, ms since 1970 UTC; None if nothing came.
        contact_ms, contact_voie: when and by which road a lot last came; None if none did.
        quarantaine: lots refused.
        manque: True if something arrived beyond a gap.
        venus: who came at least once, by number, with their sex: a person may be known to several relays.
        finis: contents finished, by kind (`lecon`, `quiz`) and person.
    """

    relais: str
    nom: str
    type_relais: str
    seances: int
    duree_min: int
    jeunes_min: int
    filles: int
    garcons: int
    autres: int
    lecons: int
    quiz: int
    confirmees_ms: int | None
    contact_ms: int | None
    contact_voie: str | None
    quarantaine: int
    manque: bool
    venus: Mapping[str, str] = field(repr=False)
    finis: decompte.Finis = field(repr=False)


#: The counts of different persons, and the sexes that each is about; any other sex is `autres`.
_PERSONNES = {"filles": "F", "garcons": "M", "autres": ""}
#: The counts of contents finished, and the kind of each.
_FINIS = {"lecons": "lecon", "quiz": "quiz"}

#: Heads of a relay's journals, and how often the views were rebuilt: while these stay, so do the counts.
_Marque = tuple[object, ...]
_MEMOIRE: WeakKeyDictionary[Engine, dict[str, tuple[_Marque, Decompte]]] = WeakKeyDictionary()
_VERROU = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Frais:
    """What is never remembered, by relay: last contact (ms, road), lots refused, gaps, heads of the journals."""

    contacts: Mapping[str, tuple[int, str]]
    refuses: Mapping[str, int]
    manquent: frozenset[str]
    marques: Mapping[str, _Marque]


def tous(rive: Rive) -> list[BilanRelais]:
    """Return the account of every relay that the shore knows, by name."""
    with base.lire(rive.moteur) as db:
        frais = _lire_frais(db, None)
        bilans = [_un(db, rive, droits[0].carte, frais) for droits in rive.annuaire().values()]
    return sorted(bilans, key=lambda bilan: (bilan.nom, bilan.relais))


def un(rive: Rive, relais: str) -> BilanRelais:
    """Return the account of one relay; raises Introuvable: the shore does not know it."""
    droits = rive.annuaire().get(relais)
    if droits is None:
        raise Introuvable("Cette rive ne connaît pas ce relais.")
    with base.lire(rive.moteur) as db:
        return _un(db, rive, droits[0].carte, _lire_frais(db, relais))


def refuses_sans_relais(rive: Rive) -> int:
    """Return the number of refused lots of which no known relay is the signer."""
    t = schema.quarantaine
    with base.lire(rive.moteur) as db:
        return db.scalar(select(func.count()).select_from(t).where(t.c.relais.is_(None))) or 0


def _un(db: Connection, rive: Rive, carte: Carte, frais: _Frais) -> BilanRelais:
    compte = _compter(db, rive, carte.id, frais.marques.get(carte.id, ()))
    contact_ms, contact_voie = frais.contacts.get(carte.id, (None, None))
    return BilanRelais(
        relais=carte.id,
        nom=compte.nom or carte.nom,
        type_relais=compte.type_relais or "Relais",
        seances=compte.seances,
        duree_min=compte.duree_min,
        jeunes_min=compte.jeunes_min,
        **{champ: _combien(compte.venus, champ) for champ in _PERSONNES},
        **{champ: compte.combien_finis(genre) for champ, genre in _FINIS.items()},
        confirmees_ms=compte.confirmees_ms,
        contact_ms=contact_ms,
        contact_voie=contact_voie,
        quarantaine=frais.refuses.get(carte.id, 0),
        manque=carte.id in frais.manquent,
        venus=compte.venus,
        finis=compte.finis,
    )


def _compter(db: Connection, rive: Rive, relais: str, marque: _Marque) -> Decompte:
    """Return the counts of a relay, from memory if nothing has moved since; the transaction sees one state of both."""
    with _VERROU:
        memoire = _MEMOIRE.setdefault(rive.moteur, {})
        garde = memoire.get(relais)
    if garde is not None and garde[0] == marque:
        return garde[1]
    compte = decompte.faire(db, relais)
    with _VERROU:
        memoire[relais] = (marque, compte)
    return compte


def _lire_frais(db: Connection, relais: str | None) -> _Frais:
    """Read what changes without the views, for all relays or for one, in a few questions."""
    c, q, t, v = schema.contact, schema.quarantaine, schema.avancee, schema.lot

    def de(table: Table) -> tuple[ColumnElement[bool], ...]:
        return () if relais is None else (table.c.relais == relais,)

    contacts = db.execute(select(c.c.relais, c.c.dernier_ms, c.c.voie).where(*de(c)).order_by(c.c.dernier_ms)).all()
    refuses = db.execute(
        select(q.c.relais, func.count()).where(q.c.relais.is_not(None), *de(q)).group_by(q.c.relais)
    ).all()
    # Past its head a journal has a lot only beyond a gap.
    jointure = (t.c.relais == v.c.relais) & (t.c.inc == v.c.inc) & (t.c.flux == v.c.flux) & (v.c.premier > t.c.jusqua)
    manquent = db.scalars(select(t.c.relais).where(*de(t), exists().where(jointure)).distinct())
    rejeux = jauges.lire(db, jauges.REJEUX)
    marques: dict[str, list[object]] = {}
    for tete in db.execute(select(t).where(*de(t)).order_by(t.c.relais, t.c.inc, t.c.flux)):
        marques.setdefault(tete.relais, [rejeux]).append(tuple(tete))
    return _Frais(
        contacts={un.relais: (un.dernier_ms, un.voie) for un in contacts},
        refuses=dict(tuple(un) for un in refuses),
        manquent=frozenset(manquent),
        marques={un: tuple(marque) for un, marque in marques.items()},
    )


def _combien(venus: Mapping[str, str], champ: str) -> int:
    """Return how many persons one of `_PERSONNES` counts."""
    if champ == "autres":
        return sum(sexe not in _PERSONNES.values() or not sexe for sexe in venus.values())
    return sum(sexe == _PERSONNES[champ] for sexe in venus.values())


def total(bilans: Iterable[BilanRelais], champ: str) -> int:
    """Return the sum of one field over the relays; a person, or what she finished, known to several counts once."""
    if champ in _FINIS:
        return _total_des_finis([bilan.finis.get(_FINIS[champ], {}) for bilan in bilans])
    if champ not in _PERSONNES:
        return sum(int(getattr(bilan, champ)) for bilan in bilans)
    venus: dict[str, str] = {}
    for bilan in bilans:
        venus |= {personne: sexe for personne, sexe in bilan.venus.items() if sexe or personne not in venus}
    return _combien(venus, champ)


def _total_des_finis(par_relais: Iterable[Mapping[str, tuple[str, ...]]]) -> int:
    finis: dict[str, set[str] | tuple[str, ...]] = {}
    for contenus in par_relais:
        for qui, quoi in contenus.items():
            finis[qui] = {*finis[qui], *quoi} if qui in finis else quoi
    return sum(map(len, finis.values()))

"""
The journals ashore: where each lot lies, whether it tells the same history as the others, how far all is whole.

The caller holds the relay's lock (`base.verrouiller`): nobody else writes about it meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from pirogue_echange import canonique
from pirogue_echange.entete import EVENEMENTS_MAX
from pirogue_rive import evenements, projection, schema
from pirogue_rive.evenements import Evenement
from pirogue_rive.examen import ACTIVITE, IDENTITES, Examen, lignes_de
from pirogue_rive.projection import Journal
from pirogue_socle.horloge import Instant

#: What is folded together, and so held in memory: lots, and bytes of theirs once inflated.
LOTS_PAR_TOUR, CLAIR_PAR_TOUR = 64, 8 * 1024 * 1024


class Bifurcation(Exception):
    """Same numbers, other content: two histories of one journal."""


@dataclass(slots=True)
class _Tete:
    """How far a journal is whole."""

    jusqua: int = 0
    h: str = canonique.ORIGINE.hex()
    illisibles: int = 0
    boot_id: str | None = None
    bt_ns: int | None = None
    mur_ms: int | None = None


def ranger(db: Connection, examen: Examen, *, voie: str, instant: Instant) -> bool:
    """
    Store a lot among its neighbours; return False if it was there: a duplicate.

    Raises:
        Bifurcation: it tells another history than the lots that overlap it or touch it; nothing is written.
    """
    lot, t = examen.lot, schema.lot
    tete = lot.entete
    proches = db.execute(
        select(t.c.id, t.c.premier, t.c.dernier, t.c.avant, t.c.apres, t.c.clair)
        .where(*_de(t, examen.journal), t.c.premier.between(tete.premier - EVENEMENTS_MAX, tete.dernier + 1))
        .where(t.c.dernier >= tete.premier - 1)
    ).all()
    if any(un.id == lot.id for un in proches):
        return False
    for un in proches:
        if un.dernier == tete.premier - 1:
            meme = un.apres == tete.avant
        elif un.premier == tete.dernier + 1:
            meme = un.avant == tete.apres
        else:
            meme = _meme_histoire(db, un, examen)
        if not meme:
            raise Bifurcation
    champs = ("relais", "inc", "flux", "premier", "dernier", "avant", "apres", "clair")
    db.execute(
        t.insert().values(
            id=lot.id,
            octets=len(lot.octets),
            voie=voie,
            arrive_ms=instant.mur_ms,
            cadre=examen.cadre,
            evide=_etat(db, examen),
            **{champ: getattr(tete, champ) for champ in champs},
        )
    )
    return True


def _meme_histoire(db: Connection, autre: Row[*tuple[Any, ...]], examen: Examen) -> bool:
    """Compare two overlapping lots: the same chain where the second begins, the same lines from there on."""
    tete = examen.lot.entete
    if (autre.premier, autre.dernier) == (tete.premier, tete.dernier):
        return bool((autre.avant, autre.apres) == (tete.avant, tete.apres))
    t = schema.lot
    cadre = db.scalar(select(t.c.cadre).where(t.c.id == autre.id))
    if cadre is None or examen.cadre is None:
        return False
    siennes = (autre.premier, autre.avant, lignes_de(bytes(cadre), autre.clair))
    notres = (tete.premier, tete.avant, lignes_de(examen.cadre, tete.clair))
    (premier, avant, lignes), (debut, chaine, suite) = sorted((siennes, notres), key=lambda un: un[0])
    ecart = debut - premier
    if canonique.enchainer(bytes.fromhex(avant), lignes[:ecart]).hex() != chaine:
        return False
    commun = min(len(lignes) - ecart, len(suite))
    return lignes[ecart : ecart + commun] == suite[:commun]


def _etat(db: Connection, examen: Examen) -> int:
    """Return `lot.evide` of a lot that comes in."""
    if examen.evide:
        return 2
    tete = examen.lot.entete
    if tete.flux != IDENTITES:
        return 0
    e, t = schema.evidement, schema.lot
    demande = select(e.c.seq).where(e.c.relais == tete.relais, e.c.inc == tete.inc, e.c.seq == tete.premier)
    jumeau = select(t.c.id).where(*_jumeaux(tete.relais, tete.premier, tete.avant, tete.apres), t.c.evide > 0).limit(1)
    return int(db.execute(demande).first() is not None or db.execute(jumeau).first() is not None)


def demander_evidement(db: Connection, journal: Journal, seqs: Iterable[int]) -> None:
    """Mark lots of identities as to be gutted, here, to come, and the same lines in other lives of the register."""
    t = schema.lot
    for seq in sorted(set(seqs)):
        requete = schema.inserer(db, schema.evidement).values(**journal.cle, seq=seq)
        db.execute(requete.on_conflict_do_nothing())
        vises = db.execute(
            select(t.c.avant, t.c.apres)
            .where(*_de(t, (journal.relais, journal.inc, IDENTITES)), t.c.premier == seq)
            .distinct()
        ).all()
        for avant, apres in vises:
            pareils = _jumeaux(journal.relais, seq, avant, apres)
            db.execute(t.update().where(*pareils, t.c.evide == 0).values(evide=1))


def _jumeaux(relais: str, seq: int, avant: str, apres: str) -> tuple[ColumnElement[bool], ...]:
    """Return what the lots of one line of identities have in common, in any life of the register."""
    t = schema.lot
    return (t.c.relais == relais, t.c.flux == IDENTITES, t.c.premier == seq, t.c.avant == avant, t.c.apres == apres)


def avancer(db: Connection, cle: tuple[str, str, str], *, lus: Mapping[str, Examen]) -> None:
    """
    Move the head of a journal over every event that follows without a gap, and project it on the way.

    Args:
        db: the caller's transaction.
        cle: relay, life of its register, stream.
        lus: lots that were read just now, by id: their frames are not read again.
    """
    relais, inc, flux = cle
    tete = _tete(db, cle)
    journal = Journal(relais, inc)
    while suite := _suite(db, cle, apres=tete.jusqua):
        if flux == ACTIVITE:
            neufs = [e for lot in suite for e in _evenements(db, lot, lus) if e.seq > tete.jusqua]
            tete.illisibles += projection.projeter(db, journal, neufs)
            tete.boot_id, tete.bt_ns, tete.mur_ms = neufs[-1].boot_id, neufs[-1].bt_ns, neufs[-1].mur_ms
            effaces = [e for e in neufs if e.type == "personne_effacee"]
            demander_evidement(db, journal, _identites(effaces))
        tete.jusqua, tete.h = suite[-1].dernier, suite[-1].apres
    if tete.boot_id is not None and "\0" in tete.boot_id:
        tete.boot_id = None
    champs = {nom: getattr(tete, nom) for nom in _Tete.__slots__}
    schema.poser(db, schema.avancee, **journal.cle, flux=flux, **champs)


def _identites(effaces: Sequence[Evenement]) -> list[int]:
    """Return the numbers of the lots of identities that erasures name."""
    seqs = []
    for e in effaces:
        try:
            seq = e.entier_ou_vide("identites_seq")
        except evenements.ValeursInattendues:
            continue
        if seq is not None and seq > 0:
            seqs.append(seq)
    return seqs


def _tete(db: Connection, cle: tuple[str, str, str]) -> _Tete:
    t = schema.avancee
    noms = _Tete.__slots__
    rangee = db.execute(select(*(t.c[nom] for nom in noms)).where(*_de(t, cle))).first()
    return _Tete() if rangee is None else _Tete(**dict(zip(noms, rangee, strict=True)))


def _suite(db: Connection, cle: tuple[str, str, str], *, apres: int) -> list[Row[*tuple[Any, ...]]]:
    """Return the next lots that follow `apres` without a gap, a bounded number of them."""
    t = schema.lot
    rangees = db.execute(
        select(t.c.id, t.c.premier, t.c.dernier, t.c.apres, t.c.clair)
        .where(*_de(t, cle), t.c.premier > apres - EVENEMENTS_MAX, t.c.dernier > apres)
        .order_by(t.c.premier, t.c.dernier)
        .limit(2 * LOTS_PAR_TOUR)
    )
    suite: list[Row[*tuple[Any, ...]]] = []
    poids = 0
    for lot in rangees:
        if lot.premier > apres + 1 or len(suite) == LOTS_PAR_TOUR or poids > CLAIR_PAR_TOUR:
            break
        if lot.dernier > apres:
            suite.append(lot)
            apres, poids = lot.dernier, poids + lot.clair
    return suite


def _evenements(db: Connection, lot: Row[*tuple[Any, ...]], lus: Mapping[str, Examen]) -> Sequence[Evenement]:
    if lot.id in lus:
        return lus[lot.id].evenements
    cadre = db.execute(select(schema.lot.c.cadre).where(schema.lot.c.id == lot.id)).scalar_one()
    return [
        evenements.lire(ligne, seq=seq) for seq, ligne in enumerate(lignes_de(bytes(cadre), lot.clair), lot.premier)
    ]


def _de(t: Any, cle: tuple[str, str, str]) -> tuple[ColumnElement[bool], ...]:
    return (t.c.relais == cle[0], t.c.inc == cle[1], t.c.flux == cle[2])

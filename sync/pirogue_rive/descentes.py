"""
What goes down to each relay: settings, code lists, erasures, a lost boat's enrolments, the shore's new keys.

Each kind has its own series per relay, which only grows. A lot is sealed once, kept, and given again until the relay
says that it has it. `config`, `listes` and `effacement` say all each time: the last one is enough.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from pirogue_echange import cles as trousseau
from pirogue_echange import descente as format_descente
from pirogue_echange import lot as lots
from pirogue_echange import rotation
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.descente import Descente
from pirogue_echange.erreurs import LotTropGros
from pirogue_echange.rotation import Rotation
from pirogue_rive import actes, base, cartes, cles_suivantes, schema
from pirogue_rive.config import Rive, ecrire_durable
from pirogue_rive.schema_gestion import annonce, descente
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant

#: Order in an answer: the keys first, since what follows is signed with them.
GENRES = ("cles", *format_descente.GENRES)
#: Of these, the last lot says all that the ones before said.
CUMULATIFS = ("config", "listes", "effacement")
#: Pieces of a restoration that are given at once; the next ones follow when these are applied.
MORCEAUX_MAX = 40


@dataclass(frozen=True, slots=True)
class Envoi:
    """
    A downward lot, as the shore's pages show it.

    Attributes:
        genre, serie: which.
        cree_ms: when it was sealed, ms since 1970 UTC.
        octets: its size.
        contenu: what it says, where that may be read again.
    """

    genre: str
    serie: int
    cree_ms: int
    octets: int
    contenu: tuple[dict[str, Any], ...]


def publier(  # noqa: PLR0913 - what, for whom, when, in whose transaction
    rive: Rive,
    *,
    relais: str,
    genre: str,
    lignes: Sequence[Mapping[str, Any]],
    instant: Instant,
    db: Connection | None = None,
    saut: int = 0,
) -> int:
    """
    Seal and keep the next downward lot of a kind for a relay.

    Args:
        rive: the open shore.
        relais: whom it is for; it must have a key in force.
        genre: one of `pirogue_echange.descente.GENRES`.
        lignes: what it says, one object per line.
        instant: now.
        db: the caller's transaction, where there is one.
        saut: numbers to leave out, which a shore that lost some days may have used; only for `CUMULATIFS`.

    Returns:
        Its series.

    Raises:
        Introuvable: this relay is not known, or its key was revoked.
        LotTropGros: more than one lot may hold.
    """
    if db is None:
        with rive.moteur.begin() as neuve:
            return publier(rive, relais=relais, genre=genre, lignes=lignes, instant=instant, db=neuve, saut=saut)
    carte = _carte(rive, relais)
    dites = tuple(dict(ligne) for ligne in lignes)
    serie = saut + prochaine(db, relais=relais, genre=genre)
    lot = format_descente.sceller(
        Descente(genre=genre, relais=relais, serie=serie, lignes=dites),
        relais=carte,
        cles=rive.cles,
        cree=instant.mur_ms // 1000,
    )
    contenu = json.dumps(dites, ensure_ascii=False) if genre in CUMULATIFS else None
    _garder(db, relais=relais, genre=genre, serie=serie, corps=lot.octets, contenu=contenu, cree_ms=instant.mur_ms)
    return serie


def decouper(
    rive: Rive, *, relais: str, lignes: Sequence[Mapping[str, Any]], instant: Instant, pas: int = 400
) -> list[int]:
    """
    Publish a restoration in as many lots as it needs, in order, all or none; return their series.

    Raises:
        Introuvable: this relay is not known. LotTropGros: one line alone is too large.
    """
    series: list[int] = []
    reste = list(lignes)
    with rive.moteur.begin() as db:
        while reste:
            morceau = reste[:pas]
            try:
                serie = publier(rive, relais=relais, genre="restauration", lignes=morceau, instant=instant, db=db)
            except LotTropGros:
                if pas == 1:
                    raise
                pas = max(1, pas // 2)
                continue
            series.append(serie)
            reste = reste[len(morceau) :]
    return series


def pour(rive: Rive, *, relais: str, au_dela: Mapping[str, int] | None = None) -> list[bytes]:
    """
    Return the downward lots to give to a relay, in the order in which it must read them.

    Args:
        rive: the open shore.
        relais: which.
        au_dela: last series that the relay has of each kind, 0 where it is not said; by default what it told us.
    """
    donnes = par_genre(rive, relais=relais, au_dela=au_dela)
    return [octets for genre in GENRES for octets in donnes[genre]]


def par_genre(rive: Rive, *, relais: str, au_dela: Mapping[str, int] | None = None) -> dict[str, list[bytes]]:
    """Return, for each kind, the downward lots to give to a relay, in order; same arguments as `pour`."""
    connus = series_connues(rive, relais) if au_dela is None else au_dela
    t = descente
    donnes: dict[str, list[bytes]] = {}
    with base.lire(rive.moteur) as db:
        for genre in GENRES:
            requete = select(t.c.corps).where(
                t.c.relais == relais, t.c.genre == genre, t.c.serie > connus.get(genre, 0)
            )
            ordre = t.c.serie.desc() if genre in CUMULATIFS else t.c.serie
            combien = 1 if genre in CUMULATIFS else MORCEAUX_MAX
            donnes[genre] = [bytes(corps) for corps in db.scalars(requete.order_by(ordre).limit(combien))]
    return donnes


def series_connues(rive: Rive, relais: str) -> dict[str, int]:
    """Return the last number of each kind that a relay has, as far as it told us."""
    with base.lire(rive.moteur) as db:
        return lire_series(db, relais)


def lire_series(db: Connection, relais: str) -> dict[str, int]:
    """
    Return the same, in the caller's transaction: what the relay said when it asked, or wrote in its journal.

    Only the life of its register that spoke last counts: a restored card has forgotten what came after the copy.
    """
    a, p, t = annonce, schema.appliquee, schema.lot
    dit = db.execute(select(a).where(a.c.relais == relais)).first()
    dernier = db.execute(
        select(t.c.inc, t.c.arrive_ms).where(t.c.relais == relais).order_by(t.c.arrive_ms.desc(), t.c.id).limit(1)
    ).first()
    if dit is not None and (dernier is None or dit.le_ms >= dernier.arrive_ms):
        inc = dit.inc
    else:
        inc = dernier.inc if dernier is not None else ""
    series: dict[str, int] = json.loads(dit.series) if dit is not None and dit.inc == inc else {}
    for genre, serie in db.execute(select(p.c.genre, p.c.serie).where(p.c.relais == relais, p.c.inc == inc)):
        series[genre] = max(series.get(genre, 0), serie)
    return series


def lister(rive: Rive, relais: str) -> list[Envoi]:
    """Return the downward lots of a relay, the latest first."""
    t = descente
    with base.lire(rive.moteur) as db:
        rangees = db.execute(
            select(t).where(t.c.relais == relais).order_by(t.c.cree_ms.desc(), t.c.genre, t.c.serie.desc())
        ).all()
    return [
        Envoi(un.genre, un.serie, un.cree_ms, len(un.corps), tuple(json.loads(un.contenu or "[]"))) for un in rangees
    ]


def dernier_contenu(db: Connection, *, relais: str, genre: str) -> list[dict[str, Any]]:
    """Return what the last lot of a cumulative kind said to a relay; nothing before the first one."""
    t = descente
    requete = select(t.c.contenu).where(t.c.relais == relais, t.c.genre == genre).order_by(t.c.serie.desc()).limit(1)
    return list(json.loads(db.scalar(requete) or "[]"))


def changer_cles(rive: Rive, *, par: str, instant: Instant) -> Rive:
    """
    Give the shore new keys, and tell every relay with both signatures; a relay hears of it until it has it.

    What was sealed to the old key stays readable. Whatever waits to go down is signed again with the new key. After a
    stop anywhere, the next opening finishes the change or forgets it (`cles_suivantes`).

    Returns:
        The shore with its new keys.

    Raises:
        ClesIllisibles: the keys cannot be written.
    """
    vieille = rive.cles
    carte = vieille.carte
    neuve = trousseau.faire(
        "rive",
        id=carte.id,
        nom=carte.nom,
        secours=carte.secours,
        identites=carte.identites,
        anciennes=(vieille.identite, *vieille.anciennes),
    )
    cles_suivantes.preparer(rive.dossier, neuve)
    try:
        with rive.moteur.begin() as db:
            for relais in rive.annuaire():
                if cartes.active(rive, relais) is not None:
                    _annoncer(db, relais, vieille=vieille, neuve=neuve, instant=instant)
            _signer_encore(db, vieille=vieille, neuve=neuve)
            actes.noter(db, quoi=cles_suivantes.ACTE, par=par, sur=neuve.carte.empreinte, instant=instant)
    except ErreurPirogue:
        cles_suivantes.abandonner(rive.dossier)
        raise
    cles_suivantes.achever(rive.moteur, rive.dossier)
    ecrire_durable(rive.dossier / "rive.json", trousseau.ecrire_carte(neuve.carte))
    return Rive(moteur=rive.moteur, cles=neuve, dossier=rive.dossier)


def prochaine(db: Connection, *, relais: str, genre: str) -> int:
    """
    Return the next number of a kind for a relay.

    What the relay says that it has counts too: a shore put back from a backup has forgotten numbers, and the boat
    would not hear them twice.
    """
    t, p, a = descente, schema.appliquee, annonce
    donnee = db.scalar(select(func.max(t.c.serie)).where(t.c.relais == relais, t.c.genre == genre))
    appliquee = db.scalar(select(func.max(p.c.serie)).where(p.c.relais == relais, p.c.genre == genre))
    dites: dict[str, int] = json.loads(db.scalar(select(a.c.series).where(a.c.relais == relais)) or "{}")
    return 1 + max(donnee or 0, appliquee or 0, dites.get(genre, 0))


def _annoncer(db: Connection, relais: str, *, vieille: Cles, neuve: Cles, instant: Instant) -> None:
    serie = prochaine(db, relais=relais, genre="cles")
    tour = Rotation(carte=neuve.carte, ancienne=vieille.carte, relais=relais, serie=serie, limites={})
    corps = rotation.sceller(tour, ancienne=vieille, nouvelle=neuve, cree=instant.mur_ms // 1000).octets
    _garder(db, relais=relais, genre="cles", serie=serie, corps=corps, contenu=None, cree_ms=instant.mur_ms)


def _signer_encore(db: Connection, *, vieille: Cles, neuve: Cles) -> None:
    """Sign again, with other keys, the lots that already wait: same header, same payload, same id."""
    t, annuaire = descente, annuaire_de(vieille.carte)
    for un in db.execute(select(t).where(t.c.genre != "cles")).all():
        lot, charge = lots.authentifier(bytes(un.corps), annuaire=annuaire)
        corps = lots.assembler(lot.entete, charge=charge, signataires=[neuve]).octets
        ou = (t.c.relais == un.relais, t.c.genre == un.genre, t.c.serie == un.serie)
        db.execute(update(t).where(*ou).values(corps=corps))


def _carte(rive: Rive, relais: str) -> Carte:
    carte = cartes.active(rive, relais)
    if carte is None:
        raise Introuvable("Ce relais n'a pas de clé en service : rien ne peut lui être envoyé.")
    return carte


def _garder(db: Connection, **colonnes: object) -> None:
    db.execute(descente.insert().values(**colonnes))

"""
What arrived and is not a sure lot, kept for a person to look at; two histories of one journal, side by side.

Nothing here is ever dropped or merged: somebody looks, and says so.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_rive import actes, base, quarantaine, schema
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant


@dataclass(frozen=True, slots=True)
class Cote:
    """One of two histories: a lot's numbers, the ends of its chain, when and by which road it came."""

    premier: int
    dernier: int
    avant: str
    apres: str
    voie: str
    arrive_ms: int


@dataclass(frozen=True, slots=True)
class MiseDeCote:
    """
    Bytes that were put aside.

    Attributes:
        sha256: their hash, their name here.
        motif, phrase: why, as a code and in French.
        relais: who signed them; None when nobody that we know did.
        voie, arrive_ms: how and when they came, ms since 1970 UTC.
        octets: how many.
        vu_par, vu_ms: who looked and when; None while nobody did.
        ici, gardes: for a fork, what is in these bytes, and what the shore has for the same numbers.
        inc: for a fork, the life of the register that has two histories; empty otherwise.
    """

    sha256: str
    motif: str
    phrase: str
    relais: str | None
    voie: str
    arrive_ms: int
    octets: int
    vu_par: str | None
    vu_ms: int | None
    ici: Cote | None = None
    gardes: tuple[Cote, ...] = ()
    inc: str = ""


def lister(rive: Rive, *, relais: str | None = None, combien: int = 200) -> list[MiseDeCote]:
    """Return what was put aside, of one relay or of all: what nobody looked at first, then the latest first."""
    t = schema.quarantaine
    colonnes = [un for un in t.columns if un.name != "corps"]
    requete = select(*colonnes).order_by(t.c.vu_ms.is_not(None), t.c.arrive_ms.desc(), t.c.sha256).limit(combien)
    if relais is not None:
        requete = requete.where(t.c.relais == relais)
    with base.lire(rive.moteur) as db:
        return [_une(db, rangee) for rangee in db.execute(requete).all()]


def compter(rive: Rive, *, relais: str | None = None) -> int:
    """Return how many nobody has looked at yet."""
    t = schema.quarantaine
    requete = select(func.count()).select_from(t).where(t.c.vu_ms.is_(None))
    if relais is not None:
        requete = requete.where(t.c.relais == relais)
    with base.lire(rive.moteur) as db:
        return db.scalar(requete) or 0


def corps(rive: Rive, sha256: str) -> bytes:
    """Return bytes that were put aside, as they came; raises Introuvable."""
    t = schema.quarantaine
    with base.lire(rive.moteur) as db:
        rangee = db.execute(select(t.c.corps).where(t.c.sha256 == sha256)).first()
    if rangee is None:
        raise Introuvable("Il n'y a rien de tel de côté.")
    return bytes(rangee.corps)


def marquer_vue(rive: Rive, *, sha256: str, par: str, instant: Instant) -> None:
    """Say who looked; the first one stays. Raises Introuvable."""
    t = schema.quarantaine
    with base.lire(rive.moteur) as db:
        rangee = db.execute(select(t.c.relais).where(t.c.sha256 == sha256)).first()
    if rangee is None:
        raise Introuvable("Il n'y a rien de tel de côté.")
    if quarantaine.voir(rive, sha256=sha256, par=par, instant=instant):
        with rive.moteur.begin() as db:
            actes.noter(db, quoi="vu", par=par, sur=rangee.relais or "", instant=instant)


def _une(db: Connection, rangee: Row[tuple[object, ...]]) -> MiseDeCote:
    ici, gardes, inc = _cotes(db, rangee) if rangee.motif == quarantaine.BIFURCATION else (None, (), "")
    champs = ("sha256", "motif", "phrase", "relais", "voie", "arrive_ms", "octets", "vu_par", "vu_ms")
    return MiseDeCote(**{champ: getattr(rangee, champ) for champ in champs}, ici=ici, gardes=gardes, inc=inc)


def _cotes(db: Connection, rangee: Row[tuple[object, ...]]) -> tuple[Cote | None, tuple[Cote, ...], str]:
    """Return both histories of a fork: the lot put aside, those that have some of its numbers; and whose life it is."""
    q, t = schema.quarantaine, schema.lot
    octets = db.scalar(select(q.c.corps).where(q.c.sha256 == rangee.sha256))
    tete = _entete(bytes(octets or b""))
    if tete is None:
        return None, (), ""
    ici = Cote(tete.premier, tete.dernier, tete.avant, tete.apres, rangee.voie, rangee.arrive_ms)
    requete = (
        select(t.c.premier, t.c.dernier, t.c.avant, t.c.apres, t.c.voie, t.c.arrive_ms)
        .where(t.c.relais == tete.relais, t.c.inc == tete.inc, t.c.flux == tete.flux)
        .where(t.c.premier <= tete.dernier + 1, t.c.dernier >= tete.premier - 1)
        .order_by(t.c.premier)
        .limit(8)
    )
    proches = [Cote(*un) for un in db.execute(requete)]
    memes = [un for un in proches if un.premier <= tete.dernier and un.dernier >= tete.premier]
    return ici, tuple(memes or proches), tete.inc


def _entete(octets: bytes) -> Entete | None:
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        return None
    return prefixe.entete if prefixe is not None else None

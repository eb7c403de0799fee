"""
Lots coming in, from any road, any number of times, in any order.

A lot is checked whole, archived as it arrived (synced), then taken in: its row, the head of its journal, the views.
A few lots share one transaction, and so the wait for the disk; what is wrong with one changes nothing for the others.
Unique keys and one lock per relay decide what is a duplicate, never a look before the leap. A journal is projected
along its contiguous prefix only, so the order of arrival cannot show in the views.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from pirogue_echange import canonique
from pirogue_echange.erreurs import CleManquante, LotInvalide
from pirogue_rive import archive, base, examen, jauges, journaux, quarantaine, schema
from pirogue_rive.archive import Brut
from pirogue_rive.config import Rive
from pirogue_rive.examen import ACTIVITE, Examen
from pirogue_rive.journaux import Bifurcation
from pirogue_rive.projection import Journal
from pirogue_socle.horloge import Instant

#: What one transaction takes in at most: lots, and bytes of theirs once inflated.
LOTS_MAX, CLAIR_MAX = journaux.LOTS_PAR_TOUR, journaux.CLAIR_PAR_TOUR
#: The road of what is read again from our own archive: nobody came.
ARCHIVE = "archive"
_AUTRE_HISTOIRE = "Ce lot raconte une autre histoire que celle déjà reçue pour les mêmes numéros."


@dataclass(frozen=True, slots=True)
class Arrivee:
    """
    What became of one lot.

    Attributes:
        sort: `ingere`, `doublon`, `bifurcation`, `quarantaine`, or `ailleurs` (for another shore: nothing is kept).
        relais: the relay that signed it; empty when that could not be known.
        inc: the life of its register.
        phrase: why it was refused, in French; empty otherwise.
    """

    sort: str
    relais: str = ""
    inc: str = ""
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class _Refus:
    """A lot that is not believed."""

    octets: bytes
    erreur: LotInvalide
    relais: str


def prendre(rive: Rive, octets: bytes, *, voie: str, instant: Instant) -> Arrivee:
    """
    Take one lot in; done twice, the second changes nothing.

    Args:
        rive: the open shore.
        octets: the whole lot.
        voie: `cle`, `4g` or `telephone`.
        instant: now.

    Returns:
        What became of it; a lot that is refused is in quarantine with its reason, its events nowhere.

    Raises:
        RivePleine, RiveIllisible, RiveOccupee: the disk or the database fails; nothing is said to be taken in, send
            the lot again.
    """
    return prendre_suite(rive, (octets,), voie=voie, instant=instant)[0]


def prendre_suite(rive: Rive, suite: Iterable[bytes], *, voie: str, instant: Instant) -> list[Arrivee]:
    """
    Take several lots in, a few per transaction; each as `prendre` would.

    Returns:
        What became of each, in order.

    Raises:
        RivePleine, RiveIllisible, RiveOccupee: as `prendre`; the lots before stay taken in.
    """
    return list(_prendre(rive, suite, voie=voie, instant=instant))


def _prendre(rive: Rive, suite: Iterable[bytes], *, voie: str, instant: Instant) -> Iterator[Arrivee]:
    annuaire = rive.annuaire()
    paquet: list[Examen | _Refus] = []
    poids = 0
    for octets in suite:
        try:
            examen.exiger_pour_nous(octets, cles=rive.cles)
            vu = examen.examiner(octets, annuaire=annuaire, cles=rive.cles, archive=voie == ARCHIVE)
            paquet.append(vu)
            poids += vu.lot.entete.clair
        except LotInvalide as erreur:
            paquet.append(_Refus(octets, erreur, examen.signataire(octets, annuaire=annuaire)))
            poids += len(octets)
        if len(paquet) == LOTS_MAX or poids > CLAIR_MAX:
            yield from _ingerer(rive, paquet, voie=voie, instant=instant)
            paquet, poids = [], 0
    yield from _ingerer(rive, paquet, voie=voie, instant=instant)


def _ingerer(rive: Rive, paquet: Sequence[Examen | _Refus], *, voie: str, instant: Instant) -> list[Arrivee]:
    """Archive what is good, then take it all in by one transaction."""
    if not paquet:
        return []
    bons = [un for un in paquet if isinstance(un, Examen)]
    if voie != ARCHIVE:
        archive.ranger(rive.bruts, [Brut(un.lot.entete.relais, un.lot.id, un.lot.octets) for un in bons])
    with rive.moteur.begin() as db:
        base.verrouiller(db, {un.lot.entete.relais for un in bons})
        arrivees = [
            _ranger(db, un, voie=voie, instant=instant)
            if isinstance(un, Examen)
            else _refuser(db, un, voie=voie, instant=instant)
            for un in paquet
        ]
        neufs = {
            un.lot.id: un
            for un, arrivee in zip(paquet, arrivees, strict=True)
            if isinstance(un, Examen) and arrivee.sort == "ingere"
        }
        for cle in dict.fromkeys(un.journal for un in neufs.values()):
            journaux.avancer(db, cle, lus=neufs)
        if voie != ARCHIVE:
            for relais in {un.lot.signataire for un in bons}:
                schema.poser(db, schema.contact, relais=relais, voie=voie, dernier_ms=instant.mur_ms)
        a_evider = bool(db.scalar(select(func.count()).select_from(schema.lot).where(schema.lot.c.evide == 1)))
    for un, arrivee in zip(paquet, arrivees, strict=True):
        if isinstance(un, Examen) and arrivee.sort == "bifurcation":
            archive.retirer(rive.bruts, relais=un.lot.entete.relais, lot_id=un.lot.id)
    if a_evider:
        _evider_marques(rive)
    return arrivees


def _ranger(db: Connection, un: Examen, *, voie: str, instant: Instant) -> Arrivee:
    qui = {"relais": un.lot.signataire, "inc": un.lot.entete.inc}
    try:
        neuf = journaux.ranger(db, un, voie=voie, instant=instant)
    except Bifurcation:
        garde = {"motif": quarantaine.BIFURCATION, "phrase": _AUTRE_HISTOIRE, "relais": un.lot.signataire}
        quarantaine.garder(db, un.lot.octets, **garde, voie=voie, instant=instant)
        return Arrivee("bifurcation", **qui, phrase=_AUTRE_HISTOIRE)
    return Arrivee("ingere" if neuf else "doublon", **qui)


def _refuser(db: Connection, un: _Refus, *, voie: str, instant: Instant) -> Arrivee:
    phrase = str(un.erreur)
    if isinstance(un.erreur, CleManquante):
        return Arrivee("ailleurs", relais=un.relais, phrase=phrase)
    garde = {"motif": un.erreur.motif, "phrase": phrase}
    quarantaine.garder(db, un.octets, **garde, relais=un.relais or None, voie=voie, instant=instant)
    return Arrivee("quarantaine", relais=un.relais, phrase=phrase)


def refuser(rive: Rive, octets: bytes, *, erreur: LotInvalide, relais: str, voie: str, instant: Instant) -> Arrivee:
    """Put bytes in quarantine with their reason; the same bytes are kept once."""
    with rive.moteur.begin() as db:
        return _refuser(db, _Refus(octets, erreur, relais), voie=voie, instant=instant)


def rattraper(rive: Rive, *, instant: Instant) -> int:
    """
    Take in the archived lots that the database does not have: a stop between the two, or a database lost.

    Where the archive holds as many lots of a relay as the database, nothing more is looked at.

    Returns:
        The number of lots taken in.

    Raises:
        RivePleine, RiveIllisible, RiveOccupee: as `prendre`; what is left is taken in the next time.
    """
    t = schema.lot
    with base.lire(rive.moteur) as db:
        par_relais = select(t.c.relais, func.count().label("combien")).group_by(t.c.relais)
        comptes = {un.relais: un.combien for un in db.execute(par_relais)}
    sorts: list[str] = []
    for relais in archive.relais_gardes(rive.bruts):
        gardes = archive.lister(rive.bruts, relais)
        if len(gardes) == comptes.get(relais, 0):
            continue
        archive.confirmer(rive.bruts, relais)
        with base.lire(rive.moteur) as db:
            connus = set(db.scalars(select(t.c.id).where(t.c.relais == relais)))
        manquants = archive.dans_l_ordre(rive.bruts, relais, set(gardes) - connus)
        octets = (archive.lire(rive.bruts, relais=relais, lot_id=un) for un in manquants)
        sorts += [arrivee.sort for arrivee in _prendre(rive, octets, voie=ARCHIVE, instant=instant)]
    _evider_marques(rive)
    return sorts.count("ingere")


def rejouer(rive: Rive) -> int:
    """Empty the views and rebuild them from the lots, in one transaction; return the number of events."""
    t = schema.avancee
    with rive.moteur.begin() as db:
        base.verrouiller_tout(db)
        jauges.ajouter(db, jauges.REJEUX, 1)
        for vue in schema.VUES:
            db.execute(vue.delete())
        journaux_ = db.execute(select(t.c.relais, t.c.inc, t.c.flux, t.c.jusqua)).all()
        db.execute(t.update().values(jusqua=0, h=canonique.ORIGINE.hex(), illisibles=0))
        for un in journaux_:
            journaux.avancer(db, (un.relais, un.inc, un.flux), lus={})
        compte: int = sum(un.jusqua for un in journaux_ if un.flux == ACTIVITE)
    _evider_marques(rive)
    return compte


def evider(rive: Rive, *, relais: str, inc: str, seqs: Iterable[int]) -> int:
    """
    Destroy the payload of lots of identities, in the archive and for those still to come; headers stay.

    The same line sent again under another life of the register is destroyed with it.

    Args:
        rive: the open shore.
        relais, inc: whose lots.
        seqs: their numbers in the stream of identities.

    Returns:
        The number of archived lots that were destroyed just now.
    """
    with rive.moteur.begin() as db:
        base.verrouiller(db, [relais])
        journaux.demander_evidement(db, Journal(relais, inc), seqs)
    return _evider_marques(rive)


def _evider_marques(rive: Rive) -> int:
    """Destroy what is marked, then say so: after a stop between the two it is done again."""
    t = schema.lot
    with base.lire(rive.moteur) as db:
        marques = db.execute(select(t.c.id, t.c.relais).where(t.c.evide == 1)).all()
    for lot_id, relais in marques:
        archive.evider(rive.bruts, relais=relais, lot_id=lot_id)
    if marques:
        with rive.moteur.begin() as db:
            db.execute(t.update().where(t.c.id.in_([un for un, _ in marques])).values(evide=2))
    return len(marques)


def est_incarnation(inc: str) -> bool:
    """Say whether a text has the form of a register's life: 16 hexadecimal characters."""
    return len(inc) == 16 and all(lettre in "0123456789abcdef" for lettre in inc)

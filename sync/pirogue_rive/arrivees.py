"""
Lots coming in, from any road, any number of times, in any order.

A lot is checked whole, archived as it arrived (synced), then taken in by ONE transaction: lot, events, head of the
journal, views. Unique keys decide what is a duplicate, never a look before the leap. A journal is projected along
its contiguous prefix only, so the order of arrival cannot show in the views.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from pirogue_echange import canonique
from pirogue_echange import lot as lots
from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe, verifier
from pirogue_echange.erreurs import ContenuAbime, FormeInvalide, LotInvalide
from pirogue_rive import evenements, projection, schema
from pirogue_rive.config import Rive, ecrire_durable
from pirogue_rive.projection import Journal
from pirogue_socle.horloge import Instant

#: The stream whose events are projected into views.
ACTIVITE = "activite"
#: Beyond this many refused lots, more are refused without being kept.
QUARANTAINE_MAX = 10_000
_LOT_PAR_LOT = 1000


@dataclass(frozen=True, slots=True)
class Arrivee:
    """
    What became of one lot.

    Attributes:
        sort: `ingere`, `doublon`, `bifurcation` or `quarantaine`.
        relais: the relay that signed it; empty when that could not be known.
        inc: the life of its register.
        phrase: why it was refused, in French; empty otherwise.
    """

    sort: str
    relais: str = ""
    inc: str = ""
    phrase: str = ""


class _Bifurcation(Exception):
    """Same numbers, other content: two histories of one journal."""


def prendre(rive: Rive, octets: bytes, *, voie: str, instant: Instant) -> Arrivee:
    """
    Take one lot in; done twice, the second changes nothing.

    Args:
        rive: the open shore.
        octets: the whole lot.
        voie: `cle` or `4g`.
        instant: now.

    Returns:
        What became of it; a lot that is refused is in quarantine with its reason, its events nowhere.
    """
    relais = ""
    try:
        lot, charge = lots.authentifier(octets, annuaire=rive.annuaire())
        relais = lot.signataire
        tete = lot.entete
        if tete.genre != "journal":
            raise FormeInvalide("Ce lot ne contient pas de journal.")
        lignes = lots.ouvrir_charge(tete, charge, cles=rive.cles)
        if tete.premier == 1 and bytes.fromhex(tete.avant) != canonique.ORIGINE:
            raise ContenuAbime("Le premier lot de ce journal ne commence pas au début.")
        lus = [evenements.lire(ligne, seq=seq) for seq, ligne in enumerate(lignes, tete.premier)]
    except LotInvalide as erreur:
        relais = relais or _signataire(rive, octets)
        return refuser(rive, octets, erreur=erreur, relais=relais, voie=voie, instant=instant)
    chemin = rive.bruts / f"{lot.id}.lot"
    if not chemin.exists():
        ecrire_durable(chemin, octets)
    types = [evenement.type for evenement in lus]
    try:
        with rive.moteur.begin() as db:
            _noter_contact(db, relais=relais, voie=voie, instant=instant)
            nouveau = _ranger_lot(db, lot, voie=voie, instant=instant)
            if nouveau:
                _ranger_evenements(db, tete, lignes=lignes, types=types)
                avancer(db, Journal(tete.relais, tete.inc), flux=tete.flux)
    except _Bifurcation:
        with rive.moteur.begin() as db:
            phrase = "Ce lot raconte une autre histoire que celle déjà reçue pour les mêmes numéros."
            _garder(db, octets, motif="bifurcation", phrase=phrase, relais=relais, voie=voie, arrive_ms=instant.mur_ms)
            _noter_contact(db, relais=relais, voie=voie, instant=instant)
        chemin.unlink(missing_ok=True)
        return Arrivee("bifurcation", relais=relais, inc=tete.inc, phrase=phrase)
    return Arrivee("ingere" if nouveau else "doublon", relais=relais, inc=tete.inc)


def refuser(rive: Rive, octets: bytes, *, erreur: LotInvalide, relais: str, voie: str, instant: Instant) -> Arrivee:
    """Put bytes in quarantine with their reason; the same bytes are kept once."""
    with rive.moteur.begin() as db:
        _garder(
            db,
            octets,
            motif=erreur.motif,
            phrase=str(erreur),
            relais=relais or None,
            voie=voie,
            arrive_ms=instant.mur_ms,
        )
    return Arrivee("quarantaine", relais=relais, phrase=str(erreur))


def _signataire(rive: Rive, octets: bytes) -> str:
    """Return who signed the header of a damaged lot; empty if nobody that we know did."""
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
        return verifier(prefixe, annuaire=rive.annuaire()).id if prefixe else ""
    except LotInvalide:
        return ""


def rattraper(rive: Rive, *, instant: Instant) -> int:
    """
    Take in the archived lots that the database does not have: a stop between the two, or a database lost.

    Returns:
        The number of lots taken in.
    """
    with rive.moteur.begin() as db:
        connus = set(db.scalars(select(schema.lot.c.id)))
    for inacheve in rive.bruts.glob("*.tmp"):
        inacheve.unlink(missing_ok=True)
    sorts = [
        prendre(rive, chemin.read_bytes(), voie="archive", instant=instant).sort
        for chemin in sorted(rive.bruts.glob("*.lot"))
        if chemin.stem not in connus
    ]
    return sorts.count("ingere")


def rejouer(rive: Rive) -> int:
    """Empty the views and rebuild them from the events, in one transaction; return the number of events."""
    t = schema.avancee
    with rive.moteur.begin() as db:
        for vue in schema.VUES:
            db.execute(vue.delete())
        journaux = db.execute(select(t.c.relais, t.c.inc, t.c.flux, t.c.jusqua)).all()
        db.execute(t.update().values(jusqua=0, h=canonique.ORIGINE.hex(), illisibles=0))
        for journal in journaux:
            avancer(db, Journal(journal.relais, journal.inc), flux=journal.flux)
        return sum(journal.jusqua for journal in journaux)


def avancer(db: Connection, journal: Journal, *, flux: str) -> None:
    """Move the head of a journal over every event that follows without a gap, and project it on the way."""
    t = schema.avancee
    ou = (t.c.relais == journal.relais, t.c.inc == journal.inc, t.c.flux == flux)
    rangee = db.execute(select(t.c.jusqua, t.c.h, t.c.illisibles).where(*ou)).first()
    jusqua, h, illisibles = (0, canonique.ORIGINE, 0) if rangee is None else _depuis(rangee)
    while suite := _suite(db, journal, flux=flux, apres=jusqua):
        for ligne in suite:
            jusqua, h = jusqua + 1, canonique.maillon(h, ligne)
            if flux == ACTIVITE:
                lu = evenements.lire(ligne, seq=jusqua)
                illisibles += not projection.appliquer(db, journal, lu)
    schema.poser(db, t, **journal.cle, flux=flux, jusqua=jusqua, h=h.hex(), illisibles=illisibles)


def _depuis(rangee: Row[int, str, int]) -> tuple[int, bytes, int]:
    return rangee[0], bytes.fromhex(rangee[1]), rangee[2]


def _suite(db: Connection, journal: Journal, *, flux: str, apres: int) -> list[bytes]:
    """Return the next lines that follow `apres` without a gap, a bounded number of them."""
    t = schema.evenement
    rangees = db.execute(
        select(t.c.seq, t.c.ligne)
        .where(t.c.relais == journal.relais, t.c.inc == journal.inc, t.c.flux == flux, t.c.seq > apres)
        .order_by(t.c.seq)
        .limit(_LOT_PAR_LOT)
    )
    suite: list[bytes] = []
    for seq, ligne in rangees:
        if seq != apres + len(suite) + 1:
            break
        suite.append(ligne)
    return suite


def _ranger_lot(db: Connection, lot: lots.Lot, *, voie: str, instant: Instant) -> bool:
    """Store a lot's row; False if its key was there: a duplicate."""
    tete = lot.entete
    noms = ("relais", "inc", "flux", "premier", "dernier", "avant", "apres")
    requete = schema.inserer(db, schema.lot).values(
        id=lot.id,
        octets=len(lot.octets),
        voie=voie,
        arrive_ms=instant.mur_ms,
        **{nom: getattr(tete, nom) for nom in noms},
    )
    return db.execute(requete.on_conflict_do_nothing()).rowcount == 1


def _ranger_evenements(db: Connection, tete: Entete, *, lignes: list[bytes], types: list[str]) -> None:
    """Store the events; raises _Bifurcation if they disagree with what is stored or with the lots beside them."""
    journal = {"relais": tete.relais, "inc": tete.inc, "flux": tete.flux}
    rangees = [
        journal | {"seq": seq, "type": genre, "ligne": ligne}
        for seq, (genre, ligne) in enumerate(zip(types, lignes, strict=True), tete.premier)
    ]
    db.execute(schema.inserer(db, schema.evenement).on_conflict_do_nothing(), rangees)
    t, v = schema.evenement, schema.lot
    stockees = db.scalars(
        select(t.c.ligne)
        .where(t.c.relais == tete.relais, t.c.inc == tete.inc, t.c.flux == tete.flux)
        .where(t.c.seq.between(tete.premier, tete.dernier))
        .order_by(t.c.seq)
    ).all()
    meme = (v.c.relais == tete.relais, v.c.inc == tete.inc, v.c.flux == tete.flux)
    avant = v.c.dernier == tete.premier - 1, v.c.apres != tete.avant
    apres = v.c.premier == tete.dernier + 1, v.c.avant != tete.apres
    voisins = [db.execute(select(v.c.id).where(*meme, *cote)).first() for cote in (avant, apres)]
    if list(stockees) != lignes or any(voisins):
        raise _Bifurcation


def _noter_contact(db: Connection, *, relais: str, voie: str, instant: Instant) -> None:
    if voie != "archive":
        schema.poser(db, schema.contact, relais=relais, voie=voie, dernier_ms=instant.mur_ms)


def _garder(db: Connection, octets: bytes, **colonnes: object) -> None:
    t = schema.quarantaine
    if (db.scalar(select(func.count()).select_from(t)) or 0) < QUARANTAINE_MAX:
        ligne = {"sha256": hashlib.sha256(octets).hexdigest(), "corps": octets} | colonnes
        db.execute(schema.inserer(db, t).values(**ligne).on_conflict_do_nothing())


def est_incarnation(inc: str) -> bool:
    """Say whether a text has the form of a register's life: 16 hexadecimal characters."""
    return len(inc) == 16 and all(lettre in "0123456789abcdef" for lettre in inc)

"""What the shore's page shows of each relay, counted from the views."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from pirogue_echange.cles import Carte
from pirogue_rive import base, schema
from pirogue_rive.config import Rive
from pirogue_socle import horloge, regles
from pirogue_socle.horloge import Ancre, Instant
from pirogue_socle.listes import libelle


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


@dataclass(slots=True)
class _Compte:
    """Sums under way."""

    seances: int = 0
    duree_min: int = 0
    jeunes_min: int = 0


def tous(rive: Rive) -> list[BilanRelais]:
    """Return the account of every relay that the shore knows, by name."""
    with base.lire(rive.moteur) as db:
        bilans = [_un(db, droits[0].carte) for droits in rive.annuaire().values()]
    return sorted(bilans, key=lambda bilan: (bilan.nom, bilan.relais))


def refuses_sans_relais(rive: Rive) -> int:
    """Return the number of refused lots of which no known relay is the signer."""
    t = schema.quarantaine
    with base.lire(rive.moteur) as db:
        return db.scalar(select(func.count()).select_from(t).where(t.c.relais.is_(None))) or 0


def _un(db: Connection, carte: Carte) -> BilanRelais:
    ancres = _ancres(db, carte.id)
    compte, venus = _compter(db, carte.id, ancres)
    sexes = _sexes(db, carte.id)
    acheves = _acheves(db, carte.id)
    nom, type_relais = _nommer(db, carte)
    contact_ms, contact_voie = _contact(db, carte.id)
    q = schema.quarantaine
    return BilanRelais(
        relais=carte.id,
        nom=nom,
        type_relais=type_relais,
        seances=compte.seances,
        duree_min=compte.duree_min,
        jeunes_min=compte.jeunes_min,
        filles=sum(sexes.get(un) == "F" for un in venus),
        garcons=sum(sexes.get(un) == "M" for un in venus),
        autres=sum(sexes.get(un) not in {"F", "M"} for un in venus),
        lecons=sum(genre == "lecon" for _, _, genre in acheves),
        quiz=sum(genre == "quiz" for _, _, genre in acheves),
        confirmees_ms=_confirmees(db, carte.id, ancres),
        contact_ms=contact_ms,
        contact_voie=contact_voie,
        quarantaine=db.scalar(select(func.count()).select_from(q).where(q.c.relais == carte.id)) or 0,
        manque=_manque(db, carte.id),
    )


def _ancres(db: Connection, relais: str) -> dict[str, Ancre]:
    """Return the best anchor of each boot; a boot's id is random, so two lives of a register share them rightly."""
    t = schema.ancre
    rangees = db.execute(
        select(t.c.boot_id, t.c.bt_ns, t.c.utc_ms, t.c.source)
        .where(t.c.relais == relais, t.c.source.in_(horloge.SOURCES))
        .order_by(t.c.seq, t.c.inc)
    )
    return horloge.ancres_par_boot(Ancre(*rangee) for rangee in rangees)


def _compter(db: Connection, relais: str, ancres: dict[str, Ancre]) -> tuple[_Compte, set[str]]:
    """Sum the sessions held and who came; a session known from two lives of one register counts once."""
    compte, venus = _Compte(), set[str]()
    t = schema.seance
    seances: dict[str, Row[tuple[object, ...]]] = {}
    requete = select(t).where(t.c.relais == relais, t.c.statut == "cloturee", t.c.fin_boot_id.is_not(None))
    for rangee in db.execute(requete.order_by(t.c.inc)):
        seances[rangee.seance_id] = rangee
    bornes = {un: _bornes(rangee, ancres) for un, rangee in seances.items()}
    compte.seances = len(seances)
    compte.duree_min = sum((fin - debut) // horloge.MS_PAR_MIN for debut, fin in bornes.values())
    p = schema.presence
    for presence in db.execute(select(p).where(p.c.relais == relais, p.c.etat.in_(regles.ETATS_VENUS))):
        seance = seances.get(presence.seance_id)
        if seance is None or seance.inc != presence.inc:
            continue
        venus.add(presence.personne_id)
        debut, fin = bornes[presence.seance_id]
        compte.jeunes_min += regles.minutes_retenues(
            presence.etat,
            debut_ms=debut,
            fin_ms=fin,
            arrivee_ms=_placer(presence.arrivee_heure, debut_ms=debut, fin_ms=fin),
            depart_ms=_placer(presence.depart_heure, debut_ms=debut, fin_ms=fin),
        )
    return compte, venus


def _bornes(seance: Row[tuple[object, ...]], ancres: dict[str, Ancre]) -> tuple[int, int]:
    """Return the estimated start and end of a session, ms; its length never comes from the wall clock."""
    debut = Instant(seance.debut_boot_id, seance.debut_bt_ns, seance.debut_mur_ms)
    fin = Instant(seance.fin_boot_id, seance.fin_bt_ns, seance.fin_mur_ms)
    debut_ms = horloge.estimer(debut, ancres)
    cloture_ms = debut_ms + horloge.duree_ms(debut, fin, ancres)
    try:
        return debut_ms, regles.fin_retenue(debut_ms=debut_ms, cloture_ms=cloture_ms, fin_heure=seance.fin_heure)
    except ValueError:
        return debut_ms, cloture_ms


def _placer(heure: str | None, *, debut_ms: int, fin_ms: int) -> int | None:
    """Return when a written hour such as `09:20` was in a session; an hour that is not one is not known."""
    if heure is None:
        return None
    try:
        return regles.placer_heure(heure, debut_ms=debut_ms, fin_ms=fin_ms)
    except ValueError:
        return None


def _sexes(db: Connection, relais: str) -> dict[str, str]:
    t = schema.jeune
    rangees = db.execute(select(t.c.personne_id, t.c.sexe).where(t.c.relais == relais).order_by(t.c.inc))
    return {rangee.personne_id: rangee.sexe for rangee in rangees}


def _acheves(db: Connection, relais: str) -> set[tuple[str, str, str]]:
    t = schema.progres
    rangees = db.execute(
        select(t.c.personne_id, t.c.contenu_id, t.c.genre).where(t.c.relais == relais, t.c.acheve == 1)
    )
    return {(personne, contenu, genre) for personne, contenu, genre in rangees}


def _nommer(db: Connection, carte: Carte) -> tuple[str, str]:
    t = schema.relais
    rangee = db.execute(
        select(t.c.nom, t.c.type_relais).where(t.c.relais == carte.id).order_by(t.c.inc.desc()).limit(1)
    ).first()
    return (rangee.nom, libelle("type_relais", rangee.type_relais)) if rangee else (carte.nom, "Relais")


def _contact(db: Connection, relais: str) -> tuple[int | None, str | None]:
    t = schema.contact
    rangee = db.execute(
        select(t.c.dernier_ms, t.c.voie).where(t.c.relais == relais).order_by(t.c.dernier_ms.desc()).limit(1)
    ).first()
    return (rangee.dernier_ms, rangee.voie) if rangee else (None, None)


def _confirmees(db: Connection, relais: str, ancres: dict[str, Ancre]) -> int | None:
    """Return the estimated time of the last event that receipts cover."""
    t = schema.avancee
    rangees = db.execute(
        select(t.c.boot_id, t.c.bt_ns, t.c.mur_ms).where(t.c.relais == relais, t.c.boot_id.is_not(None))
    )
    return max((horloge.estimer(Instant(*rangee), ancres) for rangee in rangees), default=None)


def _manque(db: Connection, relais: str) -> bool:
    """Say whether a lot arrived beyond a gap."""
    t, v = schema.avancee, schema.lot
    jointure = (t.c.relais == v.c.relais) & (t.c.inc == v.c.inc) & (t.c.flux == v.c.flux)
    requete = select(v.c.id).join(t, jointure).where(v.c.relais == relais, v.c.dernier > t.c.jusqua).limit(1)
    return db.execute(requete).first() is not None


def total(bilans: Iterable[BilanRelais], champ: str) -> int:
    """Return the sum of one counted field over the relays."""
    return sum(int(getattr(bilan, champ)) for bilan in bilans)

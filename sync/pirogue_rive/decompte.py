"""What the views say of one relay: sessions, minutes, who came, what was finished. The database adds up what it can."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from pirogue_rive import schema, vies
from pirogue_rive.vies import Rangee, Vies
from pirogue_socle import horloge, regles
from pirogue_socle.horloge import Ancre, Instant
from pirogue_socle.listes import libelle

_TENUE = "cloturee"
_JEUNE, _SEANCE, _CONTENU = ("personne_id",), ("seance_id",), ("contenu_id",)
#: Who finished what: contents by person, by kind (`lecon`, `quiz`…).
Finis = Mapping[str, Mapping[str, tuple[str, ...]]]
#: Start and end of the sessions held, ms since 1970 UTC, by session.
_Bornes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Decompte:
    """
    What the views of one relay add up to.

    Attributes:
        nom, type_relais: what it says that it is called; None if it has not said so.
        seances, duree_min, jeunes_min: sessions held, their minutes, the minutes of presence of all youths.
        venus: who came at least once, by number, with their sex, empty where it is not known.
        finis: contents finished, by kind and person.
        confirmees_ms: estimated time of the last event of the whole prefix; None if nothing came.
    """

    nom: str | None
    type_relais: str | None
    seances: int
    duree_min: int
    jeunes_min: int
    venus: Mapping[str, str]
    finis: Finis
    confirmees_ms: int | None

    def combien_finis(self, genre: str) -> int:
        """Return how many contents of a kind were finished, counted once per person."""
        return sum(map(len, self.finis.get(genre, {}).values()))


def faire(db: Connection, relais: str) -> Decompte:
    """Count one relay; what several lives of its register know counts once."""
    ancres = _ancres(db, relais)
    lues = vies.lire(db, relais)
    bornes = _bornes(db, relais, ancres, lues)
    jeunes_min, presents = (_presences if len(lues.incs) < 2 else _presences_des_vies)(db, relais, bornes, lues, ancres)
    sexes = {un.personne_id: un.sexe for un in vies.rangees(db, lues, schema.jeune, relais=relais, cle=_JEUNE)}
    nom, type_relais = _nommer(db, relais, lues)
    return Decompte(
        nom=nom,
        type_relais=type_relais,
        seances=len(bornes),
        duree_min=sum((fin - debut) // horloge.MS_PAR_MIN for debut, fin in bornes.values()),
        jeunes_min=jeunes_min,
        venus={un: sexes.get(un, "") for un in presents},
        finis=_finis(db, relais, lues),
        confirmees_ms=_confirmees(db, relais, ancres),
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


def _bornes(db: Connection, relais: str, ancres: dict[str, Ancre], lues: Vies) -> dict[str, tuple[int, int]]:
    """Return when the sessions that were held began and ended."""
    seances = vies.rangees(db, lues, schema.seance, relais=relais, cle=_SEANCE)
    return {un.seance_id: _borner(un, ancres) for un in seances if un.statut == _TENUE and un.fin_boot_id is not None}


def _borner(seance: Rangee, ancres: dict[str, Ancre]) -> tuple[int, int]:
    """Return the estimated start and end of a session, ms; its length never comes from the wall clock."""
    debut = Instant(seance.debut_boot_id, seance.debut_bt_ns, seance.debut_mur_ms)
    fin = Instant(seance.fin_boot_id, seance.fin_bt_ns, seance.fin_mur_ms)
    debut_ms = horloge.estimer(debut, ancres)
    cloture_ms = debut_ms + horloge.duree_ms(debut, fin, ancres)
    try:
        return debut_ms, regles.fin_retenue(debut_ms=debut_ms, cloture_ms=cloture_ms, fin_heure=seance.fin_heure)
    except ValueError:
        return debut_ms, cloture_ms


def _presences(db: Connection, relais: str, bornes: _Bornes, _: Vies, ancres: dict[str, Ancre]) -> tuple[int, set[str]]:
    """Return the minutes of presence and who came: the database counts those who stayed from start to end."""
    t = schema.presence
    venues = (t.c.relais == relais, t.c.etat.in_(regles.ETATS_VENUS))
    entieres = select(t.c.seance_id, func.count()).where(*venues, ~_a_une_heure()).group_by(t.c.seance_id)
    minutes = sum(
        combien * regles.minutes_retenues("present", debut_ms=bornes[seance][0], fin_ms=bornes[seance][1])
        for seance, combien in db.execute(entieres)
        if seance in bornes
    )
    partielles = db.execute(select(t).where(*venues, _a_une_heure()))
    minutes += sum(_minutes(un, *bornes[un.seance_id], ancres) for un in partielles if un.seance_id in bornes)
    return minutes, set(db.scalars(_qui_est_venu(relais)))


def _qui_est_venu(relais: str) -> Select[tuple[str]]:
    p, s = schema.presence, schema.seance
    meme = (s.c.relais == p.c.relais) & (s.c.inc == p.c.inc) & (s.c.seance_id == p.c.seance_id)
    tenue = (s.c.statut == _TENUE, s.c.fin_boot_id.is_not(None))
    requete = select(p.c.personne_id).join(s, meme).where(p.c.relais == relais, p.c.etat.in_(regles.ETATS_VENUS))
    return requete.where(*tenue).distinct()


def _a_une_heure() -> ColumnElement[bool]:
    """Whoever came late or left early at an hour that is known does not count for the whole session."""
    t = schema.presence
    tard = and_(t.c.etat == "retard", or_(t.c.arrivee_heure.is_not(None), t.c.arrivee_boot_id.is_not(None)))
    return or_(tard, and_(t.c.etat == "parti_avant", t.c.depart_heure.is_not(None)))


def _presences_des_vies(
    db: Connection, relais: str, bornes: _Bornes, lues: Vies, ancres: dict[str, Ancre]
) -> tuple[int, set[str]]:
    """Return the same of a relay whose register had several lives: the row that counts is chosen among theirs."""
    minutes, venus = 0, set[str]()
    for presence in vies.rangees(db, lues, schema.presence, relais=relais, cle=(*_SEANCE, *_JEUNE)):
        if presence.seance_id in bornes and presence.etat in regles.ETATS_VENUS:
            venus.add(presence.personne_id)
            minutes += _minutes(presence, *bornes[presence.seance_id], ancres)
    return minutes, venus


def _minutes(presence: Rangee, debut: int, fin: int, ancres: dict[str, Ancre]) -> int:
    arrivee_ms = _placer(presence.arrivee_heure, debut_ms=debut, fin_ms=fin)
    if presence.arrivee_heure is None and presence.etat == "retard" and presence.arrivee_boot_id is not None:
        venue = Instant(presence.arrivee_boot_id, presence.arrivee_bt_ns, presence.arrivee_mur_ms)
        arrivee_ms = horloge.estimer(venue, ancres)
    return regles.minutes_retenues(
        presence.etat,
        debut_ms=debut,
        fin_ms=fin,
        arrivee_ms=arrivee_ms,
        depart_ms=_placer(presence.depart_heure, debut_ms=debut, fin_ms=fin),
    )


def _placer(heure: str | None, *, debut_ms: int, fin_ms: int) -> int | None:
    """Return when a written hour such as `09:20` was in a session; an hour that is not one is not known."""
    if heure is None:
        return None
    try:
        return regles.placer_heure(heure, debut_ms=debut_ms, fin_ms=fin_ms)
    except ValueError:
        return None


def _finis(db: Connection, relais: str, lues: Vies) -> Finis:
    """Return who finished what, once per person and content."""
    t = schema.progres
    finis: Iterable[Rangee]
    if len(lues.incs) < 2:
        colonnes = select(t.c.genre, t.c.personne_id, t.c.contenu_id)
        finis = db.execute(colonnes.where(t.c.relais == relais, t.c.acheve == 1))
    else:
        rangees = vies.rangees(db, lues, t, relais=relais, cle=(*_JEUNE, *_CONTENU))
        finis = (un for un in rangees if un.acheve == 1)
    contenus: dict[str, dict[str, list[str]]] = {}
    for un in finis:
        contenus.setdefault(un.genre, {}).setdefault(un.personne_id, []).append(sys.intern(un.contenu_id))
    return {genre: {qui: tuple(quoi) for qui, quoi in par.items()} for genre, par in contenus.items()}


def _nommer(db: Connection, relais: str, lues: Vies) -> tuple[str | None, str | None]:
    """Return what a relay is called in the youngest life that says it."""
    t = schema.relais
    dits = {un.inc: un for un in db.execute(select(t).where(t.c.relais == relais))}
    dit = next((dits[inc] for inc in reversed(lues.incs) if inc in dits), None)
    return (dit.nom, libelle("type_relais", dit.type_relais)) if dit else (None, None)


def _confirmees(db: Connection, relais: str, ancres: dict[str, Ancre]) -> int | None:
    """Return the estimated time of the last event that receipts cover."""
    t = schema.avancee
    rangees = db.execute(
        select(t.c.boot_id, t.c.bt_ns, t.c.mur_ms).where(t.c.relais == relais, t.c.boot_id.is_not(None))
    )
    return max((horloge.estimer(Instant(*rangee), ancres) for rangee in rangees), default=None)

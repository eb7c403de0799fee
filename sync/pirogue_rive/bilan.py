"""What the shore's page shows of each relay, counted from the views."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from pirogue_echange.cles import Carte
from pirogue_rive import base, schema, vies
from pirogue_rive.config import Rive
from pirogue_rive.vies import Rangee, Vies
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
        venus: who came at least once, by number, with their sex: a person may be known to several relays.
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


#: The counts of different persons, and the sexes that each is about; any other sex is `autres`.
_JEUNE, _SEANCE = ("personne_id",), ("seance_id",)
_PERSONNES = {"filles": "F", "garcons": "M", "autres": ""}


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
    lues = vies.lire(db, carte.id)
    compte, presents = _compter(db, carte.id, ancres, lues)
    sexes = {un.personne_id: un.sexe for un in vies.rangees(db, lues, schema.jeune, relais=carte.id, cle=_JEUNE)}
    venus = {un: sexes.get(un, "") for un in presents}
    acheves = _acheves(db, carte.id, lues)
    nom, type_relais = _nommer(db, carte, lues)
    contact_ms, contact_voie = _contact(db, carte.id)
    q = schema.quarantaine
    return BilanRelais(
        relais=carte.id,
        nom=nom,
        type_relais=type_relais,
        seances=compte.seances,
        duree_min=compte.duree_min,
        jeunes_min=compte.jeunes_min,
        **{champ: _combien(venus, champ) for champ in _PERSONNES},
        lecons=acheves.get("lecon", 0),
        quiz=acheves.get("quiz", 0),
        confirmees_ms=_confirmees(db, carte.id, ancres),
        contact_ms=contact_ms,
        contact_voie=contact_voie,
        quarantaine=db.scalar(select(func.count()).select_from(q).where(q.c.relais == carte.id)) or 0,
        manque=_manque(db, carte.id),
        venus=venus,
    )


def _combien(venus: Mapping[str, str], champ: str) -> int:
    """Return how many persons one of `_PERSONNES` counts."""
    if champ == "autres":
        return sum(sexe not in _PERSONNES.values() or not sexe for sexe in venus.values())
    return sum(sexe == _PERSONNES[champ] for sexe in venus.values())


def _ancres(db: Connection, relais: str) -> dict[str, Ancre]:
    """Return the best anchor of each boot; a boot's id is random, so two lives of a register share them rightly."""
    t = schema.ancre
    rangees = db.execute(
        select(t.c.boot_id, t.c.bt_ns, t.c.utc_ms, t.c.source)
        .where(t.c.relais == relais, t.c.source.in_(horloge.SOURCES))
        .order_by(t.c.seq, t.c.inc)
    )
    return horloge.ancres_par_boot(Ancre(*rangee) for rangee in rangees)


def _compter(db: Connection, relais: str, ancres: dict[str, Ancre], lues: Vies) -> tuple[_Compte, set[str]]:
    """Sum the sessions held and who came; what several lives of one register know counts once."""
    compte, venus = _Compte(), set[str]()
    seances = vies.rangees(db, lues, schema.seance, relais=relais, cle=_SEANCE)
    bornes = {
        un.seance_id: _bornes(un, ancres) for un in seances if un.statut == "cloturee" and un.fin_boot_id is not None
    }
    compte.seances = len(bornes)
    compte.duree_min = sum((fin - debut) // horloge.MS_PAR_MIN for debut, fin in bornes.values())
    for presence in vies.rangees(db, lues, schema.presence, relais=relais, cle=(*_SEANCE, *_JEUNE)):
        if presence.seance_id not in bornes or presence.etat not in regles.ETATS_VENUS:
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


def _bornes(seance: Rangee, ancres: dict[str, Ancre]) -> tuple[int, int]:
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


def _acheves(db: Connection, relais: str, lues: Vies) -> dict[str, int]:
    """Return how many contents were finished, of each kind, counted once per trainee."""
    t = schema.progres
    if len(lues.incs) < 2:
        requete = select(t.c.genre, func.count()).where(t.c.relais == relais, t.c.acheve == 1).group_by(t.c.genre)
        return {genre: combien for genre, combien in db.execute(requete)}  # noqa: C416 - rows are not pairs for mypy
    finis = vies.rangees(db, lues, t, relais=relais, cle=(*_JEUNE, "contenu_id"))
    return Counter(un.genre for un in finis if un.acheve == 1)


def _nommer(db: Connection, carte: Carte, lues: Vies) -> tuple[str, str]:
    """Return what a relay is called in the youngest life that says it."""
    t = schema.relais
    dits = {un.inc: un for un in db.execute(select(t).where(t.c.relais == carte.id))}
    dit = next((dits[inc] for inc in reversed(lues.incs) if inc in dits), None)
    return (dit.nom, libelle("type_relais", dit.type_relais)) if dit else (carte.nom, "Relais")


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
    """Return the sum of one counted field over the relays; a person known to several of them counts once."""
    if champ not in _PERSONNES:
        return sum(int(getattr(bilan, champ)) for bilan in bilans)
    venus: dict[str, str] = {}
    for bilan in bilans:
        venus |= {personne: sexe for personne, sexe in bilan.venus.items() if sexe or personne not in venus}
    return _combien(venus, champ)

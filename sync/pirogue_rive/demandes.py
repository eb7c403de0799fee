"""
Relays that ask to be welcomed: their card came by the network or on a stick, two people compare the fingerprints.

Nothing is believed of a card before somebody says that the letters are the same on both screens.
"""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from pirogue_echange import cles as trousseau
from pirogue_echange.cles import Carte
from pirogue_echange.erreurs import ClesIllisibles
from pirogue_rive import actes, base, cartes, schema
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import demande
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant

ATTENTE_MAX = 100
TAILLE_MAX = trousseau.TAILLE_MAX


class TropDeDemandes(ErreurPirogue):
    """A hundred relays wait already: no more is kept."""

    geste = "Accueille ou refuse d'abord les relais qui attendent, sur la page de la rive."
    code = 84


@dataclass(frozen=True, slots=True)
class Demande:
    """
    A relay's request.

    Attributes:
        carte: its card; believed only once welcomed.
        voie: `cle`, `4g` or `telephone`.
        arrive_ms: when it first came, ms since 1970 UTC.
        etat: `attente`, `accueilli` or `refuse`.
        par: who decided, None while it waits.
    """

    carte: Carte
    voie: str
    arrive_ms: int
    etat: str
    par: str | None


def noter(rive: Rive, octets: bytes, *, voie: str, instant: Instant) -> Demande:
    """
    Keep a card that somebody brought; brought twice, the first time stays.

    Raises:
        ClesIllisibles: not a relay's card. TropDeDemandes: a hundred wait already. Nothing is written.
    """
    carte = _lire(octets)
    deja = cartes.active(rive, carte.id)
    etat = "accueilli" if deja is not None and deja == carte else "attente"
    with rive.moteur.begin() as db:
        combien = db.scalar(select(func.count()).select_from(demande).where(demande.c.etat == "attente")) or 0
        connue = db.execute(select(demande.c.empreinte).where(demande.c.empreinte == carte.empreinte)).first()
        if connue is None and etat == "attente" and combien >= ATTENTE_MAX:
            raise TropDeDemandes("Trop de relais attendent déjà d'être accueillis.")
        ligne = {
            "empreinte": carte.empreinte,
            "relais": carte.id,
            "nom": carte.nom,
            "carte": trousseau.ecrire_carte(carte),
            "voie": voie,
            "arrive_ms": instant.mur_ms,
            "etat": etat,
        }
        db.execute(schema.inserer(db, demande).values(**ligne).on_conflict_do_nothing())
    return lire(rive, carte.empreinte)


def lister(rive: Rive, etat: str = "attente") -> list[Demande]:
    """Return the requests in a state, the oldest first."""
    requete = select(demande).where(demande.c.etat == etat).order_by(demande.c.arrive_ms, demande.c.empreinte)
    with base.lire(rive.moteur) as db:
        rangees = db.execute(requete).all()
    return [Demande(_lire(un.carte), un.voie, un.arrive_ms, un.etat, un.par) for un in rangees]


def lire(rive: Rive, empreinte: str) -> Demande:
    """Return a request by the fingerprint of its card; raises Introuvable."""
    with base.lire(rive.moteur) as db:
        un = db.execute(select(demande).where(demande.c.empreinte == empreinte)).first()
    if un is None:
        raise Introuvable("Cette demande n'existe pas ou plus.")
    return Demande(_lire(un.carte), un.voie, un.arrive_ms, un.etat, un.par)


def accueillir(rive: Rive, *, empreinte: str, par: str, instant: Instant) -> Carte:
    """
    Make a relay known: a person saw the same letters on both screens.

    Raises:
        Introuvable: no such request. RelaisDejaConnu: this id has other keys in force.
        RiveIllisible: its file cannot be written.
    """
    carte = lire(rive, empreinte).carte
    cartes.accueillir(rive, carte)
    _decider(rive, carte, etat="accueilli", quoi="accueilli", par=par, instant=instant)
    return carte


def refuser(rive: Rive, *, empreinte: str, par: str, instant: Instant) -> Carte:
    """Refuse a relay; its request is kept as refused. Raises Introuvable."""
    carte = lire(rive, empreinte).carte
    _decider(rive, carte, etat="refuse", quoi="refuse", par=par, instant=instant)
    return carte


def _decider(rive: Rive, carte: Carte, *, etat: str, quoi: str, par: str, instant: Instant) -> None:
    with rive.moteur.begin() as db:
        db.execute(
            update(demande)
            .where(demande.c.empreinte == carte.empreinte)
            .values(etat=etat, par=par, vu_ms=instant.mur_ms)
        )
        actes.noter(db, quoi=quoi, par=par, sur=carte.id, instant=instant)


def _lire(octets: bytes) -> Carte:
    carte = trousseau.lire_carte(octets)
    if carte.genre != "relais":
        raise ClesIllisibles("Cette carte n'est pas celle d'un relais.")
    return carte

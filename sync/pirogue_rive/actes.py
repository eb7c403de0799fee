"""Who did what ashore, and when: accounts, keys, erasures, names opened, courier. Never a youth's name."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from pirogue_rive import base
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import acte
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

PHRASES = {
    "compte_cree": "a créé le compte de",
    "compte_ferme": "a fermé le compte de",
    "mot_de_passe_change": "a choisi le mot de passe de",
    "mot_de_passe_refait": "a refait le mot de passe de",
    "accueilli": "a accueilli",
    "refuse": "a refusé",
    "revoque": "a retiré la clé de",
    "cles_changees": "a changé les clés de",
    "cles_de_la_rive": "a changé les clés de la rive :",
    "configure": "a réglé",
    "redemande": "a redemandé tout ce qui manque à",
    "renait": "a demandé de tout renvoyer à",
    "restaure": "a préparé les fiches pour",
    "efface": "a demandé un effacement à",
    "noms_ouverts": "a ouvert des noms de",
    "vu": "a regardé une mise de côté de",
    "courrier": "a apporté des lots de",
    "maj_offerte": "a offert aux bateaux la mise à jour",
    "maj_retiree": "n'offre plus de mise à jour aux bateaux",
}


@dataclass(frozen=True, slots=True)
class Acte:
    """
    One act.

    Attributes:
        le_ms: when, by the shore's clock, ms since 1970 UTC.
        quoi: one of `PHRASES`.
        par: the name of an account, `console`, or empty for a courier.
        sur: an account's name or a relay's id.
        combien: how many lots, names or relays.
    """

    le_ms: int
    quoi: str
    par: str
    sur: str
    combien: int


def noter(db: Connection, *, quoi: str, par: str, sur: str, instant: Instant, combien: int = 1) -> None:
    """Keep one act, in the caller's transaction."""
    db.execute(
        acte.insert().values(acte_id=nouvel_id(), le_ms=instant.mur_ms, quoi=quoi, par=par, sur=sur, combien=combien)
    )


def derniers(rive: Rive, *, quoi: str | None = None, sur: str | None = None, combien: int = 50) -> list[Acte]:
    """Return the last acts, the latest first, of one kind or about one thing where it is said."""
    requete = select(acte.c.le_ms, acte.c.quoi, acte.c.par, acte.c.sur, acte.c.combien)
    if quoi is not None:
        requete = requete.where(acte.c.quoi == quoi)
    if sur is not None:
        requete = requete.where(acte.c.sur == sur)
    with base.lire(rive.moteur) as db:
        rangees = db.execute(requete.order_by(acte.c.le_ms.desc(), acte.c.acte_id).limit(combien)).all()
    return [Acte(*rangee) for rangee in rangees]

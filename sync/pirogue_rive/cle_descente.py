"""What goes down on a stick: the receipts and the downward lots of every relay; what they replace is removed."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from pirogue_echange import lot as lots
from pirogue_echange import support
from pirogue_echange.annuaire import Annuaire, annuaire_de
from pirogue_echange.entete import Entete
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.lot import LOT_MAX
from pirogue_echange.support import RACINE
from pirogue_rive import base, descentes, recepisses, schema
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant

#: Receipts and downward lots of at most this many relays go on one stick.
RELAIS_MAX = 200
_RECU = "recepisse"


def ecrire(rive: Rive, *, dossier: Path, instant: Instant) -> tuple[int, int]:
    """
    Write what the stick lacks, read it back, then drop what it replaces.

    Each file of the stick is checked once at most: its signature tells whether it is ours to remove.

    Returns:
        How many receipts, and how many other lots, were written.

    Raises:
        OSError: to be turned into a sentence by `support.phrases`; SupportDefaillant.
    """
    courants = {f"{lots.id_de(octets)}.lot": octets for octets in _courants(rive, instant=instant)}
    series = _series(courants.values())
    annuaire = annuaire_de(rive.cles.carte)
    with support.ouvrir_dossier(dossier, RACINE, "descente", creer=True) as descente:
        presents = support.lister(descente)
        tenus = {nom for nom in presents if nom in courants and _est(descente, nom, courants[nom])}
        manquants = {nom: octets for nom, octets in courants.items() if nom not in tenus}
        for nom, octets in manquants.items():
            support.effacer(descente, nom)
            support.ecrire(descente, nom, octets)
        support.relire(descente, manquants)
        for nom in presents:
            if nom not in courants and _est_depasse(descente, nom, series=series, annuaire=annuaire):
                support.effacer(descente, nom)
    recus = sum(_tete(octets).genre == _RECU for octets in manquants.values())
    return recus, len(manquants) - recus


def _courants(rive: Rive, *, instant: Instant) -> list[bytes]:
    """Return what each relay must hear: those that something came from first."""
    with base.lire(rive.moteur) as db:
        vus = list(db.scalars(select(schema.avancee.c.relais).distinct().order_by(schema.avancee.c.relais)))
    connus = rive.annuaire()
    relais = [un for un in dict.fromkeys([*vus, *connus]) if un in connus][:RELAIS_MAX]
    return [
        octets
        for un in relais
        for octets in (*recepisses.pour(rive, relais=un, instant=instant), *descentes.pour(rive, relais=un))
    ]


def _est(descente: int, nom: str, octets: bytes) -> bool:
    return support.lire(descente, nom, maximum=LOT_MAX) == octets


def _series(courants: Iterable[bytes]) -> dict[tuple[str, ...], int]:
    """Return the newest series of what goes down, by what it replaces."""
    series: dict[tuple[str, ...], int] = {}
    for tete in map(_tete, courants):
        series[_sujet(tete)] = max(series.get(_sujet(tete), 0), tete.serie)
    return series


def _sujet(tete: Entete) -> tuple[str, ...]:
    """Return what a lot replaces: an older receipt of the same journal, an older lot of its kind for the same relay."""
    return (tete.genre, tete.relais, *((tete.inc, tete.flux) if tete.genre == _RECU else ()))


def _tete(octets: bytes) -> Entete:
    prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    if prefixe is None:
        raise ValueError("an empty lot")
    return prefixe.entete


def _est_depasse(descente: int, nom: str, *, series: dict[tuple[str, ...], int], annuaire: Annuaire) -> bool:
    """Say whether a file of the stick is a lot of this shore that a newer one replaces."""
    ancien = support.lire(descente, nom, maximum=LOT_MAX)
    if ancien is None:
        return False
    try:
        tete = lots.authentifier(ancien, annuaire=annuaire)[0].entete
    except LotInvalide:
        return False
    return tete.serie < series.get(_sujet(tete), 0)

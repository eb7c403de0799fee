"""The stick ashore: take what came up, leave receipts to go down."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from pirogue_echange import lot as lots
from pirogue_echange import recu, support
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.erreurs import LotInvalide
from pirogue_echange.lot import LOT_MAX
from pirogue_echange.support import RACINE
from pirogue_rive import arrivees, recepisses, schema
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant

#: Receipts of at most this many relays go on one stick.
RELAIS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BilanCle:
    """
    What one stick brought and took.

    Attributes:
        ingeres, doublons, refuses: lots taken in, known already, refused (quarantine or fork).
        recus: receipts written on the stick just now.
        remarques: French sentences about what was refused or left alone.
    """

    ingeres: int
    doublons: int
    refuses: int
    recus: int
    remarques: tuple[str, ...]


def prendre_cle(
    rive: Rive, *, dossier: Path, instant: Instant, progres: Callable[[str], None] = lambda _: None
) -> BilanCle:
    """
    Take in `PIROGUE/montee/` of a mounted stick and write receipts in `PIROGUE/descente/`.

    Nothing is removed from the stick but older receipts of this shore for the same journal.

    Raises:
        SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick; what was taken in stays taken in.
    """
    prises: list[arrivees.Arrivee] = []
    remarques: list[str] = []
    with support.phrases():
        with support.ouvrir_dossier(dossier, RACINE, "montee") as montee:
            vus = support.inventorier(montee)
            remarques.extend(vus.remarques)
            for nom in vus.lots:
                octets = support.lire(montee, nom, maximum=LOT_MAX)
                if octets is None:
                    remarques.append("Un fichier de la clé n'est pas un lot : il est laissé tel quel.")
                    continue
                progres(f"Je lis {nom}…")
                arrivee = arrivees.prendre(rive, octets, voie="cle", instant=instant)
                prises.append(arrivee)
                if arrivee.phrase:
                    remarques.append(arrivee.phrase)
        progres("J'écris les reçus…")
        ecrits = _ecrire_recus(rive, dossier=dossier, instant=instant)
    sorts = [arrivee.sort for arrivee in prises]
    return BilanCle(
        ingeres=sorts.count("ingere"),
        doublons=sorts.count("doublon"),
        refuses=sorts.count("quarantaine") + sorts.count("bifurcation"),
        recus=ecrits,
        remarques=tuple(dict.fromkeys(remarques)),
    )


def _ecrire_recus(rive: Rive, *, dossier: Path, instant: Instant) -> int:
    """Write the current receipt of every journal that the stick lacks, read them back, then drop the older ones."""
    with rive.moteur.begin() as db:
        vus = db.scalars(select(schema.avancee.c.relais).distinct().order_by(schema.avancee.c.relais)).all()
    connus = rive.annuaire()
    courants = {
        f"{lots.id_de(octets)}.lot": octets
        for relais in [un for un in vus if un in connus][:RELAIS_MAX]
        for octets in recepisses.pour(rive, relais=relais, instant=instant)
    }
    with support.ouvrir_dossier(dossier, RACINE, "descente", creer=True) as descente:
        presents = {nom: support.lire(descente, nom, maximum=LOT_MAX) for nom in support.lister(descente)}
        manquants = {nom: octets for nom, octets in courants.items() if presents.get(nom) != octets}
        for nom, octets in manquants.items():
            support.effacer(descente, nom)
            support.ecrire(descente, nom, octets)
        support.relire(descente, manquants)
        for nom, ancien in presents.items():
            if nom not in courants and _est_depasse(rive, ancien, courants=courants.values()):
                support.effacer(descente, nom)
    return len(manquants)


def _est_depasse(rive: Rive, ancien: bytes | None, *, courants: Iterable[bytes]) -> bool:
    """Say whether a file of the stick is a receipt of this shore that a newer one replaces."""
    carte = rive.cles.carte
    annuaire = annuaire_de(carte)
    if ancien is None:
        return False
    try:
        lu = recu.ouvrir(ancien, annuaire=annuaire)
    except LotInvalide:
        return False
    neufs = [recu.ouvrir(octets, annuaire=annuaire) for octets in courants]
    return any((un.relais, un.inc) == (lu.relais, lu.inc) and un.serie > lu.serie for un in neufs)

"""The stick ashore: take what came up, leave receipts and downward lots to go down."""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange import cles as trousseau
from pirogue_echange import support
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_echange.erreurs import ClesIllisibles, LotInvalide
from pirogue_echange.lot import LOT_MAX
from pirogue_echange.support import ENTREES_MAX, RACINE
from pirogue_rive import arrivees, cartes, cle_descente, demandes
from pirogue_rive.arrivees import Arrivee
from pirogue_rive.config import Rive
from pirogue_rive.demandes import TropDeDemandes
from pirogue_socle.horloge import Instant

#: Where a box without a shore leaves its card, and where it looks for the shore's.
CARTE_RELAIS = re.compile(r"relais-[a-z0-9_-]{1,63}\.json")
CARTE_RIVE = "rive.json"
#: Cards that one stick may bring.
CARTES_MAX = 16
_PAS_UN_LOT = "Un fichier de la clé n'est pas un lot : il est laissé tel quel."


@dataclass(frozen=True, slots=True, kw_only=True)
class BilanCle:
    """
    What one stick brought and took.

    Attributes:
        ingeres, doublons, refuses: lots taken in, known already, refused (quarantine or fork).
        ailleurs: lots for another shore, left alone.
        recus: receipts written on the stick just now.
        descendus: other downward lots written just now.
        remarques: French sentences about what was refused or left alone.
    """

    ingeres: int
    doublons: int
    refuses: int
    ailleurs: int
    recus: int
    descendus: int
    remarques: tuple[str, ...]


def prendre_cle(
    rive: Rive, *, dossier: Path, instant: Instant, progres: Callable[[str], None] = lambda _: None
) -> BilanCle:
    """
    Take in `PIROGUE/montee/` of a mounted stick and write what goes down in `PIROGUE/descente/`.

    Nothing is removed from the stick but what this shore wrote and has replaced since. A stick that only brings the
    card of a box to be welcomed leaves with the shore's card.

    Raises:
        SupportAbsent, SupportPlein, SupportProtege, SupportDefaillant: the stick; what was taken in stays taken in.
        RivePleine, RiveIllisible, RiveOccupee: the shore's own disk; the stick keeps what it brought.
    """
    remarques: list[str] = []
    prises: list[Arrivee] = []
    with support.phrases(dossier):
        demandes_ = _prendre_cartes(rive, dossier, instant=instant)
        remarques.extend(demandes_)
        if not demandes_ or (dossier / RACINE / "montee").is_dir():
            prises = _prendre_montee(rive, dossier, remarques, instant=instant, progres=progres)
        progres("J'écris les reçus…")
        recus, descendus = cle_descente.ecrire(rive, dossier=dossier, instant=instant)
    remarques.extend(prise.phrase for prise in prises if prise.phrase)
    sorts = [prise.sort for prise in prises]
    return BilanCle(
        ingeres=sorts.count("ingere"),
        doublons=sorts.count("doublon"),
        refuses=sorts.count("quarantaine") + sorts.count("bifurcation"),
        ailleurs=sorts.count("ailleurs"),
        recus=recus,
        descendus=descendus,
        remarques=tuple(dict.fromkeys(remarques)),
    )


def _prendre_montee(
    rive: Rive, dossier: Path, remarques: list[str], *, instant: Instant, progres: Callable[[str], None]
) -> list[Arrivee]:
    """Take in the lots in the order of their journals; changes of keys first, for what they sign."""
    with support.ouvrir_dossier(dossier, RACINE, "montee") as montee:
        vus = support.inventorier(montee)
        remarques.extend(vus.remarques)
        rangs = sorted((_rang(montee, nom), nom) for nom in vus.lots)
        prises = [_tourner(rive, _lire(montee, nom), instant=instant) for rang, nom in rangs if rang[0] == _Rangs.CLES]

        def suite() -> Iterator[bytes]:
            for rang, nom in rangs:
                if rang[0] == _Rangs.AUTRE:
                    progres(f"Je lis {nom}…")
                    yield _lire(montee, nom)

        remarques.extend(_PAS_UN_LOT for rang, _ in rangs if rang[0] == _Rangs.RIEN)
        return prises + arrivees.prendre_suite(rive, suite(), voie="cle", instant=instant)


class _Rangs:
    CLES, AUTRE, RIEN = range(3)


def _rang(montee: int, nom: str) -> tuple[int, str, str, str, int]:
    """Return what puts a file of the stick in its place among the others, from its first lines."""
    octets = support.lire(montee, nom, maximum=LOT_MAX)
    if octets is None:
        return _Rangs.RIEN, "", "", "", 0
    try:
        prefixe = lire_prefixe(Lecteur(SourceOctets(octets)))
    except LotInvalide:
        prefixe = None
    if prefixe is None:
        return _Rangs.AUTRE, "", "", "", 0
    tete = prefixe.entete
    genre = _Rangs.CLES if tete.genre == "cles" else _Rangs.AUTRE
    return genre, tete.relais, tete.inc, tete.flux, tete.serie or tete.premier


def _lire(montee: int, nom: str) -> bytes:
    """Return a file that was readable a moment ago; empty, hence refused, if it no longer is."""
    return support.lire(montee, nom, maximum=LOT_MAX) or b""


def _tourner(rive: Rive, octets: bytes, *, instant: Instant) -> Arrivee:
    try:
        relais = cartes.prendre_rotation(rive, octets, instant=instant)
    except LotInvalide as erreur:
        return arrivees.refuser(rive, octets, erreur=erreur, relais="", voie="cle", instant=instant)
    return Arrivee("cles", relais=relais)


def _prendre_cartes(rive: Rive, dossier: Path, *, instant: Instant) -> list[str]:
    """Keep the cards of boxes that ask to be welcomed, leave ours; return a sentence for each."""
    phrases: list[str] = []
    with support.ouvrir_dossier(dossier, RACINE) as racine:
        with os.scandir(racine) as entrees:
            noms = [entree.name for _, entree in zip(range(ENTREES_MAX), entrees, strict=False)]
        for nom in sorted(filter(CARTE_RELAIS.fullmatch, noms))[:CARTES_MAX]:
            octets = support.lire(racine, nom, maximum=demandes.TAILLE_MAX)
            if octets is None:
                continue
            with contextlib.suppress(ClesIllisibles, TropDeDemandes):
                demande = demandes.noter(rive, octets, voie="cle", instant=instant)
                if demande.etat == "attente":
                    phrases.append(
                        f"« {demande.carte.nom} » demande à être accueilli : compare les empreintes sur la page."
                    )
        notre = trousseau.ecrire_carte(rive.cles.carte)
        if phrases and support.lire(racine, CARTE_RIVE, maximum=trousseau.TAILLE_MAX) != notre:
            support.effacer(racine, CARTE_RIVE)
            support.ecrire(racine, CARTE_RIVE, notre)
            support.relire(racine, {CARTE_RIVE: notre})
    return phrases

"""
Lots that come one after another in a request: read as they come, a few in memory, taken in a few at a time.

A change of a relay's keys takes effect between two lots: what follows may be signed with the new key.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pirogue_echange.entete import SCELLE_MAX
from pirogue_echange.enveloppe import Lecteur, Prefixe, Source, lire_prefixe, verifier
from pirogue_echange.erreurs import FormeInvalide, LotInvalide, SignataireInconnu, SignatureFausse
from pirogue_rive import arrivees, cartes
from pirogue_rive.arrivees import Arrivee
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant

#: What waits in memory before it is taken in.
LOTS_MAX, OCTETS_MAX = 16, 1_000_000
_COUPE = "L'envoi est coupé : le dernier lot manque. Le bateau l'a toujours."
_VALABLES = ("ingere", "doublon", "bifurcation")


class RelaisInconnu(SignataireInconnu):
    """The first lot of a request is signed by nobody that we know: nothing more of it is read."""

    code = 86


@dataclass(slots=True)
class Reception:
    """
    What became of a request's lots.

    Attributes:
        sorts: how many of each fate (`pirogue_rive.arrivees.Arrivee.sort`), and `cles` for changes of keys.
        touches: (relay, life of its register) of the valid lots; the life is empty for a change of keys.
        phrases: French sentences about what was refused, each once.
    """

    sorts: dict[str, int] = field(default_factory=dict)
    touches: dict[tuple[str, str], None] = field(default_factory=dict)
    phrases: dict[str, None] = field(default_factory=dict)

    def compter(self, *sorts: str) -> int:
        """Return how many lots had one of these fates."""
        return sum(self.sorts.get(sort, 0) for sort in sorts)

    @property
    def lots(self) -> int:
        """Return how many lots there were."""
        return sum(self.sorts.values())

    def noter(self, arrivee: Arrivee) -> None:
        """Add what became of one lot."""
        self.sorts[arrivee.sort] = self.sorts.get(arrivee.sort, 0) + 1
        if arrivee.phrase:
            self.phrases[arrivee.phrase] = None
        if arrivee.sort in _VALABLES and arrivee.inc:
            self.touches[(arrivee.relais, arrivee.inc)] = None


def recevoir(rive: Rive, source: Source, *, voie: str, heure: Callable[[], Instant]) -> Reception:
    """
    Take in the lots of a source, one after another, as far as it goes.

    Args:
        rive: the open shore.
        source: where the bytes come from.
        voie: `4g` or `telephone`.
        heure: the clock.

    Returns:
        What became of them; bytes that are not a lot end the reading, what came before stays taken in.

    Raises:
        RelaisInconnu: the first lot is nobody's; nothing more was read.
        FormeInvalide: there is not one lot in it.
        RivePleine, RiveIllisible, RiveOccupee: the disk or the database fails; what was taken in stays taken in.
    """
    reception = Reception()
    attente: list[bytes] = []

    def vider() -> None:
        for arrivee in arrivees.prendre_suite(rive, attente, voie=voie, instant=heure()):
            reception.noter(arrivee)
        attente.clear()

    for genre, octets in _lire(rive, source, reception):
        if genre == "cles":
            vider()
            _tourner(rive, octets, reception, instant=heure())
            continue
        attente.append(octets)
        if len(attente) == LOTS_MAX or sum(map(len, attente)) > OCTETS_MAX:
            vider()
    vider()
    return reception


class _JusquaLaCoupure:
    """A source that ends where the link breaks: what came whole before is taken in all the same."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, taille: int, /) -> bytes:
        """Return up to `taille` bytes, none at the end or at the cut."""
        try:
            return self._source.read(taille)
        except OSError:
            return b""


def _lire(rive: Rive, source: Source, reception: Reception) -> Iterator[tuple[str, bytes]]:
    """Yield (kind, bytes) of each lot that somebody known is said to have signed."""
    lecteur, rang = Lecteur(_JusquaLaCoupure(source)), 0
    while True:
        try:
            prefixe = lire_prefixe(lecteur)
        except FormeInvalide as erreur:
            if rang == 0:
                raise
            reception.phrases[str(erreur)] = None
            return
        if prefixe is None:
            if rang == 0:
                raise FormeInvalide("Il n'y a aucun lot dans cet envoi.")
            return
        etranger = _etranger(rive, prefixe)
        if rang == 0 and etranger and etranger.sort == "inconnu":
            raise RelaisInconnu("Cette rive ne connaît pas ce relais.")
        rang += 1
        charge = lecteur.prendre(min(prefixe.entete.octets, SCELLE_MAX))
        if len(charge) < min(prefixe.entete.octets, SCELLE_MAX):
            reception.phrases[_COUPE] = None  # nobody is at fault, the boat still has this lot
            return
        octets = prefixe.brut + charge
        if etranger:
            reception.noter(etranger)
            continue
        yield prefixe.entete.genre, octets


def _etranger(rive: Rive, prefixe: Prefixe) -> Arrivee | None:
    """
    Return what is said of a lot that no relay of ours signed; None for the others.

    Such a lot is not kept: anybody may send one, and what is put aside must have room for what a key of ours signed.
    """
    try:
        verifier(prefixe, annuaire=rive.annuaire())
    except SignataireInconnu:
        return Arrivee("inconnu", phrase="Un lot vient d'une boîte que cette rive ne connaît pas.")
    except SignatureFausse:
        return Arrivee("faux", phrase="Un lot n'est pas signé par la boîte qu'il nomme : il n'est pas gardé.")
    except LotInvalide:
        return None  # signed by a key of ours: it is put aside with its reason
    return None


def _tourner(rive: Rive, octets: bytes, reception: Reception, *, instant: Instant) -> None:
    try:
        relais = cartes.prendre_rotation(rive, octets, instant=instant)
    except LotInvalide as erreur:
        reception.noter(Arrivee("quarantaine", phrase=str(erreur)))
        return
    reception.noter(Arrivee("cles"))
    reception.touches[(relais, "")] = None

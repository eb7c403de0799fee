"""
The day's data plan: how many bytes the box may still spend on the network today.

Bytes both ways, headers and repeats included, as the operator counts them. They are reserved in the register, in
slices, before they are spent, and settled at the end: a power cut in the middle costs at most a slice, and a reboot
gives nothing back.

The day is the civil day of the true time. A boot that does not know the date (no anchor) goes on with the day that
was under way; so that it can still reach the shore, which tells the date, it always has a tenth of the plan of its
own. As soon as the boot has an anchor, what it spent is charged to the right day.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from pirogue_registre import ancres, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant, jour_civil

#: Bytes a day when the register says nothing.
BUDGET_OCTETS = 5_000_000
#: Names in the register's settings.
REGLAGE_BUDGET = "budget_octets_jour"
REGLAGE_ETAT = "forfait_jour"
#: What is reserved at once, at most.
TRANCHE = 128 * 1024
#: Share of the plan that a boot without a date always has.
_PART_SANS_DATE = 10


class ForfaitEpuise(ErreurPirogue):
    """The day's plan does not allow what is asked."""

    geste = "Le reste partira demain par le réseau, ou tout de suite avec la clé. Les données sont toujours à bord."
    code = 79


@dataclass(frozen=True, slots=True)
class _Etat:
    """
    What was spent.

    Attributes:
        jour: the last known civil day, and `octets` spent on it.
        boot: a boot that did not know its day yet, and `octets_boot` spent by it.
    """

    jour: str = ""
    octets: int = 0
    boot: str = ""
    octets_boot: int = 0


class Forfait:
    """The plan of today, for one exchange; see `ouvrir`."""

    def __init__(self, registre: Registre, *, instant: Instant, garde: int = 0) -> None:
        self._registre = registre
        self._instant = instant
        self._garde = garde
        self._solde = 0
        self._reserve = 0

    @property
    def depense(self) -> int:
        """Return what this exchange has cost so far, bytes."""
        return self._solde

    @property
    def libre(self) -> int:
        """Return what the exchange may still spend, bytes; what its open connection has cost is to be taken from it."""
        return self._reste() + self._reserve - self._solde

    def prevoir(self, octets: int) -> None:
        """
        Agree, durably, to `octets` in all on the connection under way.

        Raises:
            ForfaitEpuise: it is more than what is left today.
        """
        manque = self._solde + octets - self._reserve
        if manque <= 0:
            return
        with transaction(self._registre):
            libre = self._reste()
            if manque > libre:
                raise ForfaitEpuise("Le forfait du jour est utilisé.")
            tranche = min(max(manque, TRANCHE), libre)
            _ajouter(self._registre, tranche, instant=self._instant)
        self._reserve += tranche

    def solder(self, octets: int) -> None:
        """Note what a connection that is over has cost."""
        self._solde += octets

    def clore(self) -> None:
        """Give back what was reserved and not spent."""
        with transaction(self._registre):
            _ajouter(self._registre, self._solde - self._reserve, instant=self._instant)
        self._reserve = self._solde

    def _reste(self) -> int:
        return max(0, reste(self._registre, instant=self._instant) - self._garde)


@contextlib.contextmanager
def ouvrir(registre: Registre, *, instant: Instant, garde: int = 0) -> Iterator[Forfait]:
    """
    Open today's plan for one exchange, and settle it at the end; what cannot be settled stays reserved.

    Args:
        registre: the open register.
        instant: now.
        garde: bytes of the plan that this exchange leaves to others.
    """
    forfait = Forfait(registre, instant=instant, garde=garde)
    try:
        yield forfait
    finally:
        forfait.clore()


def reste(registre: Registre, *, instant: Instant) -> int:
    """Return the bytes that may still be spent today."""
    voulu = reglages.lire(registre, REGLAGE_BUDGET)
    plan = int(voulu) if voulu.isdecimal() else BUDGET_OCTETS
    etat = _lire(registre, instant=instant)
    deja = etat.octets
    if etat.boot:
        deja = min(etat.octets, plan - plan // _PART_SANS_DATE) + etat.octets_boot
    return max(0, plan - deja)


def _lire(registre: Registre, *, instant: Instant) -> _Etat:
    """Return what was spent, as seen from now: on this day, or on the last known one and by this boot."""
    ecrit = reglages.lire(registre, REGLAGE_ETAT)
    etat = _Etat(**json.loads(ecrit)) if ecrit else _Etat()
    if not ancres.est_confirmee(registre, instant=instant):
        if etat.boot == instant.boot_id:
            return etat
        return replace(etat, octets=etat.octets + etat.octets_boot, boot=instant.boot_id, octets_boot=0)
    jour = jour_civil(ancres.estimer_maintenant(registre, instant=instant)).isoformat()
    if etat.boot != instant.boot_id:
        etat = replace(etat, octets=etat.octets + etat.octets_boot, octets_boot=0)
    return _Etat(jour=jour, octets=(etat.octets if etat.jour == jour else 0) + etat.octets_boot)


def _ajouter(registre: Registre, octets: int, *, instant: Instant) -> None:
    etat = _lire(registre, instant=instant)
    if etat.boot:
        etat = replace(etat, octets_boot=etat.octets_boot + octets)
    else:
        etat = replace(etat, octets=max(0, etat.octets + octets))
    reglages.ecrire(registre, REGLAGE_ETAT, json.dumps(asdict(etat)))

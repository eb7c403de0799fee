"""What is looked at again and again beside the loop: the checks of health, the clock. Slow ones hold nobody."""

import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pirogue_bord import horloge
from pirogue_bord.sante import tour as sante
from pirogue_socle import constats
from pirogue_socle.config import Config
from pirogue_socle.constats import Constat
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant

SANTE_S, HORLOGE_S = 60.0, 30.0
#: A round that takes longer hangs: the watchdog is let to bite.
ENLISEE_NS = 600_000_000_000
ETAT = "etat.json"


@dataclass(slots=True)
class Ronde:
    """
    One thing done every so often, in a thread of its own.

    Attributes:
        nom: for the journal.
        faire: what is done.
        periode_s: how often.
        panne: what nobody expected and that stopped it.
    """

    nom: str
    faire: Callable[[], None]
    periode_s: float
    panne: BaseException | None = None
    _debut_ns: int = field(default=0)
    _arret: threading.Event = field(default_factory=threading.Event)
    _fil: threading.Thread | None = None

    def lancer(self) -> None:
        """Begin; the first round is now."""
        self._debut_ns = maintenant().bt_ns
        self._fil = threading.Thread(target=self._tourner, name=self.nom, daemon=True)
        self._fil.start()

    def arreter(self, attente_s: float) -> None:
        """Stop after the round under way, not waited for longer than that."""
        self._arret.set()
        if self._fil is not None:
            self._fil.join(attente_s)

    def est_vivante(self, bt_ns: int) -> bool:
        """Say whether it still turns; raises what stopped it."""
        if self.panne is not None:
            raise self.panne
        return bt_ns - self._debut_ns < ENLISEE_NS

    def _tourner(self) -> None:
        try:
            while not self._arret.is_set():
                self._debut_ns = maintenant().bt_ns
                try:
                    self.faire()
                except (ErreurPirogue, OSError, sqlite3.Error) as erreur:
                    sys.stderr.write(f"{self.nom} : {erreur}\n")
                self._arret.wait(self.periode_s)
        except BaseException as faute:  # noqa: BLE001 - given to the loop, which goes down with it
            self.panne = faute


def ronde_sante(config: Config, *, apres: Callable[[tuple[Constat, ...]], None]) -> Ronde:
    """Return the checks of health, written where the portal reads them; `apres` is told what they saw."""

    def faire() -> None:
        instant = maintenant()
        vus = sante.faire(config, instant=instant)
        if config.bord is not None:
            constats.ecrire(config.bord / ETAT, vus, instant=maintenant())
        apres(vus)

    return Ronde("santé", faire, SANTE_S)


def ronde_horloge(config: Config) -> Ronde:
    """Return the clock's turns; what one could not do is said once."""
    dites = [""]

    def faire() -> None:
        etat = horloge.tour(config, instant=maintenant())
        if etat.phrase and etat.phrase != dites[0]:
            sys.stderr.write(f"horloge : {etat.phrase}\n")
        dites[0] = etat.phrase

    return Ronde("horloge", faire, HORLOGE_S)

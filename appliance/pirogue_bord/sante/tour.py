"""A round of health: every check at once, each in its own thread, none waited for longer than the deadline."""

import importlib
import logging
import pkgutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from pirogue_bord.sante import controles
from pirogue_bord.sante.lectures import SansReponse, Vu
from pirogue_socle.config import Config
from pirogue_socle.constats import Constat
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

journal = logging.getLogger("pirogue.sante")

#: The whole round, seconds: whoever calls it feeds a watchdog.
DELAI_S = 12.0
#: The order of the page, from what kills a box to what can wait; a check that is not here comes after.
ORDRE = (
    "alimentation",
    "temperature",
    "carte",
    "disque",
    "memoire",
    "registre",
    "point_acces",
    "kolibri",
    "horloge",
    "envoi",
    "lien",
    "cle",
    "unites",
    "mise_a_jour",
    "bouton",
)


@dataclass(slots=True)
class _Regard:
    """One check under way."""

    module: ModuleType
    fil: threading.Thread | None = None
    vu: Vu | None = None
    arrivee: threading.Event = field(default_factory=threading.Event)


#: Checks that a dying disk still holds: none is started twice, so a stuck one costs one thread and not one a minute.
_RETENUS: dict[str, _Regard] = {}


def codes() -> tuple[str, ...]:
    """Return the codes of the checks that exist, in the order of the page."""
    presents = {un.name for un in pkgutil.iter_modules(controles.__path__)}
    return (*(code for code in ORDRE if code in presents), *sorted(presents - set(ORDRE)))


def faire(
    config: Config, *, instant: Instant, racine: Path = Path("/"), delai_s: float = DELAI_S
) -> tuple[Constat, ...]:
    """
    Look at everything once; write nothing.

    Args:
        config: the box's.
        instant: now.
        racine: the machine, or a tree that stands for it.
        delai_s: how long the round may take; a check that is not done then is told as such.

    Returns:
        One `Constat` per check, in the order of the page.
    """
    regards = {code: _lancer(code, config, instant, racine) for code in codes()}
    limite_ns = time.monotonic_ns() + int(delai_s * 1e9)
    for regard in regards.values():
        regard.arrivee.wait(max(0.0, (limite_ns - time.monotonic_ns()) / 1e9))
    return tuple(_conclure(code, regard) for code, regard in regards.items())


def _lancer(code: str, config: Config, instant: Instant, racine: Path) -> _Regard:
    """Start a check, unless its last one still hangs."""
    retenu = _RETENUS.get(code)
    if retenu is not None and not retenu.arrivee.is_set():
        return retenu
    _RETENUS.pop(code, None)
    regard = _Regard(importlib.import_module(f"{controles.__name__}.{code}"))

    def regarder() -> None:
        try:
            regard.vu = regard.module.regarder(config, instant=instant, racine=racine)
        except (SansReponse, ErreurPirogue) as cause:
            regard.vu = Vu("inconnu", f"Je n'ai pas pu regarder : {cause}".rstrip(".") + ".")
        except Exception as cause:  # noqa: BLE001 - one broken check must not blind the others
            journal.exception("check %s", code)
            regard.vu = Vu("inconnu", f"Ce contrôle est en panne lui-même ({type(cause).__name__} : {cause}).")
        finally:
            regard.arrivee.set()

    regard.fil = threading.Thread(target=regarder, name=f"sante-{code}", daemon=True)
    regard.fil.start()
    return regard


def _conclure(code: str, regard: _Regard) -> Constat:
    """Return what a check saw; one that still hangs is kept aside and said."""
    vu = regard.vu
    if vu is None:
        _RETENUS[code] = regard
        vu = Vu("inconnu", "Ce contrôle ne répond pas : je n'attends plus.")
    return Constat(code, regard.module.TITRE, vu.etat, vu.phrase, vu.geste, vu.mesures)

"""The body as a process: one loop over udev, the button and the light; health and clock turn beside it."""

import contextlib
import select
import signal
import sys
from pathlib import Path
from types import FrameType

from pirogue_actions.actes_cle import MONTAGE
from pirogue_bord import broches, horloge, quai, rondes
from pirogue_bord.aide import AideDeRoot
from pirogue_bord.broches import Broches
from pirogue_bord.corps import Corps
from pirogue_bord.erreurs import CorpsAbsent, SansBroches
from pirogue_bord.notifier import notifier
from pirogue_bord.rondes import Ronde
from pirogue_bord.supports import Guet
from pirogue_socle import constats, histoires
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant

#: Where the courier tells its exchange with a stick, beside where the stick is mounted.
RECIT = MONTAGE.parent / "echange" / histoires.NOM
BATTRE_NS = 5_000_000_000
FIN_S = 3.0


def servir(config: Config, *, montage: Path = MONTAGE, recit: Path = RECIT) -> None:
    """
    Be the box's body until SIGTERM or SIGINT.

    Args:
        config: the box's.
        montage: where a stick is mounted.
        recit: where the courier tells its exchange with it.

    Raises:
        CorpsAbsent: the configuration gives no folder for what is seen.
    """
    if config.bord is None:
        raise CorpsAbsent("Cette machine n'est pas une boîte : la configuration ne dit pas « bord ».")
    arrete: list[int] = []

    def arreter(numero: int, _: FrameType | None) -> None:
        arrete.append(numero)

    for numero in (signal.SIGTERM, signal.SIGINT):
        signal.signal(numero, arreter)
    guet = Guet(montage)
    corps = Corps(config, AideDeRoot(config.actions_cle), recit, broches=_trouver_broches(config))
    corps.echange = lambda: quai.echange_en_cours(config, instant=maintenant())

    def retenir(vus: tuple[constats.Constat, ...]) -> None:
        corps.sante = constats.pire(vus)

    tours = [rondes.ronde_sante(config, apres=retenir), rondes.ronde_horloge(config)]
    _commencer(corps, guet)
    for ronde in tours:
        ronde.lancer()
    notifier("READY=1")
    try:
        _tourner(corps, guet, tours, arrete)
    finally:
        notifier("STOPPING=1")
        _finir(config, corps, tours)


def _trouver_broches(config: Config) -> Broches | None:
    """Take the wires; without them everything else works, and the page of health says so."""
    try:
        return broches.ouvrir(config)
    except SansBroches as erreur:
        sys.stderr.write(f"{erreur}\n")
        return None


def _commencer(corps: Corps, guet: Guet) -> None:
    """Tell where we are, take note of what is plugged in, go on with a stick that was being worked at."""
    instant = maintenant()
    for support in guet.presents():
        corps.cles.arriver(support, instant)
    montee = guet.montee()
    if montee is None and corps.config.bord is not None:
        histoires.ecrire(corps.config.bord / histoires.NOM, histoires.ABSENTE, instant=instant)
    elif montee is not None:
        corps.cles.reprendre(montee, instant)


def _tourner(corps: Corps, guet: Guet, tours: list[Ronde], arrete: list[int]) -> None:
    """Turn until told to stop; what a round did not expect goes up from here."""
    veille = select.poll()
    for descripteur in (guet.fd, *([corps.broches.fd] if corps.broches is not None else [])):
        veille.register(descripteur, select.POLLIN)
    battu_ns = 0
    while not arrete:
        instant = maintenant()
        corps.noter(guet.lire(), instant)
        pause_ms = corps.tour(instant)
        if instant.bt_ns - battu_ns > BATTRE_NS and all(ronde.est_vivante(instant.bt_ns) for ronde in tours):
            notifier("WATCHDOG=1")
            battu_ns = instant.bt_ns
        veille.poll(pause_ms)


def _finir(config: Config, corps: Corps, tours: list[Ronde]) -> None:
    """Light off, rounds ended, the hour kept for the next start."""
    for ronde in tours:
        ronde.arreter(FIN_S)
    with contextlib.suppress(OSError):
        corps.fermer()
    try:
        horloge.arreter(config, instant=maintenant())
    except ErreurPirogue as erreur:
        sys.stderr.write(f"horloge : {erreur}\n")

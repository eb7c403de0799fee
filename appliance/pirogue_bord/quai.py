"""
The quay: is there a way out, does the shore answer, does an exchange run, what does the 4G key say.

The courier, the only one whom the firewall lets out, tells it in a small file in memory (`Guet`); the light, the checks
of health and the clock read it (`lire`). The kernel wakes the courier when a route comes or goes (`Alerte`): no clock
turns in vain, and an exchange begins within seconds of the quay.
"""

import contextlib
import json
import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pirogue_bord import ancrages, liaison
from pirogue_bord.ancrages import Temoignage
from pirogue_bord.liaison import HeureReseau, Liaison, LiaisonMuette, Releve, hilink, modem
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant, maintenant
from pirogue_socle.publier import publier

#: Beside the body's own folder: the courier's, whose unit makes it, and systemd forgets it when the courier stops.
DOSSIER = "pirogue-lien"
FICHIER = "lien.json"
#: Between two readings of the key: its pages are local, but they count as the courier's bytes.
RELEVER_NS = 600_000_000_000
#: Two answers of a modem agree when the second is as much later as the boot's clock says.
ACCORD_MS = 5_000
_NETLINK_ROUTE, _ROUTES_V4, _ROUTES_V6 = 0, 0x40, 0x400


@dataclass(frozen=True, slots=True, kw_only=True)
class EtatLien:
    """
    What the courier last told.

    Attributes:
        boot_id, bt_ns: when.
        lien: the kernel knows a way out.
        a_quai: and the shore has answered over it, for a minute or more.
        echange: an exchange runs.
        phrase: why the last call failed, in French; empty otherwise.
        cle: the last reading of the 4G key; None without one that can be read.
        heure: the network's time, given twice alike, as (milliseconds since 1970 UTC, offset in minutes, bt_ns).
        maj: how far the update is that comes from the shore, or what stops it, in French; empty when there is none.
    """

    boot_id: str = ""
    bt_ns: int = 0
    lien: bool = False
    a_quai: bool = False
    echange: bool = False
    phrase: str = ""
    cle: Releve | None = None
    heure: tuple[int, int, int] | None = None
    maj: str = ""


def lire(config: Config, *, instant: Instant) -> EtatLien | None:
    """Return what the courier told in this boot; None when it is not there, or on a machine that is no box."""
    if config.bord is None:
        return None
    try:
        lu = json.loads(_fichier(config.bord).read_text(encoding="utf-8"))
        cle = None if lu["cle"] is None else Releve(**lu["cle"])
        heure = None if lu["heure"] is None else (int(lu["heure"][0]), int(lu["heure"][1]), int(lu["heure"][2]))
        etat = EtatLien(**lu | {"cle": cle, "heure": heure})
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
    return etat if etat.boot_id == instant.boot_id else None


def echange_en_cours(config: Config, *, instant: Instant) -> bool:
    """Say whether an exchange with the shore runs on the network: the light blinks slowly."""
    etat = lire(config, instant=instant)
    return etat is not None and etat.echange


def heure_du_modem(config: Config, instant: Instant) -> Temoignage | None:
    """Return what the mobile network said of the time, if it is to be believed (`ancrages.temoigner_modem`)."""
    etat = lire(config, instant=instant)
    if etat is None or etat.heure is None:
        return None
    utc_ms, decalage_min, bt_ns = etat.heure
    lu_ms = (instant.bt_ns - bt_ns) // 1_000_000
    quand = replace(instant, bt_ns=bt_ns, mur_ms=instant.mur_ms - lu_ms)
    return ancrages.temoigner_modem(quand, utc_ms=utc_ms, decalage_min=decalage_min)


def trouver_liaison() -> Liaison | None:
    """Return the 4G key of now, of either kind; None without one."""
    return hilink.chercher(liaison.passerelle()) or modem.chercher()


class Guet:
    """
    The courier's side: tells what it sees, in a file that others read.

    Args:
        config: the box's; on a machine that is no box, or without the folder, nothing is told.
        trouver: looks for the 4G key.
        lire_instant: reads the clocks.
    """

    def __init__(
        self,
        config: Config,
        *,
        trouver: Callable[[], Liaison | None] = trouver_liaison,
        lire_instant: Callable[[], Instant] = maintenant,
    ) -> None:
        fichier = None if config.bord is None else _fichier(config.bord)
        self._fichier = fichier if fichier is not None and fichier.parent.is_dir() else None
        self._trouver, self._lire_instant = trouver, lire_instant
        self._etat = EtatLien()
        self._releve_ns: int | None = None
        self._dite: tuple[int, HeureReseau] | None = None

    def noter(self, *, lien: bool, a_quai: bool, phrase: str) -> None:
        """Tell what a look at the link gave; ask the 4G key what it knows when it is time."""
        self._relever(lien=lien)
        self._ecrire(lien=lien, a_quai=a_quai, phrase=phrase, maj=self._etat.maj if lien else "")

    def noter_maj(self, phrase: str) -> None:
        """Tell how far the update is that comes from the shore, or what stops it."""
        self._ecrire(maj=phrase)

    @contextlib.contextmanager
    def echanger(self) -> Iterator[None]:
        """Tell that an exchange runs, as long as it does, whatever it comes to."""
        self._ecrire(lien=True, echange=True)
        try:
            yield
        finally:
            self._ecrire(echange=False)

    def _relever(self, *, lien: bool) -> None:
        """Read the key at most every ten minutes; twice in a row the first time, so that its hour may be believed."""
        instant = self._lire_instant()
        if self._fichier is None:
            return
        if not lien:
            self._releve_ns, self._dite = None, None
            self._etat = replace(self._etat, cle=None, heure=None)
            return
        assez = 20_000_000_000 if self._dite is not None and self._etat.heure is None else RELEVER_NS
        if self._releve_ns is not None and instant.bt_ns - self._releve_ns < assez:
            return
        self._releve_ns = instant.bt_ns
        try:
            cle = self._trouver()
            releve, heure = (None, None) if cle is None else (liaison.relever(cle), cle.heure())
        except LiaisonMuette:
            releve, heure = None, None
        self._etat = replace(self._etat, cle=releve, heure=self._comparer(heure, self._lire_instant().bt_ns))

    def _comparer(self, heure: HeureReseau | None, bt_ns: int) -> tuple[int, int, int] | None:
        """Return an hour that agrees with the one before; a modem that just woke may answer from its memory."""
        avant, self._dite = self._dite, None if heure is None else (bt_ns, heure)
        if heure is None or avant is None or heure.decalage_min is None:
            return None
        ecart_ms = heure.utc_ms - avant[1].utc_ms - (bt_ns - avant[0]) // 1_000_000
        return (heure.utc_ms, heure.decalage_min, bt_ns) if abs(ecart_ms) <= ACCORD_MS else None

    def _ecrire(self, **change: bool | str) -> None:
        instant = self._lire_instant()
        self._etat = replace(self._etat, boot_id=instant.boot_id, bt_ns=instant.bt_ns, **change)  # type: ignore[arg-type]
        if self._fichier is None:
            return
        publier(self._fichier, asdict(self._etat))


class Alerte:
    """The kernel's word that a route came or went; a context manager."""

    def __init__(self) -> None:
        """Listen; raises OSError where the sandbox forbids it."""
        self._routes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_ROUTE)
        self._routes.bind((0, _ROUTES_V4 | _ROUTES_V6))
        self._ecoute, self._sonnette = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prise in (self._routes, self._ecoute, self._sonnette):
            prise.close()

    def attendre(self, secondes: float) -> bool:
        """Wait so long, or until a route changes or `sonner` is called; say whether it was cut short."""
        veille = select.poll()
        for prise in (self._routes, self._ecoute):
            veille.register(prise, select.POLLIN)
        pretes = veille.poll(max(0, round(secondes * 1000)))
        # What is unread tells no more than that; a queue that overflowed says it with an error, once.
        with contextlib.suppress(OSError):
            while self._routes.recv(65_536):
                pass
        return bool(pretes)

    def sonner(self) -> None:
        """End a wait of another thread, now and for good."""
        self._sonnette.send(b"!")


def _fichier(bord: Path) -> Path:
    return bord.parent / DOSSIER / FICHIER

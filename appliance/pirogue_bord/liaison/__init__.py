"""
The mobile link, whatever the key: is it connected, how well, what did it spend, what time does it say.

Two kinds are read: keys that are a small router behind an Ethernet card (`hilink`), and modems that ModemManager drives
(`modem`). Both are read by the courier's process, whose user is the only one that the firewall lets out.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pirogue_socle.erreurs import ErreurPirogue


class LiaisonMuette(ErreurPirogue):
    """The 4G key, or the program that drives it, does not answer, or not in its own language."""

    geste = "Débranche la clé 4G, attends dix secondes, rebranche-la."
    code = 99


@dataclass(frozen=True, slots=True)
class Octets:
    """What the key counted since it connected: bytes sent and received, by its own count."""

    emis: int
    recus: int


@dataclass(frozen=True, slots=True)
class HeureReseau:
    """The network's time: milliseconds since 1970 UTC, and the local offset that it came with (minutes), if any."""

    utc_ms: int
    decalage_min: int | None


@dataclass(frozen=True, slots=True)
class Signal:
    """How well the network is heard, 0 to 100, and the operator's name; empty when unknown."""

    pour_cent: int
    operateur: str


class Liaison(Protocol):
    """
    One way to the mobile network.

    Every question raises LiaisonMuette when nobody answers.
    """

    @property
    def genre(self) -> str:
        """Which kind: `hilink` or `modem`."""

    def disponible(self) -> bool:
        """Say whether it is connected to the network."""

    def octets(self) -> Octets:
        """Return what it counted since it connected."""

    def heure(self) -> HeureReseau | None:
        """Return the network's time; None when this kind of key does not tell it."""

    def signal(self) -> Signal:
        """Return how well the network is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Releve:
    """One reading of a link: what `Liaison` answers, `heure` aside."""

    genre: str
    connecte: bool
    pour_cent: int
    operateur: str
    emis_octets: int
    recus_octets: int


def relever(liaison: Liaison) -> Releve:
    """Ask a link everything but the time; raises LiaisonMuette."""
    signal, octets = liaison.signal(), liaison.octets()
    return Releve(
        genre=liaison.genre,
        connecte=liaison.disponible(),
        pour_cent=signal.pour_cent,
        operateur=signal.operateur,
        emis_octets=octets.emis,
        recus_octets=octets.recus,
    )


def passerelle(table: Path = Path("/proc/net/route")) -> tuple[str, str] | None:
    """Return the card and the address of the IPv4 default route, the preferred one; None without one."""
    try:
        lignes = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return None
    # Interface, destination, gateway, flags, -, -, metric: addresses are hexadecimal, in the machine's byte order.
    vues = [
        (int(champs[6]), champs[0], champs[2])
        for champs in map(str.split, lignes)
        if len(champs) > 7 and champs[1] == champs[7] == "0" * 8 and champs[2] != "0" * 8
    ]
    if not vues:
        return None
    _, carte, brute = min(vues)
    return carte, ".".join(str(octet) for octet in reversed(bytes.fromhex(brute)))

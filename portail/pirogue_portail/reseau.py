"""
The box's network as a trainer sees it: who is connected, the uplink, what is left of the bundles, who was granted it.

Everything is asked from root's helper, which alone may look and change; nothing is kept here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pirogue_actions import client
from pirogue_socle.erreurs import ErreurPirogue

#: How long a trainer waits for root's helper, seconds.
ATTENTE_S = 5.0
#: How long a trainer's grant lasts, seconds.
ACCES_S = 30 * 60
#: What a grant may carry, in megabytes of a million octets: the three buttons.
TAILLES_MO = (20, 50, 100)
MO = 1_000_000


class ReseauMuet(ErreurPirogue):
    """Root's helper does not answer: the network works, but can be neither seen nor changed."""

    geste = "Attends une minute et recommence. La séance et l'appel continuent sans lui."
    code = 114


class ReseauRefuse(ErreurPirogue):
    """Root's helper answered that it will not, or cannot; nothing was changed."""

    geste = "Regarde encore la page Réseau, puis recommence."
    code = 115


@dataclass(frozen=True, slots=True)
class Stations:
    """How many laptops the radio holds, and how many it takes."""

    nombre: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Lien:
    """The way to the Internet: its interface, whether it is up."""

    interface: str
    porteuse: bool


@dataclass(frozen=True, slots=True)
class Forfait:
    """A bundle of octets: what was used, and the cap."""

    octets: int
    maximum: int

    @property
    def reste_mo(self) -> int:
        """What is left, in whole megabytes."""
        return max(0, self.maximum - self.octets) // MO

    @property
    def maximum_mo(self) -> int:
        """The cap, in whole megabytes."""
        return self.maximum // MO


@dataclass(frozen=True, slots=True)
class Acces:
    """The Internet, granted to one laptop: until when, and how much of it."""

    ip: str
    appareil: str
    reste_s: int
    forfait: Forfait

    @property
    def reste_min(self) -> int:
        """Minutes left, the one that has begun included."""
        return -(-self.reste_s // 60)


@dataclass(frozen=True, slots=True)
class Reseau:
    """
    The network now.

    Attributes:
        voisins: address → device of every laptop that the box sees.
        stations: what the radio counts; None when the radio is not ours.
        lien: the uplink; None without one.
        forfaits: bundle → what is left of it: `sync`, `formateurs`.
        acces: what was granted, by address.
        fautes: what could not be asked; the rest is true.
        muet: nobody answered, nothing is known.
    """

    voisins: dict[str, str]
    stations: Stations | None
    lien: Lien | None
    forfaits: dict[str, Forfait]
    acces: dict[str, Acces]
    fautes: tuple[ErreurPirogue, ...] = ()
    muet: bool = False

    @property
    def epuise(self) -> bool:
        """Nothing is left of the laptops' bundle: a grant would let nothing through."""
        return "formateurs" in self.forfaits and self.forfaits["formateurs"].reste_mo == 0


def muet(faute: ReseauMuet) -> Reseau:
    """Return the network of a box that nobody could ask."""
    return Reseau({}, None, None, {}, {}, (faute,), muet=True)


def lire(prise: Path | None) -> Reseau:
    """
    Return the network now; what is refused is left out and told in `fautes`.

    Raises:
        ReseauMuet: nobody answers.
    """
    fautes: list[ErreurPirogue] = []

    def lire_acte(acte: str) -> Any:
        try:
            return _demander(prise, acte)
        except ReseauRefuse as refus:
            fautes.append(refus)
            return None

    voisins, stations, lien = (lire_acte(acte) for acte in ("voisins", "stations", "lien"))
    forfaits = (lien or {}).get("forfaits") or {}
    return Reseau(
        voisins={str(ip): str(mac) for ip, mac in (voisins or {}).items()},
        stations=Stations(int(stations["nombre"]), int(stations["max"])) if stations else None,
        lien=Lien(str(lien["interface"]), bool(lien["porteuse"])) if lien and lien.get("interface") else None,
        forfaits={str(nom): Forfait(int(un["octets"]), int(un["max"])) for nom, un in forfaits.items()},
        acces={un.ip: un for un in map(_acces, lire_acte("acces") or ())},
        fautes=tuple(fautes),
    )


def accorder(prise: Path | None, *, ip: str, taille_mo: int) -> None:
    """
    Let one laptop out for `ACCES_S`, for so many megabytes, both ways counted together.

    Raises:
        ReseauMuet, ReseauRefuse: it may not go out.
    """
    _demander(prise, "accorder", ip=ip, duree_s=ACCES_S, octets=taille_mo * MO)


def retirer(prise: Path | None, *, ip: str) -> None:
    """Shut a laptop in again; one that had no grant stays so. Raises ReseauMuet, ReseauRefuse."""
    _demander(prise, "retirer", ip=ip)


def relancer(prise: Path | None) -> None:
    """Start the access point again: every laptop loses it for some seconds. Raises ReseauMuet, ReseauRefuse."""
    _demander(prise, "relancer_point_acces")


def remettre(prise: Path | None, *, forfait: str) -> None:
    """Count a total from nothing again: a bundle was bought. Raises ReseauMuet, ReseauRefuse."""
    _demander(prise, "remettre", forfait=forfait)


def _acces(rendu: dict[str, Any]) -> Acces:
    forfait = Forfait(int(rendu["octets"]), int(rendu["max"]))
    return Acces(str(rendu["ip"]), str(rendu["mac"]), int(rendu["reste_s"]), forfait)


def _demander(prise: Path | None, acte: str, **arguments: str | int) -> Any:
    if prise is None:
        raise ReseauMuet("Sur cette machine, la boîte ne règle pas de réseau.", geste="Le reste marche sans lui.")
    try:
        return client.demander(prise, acte, attente_s=ATTENTE_S, **arguments)
    except client.AideAbsente as cause:
        raise ReseauMuet("La boîte ne dit rien de son réseau.") from cause
    except client.ActeRefuse as cause:
        raise ReseauRefuse(str(cause)) from cause

"""
Root's acts on the network: what each one takes, who may ask it, what it does. The others are in `actes_cle`.

An argument is believed only after its own check; a word of a request never becomes a word of a command line before it
was an address or a number.
"""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pirogue_actions import pare_feu
from pirogue_actions.guichet import Acte, verifier_nombre
from pirogue_actions.pare_feu import Muet, Refus

#: The kernel's neighbour table. Read as a file (0.01 ms) and not by a program (4 ms): a probe waits for it. Flag 2 is a
#: neighbour that answered, is being asked again, or has grown stale; 0 is one that never answered.
TABLE_ARP = Path("/proc/self/net/arp")
UNITE_POINT_ACCES = "hostapd.service"
UNITE_REMETTRE = "pirogue-forfaits-remettre@{}.service"
DUREES_S = range(60, 14_400 + 1)
OCTETS = range(1_000_000, 2_000_000_000 + 1)
TOTAUX = {"sync": "forfait_sync", "formateurs": "forfait_formateurs"}


@dataclass(frozen=True, slots=True)
class Boite:
    """
    What the acts know of this box.

    Attributes:
        interface: the access point's.
        adresse: the box's own, with its network.
        lien: the interface towards the Internet.
        stations_max: how many laptops the radio takes.
    """

    interface: str
    adresse: ipaddress.IPv4Interface
    lien: str
    stations_max: int


def verifier_ip(boite: Boite, valeur: object) -> str:
    """Return an address of our own network that may be a laptop's; raises Refus."""
    try:
        ip = ipaddress.IPv4Address(valeur if isinstance(valeur, str) else "")
    except ValueError:
        raise Refus("Ce n'est pas une adresse.") from None
    reseau = boite.adresse.network
    if ip not in reseau or ip in (boite.adresse.ip, reseau.network_address, reseau.broadcast_address):
        raise Refus("Cette adresse n'est pas celle d'un ordinateur de la pirogue.")
    return str(ip)


def verifier_forfait(_: Boite, valeur: object) -> str:
    """Return the name of a total; raises Refus."""
    if not isinstance(valeur, str) or valeur not in TOTAUX:
        raise Refus("Ce forfait n'existe pas.")
    return valeur


VERIFICATIONS: dict[str, Callable[[Boite, object], str | int]] = {
    "ip": verifier_ip,
    "forfait": verifier_forfait,
    "duree_s": verifier_nombre(DUREES_S, "La durée va d'une minute à quatre heures."),
    "octets": verifier_nombre(OCTETS, "La quantité va de 1 Mo à 2 Go."),
}


def _table(boite: Boite) -> dict[str, str]:
    """Return the hardware address of each neighbour on the access point, by IP address, also of one that left."""
    lus = (ligne.split() for ligne in TABLE_ARP.read_text().splitlines()[1:])
    return {mots[0]: mots[3] for mots in lus if mots[5] == boite.interface and int(mots[2], 16) & 2}


def voisins(boite: Boite) -> dict[str, str]:
    """Return the hardware address of each laptop of the access point, by IP address; of ours, those associated now."""
    associees = _associees(boite)
    return {ip: mac for ip, mac in _table(boite).items() if associees is None or mac in associees}


def voisin(boite: Boite, ip: str) -> str | None:
    """Return the hardware address behind an IP address; None when the box has not heard of it."""
    return _table(boite).get(ip)


def _associees(boite: Boite) -> set[str] | None:
    """Return the hardware addresses that the radio holds; None when it is not ours."""
    try:
        lu = pare_feu.lancer("iw", "dev", boite.interface, "station", "dump")
    except Muet:
        raise
    except Refus:
        return None
    return {ligne.split()[1].lower() for ligne in lu.splitlines() if ligne.startswith("Station ")}


def stations(boite: Boite) -> dict[str, int] | None:
    """Return how many laptops are associated, and at most; None when the radio is not ours."""
    associees = _associees(boite)
    return None if associees is None else {"nombre": len(associees), "max": boite.stations_max}


def lien(boite: Boite) -> dict[str, Any] | None:
    """Return the state of the way out, and what was spent of each total; None when there is no such interface."""
    try:
        # Not `-4`: a card that has no address yet would be left out of the answer.
        vu = json.loads(pare_feu.lancer("ip", "-j", "addr", "show", "dev", boite.lien))[0]
    except Muet:
        raise
    except Refus:
        return None
    quotas = pare_feu.lire().quotas
    return {
        "interface": boite.lien,
        "porteuse": "LOWER_UP" in vu["flags"],
        "adresse": next(
            (un["local"] for un in vu["addr_info"] if (un["family"], un["scope"]) == ("inet", "global")), ""
        ),
        "forfaits": {
            nom: dict(zip(("octets", "max"), quotas[quota], strict=True))
            for nom, quota in TOTAUX.items()
            if quota in quotas
        },
    }


def accorder(boite: Boite, ip: str, duree_s: int, octets: int) -> dict[str, str]:
    """Let a laptop out; its hardware address is looked up here, never taken from whoever asks."""
    mac = voisin(boite, ip)
    if mac is None:
        raise Refus("Cet ordinateur n'est pas sur le réseau de la pirogue.")
    pare_feu.accorder(ip, mac, duree_s=duree_s, octets=octets)
    return {"mac": mac}


def retirer(_: Boite, ip: str) -> None:
    """Take back what a laptop was granted."""
    pare_feu.retirer(ip)


def acces(_: Boite) -> list[dict[str, str | int]]:
    """Return the grants in force."""
    etat = pare_feu.lire()
    pare_feu.nettoyer(etat)
    rendu: list[dict[str, str | int]] = []
    for (mac, ip), reste_s in sorted(etat.acces.items()):
        octets, maximum = etat.quotas.get(pare_feu.nommer(ip), (0, 0))
        rendu.append({"ip": ip, "mac": mac, "reste_s": reste_s, "octets": octets, "max": maximum})
    return rendu


def relancer_point_acces(_: Boite) -> None:
    """Have the access point started again, without waiting for it."""
    pare_feu.lancer("systemctl", "--no-block", "restart", UNITE_POINT_ACCES)


def remettre(_: Boite, forfait: str) -> None:
    """Have a total counted from nothing again, for a bundle was bought; whoever keeps the card's copy does it."""
    pare_feu.lancer("systemctl", "--no-block", "start", UNITE_REMETTRE.format(forfait))


_PORTAIL, _TOUS = frozenset({"portail"}), frozenset({"portail", "captif"})
#: The checks of health look, and change nothing.
_REGARDER = frozenset({"portail", "bord"})
#: What changes nothing and names nobody: the box's body tells it on the page of the boat.
_REGARD = frozenset({"portail", "bord"})
ACTES = {
    "voisin": Acte(voisin, ("ip",), _TOUS),
    "voisins": Acte(voisins, (), _PORTAIL),
    "stations": Acte(stations, (), _REGARD),
    "lien": Acte(lien, (), _REGARD),
    "accorder": Acte(accorder, ("ip", "duree_s", "octets"), _PORTAIL),
    "retirer": Acte(retirer, ("ip",), _PORTAIL),
    "acces": Acte(acces, (), _PORTAIL),
    "relancer_point_acces": Acte(relancer_point_acces, (), _PORTAIL),
    "remettre": Acte(remettre, ("forfait",), _PORTAIL),
}

"""
Who may go out to the Internet, written in the kernel's own table: an entry that ends by itself, and a share of octets.

A laptop's grant is three things that live and die together: its pair of addresses in the set `acces`, its share (a
quota object), and the line of the map `forfaits` that ties both. One transaction makes or unmakes all three. The
kernel lets go of an entry that ended up to a second later, and until then refuses to touch its share: we try again.
"""

import json
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

TABLE = "inet pirogue"
#: How the share of one laptop is called, after its address.
PREFIXE = "poste_"
ESSAIS, PAUSE_S = 8, 0.2
#: nft answers in some 5 ms; one that hangs must not hold the helper, nor the person who waits for it.
ATTENTE_S = 1.5
#: At start and at stop everything is slow at once, and nobody waits.
PATIENCE_S = 60.0
ENVIRONNEMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_VERROU = threading.Lock()


class Refus(Exception):
    """The act was not done; the message says why, in French."""


class Muet(Refus):
    """A program did not answer in time: nothing is known of what was asked."""


@dataclass(slots=True)
class Etat:
    """
    The table's moving parts.

    Attributes:
        acces: (hardware address, IP address) → seconds that remain.
        lies: IP addresses that have a share.
        quotas: name of a share → (octets used, octets at most).
    """

    acces: dict[tuple[str, str], int] = field(default_factory=dict)
    lies: set[str] = field(default_factory=set)
    quotas: dict[str, tuple[int, int]] = field(default_factory=dict)


def lancer(*mots: str, entree: str | None = None, attente_s: float = ATTENTE_S) -> str:
    """Run a program, never through a shell; return what it wrote. Raises Refus when it fails, Muet when it hangs."""
    try:
        fait = subprocess.run(
            mots, input=entree, capture_output=True, text=True, timeout=attente_s, env=ENVIRONNEMENT, check=False
        )
    except subprocess.TimeoutExpired as cause:
        raise Muet(f"« {mots[0]} » ne répond pas.") from cause
    except OSError as cause:
        raise Refus(f"« {mots[0]} » manque à la boîte.") from cause
    if fait.returncode:
        raise Refus(f"« {mots[0]} » refuse : {' '.join(fait.stderr.split())[:200]}")
    return fait.stdout


def lire(*, attente_s: float = ATTENTE_S) -> Etat:
    """Read the table; raises Refus when the firewall is not in place."""
    etat = Etat()
    for chose in json.loads(lancer("nft", "-j", "list", "table", *TABLE.split(), attente_s=attente_s))["nftables"]:
        if "quota" in chose:
            etat.quotas[chose["quota"]["name"]] = (chose["quota"]["used"], chose["quota"]["bytes"])
        elif chose.get("set", {}).get("name") == "acces":
            for element in chose["set"].get("elem", []):
                (mac, ip), reste_s = _lire_element(element, "concat")
                etat.acces[mac, ip] = reste_s
        elif chose.get("map", {}).get("name") == "forfaits":
            etat.lies |= {_lire_element(element, "")[0] for element, _ in chose["map"].get("elem", [])}
    return etat


def accorder(ip: str, mac: str, *, duree_s: int, octets: int) -> None:
    """Let a laptop out for a while and so many octets, in place of what it had; raises Refus."""
    nom = nommer(ip)
    _changer(
        ip,
        [
            f"add quota {TABLE} {nom} {{ over {octets} bytes }}",
            f"add element {TABLE} acces {{ {mac} . {ip} timeout {duree_s}s }}",
            f'add element {TABLE} forfaits {{ {ip} timeout {duree_s}s : "{nom}" }}',
        ],
    )


def retirer(ip: str) -> None:
    """Take back what a laptop was granted; one that had nothing stays so; raises Refus."""
    _changer(ip, [])


def nettoyer(etat: Etat) -> None:
    """Drop the shares whose grant has ended; one that the kernel still holds waits for the next time."""
    for nom in etat.quotas:
        if nom.startswith(PREFIXE) and nom not in {nommer(ip) for ip in etat.lies}:
            try:
                lancer("nft", "delete", "quota", *TABLE.split(), nom)
            except Refus:
                continue


def nommer(ip: str) -> str:
    """Return the name of a laptop's share."""
    return PREFIXE + ip.replace(".", "_")


def _changer(ip: str, ajouts: list[str]) -> None:
    """Take away what the address has and add `ajouts`, in one transaction; again when an entry ended meanwhile."""
    with _VERROU:
        for essai in range(ESSAIS):
            etat = lire()
            lignes = [f"delete element {TABLE} acces {{ {mac} . {autre} }}" for mac, autre in etat.acces if autre == ip]
            lignes += [f'delete element {TABLE} forfaits {{ {ip} : "{nommer(ip)}" }}'] if ip in etat.lies else []
            lignes += [f"delete quota {TABLE} {nommer(ip)}"] if nommer(ip) in etat.quotas else []
            try:
                lancer("nft", "-f", "-", entree="\n".join([*lignes, *ajouts, ""]))
            except Refus:
                if essai == ESSAIS - 1:
                    raise
                time.sleep(PAUSE_S)
            else:
                break
    nettoyer(lire())


def _lire_element(element: dict[str, Any], cle: str) -> tuple[Any, int]:
    """Return the value of an entry with an end, and the seconds that remain to it."""
    dedans = element["elem"]
    return dedans["val"][cle] if cle else dedans["val"], dedans.get("expires", 0)

"""
Which device speaks: its address comes from the connection, its hardware address from the box's own neighbour table.

Never from what the device says of itself. Behind the front server the connection is a local socket that only that
server may open, and the header that it always overwrites holds the address it saw; over TCP no header is believed.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pirogue_actions import client
from pirogue_socle.horloge import Instant

#: How long an address is believed to be the same device: a lease lasts hours, a person's tap must count at once.
MEMOIRE_S = 10
#: How long a card that was seen is still believed when nobody can be asked: a helper that starts again must not show
#: the portal to thirty laptops at work (Windows keeps a negative answer for long). Leases last longer.
SURSIS_S = 600
#: An address that the box does not know yet is asked about again soon: the tap that follows must count.
OUBLI_S = 1
ADRESSES_MAX = 512
#: A probe does not wait for longer: the device is then what it was, or new.
ATTENTE_S = 0.25
_NS = 1_000_000_000


def adresse(environ: dict[str, Any]) -> str:
    """Return the IP address that the request comes from."""
    return str(environ.get("REMOTE_ADDR") or environ.get("HTTP_X_REAL_IP", ""))


@dataclass(frozen=True, slots=True)
class _Connu:
    """What was learnt of an address: its card if it has one, until when it is believed, and when root said so (ns)."""

    mac: str | None
    fin_ns: int
    dit_ns: int


@dataclass(slots=True)
class Voisins:
    """
    Hardware addresses by IP address, asked from root's helper and kept for ten seconds.

    Attributes:
        prise: the helper's socket; None on a machine without one (the demo), where the IP address itself is the name.
        attente_s: how long an answer is waited for; a person who pressed a button waits longer than a probe.
    """

    prise: Path | None
    attente_s: float = ATTENTE_S
    _connus: OrderedDict[str, _Connu] = field(default_factory=OrderedDict)
    _sourd_jusqu_a: int = 0

    def identifier(self, ip: str, *, instant: Instant) -> str | None:
        """Return the device's name: its hardware address; None when the box does not know it or nobody answers."""
        if self.prise is None:
            return ip or None
        connu = self._connus.get(ip)
        if connu is not None and connu.fin_ns > instant.bt_ns:
            return connu.mac
        try:
            mac, dit_ns = self._demander(self.prise, ip, instant), instant.bt_ns
        except client.AideAbsente:
            mac, dit_ns = None, 0
            if connu is not None and instant.bt_ns < connu.dit_ns + SURSIS_S * _NS:
                mac, dit_ns = connu.mac, connu.dit_ns
        duree_s = MEMOIRE_S if mac and dit_ns == instant.bt_ns else OUBLI_S
        self._connus[ip] = _Connu(mac, instant.bt_ns + duree_s * _NS, dit_ns)
        self._connus.move_to_end(ip)
        while len(self._connus) > ADRESSES_MAX:
            self._connus.popitem(last=False)
        return mac

    def _demander(self, prise: Path, ip: str, instant: Instant) -> str | None:
        """Ask root's helper; one that did not answer is left alone for a second: the others do not wait behind it."""
        if instant.bt_ns < self._sourd_jusqu_a:
            raise client.AideAbsente("left alone for a second")
        try:
            rendu = client.demander(prise, "voisin", attente_s=self.attente_s, ip=ip)
        except client.AideAbsente:
            self._sourd_jusqu_a = instant.bt_ns + OUBLI_S * _NS
            raise
        except client.ActeRefuse:
            return None
        return str(rendu) if rendu else None

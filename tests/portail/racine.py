"""Root's helper as the portal sees it: a real local socket, one JSON line each way, answers that the test sets."""

import json
import socketserver
from pathlib import Path
from threading import Thread
from typing import Any

AFI, KOFFI, RACHELLE = "aa:00:00:00:00:21", "aa:00:00:00:00:22", "aa:00:00:00:00:23"


class Refus(Exception):
    """What the helper will not do, in French."""


class _Demande(socketserver.StreamRequestHandler):
    """One request."""

    server: "Racine"

    def handle(self) -> None:
        """Answer one line."""
        demande = json.loads(self.rfile.readline())
        acte = demande.pop("acte")
        self.server.recus.append((acte, demande))
        try:
            reponse = {"rendu": self.server.faire(acte, demande)}
        except Refus as refus:
            reponse = {"refus": str(refus)}
        self.wfile.write(json.dumps(reponse).encode() + b"\n")


class Racine(socketserver.ThreadingUnixStreamServer):
    """
    The box's network, in memory: three laptops, a modem, what was granted.

    Attributes:
        recus: every act that was asked for, with its arguments.
        refus: act → the sentence it is refused with.
    """

    daemon_threads = True

    def __init__(self, prise: Path) -> None:
        super().__init__(str(prise), _Demande)
        self.prise = prise
        self.recus: list[tuple[str, dict[str, Any]]] = []
        self.refus: dict[str, str] = {}
        self.voisins = {"10.10.10.21": AFI, "10.10.10.22": KOFFI, "10.10.10.23": RACHELLE}
        self.stations: dict[str, int] | None = {"nombre": 3, "max": 19}
        self.lien: dict[str, Any] | None = {"interface": "wwan0", "porteuse": True, "adresse": "10.64.0.2"}
        self.forfaits = {
            "sync": {"octets": 1_000_000, "max": 5_000_000},
            "formateurs": {"octets": 30_000_000, "max": 200_000_000},
        }
        self.acces: dict[str, dict[str, Any]] = {}
        self._fil = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._fil.start()

    def fermer(self) -> None:
        """Stop answering; the socket is gone."""
        self.shutdown()
        self._fil.join()
        self.server_close()
        self.prise.unlink(missing_ok=True)

    def faire(self, acte: str, arguments: dict[str, Any]) -> Any:
        """Do one act."""
        if acte in self.refus:
            raise Refus(self.refus[acte])
        ip = arguments.get("ip", "")
        if acte == "accorder":
            return self._accorder(ip, arguments["duree_s"], arguments["octets"])
        if acte == "retirer":
            self.acces.pop(ip, None)
            return None
        table: dict[str, Any] = {
            "voisin": self.voisins.get(ip),
            "voisins": self.voisins,
            "stations": self.stations,
            "lien": self.lien and {**self.lien, "forfaits": self.forfaits},
            "relancer_point_acces": None,
            "remettre": None,
            "acces": list(self.acces.values()),
        }
        return table[acte]

    def _accorder(self, ip: str, duree_s: int, octets: int) -> dict[str, str]:
        if ip not in self.voisins:
            raise Refus("Cet ordinateur n'est plus connecté.")
        mac = self.voisins[ip]
        self.acces[ip] = {"ip": ip, "mac": mac, "reste_s": duree_s, "octets": 0, "max": octets}
        return {"mac": mac}

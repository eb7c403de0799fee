"""A laptop of the classroom: a namespace of its own, one card, and what a person or a program does there."""

import contextlib
import ctypes
import http.client
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: How long a laptop waits for what must come: this machine may be busy with other tests.
PATIENCE_S = 20.0
#: A flow that stands still for so long was cut.
COUPURE_S = 3.0
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
CARTE = "eth0"
#: What udhcpc calls: it writes down what it was told, and does as a laptop does.
SCRIPT_BAIL = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
env > "{dossier}/bail"
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
ip route replace default via "$router"
"""


class BailRefuse(AssertionError):
    """The DHCP client went away without an address."""


@dataclass(frozen=True, slots=True)
class Reponse:
    """What an HTTP server answered."""

    statut: int
    entetes: dict[str, str]
    corps: bytes


@dataclass(slots=True)
class Poste:
    """
    One laptop.

    Attributes:
        nom: as people call it.
        espace: its network namespace.
        mac: its card.
        dossier: what its programs write.
        ip: its address; empty until it has one.
        bail: what the DHCP server told it, as udhcpc names things.
    """

    nom: str
    espace: str
    mac: str
    dossier: Path
    ip: str = ""
    bail: dict[str, str] = field(default_factory=dict)

    @property
    def prefixe(self) -> list[str]:
        """What to write before a command, to run it there."""
        return ["ip", "netns", "exec", self.espace]

    def lancer(self, *mots: str | Path, **reglages: Any) -> "subprocess.CompletedProcess[str]":
        """Run a command there; its words are captured unless told otherwise, a failure raises unless told otherwise."""
        voulus = {"capture_output": True, "text": True, "timeout": 60, **reglages}
        return subprocess.run([*self.prefixe, *map(str, mots)], check=voulus.pop("check", True), **voulus)

    def louer(self, *mots: str) -> None:
        """Get an address with a real client (busybox udhcpc); raises BailRefuse."""
        script = self.dossier / "bail.sh"
        script.write_text(SCRIPT_BAIL.format(dossier=self.dossier), encoding="utf-8")
        script.chmod(0o755)
        client = ("busybox", "udhcpc", "-i", CARTE, "-s", script, "-n", "-q", "-f", "-t", "8", "-T", "1")
        nu = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        fait = self.lancer(*client, "-O", "0x2b", "-O", "ntpsrv", *mots, check=False, env=nu)
        if fait.returncode:
            raise BailRefuse(fait.stdout + fait.stderr)
        lignes = (self.dossier / "bail").read_text(encoding="utf-8").splitlines()
        self.bail = dict(ligne.split("=", 1) for ligne in lignes if "=" in ligne)
        self.ip = self.bail["ip"]

    def prise(self, genre: int = socket.SOCK_STREAM, *, uid: int = 0) -> socket.socket:
        """Return a socket that belongs to that place and that user, whoever uses it; it is patient."""
        ouvertes: list[socket.socket | OSError] = []
        fil = threading.Thread(target=_ouvrir, args=(self.espace, genre, uid, ouvertes))
        fil.start()
        fil.join()
        if isinstance(ouvertes[0], OSError):
            raise ouvertes[0]
        ouvertes[0].settimeout(PATIENCE_S)
        return ouvertes[0]

    def aller(
        self,
        adresse: str,
        chemin: str = "/",
        *,
        port: int = 80,
        methode: str = "GET",
        corps: bytes | None = None,
        **entetes: str,
    ) -> Reponse:
        """Ask one page of an address (no name is resolved); raises OSError as a browser would meet it."""
        lien = http.client.HTTPConnection(adresse, port)
        with self.prise() as prise:
            prise.connect((adresse, port))
            lien.sock = prise
            lien.request(methode, chemin, body=corps, headers={n.replace("_", "-"): v for n, v in entetes.items()})
            with lien.getresponse() as reponse:
                return Reponse(reponse.status, dict(reponse.getheaders()), reponse.read())

    def essayer(self, adresse: str, port: int, *, patience_s: float = PATIENCE_S) -> str:
        """
        Knock at a TCP port and say who is there.

        Returns:
            `boite`, `net` (who answered the page), `refuse` (said at once), `silence` (nothing within `patience_s`).
        """
        try:
            with self.prise() as prise:
                prise.settimeout(patience_s)
                prise.connect((adresse, port))
                prise.sendall(b"GET / HTTP/1.0\r\nHost: quelque.part\r\n\r\n")
                lu = prise.makefile("rb").read()
        except TimeoutError:
            return "silence"
        except OSError:
            return "refuse"
        return "net" if lu.endswith(b"le vrai net") else "boite"

    def echo(self, adresse: str, port: int, *, patience_s: float = PATIENCE_S) -> str:
        """Send one datagram and say what came back: `net`, `refuse` or `silence`."""
        with self.prise(socket.SOCK_DGRAM) as prise:
            prise.settimeout(patience_s)
            prise.connect((adresse, port))
            try:
                prise.send(b"ohe")
                return "net" if prise.recv(64) == b"ohe" else "boite"
            except TimeoutError:
                return "silence"
            except OSError:
                return "refuse"

    def telecharger(self, octets: int, *, adresse: str, port: int = 8080, uid: int = 0) -> int:
        """Fetch so many octets from the Internet, as a user; return how many came before the flow stopped."""
        recus = b""
        total = 0
        with contextlib.suppress(OSError), self.prise(uid=uid) as prise:
            prise.connect((adresse, port))
            prise.sendall(f"GET /{octets} HTTP/1.0\r\n\r\n".encode())
            while b"\r\n\r\n" not in recus and (morceau := prise.recv(65536)):
                recus += morceau
            prise.settimeout(COUPURE_S)
            total = len(recus.partition(b"\r\n\r\n")[2])
            while morceau := prise.recv(65536):
                total += len(morceau)
        return total

    def nommer(self, nom: str, genre: str = "A", *, a: str = "10.10.10.10", mots: Sequence[str] = ()) -> list[str]:
        """Ask a name server (dig) and return the status, then the answers."""
        fait = self.lancer("dig", "+tries=2", "+time=2", "+noall", "+comments", "+answer", *mots, f"@{a}", nom, genre)
        lignes = fait.stdout.splitlines()
        statut = next((mot.split("status: ")[1].split(",")[0] for mot in lignes if "status: " in mot), "RIEN")
        return [statut, *(ligne.split(None, 4)[4] for ligne in lignes if ligne and not ligne.startswith(";"))]


def _ouvrir(espace: str, genre: int, uid: int, ouvertes: "list[socket.socket | OSError]") -> None:
    """Enter a namespace and a user's skin with this thread alone (setns(2), setfsuid(2)), open a socket, end."""
    fd = os.open(f"/run/netns/{espace}", os.O_RDONLY)
    entre = LIBC.setns(fd, CLONE_NEWNET) == 0
    os.close(fd)
    LIBC.setfsuid(uid)
    ouvertes.append(socket.socket(socket.AF_INET, genre) if entre else OSError(ctypes.get_errno(), f"setns {espace}"))

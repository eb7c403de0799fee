"""A box's namespace, root's helper as a process in it, and callers under several user ids."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PORTAIL, CAPTIF, INCONNU = 64001, 64002, 64003
AFI, KOFFI = "10.10.10.23", "10.10.10.24"
MAC_AFI, MAC_KOFFI = "02:00:00:00:00:23", "02:00:00:00:00:24"
TABLE = """flush ruleset
table inet pirogue {
  set acces { type ether_addr . ipv4_addr; flags timeout; }
  map forfaits { type ipv4_addr : quota; flags timeout; }
  quota forfait_sync { over 5000000 bytes }
  quota forfait_formateurs { over 200000000 bytes }
  chain sortie {
    type filter hook output priority filter; policy accept;
    ip saddr 10.10.10.0/24 quota name ip saddr map @forfaits drop
    udp dport 5001 quota name "forfait_sync" drop
    udp dport 5002 quota name "forfait_formateurs" drop
  }
}
"""
#: What a caller under another user id runs; argv: socket, request as JSON, user. Imported first: that user may not be
#: able to enter the folder where the project lies.
APPEL = """
import json, os, sys
from pathlib import Path
from pirogue_actions import client
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[3]))
try:
    print(json.dumps({"rendu": client.demander(Path(sys.argv[1]), attente_s=30, **json.loads(sys.argv[2]))}))
except client.ActeRefuse as refus:
    print(json.dumps({"refus": str(refus)}))
"""


@dataclass(frozen=True)
class Salle:
    """The box's namespace, and the file of its firewall."""

    nom: str
    regles: Path

    @property
    def prefixe(self) -> list[str]:
        """Words before a command that runs there."""
        return ["ip", "netns", "exec", self.nom]

    def lancer(self, *mots: str, **suite: Any) -> str:
        """Run a command there; it must end well."""
        fait = subprocess.run([*self.prefixe, *mots], capture_output=True, text=True, check=False, **suite)
        assert fait.returncode == 0, f"{mots}: {fait.stderr}"
        return fait.stdout

    def charger(self) -> None:
        """Load the firewall anew, as a boot does."""
        self.lancer("nft", "-f", str(self.regles))

    def quotas(self) -> dict[str, tuple[int, int]]:
        """Return what the kernel says of each share: (used, at most)."""
        lus = json.loads(self.lancer("nft", "-j", "list", "quotas"))["nftables"]
        return {un["quota"]["name"]: (un["quota"]["used"], un["quota"]["bytes"]) for un in lus if "quota" in un}

    def depenser(self, octets: int, port: int, *, source: str = "127.0.0.1") -> int:
        """Send real datagrams of this size in all, headers included; return what was offered to the kernel."""
        trame = 1000
        code = (
            "import socket, sys\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "s.bind((sys.argv[3], 0))\n"
            "oreille = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "oreille.bind((sys.argv[3], int(sys.argv[2])))\n"
            "for _ in range(int(sys.argv[1])):\n"
            "    try: s.sendto(b'x' * 972, (sys.argv[3], int(sys.argv[2])))\n"
            "    except OSError: pass\n"
        )
        combien = max(1, octets // trame)
        self.lancer(sys.executable, "-S", "-c", code, str(combien), str(port), source)
        return combien * trame


@contextlib.contextmanager
def ouvrir_salle(dossier: Path) -> Iterator[Salle]:
    """Make the namespace, with Afi's and Koffi's laptops known to it."""
    nom = f"pirogue-actes-{os.getpid()}"
    regles = dossier / "nftables.conf"
    regles.write_text(TABLE)
    subprocess.run(["ip", "netns", "add", nom], check=True)
    salle = Salle(nom, regles)
    try:
        salle.lancer("ip", "link", "set", "lo", "up")
        salle.lancer("ip", "link", "add", "name", "ap0", "type", "bridge")
        salle.lancer("ip", "addr", "add", "10.10.10.10/24", "dev", "ap0")
        salle.lancer("ip", "link", "add", "name", "wwan0", "type", "veth", "peer", "name", "fournisseur")
        salle.lancer("ip", "addr", "add", "192.0.2.2/24", "dev", "wwan0")
        for carte in ("ap0", "wwan0", "fournisseur"):
            salle.lancer("ip", "link", "set", carte, "up")
        for ip, mac in ((AFI, MAC_AFI), (KOFFI, MAC_KOFFI)):
            salle.lancer("ip", "neigh", "add", ip, "lladdr", mac, "dev", "ap0", "nud", "stale")
        salle.lancer("ip", "neigh", "add", "10.10.10.99", "lladdr", "02:00:00:00:00:99", "dev", "ap0", "nud", "failed")
        salle.lancer("ip", "neigh", "add", "192.0.2.1", "lladdr", "02:00:00:00:00:01", "dev", "wwan0", "nud", "stale")
        salle.charger()
        yield salle
    finally:
        subprocess.run(["ip", "netns", "del", nom], check=True)


@dataclass
class Aide:
    """Root's helper, running."""

    prise: Path
    processus: subprocess.Popen[bytes]
    trace: Path

    def demander(self, acte: str, *, uid: int = PORTAIL, **arguments: Any) -> dict[str, Any]:
        """Ask for an act as another user; return the whole answer."""
        mots = [sys.executable, "-c", APPEL, str(self.prise), json.dumps({"acte": acte, **arguments}), str(uid)]
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        assert fait.returncode == 0, fait.stderr
        lu: dict[str, Any] = json.loads(fait.stdout)
        return lu

    def dire(self, octets: bytes) -> dict[str, Any]:
        """Send raw octets as root, who here holds the portal's role; return the answer."""
        with self.brancher() as lien:
            with contextlib.suppress(OSError):
                lien.sendall(octets)
                lien.shutdown(socket.SHUT_WR)
            return lire_reponse(lien)

    def brancher(self) -> socket.socket:
        """Open a connection and leave it to the test."""
        lien = socket.socket(socket.AF_UNIX)
        lien.settimeout(10)
        lien.connect(str(self.prise))
        return lien

    def programmes(self) -> list[str]:
        """Return the programs that it has run, itself aside, as the kernel saw them."""
        return [mots for mots in self.trace.read_text().splitlines() if "execve(" in mots and "= 0" in mots][1:]


def lire_reponse(lien: socket.socket) -> dict[str, Any]:
    """Read the one line that comes back."""
    with lien.makefile("rb") as flux:
        lu: dict[str, Any] = json.loads(flux.readline())
    return lu


def attendre(condition: Any, *, quoi: str, delai_s: float = 20) -> None:
    """Wait for a real condition; fail with `quoi` when it does not come."""
    fin = time.monotonic() + delai_s
    while not condition():
        assert time.monotonic() < fin, quoi
        time.sleep(0.01)


@contextlib.contextmanager
def lancer_aide(salle: Salle, dossier: Path, *options: str) -> Iterator[Aide]:
    """Start the helper in the namespace, every program that it runs being written down."""
    dossier.mkdir(exist_ok=True)
    dossier.chmod(0o755)
    prise, trace = dossier / "actions.sock", dossier / "trace"
    mots = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=execve", "-o", str(trace)]
    mots += [sys.executable, "-m", "pirogue_actions", "--prise", str(prise), "--interface", "ap0"]
    mots += ["--portail", str(PORTAIL), "--portail", "root", "--captif", str(CAPTIF), *options]
    with subprocess.Popen([*salle.prefixe, *mots], start_new_session=True) as processus:
        try:
            attendre(prise.exists, quoi="the helper never listened")
            yield Aide(prise, processus, trace)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(processus.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def salle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salle]:
    """The box's namespace."""
    with ouvrir_salle(tmp_path_factory.mktemp("salle")) as ouverte:
        yield ouverte


@pytest.fixture(scope="module")
def aide(salle: Salle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aide]:
    """Root's helper in it."""
    # Not below the folder of this user alone: the callers are others.
    import tempfile

    with tempfile.TemporaryDirectory(prefix="aide-") as dossier, lancer_aide(salle, Path(dossier)) as lancee:
        yield lancee


@pytest.fixture(autouse=True)
def table_neuve(salle: Salle) -> None:
    """Every test starts from an empty table."""
    salle.charger()


@pytest.fixture
def patienter() -> Any:
    """Wait for a real condition."""
    return attendre


@pytest.fixture
def en_meme_temps() -> Any:
    """Do several things at once and return what each gave."""
    from concurrent.futures import ThreadPoolExecutor

    def faire(gestes: list[Any]) -> list[Any]:
        with ThreadPoolExecutor(len(gestes)) as mains:
            return [promesse.result() for promesse in [mains.submit(geste) for geste in gestes]]

    return faire

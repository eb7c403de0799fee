"""The real chrony with the box's own file, in networks of its own: two servers or none; the classroom is answered."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reseau.rendu import rendre

SERVEURS = ("192.0.2.11", "192.0.2.12")
#: What it tells the classroom when no server is followed (`local stratum`); the kernel is told nothing then.
SEULE = 10
#: A question of an NTP client, version 4; prints the stratum of the answer, or `rien`.
DEMANDER = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(1.5)
    try:
        s.sendto(b"\\x23" + 47 * b"\\0", (sys.argv[1], 123))
        print(s.recv(100)[1])
    except OSError:
        print("rien")
"""


@dataclass
class Rade:
    """Three networks: the box, the classroom, the servers; what runs in them ends with the test."""

    dossier: Path
    nom: str = field(default_factory=lambda: f"ph{os.getpid()}")
    lances: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def ip(self, *mots: str) -> None:
        """Change the networks."""
        subprocess.run(["ip", *mots], check=True)

    def dans(self, ou: str, *mots: str) -> str:
        """Run a program in one of the three; return what it says."""
        fait = subprocess.run(
            ["ip", "netns", "exec", f"{self.nom}{ou}", *mots], capture_output=True, text=True, check=False
        )
        return fait.stdout.strip()

    def brancher(self, ou: str, carte: str, adresse: str) -> None:
        """Join the box to another network: its card, and ours at the other end."""
        self.ip("link", "add", carte, "netns", f"{self.nom}b", "type", "veth", "peer", "v0", "netns", f"{self.nom}{ou}")
        self.dans("b", "ip", "link", "set", carte, "up")
        self.dans(ou, "ip", "addr", "add", adresse, "dev", "v0")
        self.dans(ou, "ip", "link", "set", "v0", "up")

    def chronyd(self, ou: str, nom: str, lignes: str) -> None:
        """Start a chrony that never touches this machine's clock (`-x`)."""
        fichier = self.dossier / f"{nom}.conf"
        fichier.write_text(f"{lignes}\npidfile {self.dossier}/{nom}.pid\nbindcmdaddress {self.prise(nom)}\n")
        mots = ["ip", "netns", "exec", f"{self.nom}{ou}", "chronyd", "-x", "-d", "-u", "root", "-f", str(fichier)]
        with (self.dossier / f"{nom}.log").open("w") as dit:
            self.lances.append(subprocess.Popen(mots, stdout=dit, stderr=dit))
        attendre(lambda: self.chronyc("-c", "tracking", nom=nom) != "", quoi=f"{nom} did not start")

    def prise(self, nom: str) -> Path:
        """Return where a chrony takes its orders."""
        return self.dossier / f"{nom}.sock"

    def chronyc(self, *mots: str, nom: str = "boite") -> str:
        """Give an order to a chrony; empty when it does not answer."""
        fait = subprocess.run(
            ["chronyc", "-h", str(self.prise(nom)), *mots], capture_output=True, text=True, check=False
        )
        return fait.stdout.strip() if fait.returncode == 0 else ""

    @property
    def strate(self) -> int:
        """How far from a true clock the box says it is; `SEULE` when it has only its own word."""
        return int(self.chronyc("-c", "tracking").split(",")[2])

    def boite(self) -> None:
        """Start the box's chrony, with the file that the role lays down."""
        rendre(
            self.dossier / "racine",
            "horloge",
            reglages={"horloge_serveurs": list(SERVEURS), "horloge_systeme": str(self.dossier / "systeme")},
        )
        (self.dossier / "systeme" / "chrony").mkdir(parents=True, exist_ok=True)
        self.chronyd("b", "boite", (self.dossier / "racine/etc/chrony/chrony.conf").read_text())

    def serveur(self, adresse: str) -> None:
        """Start a time server ashore."""
        nom = f"s{adresse[-2:]}"
        self.chronyd("s", nom, f"local stratum 1\nallow\nbindaddress {adresse}\ncmdport 0\nbindacqaddress {adresse}")


def attendre(condition: Callable[[], bool], *, quoi: str, delai_s: float = 60) -> None:
    """Wait for a real condition."""
    fin = time.monotonic() + delai_s
    while not condition():
        assert time.monotonic() < fin, quoi
        time.sleep(0.1)


@pytest.fixture
def rade(tmp_path: Path) -> Iterator[Rade]:
    """The networks, empty; gone at the end, whatever happened."""
    # A path short enough for a local socket.
    court = Path(f"/run/pirogue-essai-{os.getpid()}")
    court.mkdir(0o700)  # chrony takes orders in no other
    la = Rade(court)
    with contextlib.ExitStack() as fin:
        fin.callback(subprocess.run, ["rm", "-rf", str(court)], check=True)
        for ou in "bps":
            la.ip("netns", "add", f"{la.nom}{ou}")
            fin.callback(subprocess.run, ["ip", "netns", "del", f"{la.nom}{ou}"], check=True)
        fin.callback(lambda: [(un.terminate(), un.wait()) for un in la.lances])
        la.brancher("p", "wlan0", "10.10.10.23/24")
        la.dans("b", "ip", "addr", "add", "10.10.10.10/24", "dev", "wlan0")
        la.dans("b", "ip", "addr", "add", "198.51.100.1/32", "dev", "wlan0")
        la.dans("p", "ip", "route", "add", "default", "via", "10.10.10.10")
        yield la


def aller_au_quai(rade: Rade) -> None:
    """The 4G key is plugged in: a way to the servers."""
    rade.brancher("s", "wwan0", f"{SERVEURS[0]}/24")
    rade.dans("s", "ip", "addr", "add", f"{SERVEURS[1]}/24", "dev", "v0")
    rade.dans("b", "ip", "addr", "add", "192.0.2.2/24", "dev", "wwan0")
    rade.dans("b", "ip", "route", "add", "default", "via", "192.0.2.1")


def test_two_servers_are_followed_as_soon_as_the_quay_is_reached(rade: Rade) -> None:
    """A chrony that ran for long without a way out asks at once when it is told of one."""
    rade.boite()
    rade.chronyc("offline")  # as `onoffline` finds it in the middle of the lake
    au_large = rade.strate
    aller_au_quai(rade)
    for adresse in SERVEURS:
        rade.serveur(adresse)
    rade.chronyc("onoffline")
    attendre(lambda: rade.strate == 2, quoi="the servers were not followed", delai_s=30)

    assert au_large == SEULE


def test_one_server_alone_is_not_followed(rade: Rade) -> None:
    """It answers, as often as it is asked; its word is not enough to move the roll's date."""
    aller_au_quai(rade)
    rade.serveur(SERVEURS[0])
    rade.boite()

    def repond() -> bool:
        atteintes = [ligne.split(",")[5] for ligne in rade.chronyc("-c", "sources").splitlines()]
        return any(int(atteinte, 8) >= 0o17 for atteinte in atteintes)

    attendre(repond, quoi="the one server never answered four times")

    assert rade.strate == SEULE


def test_the_classroom_is_answered_at_the_box_s_own_address_only(rade: Rade) -> None:
    """A laptop told to ask the box agrees with it; one that asks a captured name is not led astray."""
    rade.boite()
    demander = [sys.executable, "-c", DEMANDER]

    assert rade.dans("p", *demander, "10.10.10.10") == "10"
    assert rade.dans("p", *demander, "198.51.100.1") == "rien"

"""The real ModemManager, on a bus of its own, with a modem that is simulated down to its AT words."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from equipage import HUIT_HEURES_MS
from pirogue_bord import liaison
from pirogue_bord.liaison import HeureReseau, LiaisonMuette, connecter, modem
from pirogue_bord.liaison.modem import Modem

GARDIEN = "ModemManager --test-session --test-enable --no-auto-scan --test-no-udev --test-no-suspend-resume"
BRANCHER = "--session --print-reply --dest=org.freedesktop.ModemManager1 /org/freedesktop/ModemManager1"


def attendre(condition: Callable[[], object], *, quoi: str) -> None:
    """Wait for a real condition."""
    fin = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < fin, quoi
        time.sleep(0.1)


class Banc:
    """A bus, ModemManager, and the modem that the test plugs in."""

    def __init__(self, dossier: Path, fin: contextlib.ExitStack) -> None:
        self._dossier, self._fin = dossier, fin
        self.environnement = dict(os.environ)
        adresse = self._lancer("bus", "dbus-daemon", "--session", "--print-address=1", "--nofork")

        def dites() -> list[str]:
            return [
                ligne for ligne in adresse.read_text().splitlines() if ligne.startswith("unix:") and "guid=" in ligne
            ]

        attendre(dites, quoi="no bus")
        self.environnement["DBUS_SESSION_BUS_ADDRESS"] = dites()[0]
        self._lancer("gardien", *GARDIEN.split())
        attendre(lambda: self._mmcli("-L").returncode == 0, quoi="ModemManager did not come")

    def _lancer(self, nom: str, *mots: str) -> Path:
        """Start a program that ends with the test; return where it speaks."""
        dit = self._dossier / nom
        with dit.open("w") as flux:
            lance = subprocess.Popen(mots, stdout=flux, stderr=subprocess.STDOUT, env=self.environnement)
        self._fin.callback(lance.wait)
        self._fin.callback(lance.kill)
        return dit

    def _mmcli(self, *mots: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["mmcli", "--test-session", "-J", *mots],
            capture_output=True,
            text=True,
            check=False,
            env=self.environnement,
        )

    def mmcli(self, mots: Sequence[str]) -> str:
        """Run `mmcli -J` on this bus, as `modem.lancer_mmcli` does on the system's."""
        fait = self._mmcli(*mots)
        if fait.returncode:
            raise LiaisonMuette(fait.stderr)
        return fait.stdout

    def brancher(self) -> None:
        """Plug the modem in, and have it look for its network."""
        port = f"abstract:pirogue-{os.getpid()}"
        pret = self._lancer("modem", sys.executable, str(Path(__file__).with_name("modem_simule.py")), port)
        attendre(lambda: "pret" in pret.read_text(), quoi="no modem")
        profil = [
            "org.freedesktop.ModemManager1.Test.SetProfile",
            "string:essai",
            "string:generic",
            f"array:string:{port}",
        ]
        mots = ["dbus-send", *BRANCHER.split(), *profil]
        fait = subprocess.run(mots, env=self.environnement, capture_output=True, text=True, check=False)
        assert fait.returncode == 0, fait.stderr
        attendre(lambda: modem.chercher(self.mmcli), quoi="ModemManager does not know the modem")
        attendre(lambda: self._mmcli("-m", "any", "-e").returncode == 0, quoi="the modem is not enabled")
        attendre(lambda: '"state":"registered"' in self._mmcli("-m", "any").stdout, quoi="no network")


@pytest.fixture
def banc(tmp_path: Path) -> Iterator[Banc]:
    """ModemManager without a modem; all of it ends with the test."""
    with contextlib.ExitStack() as fin:
        yield Banc(tmp_path, fin)


def test_the_real_modemmanager_is_read_before_and_after_the_modem_is_plugged(banc: Banc) -> None:
    """No modem, then one on its network: operator, bars, the network's time with Benin's offset; not connected yet."""
    avant = modem.chercher(banc.mmcli)
    banc.brancher()
    branche = modem.chercher(banc.mmcli)
    assert isinstance(branche, Modem)
    releve = liaison.relever(branche)

    assert avant is None
    assert (releve.operateur, releve.pour_cent) == ("MTN Benin", 80)
    assert (releve.connecte, releve.emis_octets, releve.recus_octets) == (False, 0, 0)
    assert branche.heure() == HeureReseau(HUIT_HEURES_MS, 60)


PORTEUSE: dict[str, dict[str, Any]] = {
    "status": {"connected": "yes", "interface": "wwan0"},
    "ipv4-config": {
        "address": "10.64.3.18",
        "dns": ["10.0.0.1", "10.0.0.2"],
        "gateway": "10.64.3.17",
        "method": "static",
        "prefix": "30",
    },
}


class ReseauMobile:
    """What `mmcli -J` answers of a modem with a card of its own, which this machine cannot simulate."""

    def __init__(self) -> None:
        self.branche, self.connecte, self.refuse = True, False, False
        self.demandes: list[str] = []

    def __call__(self, mots: Sequence[str]) -> str:
        """Answer one question."""
        if mots[0] == "-L":
            return json.dumps({"modem-list": ["/m/0"] if self.branche else []})
        if mots[0] == "-b":
            return json.dumps({"bearer": PORTEUSE})
        if mots[-1].startswith("--simple-connect"):
            self.demandes.append(mots[-1])
            if self.refuse:
                raise LiaisonMuette("Le modem ne répond pas.")
            self.connecte = True
        etat = {"state": "connected" if self.connecte else "registered", "bearers": ["/b/0"] if self.connecte else []}
        return json.dumps({"modem": {"generic": etat}})


def test_a_modem_is_connected_once_and_again_when_it_falls(tmp_path: Path) -> None:
    """Its address is written for systemd-networkd the first time; the same address is not written again."""
    reseau, rechargees, fichier = ReseauMobile(), [], tmp_path / "15.network"

    def tour() -> bool:
        return connecter.tour(apn="internet", fichier=fichier, mmcli=reseau, recharger=lambda: rechargees.append(1))

    assert [tour(), tour()] == [True, True]
    reseau.connecte = False
    assert tour()

    assert reseau.demandes == ["--simple-connect=apn=internet,ip-type=ipv4"] * 2
    assert rechargees == [1]
    assert "Name=wwan0\n" in fichier.read_text()
    assert "Address=10.64.3.18/30\n" in fichier.read_text()
    assert "Gateway=10.64.3.17\n" in fichier.read_text()
    reseau.branche = False
    assert not tour()


def test_a_network_that_refuses_is_said(tmp_path: Path) -> None:
    """No credit, no signal: a sentence, and nothing written."""
    reseau = ReseauMobile()
    reseau.refuse = True
    with pytest.raises(connecter.ModemPasConnecte):
        connecter.tour(apn="internet", fichier=tmp_path / "f", mmcli=reseau, recharger=lambda: None)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"address": "10.0.0.1\nDNS=9.9.9.9"}, {"prefix": "99"}, {"gateway": "--"}, {"dns": ["voici"]}, {"address": None}],
)
def test_what_a_network_gives_is_believed_only_if_it_is_an_address(change: dict[str, object]) -> None:
    """A word of the network never becomes a line of ours."""
    with pytest.raises(connecter.ModemPasConnecte):
        connecter.decrire(PORTEUSE | {"ipv4-config": PORTEUSE["ipv4-config"] | change})


def test_a_card_that_asks_for_its_address_is_left_to_it() -> None:
    """The file of the way out asks by DHCP already."""
    assert connecter.decrire({"ipv4-config": {"method": "dhcp"}, "status": {"interface": "wwan0"}}) == ""

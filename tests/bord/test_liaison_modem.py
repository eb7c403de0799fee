"""The real ModemManager, on a bus of its own, with a modem that is simulated down to its AT words."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from equipage import HUIT_HEURES_MS
from pirogue_bord import liaison
from pirogue_bord.liaison import HeureReseau, LiaisonMuette, modem
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

"""The body as a process: ready, watched, stopped; the button that ends the day, the light as somebody sees it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bord.test_cles import CLE, DISQUE, FINI, Root
from pirogue_actions.client import ActeRefuse
from pirogue_bord import broches, lampe, rondes
from pirogue_bord.broches import Mouvement
from pirogue_bord.corps import Corps
from pirogue_bord.erreurs import SansBroches
from pirogue_bord.rondes import Ronde
from pirogue_bord.supports import Passage
from pirogue_socle import constats, histoires
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant, maintenant

MS = 1_000_000
COMMANDE = [sys.executable, "-m", "pirogue_cli", "bord", "servir"]


@dataclass
class Fils:
    """A button and a light in the hand; the chip itself is met in the booted image."""

    bouge: list[Mouvement] = field(default_factory=list)
    allumages: list[bool] = field(default_factory=list)
    rendus: bool = False
    fd: int = -1

    def lire(self) -> list[Mouvement]:
        """Return what the button did."""
        vus, self.bouge = self.bouge, []
        return vus

    def allumer(self, *, oui: bool) -> None:
        """Light it or not."""
        self.allumages.append(oui)

    def fermer(self) -> None:
        """Give the lines back."""
        self.rendus = True


@dataclass
class Boite:
    """The box on the table, its time in the test's hand."""

    corps: Corps
    root: Root
    fils: Fils
    dossier: Path
    bt_ns: int = 1_000_000_000

    @property
    def instant(self) -> Instant:
        """Return now."""
        return Instant("b1", self.bt_ns, 0)

    def passer(self, secondes: float) -> None:
        """Let time pass as the loop does: each turn says when the next one is due."""
        fin = self.bt_ns + int(secondes * 1e9)
        while self.bt_ns < fin:
            self.bt_ns += self.corps.tour(self.instant) * MS

    def presser(self, *, oui: bool) -> None:
        """Push the button, or let it go."""
        self.fils.bouge.append(Mouvement(oui, self.bt_ns))

    def brancher(self) -> None:
        """Plug a stick in."""
        self.corps.noter([Passage(DISQUE, parti=False), Passage(CLE, parti=False)], self.instant)
        self.passer(3)

    def finir(self) -> None:
        """The courier has done with the stick."""
        histoires.ecrire(self.dossier / "recit.json", FINI, instant=self.instant)
        self.root.echange = False
        self.passer(3)


@pytest.fixture
def boite(tmp_path: Path) -> Boite:
    """A box that is ready, with its wires and its screen."""
    (tmp_path / "corps").mkdir()
    config = Config(donnees=tmp_path, terre=tmp_path, bord=tmp_path / "corps", nom_relais="Pirogue 1")
    root, fils = Root(), Fils()
    corps = Corps(config, root, tmp_path / "recit.json", broches=fils, console=tmp_path / "ecran", sante="bon")
    (tmp_path / "ecran").touch()
    return Boite(corps, root, fils, tmp_path)


def test_the_button_held_three_seconds_has_the_box_stopped(boite: Boite) -> None:
    """Once, cleanly, by root; the screen says what to do next."""
    boite.presser(oui=True)
    boite.passer(2.4)
    avant = list(boite.root.gestes)
    boite.passer(2)

    assert avant == []
    assert boite.root.gestes == ["eteindre"]
    assert "débranche" in (boite.dossier / "ecran").read_text(encoding="utf-8")


def test_a_short_push_stops_nothing(boite: Boite) -> None:
    """A bag leans on it."""
    for _ in range(5):
        boite.presser(oui=True)
        boite.passer(1.5)
        boite.presser(oui=False)
        boite.passer(1.5)

    assert boite.root.gestes == []


def test_held_while_a_stick_is_written_the_stick_is_finished_first(boite: Boite) -> None:
    """The light still says « do not pull »; then « retirez », then the stop."""
    boite.brancher()
    boite.presser(oui=True)
    boite.passer(6)
    pendant = list(boite.root.gestes)
    boite.finir()
    boite.passer(1)

    assert "eteindre" not in pendant
    assert boite.root.gestes == ["monter sda1", "echanger sda1", "demonter", "eteindre"]


def test_a_stop_that_root_refuses_is_asked_again(boite: Boite) -> None:
    """An exchange began in between: five seconds later."""
    boite.root.refus["eteindre"] = ActeRefuse("Une clé est en cours d'écriture.")
    boite.presser(oui=True)
    boite.passer(5)
    boite.root.refus.clear()
    boite.passer(6)

    assert boite.root.gestes == ["eteindre"]


def test_the_light_is_touched_only_when_it_changes(boite: Boite) -> None:
    """Steady is one order to the chip, not two a second."""
    boite.passer(60)

    assert boite.fils.allumages == [True]


def test_the_light_goes_fast_while_a_stick_is_in_use_then_two_flashes(boite: Boite) -> None:
    """What Dossou watches from the quay."""
    boite.brancher()
    boite.fils.allumages.clear()
    boite.passer(10)
    vite = len(boite.fils.allumages)
    boite.finir()
    boite.passer(2)
    boite.fils.allumages.clear()
    boite.passer(10)

    assert vite == 80
    assert 16 <= len(boite.fils.allumages) <= 24
    assert lampe.choisir(boite.corps.cles.histoire, sante="bon", echange=False, arret=False) == "cle_a_retirer"


def test_the_light_goes_slowly_while_the_box_speaks_with_the_shore(boite: Boite) -> None:
    """One second lit, one dark; a stick that comes is more urgent."""
    boite.corps.echange = lambda: True
    boite.passer(20)
    lente = len(boite.fils.allumages)
    boite.brancher()
    boite.fils.allumages.clear()
    boite.passer(10)

    assert 19 <= lente <= 21
    assert len(boite.fils.allumages) == 80


def test_each_step_is_in_the_file_that_the_pages_read(boite: Boite) -> None:
    """And on the screen."""
    boite.brancher()
    lue = histoires.lire(boite.dossier / "corps/cle.json", instant=boite.instant)

    assert lue.etape == "lecture"
    assert "L E C T U R E" in (boite.dossier / "ecran").read_text(encoding="utf-8")


def test_a_box_without_wires_does_all_the_rest(boite: Boite) -> None:
    """A PC, or a Pi whose button was torn off."""
    boite.corps.broches = None
    boite.brancher()
    boite.finir()

    assert boite.corps.cles.histoire == FINI


def test_this_machine_has_no_chip_that_we_know(tmp_path: Path) -> None:
    """Said in one sentence; a file that is no chip is passed over."""
    (tmp_path / "gpiochip0").touch()
    config = Config(donnees=tmp_path, terre=tmp_path)

    with pytest.raises(SansBroches):
        broches.ouvrir(config, tmp_path)


def test_a_stick_s_partition_that_left_with_its_disk_is_told_once(boite: Boite) -> None:
    """Udev tells the partition, then the disk."""
    boite.brancher()
    partis = [Passage(replace(CLE, octets=0), parti=True), Passage(replace(DISQUE, octets=0), parti=True)]
    boite.corps.noter(partis, boite.instant)
    boite.passer(2)

    assert boite.corps.cles.histoire.etape == "retiree_trop_tot"
    assert boite.root.gestes == ["monter sda1", "echanger sda1", "demonter"]


def test_a_round_that_fails_is_done_again_and_one_that_breaks_takes_the_body_down() -> None:
    """A full card is said and passes; a fault that nobody expected must not be hidden by a watchdog that is fed."""
    fois: list[int] = []

    def faire() -> None:
        fois.append(1)
        if len(fois) < 3:
            raise ErreurPirogue("La carte est pleine.")
        raise ZeroDivisionError

    ronde = Ronde("essai", faire, 0.01)
    ronde.lancer()
    ronde.arreter(0)
    autre = Ronde("essai", faire, 0.01)
    autre.lancer()
    assert autre._fil is not None
    autre._fil.join(20)

    with pytest.raises(ZeroDivisionError):
        autre.est_vivante(maintenant().bt_ns)


def test_a_round_that_hangs_lets_the_watchdog_bite() -> None:
    """Ten minutes for one look is no life."""
    ronde = Ronde("essai", lambda: None, 60)
    ronde.lancer()
    ronde.arreter(5)

    assert ronde.est_vivante(maintenant().bt_ns)
    assert not ronde.est_vivante(maintenant().bt_ns + rondes.ENLISEE_NS + 1)


@pytest.fixture
def prise(tmp_path: Path) -> Iterator[socket.socket]:
    """Where systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ecoute:
        ecoute.bind(str(tmp_path / "notify"))
        ecoute.settimeout(120)
        yield ecoute


def configurer(dossier: Path, *lignes: str) -> dict[str, str]:
    """Write a box's configuration; return the environment that names it."""
    texte = ['donnees = "donnees"', 'terre = "terre"', f'systeme = "{dossier}/systeme"', *lignes]
    (dossier / "pirogue.toml").write_text("\n".join(texte) + "\n", encoding="utf-8")
    (dossier / "systeme/horloge").mkdir(parents=True)
    return os.environ | {"PIROGUE_CONFIG": str(dossier / "pirogue.toml"), "NOTIFY_SOCKET": str(dossier / "notify")}


def test_the_process_is_ready_fed_and_stopped_at_once(tmp_path: Path, prise: socket.socket) -> None:
    """Under its real loop, real udev events, without a helper: it says so, keeps the hour, leaves with 0."""
    (tmp_path / "corps").mkdir()
    env = configurer(tmp_path, 'bord = "corps"')
    with subprocess.Popen([*COMMANDE, "--montage", "/nulle/part"], env=env, stderr=subprocess.PIPE) as processus:
        dits = [prise.recv(100)]
        dits.append(prise.recv(100))
        processus.send_signal(signal.SIGTERM)
        _, erreurs = processus.communicate(timeout=120)
    while dits[-1] != b"STOPPING=1":
        dits.append(prise.recv(100))

    assert dits[:2] == [b"READY=1", b"WATCHDOG=1"]
    assert processus.returncode == 0, erreurs
    assert "ni bouton, ni lampe" in erreurs.decode()
    assert histoires.lire(tmp_path / "corps/cle.json", instant=maintenant()) == histoires.ABSENTE
    assert (tmp_path / "systeme/horloge/heure").exists()


def test_the_checks_of_health_are_written_where_the_portal_reads_them(tmp_path: Path, prise: socket.socket) -> None:
    """The first round is done at once."""
    (tmp_path / "corps").mkdir()
    (tmp_path / "donnees").mkdir()
    env = configurer(tmp_path, 'bord = "corps"')
    with subprocess.Popen(COMMANDE, env=env, stderr=subprocess.DEVNULL) as processus:
        prise.recv(100)
        while not (tmp_path / "corps/etat.json").exists():
            prise.recv(100)  # the loop lives: it is fed every five seconds
        processus.terminate()
    releve = constats.lire(tmp_path / "corps/etat.json", instant=maintenant())

    assert releve is not None
    assert {"disque", "cle", "bouton"} <= {un.code for un in releve.constats}


def test_a_machine_that_is_no_box_says_so(tmp_path: Path) -> None:
    """With its own code, and what to do."""
    env = configurer(tmp_path)
    fait = subprocess.run(COMMANDE, env=env, capture_output=True, text=True, check=False)

    assert fait.returncode == 93
    assert "n'est pas une boîte" in fait.stderr

"""A whole boat started as a person would start it, and the browsers that visit it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

RACINE = Path(__file__).parents[2]
PIROGUE = Path(sys.executable).with_name("pirogue")
PORTABLE = {"width": 1366, "height": 768}
TELEPHONE = {"width": 360, "height": 740}


@dataclass
class Demo:
    """A running demo: its folder, its port, what its terminal said."""

    dossier: Path
    port: int
    processus: subprocess.Popen[str]
    ecran: str
    images: dict[str, list[str]] = field(default_factory=dict)

    @property
    def portail(self) -> str:
        """Address of the portal."""
        return f"http://localhost:{self.port}"

    @property
    def kolibri(self) -> str:
        """Address of Kolibri."""
        return f"http://localhost:{self.port + 1}"

    @property
    def rive(self) -> str:
        """Address of the shore."""
        return f"http://localhost:{self.port + 10}"

    @property
    def code(self) -> str:
        """The trainer's one-time code, as printed."""
        trouve = re.search(r"code à usage unique (\d{6})", self.ecran)
        assert trouve is not None, self.ecran
        return trouve.group(1)

    @property
    def secret(self) -> str:
        """Estelle's one-time password ashore, as printed."""
        trouve = re.search(r"mot de passe à usage unique « ([^»]+) »", self.ecran)
        assert trouve is not None, self.ecran
        return trouve.group(1)

    def pirogue(self, *mots: str) -> str:
        """Run a `pirogue` command on this boat; return what it said."""
        fait = pirogue(self.dossier, *mots)
        assert fait.returncode == 0, fait.stdout + fait.stderr
        return fait.stdout


def pirogue(dossier: Path, *mots: str) -> subprocess.CompletedProcess[str]:
    """Run a `pirogue` command from a folder, as a person would from a terminal."""
    return subprocess.run(
        [PIROGUE, *mots], cwd=dossier, env=sans_config(), capture_output=True, text=True, timeout=60, check=False
    )


def sans_config() -> dict[str, str]:
    """Return the environment of a person's terminal: the configuration is found from the folder."""
    return {nom: valeur for nom, valeur in os.environ.items() if nom != "PIROGUE_CONFIG"}


def port_libre() -> int:
    """Return a port whose neighbours (+1, +2, +10) are free too."""
    while True:
        with socket.socket() as essai:
            essai.bind(("127.0.0.1", 0))
            port = int(essai.getsockname()[1])
        if port < 60000 and all(est_libre(port + plus) for plus in (0, 1, 2, 10)):
            return port


def est_libre(port: int) -> bool:
    """Say whether nothing listens there."""
    with socket.socket() as essai:
        essai.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            essai.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def demarrer(dossier: Path, port: int, commande: Sequence[object] = ()) -> subprocess.Popen[str]:
    """Start `pirogue demo` in a folder, in a group of its own as a terminal does; wait for nothing."""
    return subprocess.Popen(
        [str(mot) for mot in commande or [PIROGUE, "demo", "--port", port]],
        cwd=dossier,
        env=sans_config() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def lancer(dossier: Path, port: int, commande: Sequence[object] = ()) -> Demo:
    """Start `pirogue demo` in a folder and wait for its three addresses, or for its end."""
    processus = demarrer(dossier, port, commande)
    ecran = ""
    assert processus.stdout is not None
    for ligne in processus.stdout:
        ecran += ligne
        if "Ctrl-C arrête tout" in ligne:
            break
    demo = Demo(dossier, port, processus, ecran)
    for prenom, *images in re.findall(r"^ {8}(\w+) +(\w+) · (\w+) · (\w+)$", ecran, re.M):
        demo.images[prenom] = [image.replace("é", "e") for image in images]
    return demo


def arreter(demo: Demo) -> str:
    """Press Ctrl-C; return what the terminal says last."""
    demo.processus.send_signal(signal.SIGINT)
    return demo.processus.communicate(timeout=60)[0]


def redemarrer_plus_tard(demo: Demo, *, secondes: int) -> None:
    """
    Stop the demo and start it again as if `secondes` had passed since the boot (a time namespace; needs root).

    Its processes read the real CLOCK_BOOTTIME of the kernel, shifted; the wall clock does not move with it.
    """
    arreter(demo)
    commande = ["unshare", "--time", "--boottime", secondes, PIROGUE, "demo", "--port", demo.port]
    relancee = lancer(demo.dossier, demo.port, commande)
    assert relancee.images, relancee.ecran
    demo.processus, demo.ecran = relancee.processus, relancee.ecran


def attendre(condition: Callable[[], object], *, delai_s: float = 15.0) -> None:
    """Wait for something to become true; fail after a while."""
    fin = time.monotonic() + delai_s
    while not condition():
        assert time.monotonic() < fin, "ce qui était attendu n'est pas venu"
        Event().wait(0.02)


def restes(dossier: Path) -> list[str]:
    """Return the command line of every process that works for a folder: born there, or told of it."""
    trouves = []
    for un in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if un.pid != os.getpid() and (un.cwd() == str(dossier) or str(dossier) in str(un.environ())):
                trouves.append(" ".join(un.cmdline()))
    return trouves


@contextlib.contextmanager
def disque(dossier: Path, options: str) -> Iterator[Callable[[str], None]]:
    """A small disk mounted on a new folder; yields what changes its options."""
    assert os.geteuid() == 0, "ce test monte un petit disque : lance-le en root (sudo make test)"
    dossier.mkdir()

    def monter(voulues: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", voulues, "disque", dossier], check=True)

    monter(options)
    try:
        yield lambda voulues: monter(f"remount,{voulues}")
    finally:
        attendre(lambda: subprocess.run(["umount", dossier], capture_output=True, check=False).returncode == 0)


@contextlib.contextmanager
def demo(dossier: Path) -> Iterator[Demo]:
    """A demo for the time of a test."""
    lancee = lancer(dossier, port_libre())
    try:
        assert lancee.images, lancee.ecran
        yield lancee
    finally:
        if lancee.processus.poll() is None:
            arreter(lancee)


class Service:
    """`pirogue … servir` as a real process, for a configuration file; killed whole, as a power cut does."""

    def __init__(self, nom: str, toml: Path, port: int) -> None:
        self.nom, self.toml, self.port = nom, toml, port
        self.demarrer()

    def demarrer(self) -> None:
        """Start it, and wait until it listens."""
        self.processus = subprocess.Popen(
            [PIROGUE, self.nom, "servir"],
            cwd=self.toml.parent,
            env=os.environ | {"PIROGUE_CONFIG": str(self.toml)},
            start_new_session=True,
        )
        attendre(self._ecoute)

    def _ecoute(self) -> bool:
        assert self.processus.poll() is None, f"« {self.nom} » ne démarre pas"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def tuer(self) -> None:
        """Kill -9, it and its workers."""
        os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.wait()
        attendre(lambda: est_libre(self.port))

    def renaitre(self) -> None:
        """Kill -9, then start again."""
        self.tuer()
        self.demarrer()

    def arreter(self) -> None:
        """Stop it gently."""
        self.processus.terminate()
        self.processus.wait(20)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        navigateur = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        try:
            yield navigateur
        finally:
            navigateur.close()


class Album:
    """Screenshots of every step, numbered, kept as test artefacts."""

    def __init__(self, nom: str) -> None:
        self.dossier = RACINE / "artefacts" / nom
        self.dossier.mkdir(parents=True, exist_ok=True)
        for ancienne in self.dossier.glob("*.png"):
            ancienne.unlink()
        self.rang = 0

    def photo(self, page: Page, nom: str) -> None:
        """Take one, of the whole page."""
        self.rang += 1
        page.screenshot(path=self.dossier / f"{self.rang:02d}-{nom}.png", full_page=True)

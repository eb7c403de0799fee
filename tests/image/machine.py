"""A box under test: QEMU (arm64, no KVM), its console in a file, an agent that runs what is asked, its power to cut."""

import base64
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.reglages import Amorce, Reglages, composer

#: A slow shared machine is not a fault; a machine that says nothing for so long is one.
PATIENCE_S = 900.0


class MachineMuette(Exception):
    """The machine has stopped, or does not answer in time; the message ends with its console."""


class CommandeRatee(Exception):
    """A command in the machine, or an order to QEMU, did not end well; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Rendu:
    """What a command gave: its exit code, what it wrote, what it complained of."""

    rc: int
    sortie: str
    erreur: str


class Machine:
    """A box that can be switched on, asked, cut, and switched on again with the same card."""

    def __init__(self, amorce: Amorce, dossier: Path, reglages: Reglages | None = None) -> None:
        """Lay down the card; nothing runs yet. `dossier` is the machine's own."""
        self.amorce = amorce
        self.dossier = dossier
        self.reglages = reglages or Reglages()
        self.boot_id = ""
        self.tours = 0
        self.evenements: list[dict[str, Any]] = []
        self._numeros = itertools.count(1)
        self._rendus: dict[int, Rendu | None] = {}
        self._du_neuf = threading.Condition()
        self._qmp_verrou = threading.Lock()
        self._qemu: subprocess.Popen[bytes] | None = None
        self._oreille: threading.Thread | None = None
        self._flux: list[Any] = []
        dossier.mkdir(parents=True, exist_ok=True)
        self._poser_disque()

    def _poser_disque(self) -> None:
        """Make the card: an overlay, or a whole copy when its writes are logged."""
        image, taille = str(self.amorce.image), self.reglages.taille
        if self.reglages.journal is None:
            disque = str(self.dossier / "disque.qcow2")
            self._outil("qemu-img", "create", "-q", "-f", "qcow2", "-F", _format(image), "-b", image, disque, taille)
            return
        depart, disque = str(self.dossier / "depart.raw"), str(self.dossier / "disque.raw")
        self._outil("qemu-img", "convert", "-O", "raw", image, depart)
        self._outil("qemu-img", "resize", "-q", "-f", "raw", depart, taille)
        self._outil("cp", "--sparse=always", "--reflink=auto", depart, disque)
        with self.reglages.journal.open("wb") as journal:
            journal.truncate(1 << 30)

    @staticmethod
    def _outil(*mots: str) -> None:
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        if fait.returncode:
            raise CommandeRatee(f"{' '.join(mots)}: {fait.stderr}")

    def allumer(self, *, patience_s: float = PATIENCE_S) -> None:
        """Switch on and wait for the agent; raises MachineMuette."""
        self.tours += 1
        self.boot_id = ""
        for nom in ("qmp", "qtest", "port"):
            (self.dossier / nom).unlink(missing_ok=True)
        with (self.dossier / f"qemu-{self.tours}").open("wb") as sortie:
            self._qemu = subprocess.Popen(
                composer(self.amorce, self.reglages, self.dossier, tour=self.tours),
                stdin=subprocess.DEVNULL,
                stdout=sortie,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._prise_qmp = self._ouvrir("qmp")
        self._qmp = self._prise_qmp.makefile("rb")
        self._flux.append(self._qmp)
        self._qmp.readline()
        self.qmp("qmp_capabilities")
        self._port = self._ouvrir("port")
        self._port.settimeout(None)
        self._oreille = threading.Thread(target=self._ecouter, daemon=True)
        self._oreille.start()
        self.attendre(lambda: bool(self.boot_id), "the agent to be ready", patience_s=patience_s)

    def lancer(self, commande: str, entree: str | bytes = "") -> int:
        """Ask for a command and return its number at once; `rendre` waits for it."""
        octets = entree.encode() if isinstance(entree, str) else entree
        return self.demander(commande=commande, entree=base64.b64encode(octets).decode())

    def demander(self, **demande: Any) -> int:
        """Send one demand to the agent and return its number."""
        numero = next(self._numeros)
        with self._du_neuf:
            self._rendus[numero] = None
        self._port.sendall(json.dumps({"appel": numero, "entree": ""} | demande).encode() + b"\n")
        return numero

    def agir(self, module: str, acte: str, *, qui: str = "root", **arguments: Any) -> Rendu:
        """Do an act of a module that was laid in `/run/essai`, as this user; what it gives is JSON."""
        return self.rendre(self.demander(module=module, acte=acte, qui=qui, arguments=arguments))

    def rendre(self, numero: int, *, patience_s: float = PATIENCE_S) -> Rendu:
        """Wait for what a command gave; raises MachineMuette, also when the machine starts again meanwhile."""
        boot_id = self.boot_id
        self.attendre(
            lambda: self._rendus[numero] is not None or self.boot_id != boot_id,
            "a command to end",
            patience_s=patience_s,
        )
        rendu = self._rendus.pop(numero)
        if rendu is None:
            raise MachineMuette(f"the machine started again before a command ended\n{self.console()}")
        return rendu

    def essayer(self, commande: str, entree: str | bytes = "", *, patience_s: float = PATIENCE_S) -> Rendu:
        """Run a shell command as root and return what it gave, whatever its exit code."""
        return self.rendre(self.lancer(commande, entree), patience_s=patience_s)

    def executer(self, commande: str, entree: str | bytes = "", *, patience_s: float = PATIENCE_S) -> str:
        """Run a shell command as root and return what it wrote, stripped; raises CommandeRatee."""
        rendu = self.essayer(commande, entree, patience_s=patience_s)
        if rendu.rc:
            raise CommandeRatee(f"{commande}: {rendu.rc}\n{rendu.sortie[-3000:]}\n{rendu.erreur[-3000:]}")
        return rendu.sortie.strip()

    def poser(self, chemin: str, contenu: str | bytes, *, mode: str = "0644") -> None:
        """Write a file in the machine; its folder is made."""
        self.executer(f"mkdir -p $(dirname {chemin}) && cat > {chemin} && chmod {mode} {chemin}", contenu)

    def attendre_que(self, commande: str, *, patience_s: float = PATIENCE_S) -> str:
        """Run a command until it ends well; return what it wrote, or raise MachineMuette with its last words."""
        fin = time.monotonic() + patience_s
        while (rendu := self.essayer(commande)).rc:
            if time.monotonic() > fin:
                raise MachineMuette(f"in vain: {commande}\n{rendu.sortie}\n{rendu.erreur}\n{self.console()}")
            self.laisser_faire(0.3)
        return rendu.sortie.strip()

    def attendre(self, condition: Callable[[], bool], quoi: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait until the machine has said enough; raises MachineMuette."""
        with self._du_neuf:
            self._du_neuf.wait_for(lambda: condition() or not self.vit(), patience_s)
        if not condition():
            raise MachineMuette(f"waited in vain for {quoi}\n{self.console()}")

    def laisser_faire(self, duree_s: float) -> None:
        """Let the machine live for so long; raises MachineMuette when it stops meanwhile."""
        with self._du_neuf:
            if self._du_neuf.wait_for(lambda: not self.vit(), max(0.0, duree_s)):
                raise MachineMuette(self.console())

    def attendre_arret(self, *, patience_s: float = PATIENCE_S) -> None:
        """Wait until the machine has switched itself off; raises MachineMuette."""
        with self._du_neuf:
            arretee = self._du_neuf.wait_for(lambda: not self.vit(), patience_s)
        if not arretee:
            raise MachineMuette(f"the machine does not switch off\n{self.console()}")
        self.couper()

    def redemarrer(self, commande: str = "systemctl reboot", *, patience_s: float = PATIENCE_S) -> None:
        """Have the machine start again by itself and wait for the agent of the next boot; raises MachineMuette."""
        ancien = self.boot_id
        self.lancer(commande)
        self.attendre(lambda: self.boot_id not in {ancien, ""}, "the next boot", patience_s=patience_s)

    def couper(self) -> None:
        """Cut the power: SIGKILL, nothing in the machine's memory survives; `allumer` starts it again."""
        if self._qemu is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._qemu.pid, signal.SIGKILL)
        self._qemu.wait()
        if self._oreille is not None:
            self._oreille.join()
        for flux in reversed(self._flux):
            flux.close()
        self._flux.clear()
        self._qemu = self._oreille = None

    def vit(self) -> bool:
        """Say whether QEMU runs."""
        return self._qemu is not None and self._qemu.poll() is None

    def qmp(self, execute: str, **arguments: Any) -> Any:
        """Give QEMU an order; its events are kept; raises CommandeRatee, MachineMuette."""
        with self._qmp_verrou:
            self._prise_qmp.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
            while True:
                ligne = self._qmp.readline()
                if not ligne:
                    raise MachineMuette(self.console())
                dit = json.loads(ligne)
                if "event" in dit:
                    self.evenements.append(dit)
                elif "error" in dit:
                    raise CommandeRatee(f"{execute}: {dit['error']['desc']}")
                else:
                    return dit["return"]

    def console(self, *, tout: bool = False) -> str:
        """Return the end (or the whole) of what the kernel, the units and QEMU said since the last start."""
        textes = []
        for nom in (f"console-{self.tours}", f"qemu-{self.tours}"):
            fichier = self.dossier / nom
            if fichier.exists():
                textes.append(fichier.read_text(encoding="utf-8", errors="replace")[0 if tout else -6000 :])
        return "\n".join(textes)

    def ouvrir_qtest(self) -> socket.socket:
        """Return a connection to QEMU's test protocol: lines of the boards' chips can be set through it."""
        return self._ouvrir("qtest")

    def _ouvrir(self, nom: str) -> socket.socket:
        """Connect to one of QEMU's sockets as soon as it is there."""
        fin = time.monotonic() + PATIENCE_S
        while True:
            prise = socket.socket(socket.AF_UNIX)
            try:
                prise.connect(str(self.dossier / nom))
            except OSError:
                prise.close()
                if not self.vit() or time.monotonic() > fin:
                    raise MachineMuette(self.console()) from None
                time.sleep(0.05)
            else:
                prise.settimeout(PATIENCE_S)
                self._flux.append(prise)
                return prise

    def _ecouter(self) -> None:
        """Hear what the agent says until the machine stops; a line cut by a reboot is nobody's."""
        with contextlib.suppress(OSError), self._port.makefile("rb") as flux:
            for ligne in flux:
                with contextlib.suppress(ValueError):
                    self._noter(json.loads(ligne))
        assert self._qemu is not None
        self._qemu.wait()
        with self._du_neuf:
            self._du_neuf.notify_all()

    def _noter(self, dit: dict[str, Any]) -> None:
        with self._du_neuf:
            if "pret" in dit:
                self.boot_id = dit["pret"]
            elif dit["appel"] in self._rendus:
                textes = [base64.b64decode(dit[nom]).decode("utf-8", "replace") for nom in ("sortie", "erreur")]
                self._rendus[dit["appel"]] = Rendu(dit["rc"], *textes)
            self._du_neuf.notify_all()


def _format(image: str) -> str:
    """Return the format of an image by its name: an overlay of another machine, or bytes as they are."""
    return "qcow2" if image.endswith(".qcow2") else "raw"


@contextlib.contextmanager
def allumer(amorce: Amorce, dossier: Path, reglages: Reglages | None = None) -> Iterator[Machine]:
    """Switch on a machine with a new card; it is killed at the end and its card forgotten."""
    machine = Machine(amorce, dossier, reglages)
    try:
        machine.allumer()
        yield machine
    finally:
        machine.couper()
        for disque in dossier.glob("*.raw"):
            disque.unlink()
        (dossier / "disque.qcow2").unlink(missing_ok=True)

"""The bench's machine: QEMU with Debian's kernel, sticks that come and go, an agent that does what is asked."""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banc.noyau import Noyau

#: A slow shared machine is not a fault; a machine that says nothing for so long is one.
PATIENCE_S = 120.0
ICI = Path(__file__).parent


class MachineMuette(Exception):
    """The machine has stopped, or does not answer in time; the message ends with its console."""


class GesteRate(Exception):
    """An act of the agent failed; the message is its traceback."""


@dataclass
class Appel:
    """One act asked of the agent, and what it has said since."""

    numero: int
    annonces: list[dict[str, Any]] = field(default_factory=list)
    rendu: Any = None
    erreur: str | None = None
    fini: bool = False


class Machine:
    """A running guest; `appeler` waits for an act, `lancer` does not."""

    def __init__(self, noyau: Noyau, dossier: Path, *, disques: tuple[Path, ...] = ()) -> None:
        self.dossier = dossier
        self._numeros = itertools.count(1)
        self._appels: dict[int, Appel] = {0: Appel(0)}
        self._du_neuf = threading.Condition()
        self._qmp_verrou = threading.Lock()
        self._partis: set[str] = set()
        dossier.mkdir(parents=True)
        with (dossier / "qemu").open("wb") as sortie:
            self._qemu = subprocess.Popen(
                _commande(noyau, dossier, disques=disques),
                stdin=subprocess.DEVNULL,
                stdout=sortie,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._prise_qmp = self._ouvrir("qmp")
        self._prise_qmp.settimeout(PATIENCE_S)
        self._qmp = self._prise_qmp.makefile("rb")
        self._qmp.readline()
        self.qmp("qmp_capabilities")
        self._port = self._ouvrir("port")
        self._oreille = threading.Thread(target=self._ecouter)
        self._oreille.start()
        self.attendre(lambda: self._appels[0].fini, "the agent to be ready")

    def lancer(self, geste: str, **arguments: Any) -> Appel:
        """Ask for an act and return at once."""
        appel = Appel(next(self._numeros))
        self._appels[appel.numero] = appel
        demande = {"appel": appel.numero, "geste": geste, "arguments": arguments}
        self._port.sendall(json.dumps(demande).encode() + b"\n")
        return appel

    def rendre(self, appel: Appel, *, patience_s: float = PATIENCE_S) -> Any:
        """Wait for what an act returns; raise GesteRate, MachineMuette."""
        self.attendre(lambda: appel.fini, "an act to end", patience_s=patience_s)
        if appel.erreur is not None:
            raise GesteRate(f"{appel.erreur}\n{self.console()}")
        return appel.rendu

    def appeler(self, geste: str, **arguments: Any) -> Any:
        """Ask for an act and wait for what it returns."""
        return self.rendre(self.lancer(geste, **arguments))

    def attendre(self, condition: Callable[[], bool], quoi: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait until the agent has said enough; raise MachineMuette."""
        with self._du_neuf:
            vrai = self._du_neuf.wait_for(lambda: condition() or self._qemu.poll() is not None, patience_s)
        if not vrai or not condition():
            self._montrer_bloques()
            raise MachineMuette(f"waited in vain for {quoi}\n{self.console()}")

    def _montrer_bloques(self) -> None:
        """Ask the kernel, if it still listens, which tasks are stuck; the console then ends with it."""
        with contextlib.suppress(OSError):
            appel = self.lancer("montrer_bloques")
            with self._du_neuf:
                self._du_neuf.wait_for(lambda: appel.fini, 5.0)

    def laisser_faire(self, duree_s: float) -> None:
        """Let the machine live for so long: an instant that was drawn, not a wait for something; MachineMuette."""
        with self._du_neuf:
            if self._du_neuf.wait_for(lambda: self._qemu.poll() is not None, max(0.0, duree_s)):
                raise MachineMuette(self.console())

    def qmp(self, execute: str, **arguments: Any) -> Any:
        """Give QEMU an order; its events are kept."""
        with self._qmp_verrou:
            self._prise_qmp.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
            while True:
                dit = json.loads(self._qmp.readline())
                self._noter(dit)
                if "error" in dit:
                    raise GesteRate(f"{execute}: {dit['error']['desc']}")
                if "return" in dit:
                    return dit["return"]

    def brancher(self, serie: str, image: Path | str, *, lecture_seule: bool = False) -> None:
        """Plug in a USB stick whose bytes are a file, or what an NBD server (its socket's path, as a str) answers."""
        if isinstance(image, Path):
            noeud: dict[str, Any] = {"driver": "file", "filename": str(image)}
        else:
            noeud = {"driver": "nbd", "server": {"type": "unix", "path": image}}
        brut = {"driver": "raw", "node-name": f"n-{serie}", "read-only": lecture_seule, "file": noeud}
        self.qmp("blockdev-add", **brut)
        self.qmp(
            "device_add",
            driver="usb-storage",
            id=f"u-{serie}",
            bus="xhci.0",
            drive=f"n-{serie}",
            removable=True,
            serial=serie,
        )

    def arracher(self, serie: str) -> None:
        """Pull a stick, now: nothing is flushed, nobody is warned."""
        self.qmp("device_del", id=f"u-{serie}")
        fin = time.monotonic() + PATIENCE_S
        while f"u-{serie}" not in self._partis:
            self.qmp("query-status")
            if time.monotonic() > fin:
                raise MachineMuette(f"{serie} does not leave\n{self.console()}")
            self.laisser_faire(0.01)
        self._partis.discard(f"u-{serie}")
        self.qmp("blockdev-del", **{"node-name": f"n-{serie}"})

    def tuer(self) -> None:
        """Cut the machine's power: SIGKILL, nothing in its memory survives; what it had said before is heard."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._qemu.pid, signal.SIGKILL)
        self._qemu.wait()
        self._oreille.join()

    def console(self) -> str:
        """Return the end of what the kernel and QEMU said."""
        textes = [
            (self.dossier / nom).read_text(encoding="utf-8", errors="replace")[-6000:]
            for nom in ("console", "qemu")
            if (self.dossier / nom).exists()
        ]
        return "\n".join(textes)

    def _ouvrir(self, nom: str) -> socket.socket:
        """Connect to one of QEMU's sockets as soon as it is there."""
        fin = time.monotonic() + PATIENCE_S
        while True:
            prise = socket.socket(socket.AF_UNIX)
            try:
                prise.connect(str(self.dossier / nom))
            except OSError:
                prise.close()
                if self._qemu.poll() is not None or time.monotonic() > fin:
                    raise MachineMuette(self.console()) from None
            else:
                return prise

    def _ecouter(self) -> None:
        """Sort what the agent says into the acts that it is about, until the machine stops."""
        with contextlib.suppress(OSError), self._port.makefile("rb") as flux:
            for ligne in flux:
                dit = json.loads(ligne)
                with self._du_neuf:
                    appel = self._appels[dit["appel"]]
                    if "annonce" in dit:
                        appel.annonces.append(dit["annonce"])
                    else:
                        appel.rendu, appel.erreur, appel.fini = dit.get("rendu"), dit.get("erreur"), True
                    self._du_neuf.notify_all()
        self._qemu.wait()
        with self._du_neuf:
            self._du_neuf.notify_all()

    def _noter(self, dit: dict[str, Any]) -> None:
        if dit.get("event") == "DEVICE_DELETED" and "device" in dit["data"]:
            self._partis.add(dit["data"]["device"])

    def fermer(self) -> None:
        """Switch the machine off and close what was open."""
        self.tuer()
        self._port.close()
        self._qmp.close()
        self._prise_qmp.close()


@contextlib.contextmanager
def allumer(noyau: Noyau, dossier: Path, *, disques: tuple[Path, ...] = ()) -> Iterator[Machine]:
    """Boot a machine whose folder is new; it is killed at the end."""
    machine = Machine(noyau, dossier, disques=disques)
    try:
        yield machine
    finally:
        machine.fermer()


def _commande(noyau: Noyau, dossier: Path, *, disques: tuple[Path, ...]) -> list[str]:
    """Return QEMU's command line; without KVM, which hosts of tests often lack or do badly."""
    mots = (
        f"console=ttyS0 quiet panic=-1 sysrq_always_enabled banc.agent={ICI / 'agent.py'} banc.python={sys.executable}"
    )
    commande = [
        *(
            "setpriv",
            "--pdeathsig",
            "KILL",
            "qemu-system-x86_64",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
            "-smp",
            "2",
            "-m",
            "1024",
        ),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(noyau.noyau), "-initrd", str(noyau.disque), "-append", mots),
        *("-serial", f"file:{dossier / 'console'}", "-qmp", f"unix:{dossier / 'qmp'},server=on,wait=off"),
        *("-virtfs", "local,path=/,mount_tag=racine,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-serial-pci", "-chardev", f"socket,id=port,path={dossier / 'port'},server=on,wait=off"),
        *("-device", "virtserialport,chardev=port,name=banc", "-device", "virtio-rng-pci"),
        *("-device", "qemu-xhci,id=xhci,p2=15,p3=15"),
    ]
    for rang, disque in enumerate(disques):
        commande += ["-drive", f"if=none,id=d{rang},file={disque},format=raw,cache=writeback"]
        commande += ["-device", f"virtio-blk-pci,drive=d{rang},serial=disque{rang}"]
    return commande

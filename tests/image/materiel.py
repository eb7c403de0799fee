"""What is plugged into a running machine and pulled out of it: sticks, a 4G key, a button."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from image.machine import PATIENCE_S, Machine, MachineMuette

#: The network of a 4G key, and the key itself: what it is asked is asked of the loopback of the machine's own network.
RESEAU_MODEM = "192.168.8.0/24"
RIVE_MODEM = "192.168.8.1"


@contextlib.contextmanager
def clore() -> Iterator[str]:
    """Make a network of its own for a machine and its shore: a loopback, no way out; return its name."""
    nom = f"image-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", nom], check=True)
    try:
        subprocess.run(["ip", "-n", nom, "link", "set", "lo", "up"], check=True)
        yield nom
    finally:
        subprocess.run(["ip", "netns", "del", nom], check=True)


def brancher(machine: Machine, serie: str, image: Path, *, lecture_seule: bool = False) -> None:
    """Plug in a USB stick whose bytes are a file; `serie` is its serial number."""
    fichier = {"driver": "file", "filename": str(image)}
    machine.qmp("blockdev-add", driver="raw", file=fichier, **{"node-name": f"n-{serie}", "read-only": lecture_seule})
    machine.qmp(
        "device_add",
        driver="usb-storage",
        id=f"u-{serie}",
        bus="xhci.0",
        drive=f"n-{serie}",
        removable=True,
        serial=serie,
    )


def arracher(machine: Machine, serie: str) -> None:
    """Pull a stick, now: nothing is flushed, nobody is warned."""
    _retirer(machine, f"u-{serie}")
    machine.qmp("blockdev-del", **{"node-name": f"n-{serie}"})


def brancher_modem(machine: Machine, nom: str = "modem", *, mac: str = "0c:5b:8f:27:9a:64") -> None:
    """Plug in a 4G key that shows itself as an Ethernet card; the machine must be in a closed network (`clore`)."""
    assert machine.reglages.reseau, "nothing of a test leaves this machine"
    machine.qmp("netdev_add", type="user", id=nom, net=RESEAU_MODEM, host=RIVE_MODEM, ipv6=False)
    machine.qmp("device_add", driver="usb-net", id=f"u-{nom}", netdev=nom, bus="xhci.0", mac=mac)


def arracher_modem(machine: Machine, nom: str = "modem") -> None:
    """Pull the 4G key."""
    _retirer(machine, f"u-{nom}")
    machine.qmp("netdev_del", id=nom)


def brancher_clavier(machine: Machine, nom: str = "clavier") -> None:
    """Plug in a keyboard: a stick that types is one."""
    machine.qmp("device_add", driver="usb-kbd", id=f"u-{nom}", bus="xhci.0")


def _retirer(machine: Machine, appareil: str) -> None:
    machine.qmp("device_del", id=appareil)
    fin = time.monotonic() + PATIENCE_S
    while not _parti(machine, appareil):
        if time.monotonic() > fin:
            raise MachineMuette(f"{appareil} does not leave\n{machine.console()}")
        machine.laisser_faire(0.02)
        machine.qmp("query-status")


def _parti(machine: Machine, appareil: str) -> bool:
    """Say whether QEMU has said that a device left, and forget that it did."""
    for dit in machine.evenements:
        if dit["event"] == "DEVICE_DELETED" and dit["data"].get("device") == appareil:
            machine.evenements.remove(dit)
            return True
    return False


@dataclass(frozen=True, slots=True)
class Fils:
    """The lines of the board's GPIO chip (a PL061), held from outside: what a finger or a wire does."""

    demander: Callable[[str], str]
    chemin: str

    def mettre(self, ligne: int, *, haut: bool) -> None:
        """Hold one line high or low."""
        self.demander(f"set_irq_in {self.chemin} unnamed-gpio-in {ligne} {int(haut)}")


@contextlib.contextmanager
def tenir_les_fils(machine: Machine) -> Iterator[Fils]:
    """Take hold of the board's lines through QEMU's test protocol."""
    with machine.ouvrir_qtest() as prise, prise.makefile("rw", encoding="ascii") as flux:

        def demander(mot: str) -> str:
            flux.write(mot + "\n")
            flux.flush()
            reponse: str = flux.readline().strip()
            if not reponse.startswith("OK"):
                raise MachineMuette(f"{mot}: {reponse}")
            return reponse

        yield Fils(demander, _trouver_pl061(machine))


def _trouver_pl061(machine: Machine) -> str:
    """Return where QEMU keeps its GPIO chip."""
    dossier = "/machine/unattached"
    for objet in machine.qmp("qom-list", path=dossier):
        if objet["type"] == "child<pl061>":
            return f"{dossier}/{objet['name']}"
    raise MachineMuette(f"this board has no PL061: {json.dumps(machine.qmp('qom-list', path=dossier))}")

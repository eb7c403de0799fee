"""The same card in a Raspberry Pi 3 and a Pi 4: Debian's own device trees, their SD controllers, no clock at all."""

import base64
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.construction import Construction
from image.reglages import LIGNE, RACINE_A

pytestmark = pytest.mark.timeout(3600)
PATIENCE_S = 1500.0
#: QEMU's models of these boards' watchdog fire as soon as it is armed.
#: A prompt on the same line silences the units.
MOTS = "systemd.show_status=1 systemd.log_color=0 module_blacklist=bcm2835_wdt"
#: QEMU's boards have no radio.
SANS_RADIO = "hostapd.service"
#: Says on the console what the box's body sees of its supply; then again, after the words that the driver would say.
COURANT = """[Unit]
After=pirogue-bord.service
[Service]
ExecStart=/bin/sh -c 'dire() { until grep -q "Courant., .etat.: .$1" /run/pirogue-bord/etat.json; do sleep 2; done; \\
 echo "COURANT $1" >/dev/console; }; dire bon; \\
 echo "<2>hwmon hwmon1: Undervoltage detected!" >/dev/kmsg; dire attention'
"""
UNITE = base64.b64encode(COURANT.encode()).decode()
MOTS_COURANT = f"systemd.set_credential_binary=systemd.extra-unit.essai.service:{UNITE} systemd.wants=essai.service"


@dataclass(frozen=True, slots=True)
class Planche:
    """
    A board as QEMU has it.

    Attributes:
        machine: QEMU's name of it.
        modele: what the kernel must say of it.
        description: the file of the first partition that describes it.
        console: the kernel's name of the serial port whose words are kept, the second of the board or the first.
        carte: QEMU's options that put the card in its own reader.
        mots: told to the kernel besides.
        dernieres: what the box must have said besides, at the end of its start.
        absents: nodes that QEMU does not model, taken out of the description; a star stands for all the node's children
            but those of `modeles`.
        sans: (node, property) taken out likewise.
    """

    machine: str
    modele: str
    description: str
    console: str
    carte: tuple[str, ...]
    mots: str = ""
    dernieres: tuple[str, ...] = ()
    absents: tuple[str, ...] = ()
    modeles: tuple[str, ...] = ()
    sans: tuple[tuple[str, str], ...] = ()


PI3 = Planche(
    machine="raspi3b",
    modele="Raspberry Pi 3 Model B",
    description="bcm2837-rpi-3-b.dtb",
    console="ttyS1",
    carte=("-drive", "if=sd,file={carte},format=qcow2"),
    mots=MOTS_COURANT,
    dernieres=(
        r"Started pirogue-bord\.service",
        r"Reached target multi-user\.target",
        "COURANT bon",
        "COURANT attention",
    ),
)
#: Linux 6.12 stops on what QEMU 10 has nothing behind: display, PCIe, its Ethernet. The firmware's gpios, which power
#: the card, answer with errors: the supply itself stays, and its driver (`fixed`) must be in the memory disk.
PI4 = Planche(
    machine="raspi4b",
    modele="Raspberry Pi 4 Model B",
    description="bcm2711-rpi-4-b.dtb",
    console="ttyAMA0",
    # `if=sd` is the reader that a Pi 4 has its Wi-Fi on.
    carte=("-drive", "if=none,id=c,file={carte},format=qcow2", "-device", "sd-card,drive=c,bus=/generic-sdhci/sd-bus"),
    absents=("/soc/*", "/scb/*", "/gpu", "/phy", "/i2c-mux0"),
    modeles=(
        *("timer", "cprman", "mailbox", "firmware", "power", "watchdog", "dma-controller", "gpio", "serial", "txp"),
        *("local_intc", "interrupt-controller@40000000", "interrupt-controller@40041000", "rng"),
    ),
    sans=(("/regulator-sd-vcc", "gpio"), ("/emmc2bus/mmc@7e340000", "vqmmc-supply")),
)


def signes(planche: Planche) -> tuple[str, ...]:
    """Return what the box must say, whatever the order: its board, its card, its data, its portal that answers…"""
    return (
        rf"Machine model: {planche.modele}",
        r"mmcblk\d: p1 p2 p3 p4",
        r"Mounted data\.mount",
        r"Mounted boot-firmware\.mount",
        r"Started pirogue-portail\.service",
        # The supply's sensor has its driver, the one that is made for this kernel.
        r"raspberrypi_hwmon: loading out-of-tree module",
        *planche.dernieres,
    )


@pytest.fixture(scope="module", params=[PI3, PI4], ids=lambda une: une.machine)
def planche(request: pytest.FixtureRequest) -> Planche:
    """The board."""
    return request.param


@pytest.fixture(scope="module")
def console(planche: Planche, construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the board says from its power to its classroom, or to the end of our patience."""
    dossier = tmp_path_factory.mktemp("pi")
    carte, dit = dossier / "carte.qcow2", dossier / "console"
    creer = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(construction.image), str(carte), "4G"]
    subprocess.run(creer, check=True)
    garde, muet = ("-serial", f"file:{dit}"), ("-serial", "null")
    mots = f"console={planche.console},115200 systemd.mask=serial-getty@{planche.console}.service {MOTS} {planche.mots}"
    commande = [
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-aarch64", "-M", planche.machine, "-accel", "tcg,thread=multi"),
        *("-kernel", str(construction.noyau), "-initrd", str(construction.disque)),
        *("-dtb", str(_decrire(planche, construction.amorce_pi, dossier))),
        *("-append", f"{RACINE_A} {construction.ligne or LIGNE} {mots}"),
        *(mot.format(carte=carte) for mot in planche.carte),
        *("-display", "none", "-monitor", "none", *(garde if planche.console == "ttyAMA0" else (*muet, *garde))),
    ]
    with (dossier / "qemu").open("wb") as plainte:
        qemu = subprocess.Popen(commande, stdin=subprocess.DEVNULL, stdout=plainte, stderr=subprocess.STDOUT)
        try:
            fin = time.monotonic() + PATIENCE_S
            while time.monotonic() < fin and qemu.poll() is None and not _tout_dit(planche, _lire(dit)):
                time.sleep(0.5)
        finally:
            qemu.kill()
            qemu.wait()
    yield _lire(dit) + (dossier / "qemu").read_text(errors="replace")
    carte.unlink()


def _decrire(planche: Planche, amorce: Path, dossier: Path) -> Path:
    """Return the board's own description, without what QEMU does not model."""
    dtb = dossier / planche.description
    dtb.write_bytes((amorce / planche.description).read_bytes())
    for absent in planche.absents:
        parent, _, nom = absent.rpartition("/")
        if nom != "*":
            noms = [nom]
        else:
            enfants = subprocess.run(["fdtget", "-l", dtb, parent], capture_output=True, text=True, check=True).stdout
            noms = [un for un in enfants.split() if not {un, un.partition("@")[0]} & set(planche.modeles)]
        for un in noms:
            subprocess.run(["fdtput", "-t", "s", dtb, f"{parent}/{un}", "status", "disabled"], check=True)
    for noeud, propriete in planche.sans:
        subprocess.run(["fdtput", "-d", dtb, noeud, propriete], check=True)
    return dtb


def _lire(dit: Path) -> str:
    """Return the console without what terminals ask of it."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", dit.read_text(errors="replace")) if dit.exists() else ""


def _tout_dit(planche: Planche, texte: str) -> bool:
    return all(re.search(signe, texte) for signe in signes(planche))


def test_a_raspberry_pi_starts_from_the_card_up_to_the_portal(console: str, planche: Planche) -> None:
    """
    Its own device tree finds card, data and boot partition; portal (a Pi 3: body too) runs; nothing has failed.

    The Pi 3's body reads its supply's sensor, and what the kernel said of it since the start.
    """
    manquants = [signe for signe in signes(planche) if not re.search(signe, console)]

    assert manquants == [], console[-6000:]
    tombees = re.findall(r"^\[FAILED\] Failed to start (\S+)", console, re.MULTILINE)
    assert [un for un in tombees if un != SANS_RADIO] == []
    assert "Kernel panic" not in console
    # Without a radio each try of the access point has waited its 90 s for one, not 2: the journal is not filled.
    assert tombees.count(SANS_RADIO) <= console.count("Timed out waiting for device")

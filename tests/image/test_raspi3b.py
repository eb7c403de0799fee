"""The same card in a Raspberry Pi 3: Debian's own device tree, the SD controller, four cores, no clock at all."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.construction import Construction
from image.reglages import LIGNE, RACINE_A

pytestmark = pytest.mark.timeout(3600)
PATIENCE_S = 1500.0
#: QEMU's model of this board's watchdog fires as soon as it is armed.
#: A prompt on the same line silences the units.
MOTS = (
    "console=ttyS1,115200 systemd.show_status=1 systemd.log_color=0 module_blacklist=bcm2835_wdt "
    "systemd.mask=serial-getty@ttyS1.service"
)
#: QEMU's board has no radio.
SANS_RADIO = "hostapd.service"
#: What the box must have said, whatever the order: its board, its card, its data, its portal that answers.
SIGNES = (
    r"Machine model: Raspberry Pi 3 Model B",
    r"mmcblk0: p1 p2 p3 p4",
    r"Mounted data\.mount",
    r"Mounted boot-firmware\.mount",
    r"Started pirogue-portail\.service",
    r"Started pirogue-bord\.service",
    r"Reached target multi-user\.target",
)


@pytest.fixture(scope="module")
def console(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the board says from its power to its classroom, or to the end of our patience."""
    dossier = tmp_path_factory.mktemp("pi")
    carte, dit = dossier / "carte.qcow2", dossier / "console"
    creer = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(construction.image), str(carte), "4G"]
    subprocess.run(creer, check=True)
    commande = [
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=multi"),
        *("-kernel", str(construction.noyau), "-initrd", str(construction.disque)),
        *("-dtb", str(construction.amorce_pi / "bcm2837-rpi-3-b.dtb")),
        *("-append", f"{RACINE_A} {construction.ligne or LIGNE} {MOTS}"),
        *("-drive", f"if=sd,file={carte},format=qcow2"),
        *("-display", "none", "-monitor", "none", "-serial", "null", "-serial", f"file:{dit}"),
    ]
    with (dossier / "qemu").open("wb") as plainte:
        qemu = subprocess.Popen(commande, stdin=subprocess.DEVNULL, stdout=plainte, stderr=subprocess.STDOUT)
        try:
            fin = time.monotonic() + PATIENCE_S
            while time.monotonic() < fin and qemu.poll() is None and not _tout_dit(_lire(dit)):
                time.sleep(0.5)
        finally:
            qemu.kill()
            qemu.wait()
    yield _lire(dit) + (dossier / "qemu").read_text(errors="replace")
    carte.unlink()


def _lire(dit: Path) -> str:
    """Return the console without what terminals ask of it."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", dit.read_text(errors="replace")) if dit.exists() else ""


def _tout_dit(texte: str) -> bool:
    return all(re.search(signe, texte) for signe in SIGNES)


def test_a_raspberry_pi_3_starts_from_the_card_up_to_the_classroom(console: str) -> None:
    """Its own device tree finds card, data and boot partition; portal and body run; nothing has failed."""
    manquants = [signe for signe in SIGNES if not re.search(signe, console)]

    assert manquants == [], console[-6000:]
    tombees = re.findall(r"^\[FAILED\] Failed to start (\S+)", console, re.MULTILINE)
    assert [un for un in tombees if un != SANS_RADIO] == []
    assert "Kernel panic" not in console

"""Real sticks, Debian's kernel, udev, systemd: filled, announced, pulled early, put back, refused."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from banc import cles_usb
from banc import noyau as noyaux
from banc.machine import allumer
from bord.bateau import Bateau, mettre_a_flot

#: The machine has no KVM: Python alone takes seconds to start there.
pytestmark = pytest.mark.timeout(1200)
Cle = Callable[[str], tuple[str, Path]]


@pytest.fixture(scope="module")
def bateau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bateau]:
    """The boat afloat, its body running, no stick in it."""
    dossier = tmp_path_factory.mktemp("bateau")
    noyau = noyaux.preparer()
    with allumer(noyau, dossier / "machine") as machine:
        (dossier / "bord").mkdir()
        yield mettre_a_flot(machine, dossier / "bord", pilotes=noyau.pilotes)


@pytest.fixture
def cle(tmp_path: Path) -> Cle:
    """Make a stick of this kind; its serial number and its bytes."""

    def faire(genre: str) -> tuple[str, Path]:
        serie = cles_usb.nouvelle_serie("BORD")
        return serie, cles_usb.formater(tmp_path / f"{serie}.img", genre, mio=64)

    return faire


def lots(bateau: Bateau, serie: str, genre: str) -> int:
    """Count the lots on a stick that is plugged in and let go."""
    bateau.lancer("mkdir", "-p", "/run/relire")
    appareil = bateau.machine.appeler("trouver", serie=serie)
    bateau.lancer("mount", "-t", genre, "-o", "ro", appareil, "/run/relire")
    dit = bateau.lancer("find", "/run/relire/PIROGUE/montee", "-name", "*.lot", "-size", "+0")
    bateau.lancer("umount", "/run/relire")
    return dit.count(".lot")


def test_the_life_of_sticks_aboard(bateau: Bateau, cle: Cle, tmp_path: Path) -> None:
    """
    A vfat stick is filled and let go; an exFAT one is pulled early and put back; what cannot be read is said.

    One story and not four: the machine takes minutes to boot, and each stick must find the place free.
    """
    serie, image = cle("vfat")
    bateau.machine.brancher(serie, image)
    fin = bateau.attendre("retirez", "echec", "illisible", "inconnue")
    montee = bateau.est_montee()
    copies = lots(bateau, serie, "vfat")
    bateau.machine.arracher(serie)
    bateau.attendre("absente")

    assert fin["etape"] == "retirez", bateau.journal()
    assert fin["fait"] == fin["total"] == copies > 0
    assert not montee
    subprocess.run(["mdir", "-i", image, "::PIROGUE/montee"], check=True, capture_output=True)

    serie, image = cle("exfat")
    bateau.machine.brancher(serie, image)
    bateau.attendre("lecture")
    options = re.search(r"/run/pirogue-cle/montee (\S+)", bateau.lancer("cat", "/proc/1/mountinfo"))
    bateau.machine.arracher(serie)
    pulled = bateau.attendre("retiree_trop_tot")
    bateau.patienter(lambda: not bateau.est_montee(), "the dangling mount to go")
    bateau.machine.brancher(serie, image)
    refaite = bateau.attendre("retirez", "echec", "illisible")
    bateau.machine.arracher(serie)
    bateau.attendre("absente")

    assert options is not None
    assert {"nosuid", "nodev", "noexec", "noatime"} <= set(options[1].split(","))
    assert "Rien n'est perdu" in pulled["geste"]
    assert refaite["etape"] == "retirez", bateau.journal()

    serie, image = cle("vfat")
    bateau.machine.brancher(serie, image, lecture_seule=True)
    protegee = bateau.attendre("protegee", "retirez", "echec", "illisible")
    bateau.machine.arracher(serie)
    bateau.patienter(lambda: bateau.histoire()["etape"] == "protegee", "the failure to stay told")

    assert protegee["etape"] == "protegee", bateau.journal()
    assert "Déverrouille" in protegee["geste"]

    vierge = cles_usb.vierge(tmp_path / "vierge.img")
    bateau.machine.brancher("VIERGE", vierge)
    inconnue = bateau.attendre("inconnue")
    bateau.machine.arracher("VIERGE")

    assert "FAT32" in inconnue["geste"]
    assert bateau.lancer("systemctl", "--failed", "--no-legend").strip() == ""


def test_once_the_box_runs_a_keyboard_is_refused_and_a_stick_is_not(bateau: Bateau, cle: Cle) -> None:
    """
    Each interface waits for a yes, by its class: a stick and a 4G key (CDC Ethernet) get it.

    A workshop's keyboard, there from the start, keeps working; the next one stays shut, its driver is not even asked.
    """
    bateau.machine.qmp("device_add", driver="usb-kbd", id="atelier", bus="xhci.0")
    bateau.patienter(lambda: bateau.permis("03") == ["1"], "the workshop's keyboard to be let in")
    bateau.lancer("systemctl", "start", "pirogue-usb.service")
    bateau.machine.qmp("device_add", driver="usb-kbd", id="clavier", bus="xhci.0")
    bateau.machine.qmp("netdev_add", type="user", id="lien", restrict=True)
    bateau.machine.qmp("device_add", driver="usb-net", id="modem", bus="xhci.0", netdev="lien")
    serie, image = cle("vfat")
    bateau.machine.brancher(serie, image)
    bateau.attendre("retirez")
    bateau.patienter(lambda: bateau.permis("02") == ["1"], "the 4G key to be let in")
    claviers, stockage = bateau.permis("03"), bateau.permis("08")
    bateau.machine.arracher(serie)
    bateau.attendre("absente")
    for une in ("clavier", "atelier"):
        bateau.machine.qmp("device_del", id=une)
    bateau.lancer("systemctl", "stop", "pirogue-usb.service")

    assert claviers == ["0", "1"]
    assert stockage == ["1"]

"""A Debian 13 as it is installed becomes the box, over SSH, by the site's own playbook; a second time nothing moves."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reseau.rendu import rendre
from roles.debian import Livraison, livrer

pytestmark = pytest.mark.timeout(1500)
#: An access point on Ethernet: the one radio that a machine in namespaces can have.
REGLAGES = {"point_acces_radio": "externe", "profil": "kiosque"}
#: What runs on a box that was just delivered, before anybody came.
UNITES = ("nginx", "nftables", "systemd-networkd", "pirogue-portail", "pirogue-captif", "pirogue-sync", "kolibri")
#: Laid before all; then what was written since, but for what lives by itself and what whoever enters by SSH leaves.
MARQUE = "/root/marque"
AILLEURS = " -o ".join(f"-path /{nom}" for nom in ("var", "home", "root", "tmp", "run", "dev", "proc", "sys", "depot"))
TOUCHES = f"find / -xdev ( {AILLEURS} ) -prune -o -newercm {MARQUE} -print".split()
DEMANDER = """
import http.client, sys
lien = http.client.HTTPConnection("10.10.10.10", 80, timeout=60)
lien.request("GET", sys.argv[2], headers={"Host": sys.argv[1]})
rendu = lien.getresponse()
print(rendu.status, rendu.getheader("Location", ""), rendu.read().decode()[:20000])
"""


@dataclass(frozen=True)
class Suite:
    """
    The box, and what Ansible said each time.

    Attributes:
        livraison: the machine.
        essai, premiere, seconde: tried, applied, applied again.
        touches: the files that the trial wrote where a box's lie.
    """

    livraison: Livraison
    essai: str
    touches: str
    premiere: str
    seconde: str

    @property
    def racine(self) -> Path:
        """The box's files, seen from this machine; a link there leads nowhere from here."""
        return Path(f"/proc/{self.livraison.machine.pid}/root")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Ansible tried without touching anything, then applied, then applied again."""
    with livrer(tmp_path_factory.mktemp("livraison")) as livraison:
        dits = []
        livraison.machine.lancer("touch", MARQUE)
        for mots in (("--check",), (), ()):
            fait = livraison.jouer(*mots, reglages=json.dumps(REGLAGES))
            assert fait.returncode == 0, fait.stdout[-6000:] + fait.stderr[-2000:] + livraison.machine.journal()
            dits.append(fait.stdout)
            if mots:
                dits.append(livraison.machine.lancer(*TOUCHES).stdout)
        yield Suite(livraison, *dits)


def changees(dit: str) -> int:
    """Return how many tasks said that they changed something."""
    return int(re.findall(r"changed=(\d+)", dit)[-1])


def test_check_mode_foretells_and_touches_nothing(suite: Suite) -> None:
    """Who only looks at what would happen finds the same Debian afterwards."""
    assert changees(suite.essai) > 20
    assert suite.touches.split() == []


def test_a_second_delivery_changes_nothing(suite: Suite) -> None:
    """Not one task: else nobody could tell a repair from a habit."""
    autres = [ligne for ligne in re.split(r"\n(?=TASK|RUNNING)", suite.seconde) if "\nchanged:" in ligne]

    assert changees(suite.premiere) > 50
    assert autres == []
    assert changees(suite.seconde) == 0


def test_ansible_writes_what_the_tests_render(suite: Suite, jeu: dict[str, Any], tmp_path: Path) -> None:
    """Byte for byte: what is judged elsewhere without Ansible is what the box gets."""
    rendre(tmp_path, *jeu["roles"], reglages=jeu["vars"] | REGLAGES)
    attendus = sorted(un.relative_to(tmp_path) for un in tmp_path.rglob("*") if un.is_file())
    differents = [str(un) for un in attendus if (suite.racine / un).read_bytes() != (tmp_path / un).read_bytes()]

    assert len(attendus) > 40
    assert differents == []


def test_what_was_laid_down_is_root_s_alone_to_write(suite: Suite, jeu: dict[str, Any], tmp_path: Path) -> None:
    """Every file is root's; none is writable by another; the secret ones are read by nobody else."""
    rendre(tmp_path, *jeu["roles"], reglages=jeu["vars"] | REGLAGES)
    poses = [suite.racine / un.relative_to(tmp_path) for un in tmp_path.rglob("*") if un.is_file()]
    ouverts = [str(un) for un in poses if un.lstat().st_mode & 0o022 or un.lstat().st_uid != 0]

    assert ouverts == []
    assert (suite.racine / "etc/hostapd/hostapd.conf").stat().st_mode & 0o077 == 0


def test_what_is_enabled_exists(suite: Suite) -> None:
    """A link in a `.wants` folder to a unit that nobody laid down enables nothing."""
    liens = [un for un in (suite.racine / "etc/systemd/system").glob("*.wants/*") if un.is_symlink()]
    perdus = [un.name for un in liens if not (suite.racine / str(un.readlink()).lstrip("/")).is_file()]

    assert len(liens) > 20
    assert perdus == []


def test_what_makes_the_box_runs(suite: Suite) -> None:
    """Each unit is active, none has failed, none was started twice."""
    machine = suite.livraison.machine
    for unite in UNITES:
        machine.attendre(
            lambda unite=unite: machine.systemctl("is-active", unite, attendu=None).strip() == "active",
            quoi=unite,
            delai_s=120,
        )
    ratees = machine.systemctl("--failed", "--plain", "--no-legend")

    assert [ligne.split()[0] for ligne in ratees.splitlines() if "pirogue" in ligne or "kolibri" in ligne] == []


def test_the_delivered_box_answers_a_laptop(suite: Suite) -> None:
    """The portal under its name, a stranger's page sent to it, the lessons behind it."""
    machine = suite.livraison.machine
    machine.attendre(
        lambda: machine.systemctl("is-active", "kolibri", attendu=None).strip() == "active", quoi="Kolibri", delai_s=120
    )
    dits = {
        (hote, chemin): machine.lancer("/opt/pirogue/bin/python", "-c", DEMANDER, hote, chemin).stdout
        for hote, chemin in (("pirogue.internal", "/"), ("example.org", "/"), ("pirogue.internal", "/cours/"))
    }

    assert dits["pirogue.internal", "/"].startswith(("200", "302", "303"))
    assert dits["example.org", "/"].startswith("302 http://pirogue.internal/")
    assert dits["pirogue.internal", "/cours/"].startswith("302 ")


def test_the_profile_reached_the_box(suite: Suite) -> None:
    """One variable said what kind of relay it is."""
    lu = suite.livraison.machine.lancer("cat", "/etc/pirogue/pirogue.toml").stdout

    assert 'type_relais = "kiosque"' in lu
    assert 'wifi_nom = "Kiosque"' in lu


def test_the_door_stays_shut_to_passwords(suite: Suite) -> None:
    """The SSH server's own reading of its settings, with all that the roles laid beside Debian's."""
    lu = suite.livraison.machine.lancer("/usr/sbin/sshd", "-T").stdout.splitlines()

    assert {"passwordauthentication no", "kbdinteractiveauthentication no", "x11forwarding no"} <= set(lu)
    assert "permitrootlogin without-password" in lu or "permitrootlogin prohibit-password" in lu


def test_nothing_waits_for_a_network_nor_asks_one(suite: Suite) -> None:
    """The services of a desk are silenced; the journal is in memory."""
    machine = suite.livraison.machine
    etats = {
        unite: machine.systemctl("is-enabled", unite, attendu=None).strip()
        for unite in (
            "apt-daily.timer",
            "apt-daily-upgrade.timer",
            "systemd-networkd-wait-online.service",
            "swap.target",
        )
    }

    assert set(etats.values()) == {"masked"}
    assert machine.lancer("ls", "/run/log/journal").stdout != ""

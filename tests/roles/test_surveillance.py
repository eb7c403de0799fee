"""The watchdogs, the copies and the body's own look, under the real systemd: inside their sandboxes, as on the box."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reseau.rendu import rendre
from roles.machine import Machine, allumer

REGISTRE = "/data/pirogue/registre/registre.sqlite3"
#: Stands where Kolibri does: its status page, under the path that the front server gives it.
PORTE = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Porte(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path.endswith("/status/") else 404)
        self.end_headers()
HTTPServer(("127.0.0.1", 8081), Porte).serve_forever()
"""


@pytest.fixture(scope="module")
def machine(jeu: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted box, its portal up; the lessons' door is a double."""
    dossier = tmp_path_factory.mktemp("machine")
    # The users of Debian's own packages, which this machine need not have.
    reglages = jeu["vars"] | {"point_acces_uid_resolveur": "daemon", "point_acces_uid_dnsmasq": "nobody"}
    rendre(dossier / "roles", *jeu["roles"], reglages=reglages)
    with allumer(dossier, dossier / "roles") as allumee:
        allumee.systemctl("start", "pirogue-portail.socket", "pirogue-portail.service")
        allumee.attendre(
            lambda: (
                allumee.lancer("test", "-s", REGISTRE, attendu=None).returncode == 0
                and "evenement" in allumee.lancer("grep", "-ao", "evenement", REGISTRE, attendu=None).stdout
            ),
            quoi="nobody made the register",
        )
        yield allumee


def test_the_register_is_checked_and_copied_from_inside_the_sandbox(machine: Machine) -> None:
    """By the portal's user, for the register's group; a second run makes no second copy."""
    for _ in range(2):
        machine.systemctl("start", "pirogue-registre-garder.service")
    vus = machine.lancer("sh", "-c", "cd /data/pirogue/registre/copies && stat -c '%n %U %G %a' *").stdout.split("\n")

    assert "registre-000001.sqlite3 pirogue-portail pirogue 660" in vus
    assert "verdict.json pirogue-portail pirogue 660" in vus
    assert not any(un.startswith("registre-000002") for un in vus)


def test_a_box_without_lessons_yet_has_no_failed_copy(machine: Machine) -> None:
    """The timer is quicker than the first preparation of Kolibri."""
    machine.systemctl("start", "pirogue-kolibri-garder.service")

    assert machine.systemctl("show", "-P", "Result", "pirogue-kolibri-garder.service").strip() == "success"


def test_a_portal_that_hangs_is_started_again(machine: Machine) -> None:
    """Its worker is frozen; the watchdog is made impatient for the test."""
    assert machine.systemctl("show", "-P", "WatchdogUSec", "pirogue-portail.service").strip() == "1min"

    machine.lancer("mkdir", "-p", "/run/systemd/system/pirogue-portail.service.d")
    machine.lancer(
        "sh", "-c", 'printf "[Service]\\nWatchdogSec=4\\n" > /run/systemd/system/pirogue-portail.service.d/zz.conf'
    )
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "pirogue-portail.service")
    maitre = machine.systemctl("show", "-P", "MainPID", "pirogue-portail.service").strip()
    (ouvrier,) = machine.lancer("pgrep", "-P", maitre).stdout.split()
    machine.lancer("kill", "-STOP", ouvrier)
    machine.attendre(
        lambda: machine.systemctl("show", "-P", "NRestarts", "pirogue-portail.service").strip() == "1",
        quoi="a portal that hangs was left alone",
    )
    machine.attendre(
        lambda: (
            machine.lancer("systemctl", "is-active", "pirogue-portail.service", attendu=None).stdout.strip() == "active"
        ),
        quoi="the portal did not come back",
    )
    machine.lancer("rm", "-r", "/run/systemd/system/pirogue-portail.service.d")
    machine.systemctl("daemon-reload")


def test_the_body_sees_units_kernel_register_and_lessons_from_inside_its_sandbox(machine: Machine) -> None:
    """What only another user, another group or another address could see is not told as « cannot be seen »."""
    machine.lancer("systemd-run", "--unit=porte", "/opt/pirogue/bin/python", "-c", PORTE)
    machine.systemctl("start", "pirogue-bord.service")
    machine.attendre(
        lambda: machine.lancer("test", "-e", "/run/pirogue-bord/etat.json", attendu=None).returncode == 0,
        quoi="the body told nothing",
    )
    lus = json.loads(machine.lancer("cat", "/run/pirogue-bord/etat.json").stdout)["constats"]
    vus = {un["code"]: un for un in lus}
    machine.systemctl("stop", "pirogue-bord.service", "porte.service")

    assert vus["registre"]["etat"] == "bon", vus["registre"]
    assert vus["kolibri"]["phrase"] == "Les leçons répondent.", vus["kolibri"]
    assert vus["unites"]["etat"] in ("bon", "attention", "panne"), vus["unites"]
    assert "noms" in vus["unites"]["mesures"]
    assert vus["memoire"]["etat"] != "inconnu", vus["memoire"]
    assert vus["disque"]["etat"] != "inconnu", vus["disque"]


def test_the_body_may_read_what_the_kernel_said_and_how_the_lessons_were_healed(machine: Machine) -> None:
    """Two groups, given with its user; nobody else's folder opens for it."""
    groupes = machine.lancer("id", "-nG", "pirogue-bord").stdout.split()
    lu = machine.comme("pirogue-bord", "sh", "-c", "journalctl -b -n 1 2>&1; ls -d /data/pirogue/kolibri/. 2>&1").stdout
    ferme = machine.comme("pirogue-bord", "sh", "-c", "ls /data/pirogue/sync 2>&1 || true").stdout

    assert {"systemd-journal", "pirogue-kolibri", "pirogue"} <= set(groupes)
    assert "insufficient permissions" not in lu
    assert "/data/pirogue/kolibri/." in lu
    assert "Permission denied" in ferme

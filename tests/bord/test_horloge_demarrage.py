"""Under the real systemd, in the sandboxes of the device: the hour is loaded, the courier tells of the way out."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from reseau.rendu import ROLES, rendre
from roles.machine import Machine, allumer

#: The clock is the real one, of this machine: what could set it is taken away.
PRUDENCE = "[Service]\nCapabilityBoundingSet=\nInaccessiblePaths=-/sys/class/rtc -/usr/lib/clock-epoch\n"
LIEN = "/run/pirogue-lien/lien.json"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted box, its way out without a route; the clock is this machine's: nothing here sets it."""
    dossier = tmp_path_factory.mktemp("machine")
    (jeu,) = yaml.safe_load((ROLES.parent / "site.yml").read_text(encoding="utf-8"))
    reglages = jeu["vars"] | {"point_acces_uid_resolveur": "daemon", "point_acces_uid_dnsmasq": "nobody"}
    rendre(dossier / "roles", *jeu["roles"], reglages=reglages)
    with allumer(dossier, dossier / "roles") as allumee:
        yield allumee


def lien(machine: Machine) -> dict[str, Any]:
    """Return what the courier told, empty before it did."""
    lu = machine.lancer("cat", LIEN, attendu=None)
    dit: dict[str, Any] = json.loads(lu.stdout) if lu.returncode == 0 and lu.stdout else {}
    return dit


def test_the_kept_hour_is_loaded_from_inside_its_sandbox(machine: Machine) -> None:
    """On a clock that is already later, nothing is set; the unit ends well and stays done."""
    gardee = {"utc_ms": 1_741_071_600_000, "boot_id": "autre", "bt_ns": 0, "source": "ntp"}
    machine.lancer("mkdir", "-p", "/data/systeme/horloge")
    machine.lancer("sh", "-c", 'printf "%s" "$0" > /data/systeme/horloge/heure', json.dumps(gardee))
    for unite in ("pirogue-heure", "pirogue-heure-rtc"):
        machine.lancer("mkdir", "-p", f"/etc/systemd/system/{unite}.service.d")
        machine.lancer("sh", "-c", f'printf "$0" > /etc/systemd/system/{unite}.service.d/prudence.conf', PRUDENCE)
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "pirogue-heure.service")
    machine.systemctl("start", "pirogue-heure-rtc.service")

    assert machine.systemctl("is-active", "pirogue-heure.service").strip() == "active"
    assert "L'horloge n'est pas en retard." in machine.lancer("journalctl", "-u", "pirogue-heure.service").stdout


def test_a_route_reaches_the_courier_within_seconds_from_inside_its_sandbox(machine: Machine) -> None:
    """It looks each minute; the kernel's word of a new route is what makes it look now."""
    machine.systemctl("start", "pirogue-portail.service", "pirogue-sync.service")
    machine.attendre(lambda: lien(machine).get("lien") is False, quoi="the courier told nothing")
    machine.lancer("ip", "route", "add", "default", "via", "192.0.2.1", "dev", "wwan0")
    machine.attendre(lambda: lien(machine).get("lien") is True, quoi="the route woke nobody", delai_s=20)
    machine.attendre(lambda: lien(machine).get("phrase") != "", quoi="the shore was not called", delai_s=30)
    machine.lancer("ip", "route", "del", "default")
    machine.attendre(lambda: lien(machine).get("lien") is False, quoi="the link's end woke nobody", delai_s=20)

    assert lien(machine)["a_quai"] is False

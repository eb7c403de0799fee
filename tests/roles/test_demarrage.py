"""The box boots under the real systemd: sandboxed services, each under its own user, doing their own work."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reseau.rendu import rendre
from roles.machine import Machine, allumer

AFI, MAC_AFI = "10.10.10.23", "02:00:00:00:00:23"
PYTHON = "/opt/pirogue/bin/python"
APPEL = """
import json, sys
from pathlib import Path
from pirogue_actions import client
try:
    rendu = {"rendu": client.demander(Path("/run/pirogue/actions.sock"), **json.loads(sys.argv[1]))}
except (client.ActeRefuse, client.AideAbsente) as erreur:
    rendu = {type(erreur).__name__: str(erreur)}
print(json.dumps(rendu))
"""
DEPENSE = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for _ in range(400):
        s.sendto(b"x" * 972, ("192.0.2.1", 9))
"""


@pytest.fixture(scope="module")
def machine(jeu: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted box: Afi's laptop is known to it, the firewall is loaded."""
    dossier = tmp_path_factory.mktemp("machine")
    # The users of Debian's own packages, which this machine need not have.
    reglages = jeu["vars"] | {"point_acces_uid_resolveur": "daemon", "point_acces_uid_dnsmasq": "nobody"}
    rendre(dossier / "roles", *jeu["roles"], reglages=reglages)
    with allumer(dossier, dossier / "roles") as allumee:
        allumee.lancer("ip", "neigh", "add", AFI, "lladdr", MAC_AFI, "dev", "wlan0", "nud", "stale")
        allumee.lancer(
            "ip", "neigh", "add", "192.0.2.1", "lladdr", "02:00:00:00:00:01", "dev", "wwan0", "nud", "permanent"
        )
        allumee.systemctl("start", "nftables.service", "pirogue-forfaits.service", "pirogue-actions.socket")
        yield allumee


def demander(machine: Machine, utilisateur: str, acte: str, **arguments: Any) -> dict[str, Any]:
    """Ask root's helper for an act, as one of the box's users."""
    dit = machine.comme(utilisateur, PYTHON, "-c", APPEL, json.dumps({"acte": acte, **arguments})).stdout
    rendu: dict[str, Any] = json.loads(dit)
    return rendu


def depense_sync(machine: Machine) -> int:
    """Return what the kernel counted for the courier."""
    lus = json.loads(machine.lancer("nft", "-j", "list", "quotas").stdout)["nftables"]
    return next(int(un["quota"]["used"]) for un in lus if un.get("quota", {}).get("name") == "forfait_sync")


def test_root_s_helper_grants_from_inside_its_sandbox(machine: Machine) -> None:
    """Its one power, CAP_NET_ADMIN, is enough for every act on the network."""
    accorde = demander(machine, "pirogue-portail", "accorder", ip=AFI, duree_s=600, octets=5_000_000)
    acces = demander(machine, "pirogue-portail", "acces")["rendu"]
    demander(machine, "pirogue-portail", "retirer", ip=AFI)
    lien = demander(machine, "pirogue-portail", "lien")["rendu"]

    assert accorde == {"rendu": {"mac": MAC_AFI}}
    assert [un["mac"] for un in acces] == [MAC_AFI]
    assert demander(machine, "pirogue-portail", "acces") == {"rendu": []}
    assert (lien["interface"], lien["porteuse"]) == ("wwan0", True)


def test_root_s_helper_may_have_the_access_point_restarted(machine: Machine) -> None:
    """Without a power for it: systemd believes root's user id. The radio is a double: this machine has none."""
    doublure = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/true\n"
    machine.lancer("rm", "-rf", "/etc/systemd/system/hostapd.service.d")
    machine.lancer("sh", "-c", 'printf "%s" "$0" > /etc/systemd/system/hostapd.service', doublure)
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "hostapd.service")
    avant = machine.systemctl("show", "-P", "InvocationID", "hostapd.service")
    rendu = demander(machine, "pirogue-portail", "relancer_point_acces")
    machine.attendre(
        lambda: machine.systemctl("show", "-P", "InvocationID", "hostapd.service") != avant, quoi="it was not restarted"
    )

    assert rendu == {"rendu": None}


def test_a_bundle_that_was_bought_is_counted_from_nothing_again(machine: Machine) -> None:
    """Asked by the portal, done by root's own unit: in the kernel and on the card."""
    machine.comme("pirogue-sync", PYTHON, "-c", DEPENSE)
    avant = depense_sync(machine)
    rendu = demander(machine, "pirogue-portail", "remettre", forfait="sync")
    machine.attendre(lambda: depense_sync(machine) == 0, quoi="the count did not go back to nothing")
    machine.systemctl("restart", "nftables.service", "pirogue-forfaits.service")

    assert avant >= 400_000
    assert rendu == {"rendu": None}
    assert depense_sync(machine) == 0


@pytest.mark.parametrize("utilisateur", ["pirogue-sync", "www-data", "nobody"])
def test_the_helper_s_socket_opens_for_nobody_else(machine: Machine, utilisateur: str) -> None:
    """The socket's group comes first; the user id would refuse besides."""
    groupe = "nogroup" if utilisateur == "nobody" else utilisateur
    mots = ["setpriv", "--reuid", utilisateur, "--regid", groupe, "--init-groups", PYTHON, "-c", APPEL]
    dit = machine.lancer(*mots, '{"acte": "voisins"}').stdout

    assert "Permission denied" in json.loads(dit)["AideAbsente"]


def test_what_was_spent_survives_a_restart_of_the_firewall(machine: Machine) -> None:
    """Stopped with it, the keeper saves; started after it, it gives the count back: however often, one command."""
    machine.comme("pirogue-sync", PYTHON, "-c", DEPENSE)
    avant = depense_sync(machine)
    limites = machine.systemctl("show", "-P", "StartLimitIntervalUSec", "nftables.service", "pirogue-forfaits.service")
    for _ in range(7):  # systemd's own limit is five starts in ten seconds, and the box would be shut after
        machine.systemctl("restart", "nftables.service")
        machine.attendre(lambda: depense_sync(machine) > 0, quoi="the count was not given back")

    assert avant >= 400_000
    assert depense_sync(machine) == avant
    assert limites.split() == ["0", "0"]


def test_rules_that_do_not_load_leave_the_box_shut(machine: Machine) -> None:
    """A user that the rules name does not exist: without a word, Debian's own unit would leave the box wide open."""
    machine.lancer("cp", "/etc/nftables.conf", "/run/bonnes.conf")
    machine.lancer("sed", "-i", "s/skuid [a-z-]*/skuid personne-de-ce-nom/", "/etc/nftables.conf")
    machine.lancer("systemctl", "restart", "nftables.service", attendu=1)
    fermees = machine.lancer("nft", "list", "ruleset").stdout
    machine.lancer("cp", "/run/bonnes.conf", "/etc/nftables.conf")
    machine.systemctl("restart", "nftables.service")
    machine.systemctl("stop", "nftables.service")
    arretees = machine.lancer("nft", "list", "ruleset").stdout
    machine.systemctl("start", "nftables.service", "pirogue-forfaits.service")

    assert fermees.count("policy drop") == 3
    assert "skuid" not in fermees
    assert arretees == fermees
    assert "skuid" in machine.lancer("nft", "list", "ruleset").stdout


def test_the_minute_s_save_runs_in_its_sandbox(machine: Machine) -> None:
    """It writes in one folder of the card, and there only."""
    machine.comme("pirogue-sync", PYTHON, "-c", DEPENSE)
    machine.systemctl("start", "pirogue-forfaits-sauver.service")
    lu = json.loads(machine.lancer("cat", "/data/pirogue/reseau/forfaits.json").stdout)

    assert lu["octets"]["forfait_sync"] == depense_sync(machine)


def test_portal_responder_and_courier_run_in_their_sandboxes(machine: Machine) -> None:
    """All three start, share the register, and none is killed for what it may not do."""
    unites = ["pirogue-portail.service", "pirogue-captif.service", "pirogue-sync.service"]
    machine.systemctl("start", *unites)
    machine.attendre(
        lambda: machine.lancer("test", "-e", "/data/pirogue/registre/registre.sqlite3", attendu=None).returncode == 0,
        quoi="nobody made the register",
    )
    for utilisateur in ("pirogue-portail", "pirogue-sync"):
        machine.comme(utilisateur, "test", "-w", "/data/pirogue/registre/registre.sqlite3")
    redemarrages = [machine.systemctl("show", "-P", "NRestarts", unite).strip() for unite in unites]

    assert machine.systemctl("is-active", *unites).split() == ["active"] * 3
    assert redemarrages == ["0"] * 3


@pytest.mark.parametrize(
    ("utilisateur", "chemin"),
    [
        ("pirogue-portail", "/data/pirogue/sync"),
        ("pirogue-captif", "/data/pirogue/registre"),
        ("pirogue-captif", "/data/pirogue/sync"),
        ("pirogue-captif", "/data/pirogue/reseau"),
        ("pirogue-sync", "/data/pirogue/reseau"),
    ],
)
def test_nobody_enters_a_folder_that_is_not_theirs(machine: Machine, utilisateur: str, chemin: str) -> None:
    """The portal never reads a seal key; the responder reads nothing."""
    fait = machine.lancer(
        "setpriv", "--reuid", utilisateur, "--regid", utilisateur, "--init-groups", "ls", chemin, attendu=2
    )

    assert "Permission denied" in fait.stderr


def test_the_portal_cannot_put_a_folder_in_root_s_place(machine: Machine) -> None:
    """It writes beside `reseau`, whose counts are root's: the sticky folder keeps it from being renamed."""
    mots = ["setpriv", "--reuid", "pirogue-portail", "--regid", "pirogue-portail", "--init-groups"]
    fait = machine.lancer(*mots, "mv", "/data/pirogue/reseau", "/data/pirogue/autre", attendu=1)

    assert "not permitted" in fait.stderr

"""The body and root's second helper under the real systemd: their sandboxes let them do their work, and no more."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from reseau.rendu import ROLES, rendre, variables
from roles.machine import Machine, allumer

NOTRES = ("socle_systeme", "actions", "portail", "sync", "bord")
APPEL = """
import json, sys
from pathlib import Path
from pirogue_actions import client
try:
    rendu = {"rendu": client.demander(Path("/run/pirogue/actions-cle.sock"), attente_s=30, **json.loads(sys.argv[1]))}
except (client.ActeRefuse, client.AideAbsente) as erreur:
    rendu = {type(erreur).__name__: str(erreur)}
print(json.dumps(rendu))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted box, its body started: no stick, no chip, as in a container."""
    dossier = tmp_path_factory.mktemp("machine")
    (jeu,) = yaml.safe_load((ROLES.parent / "site.yml").read_text(encoding="utf-8"))
    lies = {nom: valeur for nom, valeur in jeu["vars"].items() if nom.startswith(NOTRES)}
    rendre(dossier / "roles", *NOTRES, reglages=variables(*NOTRES, "point_acces", "kolibri", reglages=lies))
    with allumer(dossier, dossier / "roles") as allumee:
        allumee.systemctl("start", "pirogue-actions-cle.socket", "pirogue-bord.service")
        yield allumee


def demander(machine: Machine, utilisateur: str, acte: str, **arguments: Any) -> dict[str, Any]:
    """Ask root's second helper for an act, as one of the box's users."""
    mots = ["/opt/pirogue/bin/python", "-c", APPEL, json.dumps({"acte": acte, **arguments})]
    rendu: dict[str, Any] = json.loads(machine.comme(utilisateur, *mots).stdout)
    return rendu


def test_the_body_is_ready_and_writes_what_it_sees(machine: Machine) -> None:
    """Udev's events, the checks of health, the kept hour: none is killed for what it may not do."""
    machine.attendre(
        lambda: machine.lancer("test", "-e", "/run/pirogue-bord/etat.json", attendu=None).returncode == 0,
        quoi="no round of health",
    )
    constats = json.loads(machine.lancer("cat", "/run/pirogue-bord/etat.json").stdout)["constats"]
    disque = next(un for un in constats if un["code"] == "disque")

    assert machine.systemctl("is-active", "pirogue-bord.service").strip() == "active"
    assert machine.systemctl("show", "-P", "NRestarts", "pirogue-bord.service").strip() == "0"
    assert machine.lancer("cat", "/data/systeme/horloge/heure").stdout
    assert "ne peut plus rien écrire" not in disque["phrase"]


def test_the_portal_reads_what_the_body_sees_and_cannot_change_it(machine: Machine) -> None:
    """One author per file."""
    machine.comme("pirogue-portail", "cat", "/run/pirogue-bord/cle.json")
    ecrire = ["setpriv", "--reuid", "pirogue-portail", "--regid", "pirogue-portail", "--init-groups"]
    fait = machine.lancer(*ecrire, "sh", "-c", "echo > /run/pirogue-bord/cle.json", attendu=None)

    assert fait.returncode != 0


def test_root_s_second_helper_speaks_to_systemd_from_its_sandbox(machine: Machine) -> None:
    """Without a right for it: systemd believes root's user id; a stick that is not there is not mounted."""
    suivi = demander(machine, "pirogue-bord", "suivre_cle")
    monter = demander(machine, "pirogue-bord", "monter_cle", appareil="sdzz9")
    demonter = demander(machine, "pirogue-bord", "demonter_cle")

    assert suivi == {"rendu": {"montee": False, "travail": False, "echange": False}}
    assert monter == {"ActeRefuse": "Cette clé n'est plus là."}
    assert demonter == {"rendu": None}


@pytest.mark.parametrize("utilisateur", ["pirogue-sync", "www-data"])
def test_the_second_socket_opens_for_nobody_else(machine: Machine, utilisateur: str) -> None:
    """The courier writes the stick, and has no word in what is mounted."""
    assert "Permission denied" in demander(machine, utilisateur, "demonter_cle")["AideAbsente"]


def test_the_portal_touches_no_stick(machine: Machine) -> None:
    """It may open the socket: the user id decides."""
    assert demander(machine, "pirogue-portail", "demonter_cle") == {"ActeRefuse": "Cet acte n'est pas pour toi."}


def test_the_body_stops_at_once_and_leaves_what_it_saw(machine: Machine) -> None:
    """Told to stop, it keeps the hour and goes; the pages still read its last round."""
    machine.systemctl("stop", "pirogue-bord.service")
    resultat = machine.systemctl("show", "-P", "Result", "pirogue-bord.service").strip()
    machine.lancer("test", "-e", "/run/pirogue-bord/cle.json")
    machine.systemctl("start", "pirogue-bord.service")

    assert resultat == "success"

"""The first start under the real systemd: four units, three users, a sheet; once read it is gone, nothing is remade."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reseau.rendu import ROLES, rendre
from roles.machine import Machine, allumer

PYTHON = "/opt/pirogue/bin/python"
UNITES = ("pirogue-premier.service", "pirogue-registre.service", "pirogue-cles.service", "pirogue-fiche.service")
ATTENTE = "pirogue-premier-attendre.service"
SECRETS = (
    "/data/pirogue/reseau/wifi.psk",
    "/data/pirogue/boite.toml",
    "/data/pirogue/registre/coffre.cle",
    "/data/pirogue/sync/relais.cles",
    "/data/systeme/machine-id",
    "/data/systeme/ssh/ssh_host_ed25519_key",
)
CODE = "/data/pirogue/premier.code"
#: The attached screen: a terminal whose other end is kept in a file.
ECRAN = """
import os, pty
maitre, esclave = pty.openpty()
os.symlink(os.ttyname(esclave), "/dev/tty1")
with open("/run/ecran", "wb", buffering=0) as vu:
    while True:
        vu.write(os.read(maitre, 4096))
"""
#: Rachelle signs in with the sheet's code and chooses her own.
CHANGER = """
from pathlib import Path
from pirogue_registre import base, comptes, reglages
from pirogue_socle.horloge import maintenant
registre = base.ouvrir(Path("/data/pirogue/registre"))
(compte,) = comptes.lister(registre)
code = Path("/data/pirogue/premier.code").read_text().strip()
comptes.verifier_pin(registre, compte_id=compte.compte_id, pin=code, instant=maintenant())
comptes.changer_pin(registre, compte_id=compte.compte_id, pin="271828")
print(compte.nom, reglages.lire(registre, "nom_relais"))
"""


@dataclass(frozen=True)
class Journee:
    """What was seen: before the sheet was read, then after, then after everything was asked to start again."""

    etats: dict[str, str]
    droits: dict[str, str]
    ecran: str
    amorce: str
    amorce_options: str
    code: str
    entree: str
    apres: dict[str, str]
    ecran_apres: str
    amorce_apres: str
    secrets: dict[str, str]
    secrets_apres: dict[str, str]
    relances: dict[str, str]
    attentes: tuple[str, ...]


def empreintes(machine: Machine) -> dict[str, str]:
    """Return what tells one secret from another."""
    lignes = machine.lancer("sha256sum", *SECRETS).stdout.splitlines()
    return {nom: somme for somme, nom in (ligne.split() for ligne in lignes)}


def etats(machine: Machine) -> dict[str, str]:
    """Return each unit's state, and how it ended."""
    return {
        un: machine.systemctl("show", "-P", "ActiveState", "-P", "Result", un).replace("\n", " ").strip()
        for un in UNITES
    }


@pytest.fixture(scope="module")
def journee(jeu: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journee]:
    """The first day of a box, from its first start to the day after."""
    dossier = tmp_path_factory.mktemp("premier")
    (dossier / "roles").mkdir()
    # The users of Debian's own packages, which this machine need not have.
    reglages = jeu["vars"] | {"point_acces_uid_resolveur": "daemon", "point_acces_uid_dnsmasq": "nobody"}
    roles = [role for role in jeu["roles"] if (ROLES / role / "templates").is_dir()]
    rendre(dossier / "roles", *roles, reglages=reglages)
    with allumer(dossier, dossier / "roles") as machine:
        yield vivre(machine)


def vivre(machine: Machine) -> Journee:
    """Start, look, read the sheet, look, start again, look."""
    machine.lancer("sh", "-c", "mkdir -p /boot/firmware && mount -t tmpfs tmpfs /boot/firmware")
    machine.lancer("sh", "-c", "echo 'nom_relais = Pirogue de Ganvié' > /boot/firmware/pirogue.txt")
    machine.lancer("mount", "-o", "remount,ro", "/boot/firmware")
    machine.lancer("systemd-run", "--unit=ecran", "--collect", PYTHON, "-c", ECRAN)
    machine.attendre(lambda: machine.lancer("test", "-e", "/run/ecran", attendu=None).returncode == 0, quoi="no screen")
    # The card refuses once: what waits gives up, and is asked again when the card has done better.
    machine.lancer("sh", "-c", "mkdir -p /data/systeme && touch /data/systeme/premier")
    machine.systemctl("start", "pirogue-fiche.service", attendu=1)
    machine.lancer("rm", "/data/systeme/premier")
    machine.attendre(
        lambda: "s'efface" in machine.lancer("cat", "/run/ecran").stdout,
        quoi="the sheet is not on the screen",
        delai_s=60,
    )
    machine.systemctl("start", "pirogue-portail.service", "pirogue-sync.service")
    attendue = [machine.systemctl("show", "-P", dit, ATTENTE).strip() for dit in ("ConditionResult", "ExecMainStatus")]
    vus = {
        un: machine.systemctl("show", "-P", "ActiveState", un).strip()
        for un in (*UNITES, "pirogue-portail", "pirogue-sync")
    }
    droits = machine.lancer("stat", "-c", "%n %a %U:%G", *SECRETS, CODE).stdout
    avant = {
        "etats": vus,
        "droits": {nom: f"{mode} {qui}" for nom, mode, qui in map(str.split, droits.splitlines())},
        "ecran": machine.lancer("cat", "/run/ecran").stdout,
        "amorce": machine.lancer("cat", "/boot/firmware/PIROGUE-A-LIRE.txt").stdout,
        "amorce_options": machine.lancer("findmnt", "-no", "OPTIONS", "/boot/firmware").stdout,
        "code": machine.lancer("cat", CODE).stdout.strip(),
        "secrets": empreintes(machine),
    }
    entree = machine.comme("pirogue-portail", PYTHON, "-c", CHANGER).stdout.strip()
    machine.attendre(
        lambda: machine.lancer("test", "-e", "/data/systeme/premier/fait", attendu=None).returncode == 0,
        quoi="the sheet was not taken away",
        delai_s=60,
    )
    apres = {un: machine.systemctl("show", "-P", "Result", un).strip() for un in UNITES}
    ecran_apres = machine.lancer("cat", "/run/ecran").stdout.rpartition("\x1b[2J")[2]
    amorce_apres = machine.lancer("ls", "-A", "/boot/firmware").stdout
    machine.systemctl("stop", *UNITES)
    machine.systemctl("start", *UNITES)
    machine.systemctl("restart", "pirogue-portail.service")
    passee = machine.systemctl("show", "-P", "ConditionResult", ATTENTE)
    return Journee(
        **avant,
        entree=entree,
        apres=apres,
        ecran_apres=ecran_apres,
        amorce_apres=amorce_apres,
        secrets_apres=empreintes(machine),
        relances={un: machine.systemctl("show", "-P", "ConditionResult", un).strip() for un in UNITES},
        attentes=(*attendue, passee.strip()),
    )


def test_all_that_the_box_needs_is_made_before_the_portal_and_the_courier(journee: Journee) -> None:
    """Each under its own user, in its own sandbox, and none is killed for what it may not do."""
    assert set(journee.etats.values()) == {"active"}, json.dumps(journee.etats)


def test_each_secret_is_for_those_who_need_it_and_no_other(journee: Journee) -> None:
    """The courier's keys are the courier's alone; the portal reads the Wi-Fi key, and does not write it."""
    assert journee.droits == {
        "/data/pirogue/reseau/wifi.psk": "640 root:pirogue-portail",
        "/data/pirogue/boite.toml": "644 root:root",
        "/data/pirogue/registre/coffre.cle": "660 pirogue-portail:pirogue",
        "/data/pirogue/sync/relais.cles": "600 pirogue-sync:pirogue-sync",
        "/data/systeme/machine-id": "444 root:root",
        "/data/systeme/ssh/ssh_host_ed25519_key": "600 root:root",
        CODE: "600 pirogue-portail:pirogue-portail",
    }


def test_the_screen_and_the_boot_partition_say_the_same_sheet(journee: Journee) -> None:
    """With the code that opens the first account, and the letters of the courier's keys."""
    ecran = journee.ecran.rpartition("\x1b[2J")[2].removeprefix("\x1b[3J").replace("\r\n", "\n")

    assert journee.amorce.removeprefix("\ufeff").strip() == ecran.strip()
    assert f"{journee.code[:3]} {journee.code[3:]}" in ecran
    assert "Pirogue de Ganvié" in ecran
    assert "préparation" not in ecran
    assert "ro" in journee.amorce_options.split(",")


def test_read_the_sheet_is_nowhere_any_more(journee: Journee) -> None:
    """Rachelle chose her own code: screen, boot partition and code are wiped, by themselves."""
    assert journee.entree == "Formateur Pirogue de Ganvié"
    assert journee.amorce_apres.split() == ["pirogue.txt"]
    assert "Bienvenue" not in journee.ecran_apres
    assert set(journee.apres.values()) == {"success"}


def test_the_portal_waits_for_the_register_on_the_first_day_only(journee: Journee) -> None:
    """Asked for and given on that day; passed over the day after, so that the portal starts with the data."""
    assert journee.attentes == ("yes", "0", "no")


def test_the_day_after_nothing_runs_and_nothing_is_remade(journee: Journee) -> None:
    """Asked to start again, the four units are passed over; every secret is the same."""
    assert set(journee.relances.values()) == {"no"}
    assert journee.secrets_apres == journee.secrets

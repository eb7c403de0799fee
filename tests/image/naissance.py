"""A box is born: the coordinator's file on its card, a first start cut short, the next, the sheet read, a third."""

import hashlib
import json
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.construction import Construction
from image.machine import Machine
from image.premier import Premier, lire_fiche
from image.reglages import Amorce, Reglages
from image.salle import PYTHON, RADIOS, Salle

SOUHAITS = "nom_relais = Pirogue de Ganvié\r\ntype_relais = bateau\r\nrive_url = https://rive.exemple.org\r\n"
#: Everything that is drawn, below /data.
FICHIERS = (
    "pirogue/reseau/wifi.psk",
    "pirogue/registre/coffre.cle",
    "pirogue/sync/relais.cles",
    "pirogue/portail.secret",
    "pirogue/kolibri/cle_django",
    "pirogue/kolibri/cle_entree",
    "pirogue/kolibri/mot_de_passe_admin",
    "systeme/machine-id",
    "systeme/ssh/ssh_host_ed25519_key",
)
REGISTRE, KOLIBRI = "pirogue/registre/registre.sqlite3", "pirogue/kolibri/db.sqlite3"
QUESTIONS = (
    ("relais", REGISTRE, "SELECT valeur FROM reglage WHERE nom = 'relais'"),
    ("incarnation", REGISTRE, "SELECT valeur FROM reglage WHERE nom = 'incarnation'"),
    ("facility", KOLIBRI, "SELECT id FROM kolibriauth_collection WHERE kind = 'facility'"),
    ("instance", KOLIBRI, "SELECT id FROM morango_instanceidmodel WHERE current = 1"),
)
#: Run in the box: what tells one box from another, as `lire_carte` reads it from a card.
LIRE = f"""
import hashlib, json, sqlite3
lu = {{n: hashlib.sha256(open("/data/" + n, "rb").read()).hexdigest() for n in {FICHIERS!r}}}
for nom, base, question in {QUESTIONS!r}:
    lu[nom] = sqlite3.connect("/data/" + base).execute(question).fetchone()[0]
print(json.dumps(lu))
"""
#: What the screen shows, letter by letter.
ECRAN = "print(open('/dev/vcsu1', 'rb').read().decode('utf-32-le'))"
UNITES = ("pirogue-premier", "pirogue-registre", "pirogue-cles", "pirogue-fiche")


@dataclass(frozen=True, slots=True)
class Naissance:
    """
    What was seen.

    Attributes:
        cle_coupee: the Wi-Fi key when the power was cut, in the middle of the first start.
        cle, code: the key and the code of the next start.
        ecran, amorce: the sheet, on the screen and in the boot partition; `fiche`: as the command gives it.
        montages: options of both partitions by folder; `data_octets`: size of the data's file system.
        echecs: units that failed, of the first start or of those that wait for it.
        secrets, secrets_apres: what tells this box from another, in the second and in the third start.
        machine_id, machine_id_apres: what systemd took for this machine's number in each.
        amorce_apres: files of the boot partition once the sheet was read; `amorce_options_apres`: how it is mounted
            then; `ecran_apres`: the screen.
        conditions: whether each unit of the first start ran in the third.
        cle_ssh: the file of the host key that SSH shows.
    """

    cle_coupee: str
    cle: str
    code: str
    ecran: str
    amorce: str
    fiche: str
    montages: dict[str, str]
    data_octets: int
    echecs: list[str]
    secrets: dict[str, str]
    secrets_apres: dict[str, str]
    machine_id: str
    machine_id_apres: str
    amorce_apres: list[str]
    amorce_options_apres: str
    ecran_apres: str
    conditions: dict[str, str]
    cle_ssh: str


def vivre(construction: Construction, dossier: Path) -> Naissance:
    """Live a box's first two days; raises MachineMuette, CommandeRatee."""
    carte = dossier / "carte.img"
    ecrire_souhaits(construction.image, carte)
    amorce = construction.amorce
    depart = Amorce(carte, amorce.noyau, amorce.disque, amorce.bios, amorce.ligne)
    machine = Machine(depart, dossier / "machine", Reglages(mots=RADIOS.format(radios=1)))
    try:
        machine.allumer()
        cle_coupee = machine.attendre_que(
            "test -d /data/systeme/ssh && cat /data/pirogue/reseau/wifi.psk", patience_s=900
        )
        machine.couper()
        machine.allumer()
        return Naissance(cle_coupee=cle_coupee, **_deuxieme(machine), **_troisieme(machine))
    finally:
        machine.couper()


def _deuxieme(machine: Machine) -> dict[str, Any]:
    """The start that finishes what the first began."""
    salle = Salle(machine)
    machine.attendre_que("systemctl is-active pirogue-fiche pirogue-portail pirogue-sync hostapd", patience_s=900)
    machine.attendre_que("test -s /boot/firmware/PIROGUE-A-LIRE.txt")
    salle.attendre_page("/")
    ecran = machine.attendre_que(f'{PYTHON} -c "{ECRAN}" | grep -q Bienvenue && {PYTHON} -c "{ECRAN}"')
    machine.poser("/run/essai/lire.py", LIRE)
    machine.attendre_que(f"{PYTHON} /run/essai/lire.py", patience_s=900)
    return {
        "cle": machine.executer("cat /data/pirogue/reseau/wifi.psk"),
        "code": machine.executer("cat /data/pirogue/premier.code"),
        "ecran": ecran,
        "amorce": machine.executer("cat /boot/firmware/PIROGUE-A-LIRE.txt"),
        "fiche": machine.executer("/opt/pirogue/bin/pirogue boite fiche"),
        "montages": {ou: machine.executer(f"findmnt -no FSTYPE,OPTIONS {ou}") for ou in ("/data", "/boot/firmware")},
        "data_octets": int(machine.executer("df -B1 --output=size /data | tail -n 1")),
        "echecs": [
            un for un in salle.echecs() if un.startswith((*UNITES, "pirogue-portail", "pirogue-sync", "hostapd"))
        ],
        "secrets": json.loads(machine.executer(f"{PYTHON} -", LIRE)),
        "machine_id": machine.executer("cat /etc/machine-id"),
    }


def _troisieme(machine: Machine) -> dict[str, Any]:
    """The sheet is read; then the next day."""
    lire_fiche(machine)
    vu = {
        "amorce_apres": machine.executer("ls -A /boot/firmware").split(),
        "amorce_options_apres": machine.executer("findmnt -no OPTIONS /boot/firmware"),
        "ecran_apres": machine.executer(f'{PYTHON} -c "{ECRAN}"'),
    }
    machine.redemarrer()
    Salle(machine).attendre_page("/")
    return vu | {
        "secrets_apres": json.loads(machine.executer(f"{PYTHON} -", LIRE)),
        "machine_id_apres": machine.executer("cat /etc/machine-id"),
        "conditions": {un: machine.executer(f"systemctl show -P ConditionResult {un}") for un in UNITES},
        "cle_ssh": machine.executer("mkdir -p /run/sshd && sshd -T | sed -n 's/^hostkey //p'"),
    }


def ecrire_souhaits(image: Path, carte: Path) -> None:
    """Flash a card, and write on it what the coordinator wants."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(image), str(carte)], check=True)
    souhaits = carte.with_name("pirogue.txt")
    souhaits.write_text(SOUHAITS, encoding="utf-8", newline="")
    subprocess.run(["mcopy", "-i", f"{carte}@@{debut_octets(carte, 1)}", str(souhaits), "::pirogue.txt"], check=True)


def debut_octets(carte: Path, partition: int) -> int:
    """Return where a partition of a raw card begins."""
    dit = subprocess.run(["sfdisk", "--json", str(carte)], capture_output=True, check=True).stdout
    return int(json.loads(dit)["partitiontable"]["partitions"][partition - 1]["start"]) * 512


def lire_carte(premier: Premier, dossier: Path) -> dict[str, str]:
    """Read what tells another box of the same image from this one, on its card, without starting it."""
    carte = dossier / "autre.img"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(premier.amorce.image), str(carte)], check=True)
    ou = f"{carte}?offset={debut_octets(carte, 4)}"
    bases = [f"{base}{fin}" for base in (REGISTRE, KOLIBRI) for fin in ("", "-wal")]
    for nom in (*FICHIERS, *bases):
        cible = dossier / nom.replace("/", "_")
        subprocess.run(["debugfs", "-R", f"dump /{nom} {cible}", ou], capture_output=True, check=True)
    carte.unlink()
    lu = {nom: hashlib.sha256((dossier / nom.replace("/", "_")).read_bytes()).hexdigest() for nom in FICHIERS}
    for nom, base, question in QUESTIONS:
        db = sqlite3.connect(dossier / base.replace("/", "_"))
        lu[nom] = str(db.execute(question).fetchone()[0])
        db.close()
    return lu

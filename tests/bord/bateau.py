"""A boat that is afloat in the bench's machine: its systemd, udev, root's helper, its body; real sticks come and go."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from banc.machine import Machine
from banc.radio import ENVIRONNEMENT, LIENS, PATIENCE_DEPART_S
from equipage import Horloge, preparer_bord
from pirogue_echange import cles as trousseau
from pirogue_registre import base
from reseau.rendu import ROLES, rendre, variables
from sync.quai import preparer_quai, vivre_une_journee

#: Without KVM everything is some twenty times slower; a machine shared by many, more.
PATIENCE_S = 240.0
#: What a stick meets.
NOTRES = ("socle_systeme", "actions", "portail", "sync", "bord")
UNITES = ("pirogue-actions-cle.socket",)
_PYTHON = "python3.11"


@dataclass(frozen=True)
class Bateau:
    """The boat, afloat."""

    machine: Machine

    def essayer(self, *mots: str) -> tuple[int, str]:
        """Run a program aboard; return its exit status and all that it said."""
        code, dit, erreurs = self.machine.appeler("a_bord", commande=list(mots))
        return int(code), f"{dit}{erreurs}"

    def lancer(self, *mots: str) -> str:
        """Run a program aboard; it must end well."""
        code, dit = self.essayer(*mots)
        assert code == 0, f"{mots}: {dit}\n{self.journal()}"
        return dit

    def journal(self) -> str:
        """Return the last words of everybody."""
        return self.essayer("journalctl", "--no-pager", "-n", "80", "-o", "short-monotonic")[1]

    def histoire(self) -> dict[str, Any]:
        """Return the story that the pages read."""
        lue: dict[str, Any] = json.loads(self.lancer("cat", "/run/pirogue-bord/cle.json"))["histoire"]
        return lue

    def attendre(self, *etapes: str) -> dict[str, Any]:
        """Wait until the story is at one of these steps; return it."""
        lues: list[dict[str, Any]] = []

        def arrivee() -> bool:
            lues.append(self.histoire())
            return lues[-1]["etape"] in etapes

        self.patienter(arrivee, f"{etapes}")
        return lues[-1]

    def patienter(self, condition: Any, quoi: str) -> None:
        """Wait for a real condition aboard; fail with the last words of everybody."""
        for _ in range(int(PATIENCE_S * 2)):
            if condition():
                return
            self.machine.laisser_faire(0.5)
        raise AssertionError(f"waited in vain for {quoi}\n{self.journal()}\n{self.essayer('ls', '-l', '/dev/disk')[1]}")

    def est_montee(self) -> bool:
        """Say whether a stick is mounted, as the first process sees it."""
        return "/run/pirogue-cle/montee" in self.lancer("cat", "/proc/1/mountinfo")

    def permis(self, classe: str) -> list[str]:
        """Return, for each USB interface of this class, whether the kernel lets it in: `1` or `0`."""
        script = 'cd /sys/bus/usb/devices; for i in *:*; do echo "$(cat $i/bInterfaceClass) $(cat $i/authorized)"; done'
        lus = [ligne.split() for ligne in self.lancer("sh", "-c", script).splitlines()]
        return sorted(permis for vue, permis in lus if vue == classe)


def poser(fichier: Path, texte: str, *, mode: int = 0o644) -> None:
    """Write a file of the boat, and the folders above it."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    fichier.write_text(texte, encoding="utf-8")
    fichier.chmod(mode)


def mettre_a_flot(machine: Machine, dossier: Path, *, pilotes: Path) -> Bateau:
    """Put a boat with a day behind it and a shore that knows it in the machine; start its body."""
    dossier.chmod(0o755)
    bord = preparer_bord(dossier / "data/pirogue/registre", Horloge())
    vivre_une_journee(bord)
    quai = preparer_quai(bord, dossier.parent / "rive")
    bord.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.fermer(bord.registre)
    (dossier / "data/pirogue/sync").mkdir(parents=True)
    trousseau.enregistrer(quai.cles, dossier / "data/pirogue/sync/relais.cles")
    (dossier / "data/pirogue/sync/rive.json").write_bytes(trousseau.ecrire_carte(quai.carte_rive))
    (jeu,) = yaml.safe_load((ROLES.parent / "site.yml").read_text(encoding="utf-8"))
    lies = {nom: valeur for nom, valeur in jeu["vars"].items() if nom.startswith(NOTRES)}
    rendre(dossier, *NOTRES, reglages=variables(*NOTRES, "point_acces", "kolibri", reglages=lies))
    poser(dossier / "etc/systemd/system/banc.target", f"[Unit]\nWants={' '.join(UNITES)}\n")
    poser(dossier / "etc/sysusers.d/debian.conf", "u systemd-resolve -\nu dnsmasq -\n")
    for nom, texte in ENVIRONNEMENT.items():
        poser(dossier / "opt/pirogue" / nom, texte, mode=0o755 if nom.startswith("bin/") else 0o644)
    (dossier / "opt/pirogue/bin" / _PYTHON).symlink_to(f"/opt/pirogue/python/bin/{_PYTHON}")
    proprietes = {
        "/data/pirogue/registre": "pirogue-portail:pirogue",
        "/data/pirogue/sync": "pirogue-sync:pirogue-sync",
    }
    depart = {"fichiers": str(dossier), "liens": LIENS, "proprietes": proprietes, "cible": "banc.target", "sys": "rw"}
    assert machine.appeler("lancer", commande=["modprobe", "-d", str(pilotes), "overlay"])[0] == 0
    machine.rendre(machine.lancer("mettre_a_flot", **depart), patience_s=PATIENCE_DEPART_S)
    bateau = Bateau(machine)
    bateau.lancer(
        "sh", "-c", "chmod -R g+rwX /data/pirogue/registre; chmod 700 /data/pirogue/sync; mkdir -p /data/systeme"
    )
    bateau.lancer("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/pirogue.conf")
    # systemd does this by itself on a machine, and leaves it to whoever made a container.
    bateau.lancer("mount", "--make-rshared", "/")
    bateau.lancer("udevadm", "settle")
    bateau.lancer("systemctl", "start", "pirogue-bord.service")
    return bateau

"""The air of the bench: the boat's own system in the machine, its units started by Debian's systemd."""

import base64
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banc.machine import Machine
from reseau.rendu import rendre

ESSAIS = 5
PATIENCE_DEPART_S = 240.0
RACINE = Path(__file__).parents[2]
ROLES = ("socle_systeme", "point_acces", "actions", "portail")
#: What the roles enable, and systemd's own that they lean on.
UNITES = (
    "systemd-sysctl.service",
    "nftables.service",
    "systemd-networkd.service",
    "pirogue-dnsmasq@capture.service",
    "hostapd.service",
    "pirogue-actions.socket",
    "pirogue-actions.service",
    "pirogue-forfaits.service",
    "pirogue-captif.socket",
    "pirogue-captif.service",
    "pirogue-portail.socket",
    "pirogue-portail.service",
    "nginx.service",
)
#: This host's Python and our code, where no sandbox hides them: a home folder would be.
LIENS = {
    sys.base_prefix: "/opt/pirogue/python",
    sys.prefix: "/opt/pirogue/venv",
    str(RACINE): "/opt/pirogue/source",
}
#: Users that Debian's own packages bring to the device, and that this host may lack.
UTILISATEURS_DEBIAN = "u systemd-resolve -\nu dnsmasq -\n"
#: As the installation leaves them; the folders' own owners are a role's.
PROPRIETES = {"/data/pirogue/registre": "pirogue-portail:pirogue", "/data/pirogue/reseau": "root:pirogue-portail"}
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_SALLES = [f"/opt/pirogue/source/{salle}\n" for salle in ("appliance", "contenus", "portail", "sync")]
#: `/opt/pirogue` is an environment as on the device: a Python that finds our packages, a command.
ENVIRONNEMENT = {
    "pyvenv.cfg": "home = /opt/pirogue/python/bin\ninclude-system-site-packages = false\n",
    f"lib/{_PYTHON}/site-packages/pirogue.pth": f"/opt/pirogue/venv/lib/{_PYTHON}/site-packages\n{''.join(_SALLES)}",
    "bin/python": "#!/bin/sh\nexport LD_LIBRARY_PATH=/opt/pirogue/python/lib PYTHONDONTWRITEBYTECODE=1\n"
    f'exec /opt/pirogue/bin/{_PYTHON} "$@"\n',
    "bin/pirogue": "#!/bin/sh\nexec /opt/pirogue/bin/python -c 'from pirogue_cli.entree import main; main()' \"$@\"\n",
}


@dataclass(frozen=True)
class Bateau:
    """The boat's own system, afloat in the machine."""

    machine: Machine

    def lancer(self, *mots: str) -> str:
        """Run a program aboard and return what it says; it must succeed."""
        code, dit, erreurs = self.essayer(*mots)
        assert code == 0, f"{' '.join(mots)}: {code}\n{dit}\n{erreurs}"
        return dit

    def essayer(self, *mots: str) -> tuple[int, str, str]:
        """Run a program aboard; return its exit status and what it said on both outputs."""
        code, dit, erreurs = self.machine.appeler("a_bord", commande=list(mots))
        return code, dit, erreurs

    def numero(self, unite: str) -> int:
        """Return the process number of a service; 0 when it does not run."""
        return int(self.lancer("systemctl", "show", "--property=MainPID", "--value", unite))

    def stations(self) -> list[str]:
        """Return the hardware addresses that the radio itself holds."""
        return re.findall(r"^Station (\S+)", self.lancer("iw", "dev", "wlan0", "station", "dump"), re.MULTILINE)

    def demander(self, acte: str) -> Any:
        """
        Have root's helper do one act, asked by the portal's own user; return what it gives.

        The helper gives a program 1.5 s, then refuses: this machine, without KVM, sometimes needs a second try.
        """
        qui = "pirogue-portail"
        parler = (
            "import json, pathlib; from pirogue_actions import client; "
            f"print(json.dumps(client.demander(pathlib.Path('/run/pirogue/actions.sock'), {acte!r}, attente_s=60)))"
        )
        sous = ("setpriv", f"--reuid={qui}", f"--regid={qui}", "--init-groups")
        for _ in range(ESSAIS):
            code, rendu, erreurs = self.essayer(*sous, "/opt/pirogue/bin/python", "-I", "-c", parler)
            if code == 0:
                return json.loads(rendu)
        raise AssertionError(f"{acte}: {erreurs}\n{self.journal()}")

    def relever(self, dossier: Path) -> Path:
        """Copy the boat's register into a folder of the host and return its place."""
        paquet = self.lancer("sh", "-c", "tar -C /data/pirogue -c registre | base64 -w0")
        subprocess.run(["tar", "-x", "-C", str(dossier)], input=base64.b64decode(paquet), check=True)
        return dossier / "registre"

    def journal(self) -> str:
        """Return the last words of every service."""
        mots = ("--no-pager", "--output=short-monotonic", "--lines=200")
        return self.essayer("journalctl", *mots, *(f"_TRANSPORT={voie}" for voie in ("stdout", "syslog", "journal")))[1]


def greer(machine: Machine, dossier: Path, *, reseau: str, cle: str, places: int) -> Bateau:
    """
    Lay the roles' rendered files over this machine's root and start systemd on it; return once all its units run.

    Args:
        machine: its radios are on.
        dossier: where to write, seen from both sides; the register is already in its `data/pirogue/registre`.
        reseau, cle: name of the Wi-Fi network, and its key.
        places: how many laptops the radio takes.
    """
    dossier.chmod(0o755)
    reglages = {"point_acces_nom": reseau, "point_acces_stations_max": places, "actions_stations_max": places}
    variables = rendre(dossier, *ROLES, reglages=reglages)
    _poser(dossier / str(variables["point_acces_cle"]).lstrip("/"), f"00:00:00:00:00:00 {cle}\n", mode=0o640)
    _poser(dossier / "etc/systemd/system/banc.target", f"[Unit]\nWants={' '.join(UNITES)}\n")
    _poser(dossier / "etc/sysusers.d/debian.conf", UTILISATEURS_DEBIAN)
    for nom, texte in ENVIRONNEMENT.items():
        _poser(dossier / "opt/pirogue" / nom, texte, mode=0o755 if nom.startswith("bin/") else 0o644)
    (dossier / "opt/pirogue/bin" / _PYTHON).symlink_to(f"/opt/pirogue/python/bin/{_PYTHON}")
    (dossier / "etc/nftables.conf").chmod(0o755)
    depart = {"fichiers": str(dossier), "liens": LIENS, "proprietes": PROPRIETES, "cible": "banc.target"}
    machine.rendre(machine.lancer("mettre_a_flot", **depart), patience_s=PATIENCE_DEPART_S)
    bateau = Bateau(machine)
    _code, etat, erreurs = bateau.essayer("systemctl", "is-system-running")
    assert etat.strip() == "running", f"{etat}{erreurs}{bateau.essayer('systemctl', '--failed')[1]}{bateau.journal()}"
    return bateau


def _poser(fichier: Path, texte: str, *, mode: int = 0o644) -> None:
    """Write a file of the boat, and the folders above it."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    fichier.write_text(texte, encoding="utf-8")
    fichier.chmod(mode)

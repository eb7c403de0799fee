"""A box in its classroom: its units, its register, the laptops that join it by simulated radios."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banc.radio_poste import PosteRadio
from image.machine import Machine

ICI = Path(__file__).parent
OUTILS = "/run/essai"
PYTHON = "/opt/pirogue/bin/python"
#: The radios: the box's is the first, each laptop has one. The kernel has them before the box's own units start.
RADIOS = "modules_load=mac80211_hwsim mac80211_hwsim.radios={radios}"
CLE_WIFI = "/data/pirogue/reseau/wifi.psk"
#: A page of the box as seen from the box itself.
PAGE = "busybox wget -q -T 10 -O - --header 'Host: pirogue.internal' http://127.0.0.1{chemin}"


@dataclass(frozen=True)
class Salle:
    """A running box, and what its tests ask of it."""

    machine: Machine

    def preparer(self) -> None:
        """Lay the tests' tools in the machine's memory."""
        sources = (ICI / "gestes_bord.py", ICI / "gestes_air.py", ICI.parent / "banc" / "gestes_radio.py")
        for source in sources:
            self.machine.poser(f"{OUTILS}/{source.name}", source.read_bytes(), mode="0755")

    def attendre_page(self, chemin: str, *, patience_s: float = 300.0) -> float:
        """Wait until a page of the box answers; return the machine's age then, in seconds since its kernel started."""
        page = PAGE.format(chemin=shlex.quote(chemin))
        uptime = self.machine.attendre_que(f"{page} >/dev/null && cut -d' ' -f1 /proc/uptime", patience_s=patience_s)
        return float(uptime)

    def lire_page(self, chemin: str) -> str:
        """Return a page of the box, as asked from the box itself."""
        return self.machine.executer(PAGE.format(chemin=shlex.quote(chemin)))

    def echecs(self) -> list[str]:
        """Return the units that have failed, with their last words."""
        liste = self.machine.executer("systemctl list-units --failed --plain --no-legend | cut -d' ' -f1").split()
        return [f"{unite}: {self.dire(unite)}" for unite in liste]

    def dire(self, unite: str) -> str:
        """Return the last words of a unit."""
        return self.machine.essayer(f"journalctl --no-pager -n 25 -o cat -u {shlex.quote(unite)}").sortie

    def finir_de_demarrer(self) -> str:
        """Wait until systemd has nothing left to start; return what it says of it, and of what still starts."""
        rendu = self.machine.essayer("timeout 200 systemctl is-system-running --wait || systemctl list-jobs --no-legend")
        return rendu.sortie.strip()

    def a_bord(self, acte: str, *, qui: str = "pirogue-portail", **arguments: Any) -> Any:
        """Do one act of gestes_bord as one of the box's users."""
        sous = f"setpriv --reuid={qui} --regid={qui} --init-groups"
        mots = shlex.join([PYTHON, f"{OUTILS}/gestes_bord.py", acte, json.dumps(arguments)])
        return json.loads(self.machine.executer(f"cd / && {sous} {mots}"))

    def appeler(self, geste: str, **arguments: Any) -> Any:
        """Do one act of the bench's radio in the machine: this is what a laptop (`PosteRadio`) asks."""
        if geste == "lancer":
            rendu = self.machine.essayer(shlex.join(arguments["commande"]))
            return [rendu.rc, rendu.sortie, rendu.erreur]
        mots = shlex.join(["/usr/bin/python3", f"{OUTILS}/gestes_air.py", geste, json.dumps(arguments)])
        return json.loads(self.machine.executer(mots))

    def wifi(self) -> tuple[str, str]:
        """Return the network's name and key, as this box made them."""
        nom = self.machine.executer("sed -n 's/^ssid2\\?=//p' /etc/hostapd/hostapd.conf").strip('"')
        return nom, self.machine.executer(f"cut -d' ' -f2- {CLE_WIFI}")

    def poste(self, nom: str, radio: int) -> PosteRadio:
        """Put a laptop ashore of everything but its radio."""
        poste = PosteRadio(self, nom, radio)  # type: ignore[arg-type]  # what it asks of the bench's machine, we do
        self.appeler("poser", poste=nom, radio=radio)
        return poste

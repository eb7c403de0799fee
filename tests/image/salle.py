"""A box in its classroom: its units, its register, the laptops that join it by simulated radios."""

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from banc.radio_poste import Page, PosteRadio
from image.machine import PATIENCE_S, CommandeRatee, Machine, Rendu

ICI = Path(__file__).parent
OUTILS = "/run/essai"
PYTHON = "/opt/pirogue/bin/python"
#: The radios: the box's is the first, each laptop has one. The kernel has them before the box's own units start.
RADIOS = "modules_load=mac80211_hwsim mac80211_hwsim.radios={radios}"
CLE_WIFI = "/data/pirogue/reseau/wifi.psk"
#: A page of the box as seen from the box itself.
PAGE = "busybox wget -q -T 10 -O - --header 'Host: pirogue.internal' http://127.0.0.1{chemin}"


class PageLue(Page):
    """A page whose words are also `text`, as Flask's answers have it."""

    @property
    def text(self) -> str:
        """Its words."""
        return self.corps.decode()


class Poste(PosteRadio):
    """A laptop in the box's classroom."""

    def get(self, adresse: str) -> PageLue:
        """Open a page and follow where it leads."""
        return _lue(super().get(adresse))

    def post(self, adresse: str, *, data: Mapping[str, str], follow_redirects: bool = True) -> PageLue:
        """Send a form and follow where it leads."""
        return _lue(super().post(adresse, data=data, follow_redirects=follow_redirects))


def _lue(page: Page) -> PageLue:
    return PageLue(page.adresse, page.status_code, page.entetes, page.corps)


def _lire(acte: str, rendu: Rendu) -> Any:
    if rendu.rc:
        raise CommandeRatee(f"{acte}: {rendu.rc}\n{rendu.erreur}")
    return json.loads(rendu.sortie)


@dataclass(frozen=True)
class Salle:
    """A running box, and what its tests ask of it."""

    machine: Machine

    def preparer(self) -> None:
        """Lay the tests' tools in the machine's memory."""
        sources = (ICI / "gestes_bord.py", ICI / "gestes_air.py", ICI.parent / "banc" / "gestes_radio.py")
        for source in sources:
            self.machine.poser(f"{OUTILS}/{source.name}", source.read_bytes(), mode="0755")
        # Nothing may be run from /run; a laptop's DHCP client has a script to run.
        self.machine.executer("mkdir /run/postes && mount -t tmpfs -o nosuid,nodev,exec postes /run/postes")

    def attendre_page(self, chemin: str, *, patience_s: float = PATIENCE_S) -> float:
        """Wait until a page of the box answers; return the machine's age then, in seconds since its kernel started."""
        page = PAGE.format(chemin=shlex.quote(chemin))
        # Asked again from within: each command of the tests costs the machine a fraction of a second.
        jusque = shlex.quote(f"until {page} >/dev/null 2>&1; do sleep 0.3; done; cut -d' ' -f1 /proc/uptime")
        return float(self.machine.executer(f"timeout {patience_s:.0f} sh -c {jusque}", patience_s=patience_s + 30))

    def repond(self, chemin: str) -> bool:
        """Say whether a page of the box answers now."""
        return self.machine.essayer(PAGE.format(chemin=shlex.quote(chemin))).rc == 0

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
        rendu = self.machine.essayer(
            "timeout 600 systemctl is-system-running --wait || systemctl list-jobs --no-legend"
        )
        return rendu.sortie.strip()

    def a_bord(self, acte: str, *, qui: str = "pirogue-portail", **arguments: Any) -> Any:
        """Do one act of gestes_bord as one of the box's users."""
        return _lire(acte, self.machine.agir("gestes_bord", acte, qui=qui, **arguments))

    def essayer_a_bord(self, acte: str, *, qui: str = "pirogue-portail", **arguments: Any) -> str:
        """Do one act that must not succeed; return what it complained of."""
        rendu = self.machine.agir("gestes_bord", acte, qui=qui, **arguments)
        assert rendu.rc != 0, rendu.sortie
        return rendu.erreur

    def regarder_maintenant(self, controle: str) -> dict[str, Any]:
        """Return what one check of the box's health says when it is made now, by the body's own user."""
        rendu = self.machine.agir("gestes_bord", "regarder", qui="pirogue-bord", controle=controle)
        dit: dict[str, Any] = _lire(controle, rendu)
        return dit

    def attendre_acte(self, acte: str, voulu: object, *, patience_s: float = PATIENCE_S) -> Any:
        """Do an act until it gives this; return what it gave last."""
        fin = time.monotonic() + patience_s
        while (rendu := self.a_bord(acte)) != voulu and time.monotonic() < fin:
            self.machine.laisser_faire(1.0)
        return rendu

    def appeler(self, geste: str, **arguments: Any) -> Any:
        """Do one act of the bench's radio in the machine: this is what a laptop (`PosteRadio`) asks."""
        if geste == "lancer":
            rendu = self.machine.essayer(shlex.join(arguments["commande"]))
            return [rendu.rc, rendu.sortie, rendu.erreur]
        return _lire(geste, self.machine.agir("gestes_air", geste, **arguments))

    def attendre_histoire(self, *etapes: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until the stick's story is at one of these steps; return it as it was then."""
        mots = "|".join(etapes)
        lue = self.machine.attendre_que(
            f'grep -E \'"etape": ?"({mots})"\' /run/pirogue-bord/cle.json', patience_s=patience_s
        )
        histoire: dict[str, Any] = json.loads(lue)["histoire"]
        return histoire

    def attendre_etat(self, controle: str, *mots: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until `pirogue etat --json`, made anew every minute, says one of these words of a check; return it."""
        fin = time.monotonic() + patience_s
        while True:
            dit = json.loads(self.machine.essayer("/opt/pirogue/bin/pirogue etat --json").sortie)
            constat: dict[str, Any] = next(un for un in dit["constats"] if un["code"] == controle)
            if any(mot in constat["phrase"] for mot in mots) or time.monotonic() > fin:
                return constat
            self.machine.laisser_faire(5.0)

    def appairer(self, carte_rive: bytes) -> bytes:
        """Give the box the shore's card, and return the box's own."""
        self.machine.poser("/run/essai/rive.json", carte_rive)
        sous = "cd / && setpriv --reuid=pirogue-sync --regid=pirogue-sync --init-groups"
        self.machine.executer(f"{sous} /opt/pirogue/bin/pirogue sync appairer /run/essai/rive.json")
        dit = self.machine.executer(f"{sous} /opt/pirogue/bin/pirogue sync carte")
        return dit[dit.index("{") : dit.rindex("}") + 1].encode()

    def wifi(self) -> tuple[str, str]:
        """Return the network's name and key, as this box made them."""
        nom = self.machine.executer("sed -n 's/^ssid2\\?=//p' /etc/hostapd/hostapd.conf").strip('"')
        return nom, self.machine.executer(f"cut -d' ' -f2- {CLE_WIFI}")

    def poste(self, nom: str, radio: int) -> Poste:
        """Put a laptop ashore of everything but its radio."""
        poste = Poste(self, nom, radio)  # type: ignore[arg-type]  # what it asks of the bench's machine, we do
        self.appeler("poser", poste=nom, radio=radio)
        return poste

"""The real NetworkManager on a laptop: a bus of its own, an /etc of its own, no udev."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reseau.juges.lancement import attendre, tenir
from reseau.poste import CARTE, Poste

BUS = """<busconfig>
  <type>system</type>
  <listen>unix:path={bus}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
#: What Debian and Ubuntu install, but for the question that each of them asks.
REGLAGES = """[main]
plugins=keyfile
auth-polkit=false
dhcp=internal
rc-manager=file

[device-all]
match-device=*
managed=1

[connectivity]
uri={question}
interval=300
"""
CABLE = f"""[connection]
id=bateau
type=ethernet
interface-name={CARTE}

[ipv4]
method=auto

[ipv6]
method=ignore
"""
#: /sys read-only: NetworkManager then does without udev. /etc, /run and its memory are the laptop's own.
MONTAGES = """set -e
mount -o remount,ro /sys
mount -t tmpfs tmpfs "$1/vif"
mkdir "$1/vif/haut" "$1/vif/travail"
mount -t overlay -o "lowerdir=$1/etc:/etc,upperdir=$1/vif/haut,workdir=$1/vif/travail" overlay /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib/NetworkManager
mkdir /run/NetworkManager
exec NetworkManager --debug --config /etc/NetworkManager/pirogue.conf --config-dir /run/NetworkManager/rien
"""


@dataclass(frozen=True)
class Connexion:
    """One running NetworkManager, asked as a person asks: with nmcli."""

    poste: Poste
    bus: Path

    def demander(self, *mots: str) -> str:
        """Return what nmcli says, in its terse form."""
        variable = f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={self.bus}"
        return str(
            self.poste.lancer("env", variable, "LC_ALL=C", "nmcli", "--terse", *mots, check=False).stdout
        ).strip()

    def verdict(self) -> str:
        """Make it ask its question now and return its verdict: none, limited, portal, full."""
        return self.demander("networking", "connectivity", "check")

    def lire(self, champ: str) -> str:
        """Return one fact about the card."""
        return self.demander("--get-values", champ, "device", "show", CARTE)


@contextlib.contextmanager
def ouvrir_connexion(poste: Poste, *, question: str) -> Iterator[Connexion]:
    """
    Run NetworkManager on a laptop that is plugged in and has no address.

    Args:
        poste: the laptop.
        question: the address that it asks to know whether it is online, as the distribution sets it.
    """
    dossier = poste.dossier
    (dossier / "vif").mkdir()
    liaisons = dossier / "etc/NetworkManager/system-connections"
    liaisons.mkdir(parents=True)
    (dossier / "etc/NetworkManager/pirogue.conf").write_text(REGLAGES.format(question=question))
    (dossier / "etc/resolv.conf").write_text("")
    profil = liaisons / "bateau.nmconnection"
    profil.write_text(CABLE)
    profil.chmod(0o600)
    journal = dossier / "connexion.log"
    ici = [*poste.prefixe, "dbus-daemon", "--nofork", "--nopidfile", f"--config-file={dossier / 'bus.conf'}"]
    # A socket's path is short: pytest's folders are too long for it.
    with tempfile.TemporaryDirectory(prefix="bus") as court:
        bus = Path(court, "bus")
        (dossier / "bus.conf").write_text(BUS.format(bus=bus))
        with tenir(ici, journal=journal):
            attendre("le bus est là", bus.exists)
            with _lancer(poste, bus, journal) as connexion:
                yield connexion


@contextlib.contextmanager
def _lancer(poste: Poste, bus: Path, journal: Path) -> Iterator[Connexion]:
    """Run NetworkManager on its bus and wait until it answers."""
    lui = [*poste.prefixe, "unshare", "--mount", "sh", "-c", MONTAGES, "sh", str(poste.dossier)]
    with tenir(lui, journal=journal, env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}) as processus:
        connexion = Connexion(poste, bus)

        def repond() -> bool:
            assert processus.poll() is None, journal.read_text(errors="replace")
            return connexion.demander("--get-values", "RUNNING", "general") == "running"

        attendre("NetworkManager répond", repond)
        yield connexion

"""
The boat on its lake, in network namespaces: the box with everything that it really runs, laptops, an Internet.

A bridge stands for the radio: its ports are isolated from one another, as `ap_isolate` keeps stations apart. All the
rest is what the device runs: its firewall, its name servers, its front server, its processes, from the rendered roles.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from equipage import Bord, Horloge, preparer_bord
from pirogue_actions import client
from pirogue_registre import base
from reseau import internet
from reseau.poste import CARTE, Poste
from reseau.rendu import rendre

ICI = Path(__file__).parent
PIROGUE = Path(sys.executable).with_name("pirogue")
#: The courier's user id in the world under test: no user of this machine.
UID_SYNC = 61234
SALLE, CARTE_SALLE = "ap0", "02:50:49:ff:ff:ff"
LIEN = "wwan0"
NOM_WIFI, CLE_WIFI = "Pirogue 1", "lagune sel matin pagaie"
PATIENCE_S = 30.0


class PasPret(AssertionError):
    """Something of the world did not start; the message holds its last words."""


def ip(*mots: str) -> None:
    """Run iproute2."""
    subprocess.run(["ip", *mots], check=True, capture_output=True, text=True)


@dataclass
class Lac:
    """
    A running world.

    Attributes:
        dossier: where its files are.
        courant: a short folder in which every user may look (sockets, leases).
        racine: the rendered files, at their final paths.
        boite, net: the box's place and the Internet's, as laptops are: to run commands there.
        bord: the register, with the cast.
    """

    dossier: Path
    courant: Path
    racine: Path
    boite: Poste
    net: Poste
    bord: Bord
    prefixe_noms: str
    pile: ExitStack
    postes: dict[str, Poste] = field(default_factory=dict)
    processus: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def brancher(self, nom: str) -> Poste:
        """Bring a laptop to the access point; it has no address yet."""
        numero = len(self.postes) + 1
        mac = f"02:50:49:00:{numero >> 8:02x}:{numero & 255:02x}"
        poste = Poste(nom, f"{self.prefixe_noms}-{nom}", mac, self.dossier / f"poste-{nom}")
        poste.dossier.mkdir()
        creer_espace(self.pile, poste.espace, resolveur="10.10.10.10")
        port = f"p{numero}"
        ip("link", "add", port, "netns", self.boite.espace, "type", "veth", "peer", CARTE, "netns", poste.espace)
        ip("-n", poste.espace, "link", "set", CARTE, "address", poste.mac, "up")
        ip("-n", self.boite.espace, "link", "set", port, "master", SALLE, "up")
        self.boite.lancer("bridge", "link", "set", "dev", port, "isolated", "on")
        self.postes[nom] = poste
        return poste

    def poste(self, nom: str) -> Poste:
        """Bring a laptop, let it get its address and speak once: the box then knows its card."""
        poste = self.brancher(nom)
        poste.louer()
        poste.lancer("busybox", "ping", "-c", "1", "-W", "5", "10.10.10.10")
        return poste

    def demarrer(self, nom: str, poste: Poste, *mots: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Start a program of the world, under a name; what it says goes to its journal."""
        with (self.dossier / f"{nom}.journal").open("ab") as sortie:
            self.processus[nom] = _lancer([*poste.prefixe, *map(str, mots)], sortie, env or {})
        self.pile.callback(self.arreter, nom)

    def arreter(self, nom: str) -> None:
        """Stop a program and all its family; one that has gone already is no matter."""
        processus = self.processus.pop(nom, None)
        if processus is None:
            return
        for coup in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(processus.pid, coup)
            with contextlib.suppress(subprocess.TimeoutExpired):
                processus.wait(10)
        processus.wait(10)

    def attendre(self, quoi: str, pret: Callable[[], bool]) -> None:
        """Wait for a fact; raises PasPret with everybody's last words."""
        fin = time.monotonic() + PATIENCE_S
        while not pret():
            if time.monotonic() > fin:
                raise PasPret(f"{quoi}\n{self.journal()}")
            time.sleep(0.02)

    def journal(self) -> str:
        """Return the last words of every process."""
        mots = [f"== {f.stem}\n{f.read_text(errors='replace')[-2000:]}" for f in sorted(self.dossier.glob("*.journal"))]
        return "\n".join(mots)

    def pare_feu(self) -> None:
        """Load the firewall as at a start of the box: every grant and every count is gone."""
        self.boite.lancer("nft", "-f", self.racine / "etc/nftables.conf")

    def demander(self, acte: str, **arguments: str | int) -> Any:
        """Have root's helper do one act, as the portal does."""
        return client.demander(self.courant / "actions.sock", acte, **arguments)

    def nft(self, *mots: str) -> str:
        """Run nft in the box and return what it said."""
        return str(self.boite.lancer("nft", *mots).stdout)


def _lancer(mots: list[str], sortie: IO[bytes], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        mots,
        stdin=subprocess.DEVNULL,
        stdout=sortie,
        stderr=subprocess.STDOUT,
        env={**os.environ, **env},
        start_new_session=True,
    )


def creer_espace(pile: ExitStack, nom: str, *, resolveur: str) -> None:
    """Make a network namespace with its loopback and its resolv.conf; it goes with the stack."""
    ip("netns", "add", nom)
    pile.callback(_defaire_espace, nom)
    etc = Path("/etc/netns") / nom
    etc.mkdir(parents=True)
    (etc / "resolv.conf").write_text(f"nameserver {resolveur}\n", encoding="utf-8")
    ip("-n", nom, "link", "set", "lo", "up")


def _defaire_espace(nom: str) -> None:
    """Take a namespace away, and first whatever still runs in it: nothing else can be there."""
    restes = subprocess.run(["ip", "netns", "pids", nom], check=False, capture_output=True, text=True).stdout.split()
    for pid in restes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    ip("netns", "del", nom)
    shutil.rmtree(Path("/etc/netns") / nom, ignore_errors=True)


@contextlib.contextmanager
def mettre_a_leau(dossier: Path, *, reglages: Mapping[str, object] | None = None) -> Iterator[Lac]:
    """
    Put the boat in the water: everything runs when the block begins, nothing is left when it ends.

    Args:
        dossier: an empty folder.
        reglages: variables of the roles that the test changes.
    """
    with ExitStack() as pile:
        courant = Path(tempfile.mkdtemp(prefix="lac", dir="/run"))
        pile.callback(shutil.rmtree, courant, ignore_errors=True)
        courant.chmod(0o755)
        prefixe = f"lac{secrets.token_hex(2)}"
        bord = preparer_bord(dossier / "donnees" / "registre", Horloge())
        pile.callback(base.fermer, bord.registre)
        boite, net = (
            Poste(nom, f"{prefixe}-{nom}", "", dossier, ip=ou)
            for nom, ou in (("boite", "10.10.10.10"), ("net", internet.PASSERELLE))
        )
        lac = Lac(dossier, courant, dossier / "racine", boite, net, bord, prefixe, pile)
        _poser(lac, reglages or {})
        _cabler(lac)
        _demarrer_tout(lac)
        yield lac


def _poser(lac: Lac, reglages: Mapping[str, object]) -> None:
    """Render the roles for this world and write the box's configuration."""
    for nom in ("noms", "certificat", "ephemere", "nginx"):
        (lac.courant / nom).mkdir()
    shutil.chown(lac.courant / "noms", "dnsmasq")
    courant = lac.courant
    voulus: dict[str, object] = {
        "point_acces_interface": SALLE,
        "point_acces_lien": LIEN,
        "point_acces_uid_sync": UID_SYNC,
        "point_acces_uid_resolveur": "dnsmasq",
        "point_acces_resolveur": internet.PASSERELLE,
        "point_acces_memoire": f"{courant}/noms",
        "point_acces_bail": f"{courant}/bail.sh",
        "point_acces_options_dhcp": f"{courant}/certificat",
        "portail_donnees": f"{lac.dossier}/donnees",
        "portail_terre": f"{lac.dossier}/terre",
        "portail_prises": str(courant),
        "portail_ephemere": f"{courant}/ephemere",
        "portail_actions": f"{courant}/actions.sock",
        "portail_nginx_memoire": f"{courant}/nginx",
        "portail_nginx_pid": f"{courant}/nginx.pid",
        "portail_certificats": f"{courant}/certificat",
        "portail_wifi_nom": NOM_WIFI,
        "portail_wifi_cle": f"{lac.dossier}/wifi.psk",
        **reglages,
    }
    rendre(lac.racine, "point_acces", "portail", reglages=voulus)
    shutil.copy(lac.racine / "etc/pirogue/dnsmasq/bail.sh", courant / "bail.sh")
    (courant / "bail.sh").chmod(0o755)
    (lac.dossier / "wifi.psk").write_text(f"00:00:00:00:00:00 {CLE_WIFI}\n", encoding="utf-8")


def _cabler(lac: Lac) -> None:
    """Make both ends of the box's network, with the kernel's settings of the device."""
    creer_espace(lac.pile, lac.boite.espace, resolveur=internet.PASSERELLE)
    creer_espace(lac.pile, lac.net.espace, resolveur="127.0.0.1")
    boite, net = lac.boite.espace, lac.net.espace
    regler_noyau(lac)
    # A card of its own: a bridge without one takes a new one at each port, and forgets its neighbours.
    ip(
        "-n",
        boite,
        "link",
        "add",
        SALLE,
        "address",
        CARTE_SALLE,
        "type",
        "bridge",
        "forward_delay",
        "0",
        "nf_call_iptables",
        "0",
    )
    ip("link", "add", LIEN, "netns", boite, "type", "veth", "peer", "boite", "netns", net)
    for adresse in ("10.10.10.10/24", "198.51.100.1/32"):
        ip("-n", boite, "addr", "add", adresse, "dev", SALLE)
    ip("-n", boite, "addr", "add", f"{internet.BOITE}/24", "dev", LIEN)
    for adresse in (internet.PASSERELLE, internet.ADRESSE):
        ip("-n", net, "addr", "add", f"{adresse}/24", "dev", "boite")
    ip("-n", net, "link", "set", "boite", "up")
    for carte in (SALLE, LIEN):
        ip("-n", boite, "link", "set", carte, "up")
    ip("-n", boite, "route", "add", "default", "via", internet.PASSERELLE)


def regler_noyau(lac: Lac) -> None:
    """Apply the device's sysctl file; the few settings that belong to a whole kernel are not a namespace's."""
    lu = (lac.racine / "etc/sysctl.d/60-pirogue-reseau.conf").read_text(encoding="utf-8")
    mots = [ligne.replace(" = ", "=") for ligne in lu.splitlines() if " = " in ligne and "gc_thresh" not in ligne]
    # A bridge stands for the radio here: its frames are no business of the firewall's.
    lac.boite.lancer("sysctl", "-q", "-w", *mots, "net.bridge.bridge-nf-call-iptables=0")


def _demarrer_tout(lac: Lac) -> None:
    """Start what the device runs, in its order, and wait until each one answers."""
    lac.pare_feu()
    lac.demarrer("internet", lac.net, sys.executable, ICI / "internet.py")
    lac.demarrer(
        "noms-internet", lac.net, "dnsmasq", "-k", "-C", "/dev/null", "-R", "-h", f"--address=/#/{internet.ADRESSE}"
    )
    for vue in ("capture", "reel"):
        fichier = lac.racine / f"etc/pirogue/dnsmasq/{vue}.conf"
        lac.demarrer(f"noms-{vue}", lac.boite, "dnsmasq", "-k", "--log-facility=-", "-C", fichier)
    aide = ("--portail", "root", "--captif", "root", "--interface", SALLE, "--lien", LIEN)
    lac.demarrer(
        "actions", lac.boite, sys.executable, "-m", "pirogue_actions", "--prise", lac.courant / "actions.sock", *aide
    )
    env = {"PIROGUE_CONFIG": str(lac.racine / "etc/pirogue/pirogue.toml")}
    lac.demarrer("captif", lac.boite, PIROGUE, "portail", "captif", env=env)
    lac.demarrer("portail", lac.boite, PIROGUE, "portail", "servir", env=env)
    facade = ("nginx", "-e", "stderr", "-g", "daemon off;", "-c", lac.racine / "etc/nginx/nginx.conf")
    lac.demarrer("nginx", lac.boite, *facade)
    for genre, port in (("udp", 53), ("udp", 67), ("udp", 5353), ("tcp", 80)):
        lac.attendre(f"{genre} {port}", partial(_ecoute, lac, genre, port))
    lac.attendre("internet", lambda: "pret" in (lac.dossier / "internet.journal").read_text())
    for nom in ("actions", "captif", "portail"):
        lac.attendre(nom, (lac.courant / f"{nom}.sock").exists)


def _ecoute(lac: Lac, genre: str, port: int) -> bool:
    """Say whether somebody in the box listens there."""
    return f":{port:04X} 00000000:0000" in lac.boite.lancer("cat", f"/proc/net/{genre}").stdout

"""The responder under test: a callable with a clock that the test moves, or the real process behind the real nginx."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipage import Horloge
from pirogue_portail.captif import accueil, sondes
from pirogue_portail.captif.app import ReglagesCaptif, Wsgi, creer
from pirogue_socle.horloge import maintenant
from reseau.rendu import rendre

BASE = "http://pirogue.internal/"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
AFI = "10.10.10.21"


def adresse_mac(ip: str) -> str:
    """Return the hardware address that our neighbour table gives to an IP address."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in ip.split("."))


class Voisinage:
    """Root's helper, for the one act that a probe needs: a real local socket, a table that the test writes."""

    def __init__(self, prise: Path) -> None:
        self.prise = prise
        self.connus: dict[str, str] | None = None
        self.muet = False
        self.demandes = 0
        self._fin = threading.Event()
        self._ecoute = socket.socket(socket.AF_UNIX)
        self._ecoute.bind(str(prise))
        self._ecoute.listen(128)
        self._fil = threading.Thread(target=self._servir)

    def __enter__(self) -> "Voisinage":
        """Answer from now on."""
        self._fil.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and close everything."""
        self._fin.set()
        with socket.socket(socket.AF_UNIX) as reveil:
            reveil.connect(str(self.prise))
        self._fil.join()
        self._ecoute.close()

    def _servir(self) -> None:
        while True:
            lien, _ = self._ecoute.accept()
            with lien, contextlib.suppress(OSError):
                if self._fin.is_set():
                    return
                self.demandes += 1
                if self.muet:
                    lien.settimeout(5)
                    while lien.recv(4096):
                        pass
                    continue
                demande = json.loads(lien.makefile("rb").readline())
                assert demande["acte"] == "voisin"
                ip = demande["ip"]
                rendu = adresse_mac(ip) if self.connus is None else self.connus.get(ip)
                lien.sendall(json.dumps({"rendu": rendu}).encode() + b"\n")


@dataclass(frozen=True)
class Recu:
    """What a system received."""

    statut: int
    entetes: dict[str, str]
    corps: bytes


@dataclass
class Repondeur:
    """The callable, its greeted devices and its clock."""

    dossier: Path
    horloge: Horloge = field(default_factory=Horloge)
    actions: Path | None = None
    nom_public: str = ""
    app: Wsgi = field(init=False)

    def __post_init__(self) -> None:
        reglages = ReglagesCaptif(BASE, self.accueil, self.actions, self.nom_public)
        self.app = creer(reglages, sondes.lire(), maintenant=self.horloge)

    @property
    def accueil(self) -> Path:
        """The file of greeted devices."""
        return self.dossier / "accueillis.json"

    def accueillir(self, appareil: str) -> None:
        """Do what the portal does when a person presses *Continuer*."""
        accueil.accueillir(self.accueil, appareil, instant=self.horloge())

    def demander(self, hote: str, cible: str, *, methode: str = "GET", ip: str = AFI, **entetes: str) -> Recu:
        """Ask as the front server does: the address it saw is in the header that it always overwrites."""
        chemin, _, question = cible.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": methode,
            "RAW_URI": cible,
            "PATH_INFO": chemin,
            "QUERY_STRING": question,
            "HTTP_HOST": hote,
            "HTTP_X_REAL_IP": ip,
            "REMOTE_ADDR": "",
            **entetes,
        }
        vu: list[Any] = []
        corps = b"".join(self.app(environ, lambda statut, en_tetes: vu.extend((statut, en_tetes))))
        return Recu(int(vu[0].split()[0]), dict(vu[1]), corps)


@dataclass
class Facade:
    """The real nginx with the role's own file, before the real responder (and the real portal where asked)."""

    dossier: Path
    port: int
    voisinage: Voisinage
    processus: dict[str, subprocess.Popen[bytes]]

    @property
    def accueil(self) -> Path:
        """The file of greeted devices."""
        return self.dossier / "run" / "accueillis.json"

    def accueillir(self, ip: str) -> None:
        """Greet the laptop at an address of the loopback."""
        accueil.accueillir(self.accueil, adresse_mac(ip), instant=maintenant())

    def demander(
        self,
        hote: str,
        cible: str,
        *,
        methode: str = "GET",
        ip: str = "127.0.0.2",
        corps: str | None = None,
        entetes: dict[str, str] | None = None,
    ) -> Recu:
        """Ask through nginx, from an address of the loopback."""
        lien = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(ip, 0))
        with contextlib.closing(lien):
            lien.request(methode, cible, corps, {"Host": hote, **(entetes or {})})
            reponse = lien.getresponse()
            return Recu(reponse.status, dict(reponse.getheaders()), reponse.read())


def attendre(condition: Callable[[], object], *, delai_s: int = 30) -> None:
    """Look again until something is true; fail after a while."""
    fin_ns = maintenant().bt_ns + delai_s * 1_000_000_000
    while not condition():
        assert maintenant().bt_ns < fin_ns, "waited too long"
        threading.Event().wait(0.02)


def port_libre() -> int:
    """Return a TCP port of the loopback that nobody uses."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


def rendre_role(dossier: Path, port: int, **reglages: object) -> dict[str, object]:
    """Render the role `portail` for this machine: everything below `dossier`, nginx on the loopback."""
    for nom in ("memoire", "prises", "run", "certificats"):
        (dossier / nom).mkdir(parents=True, exist_ok=True)
    return rendre(
        dossier,
        "portail",
        reglages={
            "portail_nginx_utilisateur": "root",
            "portail_nginx_memoire": str(dossier / "memoire"),
            "portail_nginx_pid": str(dossier / "nginx.pid"),
            "portail_donnees": str(dossier / "donnees"),
            "portail_prises": str(dossier / "prises"),
            "portail_ephemere": str(dossier / "run"),
            "portail_actions": str(dossier / "actions.sock"),
            "portail_certificats": str(dossier / "certificats"),
            "portail_ecoute": f"127.0.0.1:{port}",
            **reglages,
        },
    )


def commande(dossier: Path, *mots: str) -> dict[str, Any]:
    """Return what starts a `pirogue` command of the box whose files are below `dossier`."""
    environnement = os.environ | {"PIROGUE_CONFIG": str(dossier / "etc/pirogue/pirogue.toml")}
    return {"args": [str(Path(sys.executable).with_name("pirogue")), *mots], "env": environnement}


def lancer_nginx(dossier: Path) -> subprocess.Popen[bytes]:
    """Start the front server, in the foreground."""
    mots = [NGINX, "-e", "stderr", "-c", str(dossier / "etc/nginx/nginx.conf"), "-g", "daemon off;"]
    with (dossier / "nginx.log").open("ab") as journal:
        return subprocess.Popen(mots, stderr=journal)


def repond(ou: str | tuple[str, int]) -> bool:
    """Say whether somebody listens."""
    with socket.socket(socket.AF_UNIX if isinstance(ou, str) else socket.AF_INET) as essai:
        return essai.connect_ex(ou) == 0


@contextlib.contextmanager
def facade(dossier: Path, *, portail: bool = False, port: int = 0, **reglages: object) -> Iterator[Facade]:
    """Start nginx and the responder (and the portal), and stop them."""
    dossier.mkdir(parents=True, exist_ok=True)
    port = port or port_libre()
    rendre_role(dossier, port, **reglages)
    processus: dict[str, subprocess.Popen[bytes]] = {}
    with Voisinage(dossier / "actions.sock") as voisinage:
        try:
            processus["captif"] = subprocess.Popen(**commande(dossier, "portail", "captif"))
            if portail:
                processus["portail"] = subprocess.Popen(**commande(dossier, "portail", "servir"))
            processus["nginx"] = lancer_nginx(dossier)
            for nom, un in processus.items():
                ou = ("127.0.0.1", port) if nom == "nginx" else str(dossier / "prises" / f"{nom}.sock")
                attendre(lambda un=un, ou=ou: un.poll() is not None or repond(ou))
                assert un.poll() is None, f"{nom} did not start"
            yield Facade(dossier, port, voisinage, processus)
        finally:
            for un in processus.values():
                un.terminate()
            for un in processus.values():
                un.wait(20)

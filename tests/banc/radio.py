"""The air of the bench: the boat's own system under systemd in the machine, and laptops that join it by Wi-Fi."""

import base64
import http.client
import io
import json
import re
import sys
import tarfile
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banc.machine import Machine
from reseau.rendu import rendre

#: What a laptop's Wi-Fi says once it is in, and when it is not let in.
ENTRE = "CTRL-EVENT-CONNECTED"
REFUSE = ("reason=WRONG_KEY", "CTRL-EVENT-ASSOC-REJECT", "CTRL-EVENT-AUTH-REJECT", "CTRL-EVENT-NETWORK-NOT-FOUND")
SAUTS_MAX = 8
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
    "pirogue-forfaits.service",
    "pirogue-actions.socket",
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
        """Have root's helper do one act, asked by the portal's own user; return what it gives."""
        qui = "pirogue-portail"
        parler = (
            "import json, pathlib; from pirogue_actions import client; "
            f"print(json.dumps(client.demander(pathlib.Path('/run/pirogue/actions.sock'), {acte!r}, attente_s=60)))"
        )
        sous = ("setpriv", f"--reuid={qui}", f"--regid={qui}", "--init-groups")
        return json.loads(self.lancer(*sous, "/opt/pirogue/bin/python", "-I", "-c", parler))

    def relever(self, dossier: Path) -> Path:
        """Copy the boat's register into a folder of the host and return its place."""
        paquet = self.lancer("sh", "-c", "tar -C /data/pirogue -c registre | base64 -w0")
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(paquet))) as archive:
            archive.extractall(dossier, filter="data")
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


@dataclass(frozen=True)
class Page:
    """What came at the end of the redirections, as Flask's test answers say it."""

    adresse: str
    status_code: int
    entetes: http.client.HTTPMessage
    corps: bytes

    @property
    def path(self) -> str:
        """The path of the address."""
        return urllib.parse.urlsplit(self.adresse).path

    @property
    def request(self) -> "Page":
        """What was asked for last: it knows its path."""
        return self

    def get_data(self, *, as_text: bool) -> str:
        """The text, as Flask's answers give it."""
        assert as_text
        return self.corps.decode()


class _Prise:
    """A socket that has already heard everything."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        """Return what was heard."""
        return io.BytesIO(self._octets)


@dataclass
class PosteRadio:
    """
    A laptop in the classroom: one radio, no wire, its own browser.

    Attributes:
        nom: whose it is; the name of its network namespace.
        radio: number of its radio, from 1.
        bail: what its last DHCP lease said.
        cookies: by path, then by name.
    """

    machine: Machine
    nom: str
    radio: int
    bail: dict[str, str] = field(default_factory=dict)
    cookies: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def mac(self) -> str:
        """Hardware address, as the simulated radios have it."""
        return f"02:00:00:00:{self.radio:02x}:00"

    @property
    def ip(self) -> str:
        """The address of its lease."""
        return self.bail["ip"]

    def associer(self, reseau: str, cle: str, *, jusqu_a: tuple[str, ...] = (ENTRE, *REFUSE)) -> str:
        """Join the network; return what the Wi-Fi said until it was in, or refused."""
        dit: str = self.machine.appeler(
            "associer", poste=self.nom, radio=self.radio, reseau=reseau, cle=cle, signes=list(jusqu_a)
        )
        return dit

    def ecouter(self, *signes: str, depuis: int = 0) -> str:
        """Return what the Wi-Fi said after its first `depuis` characters: at once, or up to one of these signs."""
        dit: str = self.machine.appeler("ecouter", poste=self.nom, signes=list(signes or ("",)), depuis=depuis)
        return dit

    def regarder(self) -> str:
        """Return what the radio hears of the network that it has joined."""
        ici = ["ip", "netns", "exec", self.nom, "iw", "dev", f"wlan{self.radio}"]
        _code, lien, _ = self.machine.appeler("lancer", commande=[*ici, "link"])
        _code, annonce, _ = self.machine.appeler("lancer", commande=[*ici, "scan", "dump"])
        return f"{lien}{annonce}"

    def quitter(self) -> None:
        """Switch the Wi-Fi off."""
        self.machine.appeler("quitter", poste=self.nom)

    def louer(self) -> None:
        """Ask for an address by DHCP."""
        self.bail = self.machine.appeler("louer", poste=self.nom, radio=self.radio)

    def rejoindre(self, reseau: str, cle: str) -> None:
        """Join the network and get an address."""
        dit = self.associer(reseau, cle)
        assert ENTRE in dit, dit
        self.louer()

    def joindre(self, adresse: str, port: int, *, delai_s: float = 3.0) -> str:
        """Open a TCP connection; return what came of it: ouvert, refuse, or rien."""
        issue: str = self.machine.appeler("joindre", poste=self.nom, adresse=adresse, port=port, delai_s=delai_s)
        return issue

    def sonder(self, adresse: str) -> Page:
        """Ask for one address as a system's probe does: no cookie, no redirection followed."""
        return self._demander("GET", adresse, b"", {})

    def get(self, adresse: str) -> Page:
        """Open a page and follow where it leads."""
        return self._suivre("GET", self._entiere(adresse), b"")

    def post(self, adresse: str, *, data: Mapping[str, str], follow_redirects: bool = True) -> Page:
        """Send a form and follow where it leads."""
        assert follow_redirects
        return self._suivre("POST", self._entiere(adresse), urllib.parse.urlencode(data).encode())

    def _entiere(self, adresse: str) -> str:
        return urllib.parse.urljoin("http://pirogue.internal/", adresse)

    def _suivre(self, methode: str, adresse: str, corps: bytes) -> Page:
        for _ in range(SAUTS_MAX):
            page = self._demander(methode, adresse, corps, {"Cookie": self._cookie(adresse)})
            for brut in page.entetes.get_all("Set-Cookie") or []:
                self._retenir(brut)
            vers = page.entetes.get("Location")
            if vers is None:
                return page
            methode, adresse, corps = "GET", urllib.parse.urljoin(adresse, vers), b""
        raise AssertionError(f"the page {adresse} leads nowhere")

    def _demander(self, methode: str, adresse: str, corps: bytes, entetes: Mapping[str, str]) -> Page:
        parties = urllib.parse.urlsplit(adresse)
        assert parties.hostname is not None
        lignes = [
            f"{methode} {parties.path or '/'}{'?' + parties.query if parties.query else ''} HTTP/1.1",
            f"Host: {parties.hostname}",
            "Connection: close",
            *(f"{nom}: {valeur}" for nom, valeur in entetes.items()),
            *(["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(corps)}"] if corps else []),
        ]
        demande = "\r\n".join(lignes).encode() + b"\r\n\r\n" + corps
        dit: str = self.machine.appeler(
            "echanger", poste=self.nom, hote=parties.hostname, port=80, octets=demande.decode("latin-1")
        )
        prise: Any = _Prise(dit.encode("latin-1"))
        reponse = http.client.HTTPResponse(prise, method=methode)
        reponse.begin()
        return Page(adresse, reponse.status, reponse.headers, reponse.read())

    def _cookie(self, adresse: str) -> str:
        chemin = urllib.parse.urlsplit(adresse).path
        return "; ".join(f"{nom}={v}" for (nom, dossier), v in self.cookies.items() if chemin.startswith(dossier))

    def _retenir(self, brut: str) -> None:
        nom, _, reste = brut.partition("=")
        chemin = re.search(r"Path=([^;]+)", reste)
        cle, valeur = (nom, chemin.group(1) if chemin else "/"), reste.split(";")[0]
        if valeur and "Max-Age=0" not in reste:
            self.cookies[cle] = valeur
        else:
            self.cookies.pop(cle, None)

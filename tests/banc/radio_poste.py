"""A laptop of the bench: one radio, no wire, and a browser whose pages the test follows from the host."""

import http.client
import io
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from banc.machine import Machine

#: What a laptop's Wi-Fi says once it is in, and when it is not let in.
ENTRE = "CTRL-EVENT-CONNECTED"
REFUSE = ("reason=WRONG_KEY", "CTRL-EVENT-ASSOC-REJECT", "CTRL-EVENT-AUTH-REJECT", "CTRL-EVENT-NETWORK-NOT-FOUND")
SAUTS_MAX = 8


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

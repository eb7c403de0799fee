"""A browser reduced to its cookies, over real HTTP; it speaks as Flask's test client, so the same gestures fit both."""

import http.client
import re
import select
import socket
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

DELAI_S = 20.0


@dataclass(frozen=True)
class Page:
    """A page that came: where it is, and its text."""

    path: str
    status_code: int
    text: str

    @property
    def request(self) -> "Page":
        """What was asked for last: it knows its path."""
        return self

    def get_data(self, *, as_text: bool) -> str:
        """The text, as Flask's answers give it."""
        assert as_text
        return self.text


def _rien() -> None:
    """Do nothing between two gestures."""


@dataclass
class Visiteur:
    """
    One laptop in front of the portal.

    `entre_gestes` is called before each gesture. `avant_envoi` is given each form, ready to be sent, before it is
    sent for good: it may send it and cut everything.
    """

    port: int
    entre_gestes: Callable[[], None] = _rien
    avant_envoi: Callable[[bytes], None] = lambda _: None
    cookies: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, adresse: str) -> Page:
        """Open a page."""
        self.entre_gestes()
        return self._suivre("GET", adresse, b"")

    def post(self, adresse: str, *, data: Mapping[str, str], follow_redirects: bool = True) -> Page:
        """Send a form."""
        assert follow_redirects
        self.entre_gestes()
        corps = urllib.parse.urlencode(data).encode()
        self.avant_envoi(self.requete("POST", adresse, corps))
        return self._suivre("POST", adresse, corps)

    def requete(self, methode: str, adresse: str, corps: bytes) -> bytes:
        """Return a request as it goes on the wire."""
        entetes = [
            f"{methode} {adresse} HTTP/1.1",
            f"Host: localhost:{self.port}",
            f"Cookie: {self._cookie(adresse)}",
            "Connection: close",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(corps)}",
        ]
        return "\r\n".join(entetes).encode() + b"\r\n\r\n" + corps

    def _cookie(self, adresse: str) -> str:
        return "; ".join(f"{nom}={v}" for (nom, chemin), v in self.cookies.items() if adresse.startswith(chemin))

    def _suivre(self, methode: str, adresse: str, corps: bytes) -> Page:
        with socket.create_connection(("127.0.0.1", self.port), timeout=DELAI_S) as prise:
            prise.sendall(self.requete(methode, adresse, corps))
            reponse = http.client.HTTPResponse(prise, method=methode)
            reponse.begin()
            texte = reponse.read().decode()
            reponse.close()
        for brut in reponse.headers.get_all("Set-Cookie") or []:
            self._retenir(brut)
        vers = reponse.headers.get("Location")
        if vers is None:
            return Page(adresse, reponse.status, texte)
        parties = urllib.parse.urlsplit(vers)
        return self._suivre("GET", parties.path + (f"?{parties.query}" if parties.query else ""), b"")

    def _retenir(self, brut: str) -> None:
        nom, _, reste = brut.partition("=")
        chemin = re.search(r"Path=([^;]+)", reste)
        cle, valeur = (nom, chemin.group(1) if chemin else "/"), reste.split(";")[0]
        if valeur and "Max-Age=0" not in reste:
            self.cookies[cle] = valeur
        else:
            self.cookies.pop(cle, None)


def envoyer_et_couper(port: int, requete: bytes, couper: Callable[[], None], *, apres_s: float | None) -> None:
    """Send a request and cut: `apres_s` later, or once it is answered, the answer never being read."""
    with socket.create_connection(("127.0.0.1", port), timeout=DELAI_S) as prise:
        prise.sendall(requete)
        if apres_s is None:
            assert select.select([prise], [], [], DELAI_S)[0], "no answer came"
        else:
            Event().wait(apres_s)
        couper()

"""
Keys that are a small router of their own (Huawei's « HiLink » and its many cousins), asked by three pages of XML.

`huawei-lte-api` on PyPI knows two hundred pages and brings requests, xmltodict and pycryptodomex; three flat pages do
not need them on a boat.
"""

import http.client
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from pirogue_bord.liaison import HeureReseau, LiaisonMuette, Octets, Signal

GENRE = "hilink"
#: Ethernet over USB, as the kernel drives it: only behind such a card is a key's router asked for.
PILOTES = frozenset({"cdc_ether", "rndis_host", "cdc_ncm", "huawei_cdc_ncm"})
ATTENTE_S = 3.0
#: The longest of the pages is 2 kB.
PAGE_MAX_OCTETS = 16 * 1024
_CONNECTE = "901"
#: Refusals that a new session cures.
_SESSIONS = frozenset({"125001", "125002", "125003"})
_RACINE = re.compile(rb"<(?:response|error)>")
_ELEMENT = re.compile(r"<(\w+)>([^<>]*)</\1>")


class HiLink:
    """One key, by the address of its router; its session is opened at the first page and again when it is over."""

    genre = GENRE

    def __init__(self, hote: str, port: int = 80) -> None:
        self._hote, self.port = hote, port
        self._entetes: dict[str, str] = {}

    def disponible(self) -> bool:
        """Say whether the key is connected; raises LiaisonMuette."""
        return self._page("/api/monitoring/status").get("ConnectionStatus") == _CONNECTE

    def octets(self) -> Octets:
        """Return what the key counted since it connected; raises LiaisonMuette."""
        lue = self._page("/api/monitoring/traffic-statistics")
        return Octets(emis=_entier(lue, "CurrentUpload"), recus=_entier(lue, "CurrentDownload"))

    def heure(self) -> HeureReseau | None:
        """Return None: the date that such a key puts on its pages is its own, and nobody answers for it."""
        return None

    def signal(self) -> Signal:
        """Return the bars of its screen as a percentage, and the operator if it says so; raises LiaisonMuette."""
        lue = self._page("/api/monitoring/status")
        barres, maximum = _entier(lue, "SignalIcon"), _entier(lue, "maxsignal", 5) or 5
        try:
            operateur = self._page("/api/net/current-plmn").get("FullName", "")
        except LiaisonMuette:
            operateur = ""  # some keys have no such page
        return Signal(pour_cent=min(100, 100 * barres // maximum), operateur=operateur[:40])

    def est_la(self) -> bool:
        """Say whether what answers at this address is such a key."""
        try:
            return "ConnectionStatus" in self._page("/api/monitoring/status")
        except LiaisonMuette:
            return False

    def _page(self, chemin: str) -> dict[str, str]:
        """Return the elements of a page, opening or renewing the session once; raises LiaisonMuette."""
        if not self._entetes:
            self._ouvrir()
        lue = self._demander(chemin)
        if lue.get("code") in _SESSIONS:
            self._ouvrir()
            lue = self._demander(chemin)
        if "code" in lue:
            raise LiaisonMuette(f"La clé 4G refuse de répondre (code {lue['code'][:10]}).")
        return lue

    def _ouvrir(self) -> None:
        """Open a session; the oldest keys have none, and answer without."""
        lue = self._demander("/api/webserver/SesTokInfo")
        self._entetes = {"X-Requested-With": "XMLHttpRequest"}
        if "SesInfo" in lue:
            self._entetes |= {"Cookie": lue["SesInfo"], "__RequestVerificationToken": lue.get("TokInfo", "")}

    def _demander(self, chemin: str) -> dict[str, str]:
        connexion = http.client.HTTPConnection(self._hote, self.port, timeout=ATTENTE_S)
        try:
            connexion.request("GET", chemin, headers=self._entetes)
            reponse = connexion.getresponse()
            corps = reponse.read(PAGE_MAX_OCTETS) if reponse.status == http.client.OK else b""
        except (OSError, http.client.HTTPException, ValueError) as cause:
            raise LiaisonMuette("La clé 4G ne répond pas.") from cause
        finally:
            connexion.close()
        lue = dict(_ELEMENT.findall(corps.decode("utf-8", "replace"))) if _RACINE.search(corps[:200]) else {}
        if not lue and chemin != "/api/webserver/SesTokInfo":
            raise LiaisonMuette("La clé 4G répond autre chose que ce qu'elle devrait.")
        return lue


def chercher(
    passerelle: tuple[str, str] | None, *, cartes: Path = Path("/sys/class/net"), port: int = 80
) -> HiLink | None:
    """
    Return the key behind the default route; None when the card is not one of a key, or what answers is not one.

    Args:
        passerelle: the card and the address of the default route.
        cartes: where the kernel tells the driver of each card.
        port: where its pages are.
    """
    if passerelle is None:
        return None
    carte, adresse = passerelle
    try:
        pilote = (cartes / carte / "device" / "driver").resolve(strict=True).name
        socket.inet_aton(adresse)
    except OSError:
        return None
    if pilote not in PILOTES:
        return None
    cle = HiLink(adresse, port)
    return cle if cle.est_la() else None


def _entier(page: Mapping[str, str], nom: str, sinon: int = 0) -> int:
    """Return a number of a page; `sinon` when it is not there or not one."""
    texte = page.get(nom, "")
    return int(texte) if texte.isascii() and texte.isdecimal() and len(texte) < 19 else sinon

"""
Is this system good? Confirmed when the portal answers, the register opens and no health check is worse than before.

Ends at once on a confirmed system, after having said what became of the last update. A system on trial that is not
good in time gives its place back. Run by root: `confirmer.py`.
"""

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commun
import creneau
import verdict
from creneau import CONFIRME, ESSAIS

from installer import PROGRAMME, UTILISATEUR

PRISE = Path("/run/pirogue/portail.sock")
ETAT_BORD = Path("/run/pirogue-bord/etat.json")
#: From the start of the machine; a Pi 3 with a full card is up in two minutes.
DELAI_S = 900.0
PAUSE_S = 10.0
#: Older words of the health checks are no proof.
FRAICHEUR_S = 180.0
ATTENTE_S = 60.0
#: A weak battery and a hot afternoon are no system's fault, nor is a sensor that the former one could not read.
MILIEU = frozenset({"alimentation", "temperature"})


class LienLocal(http.client.HTTPConnection):
    """HTTP over the portal's own socket: nothing of the network is needed to know that it answers."""

    def __init__(self, prise: Path) -> None:
        super().__init__("pirogue.internal", timeout=ATTENTE_S)
        self.prise = prise

    def connect(self) -> None:
        """Reach the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ATTENTE_S)
        self.sock.connect(str(self.prise))


def visiter(prise: Path = PRISE) -> int:
    """Ask the portal for its first page; return 0, 1 when it has a fault to tell, 2 when it does not answer."""
    lien = LienLocal(prise)
    try:
        lien.request("GET", "/")
        return int(lien.getresponse().status >= http.HTTPStatus.BAD_REQUEST)
    except (OSError, http.client.HTTPException):
        return 2
    finally:
        lien.close()


def portail_repond() -> str:
    """Return what is wrong with the portal; empty when it answers. Its socket is its own user's."""
    return {0: "", 1: "le portail a un souci"}.get(commun.sous(UTILISATEUR, visiter), "le portail ne répond pas")


def registre_ouvre() -> str:
    """Return what is wrong with the register; empty when it opens and is sound."""
    try:
        code = commun.demander_a(UTILISATEUR, "maj", "registre", programme=PROGRAMME, attente_s=ATTENTE_S)
    except subprocess.TimeoutExpired:
        return "le registre ne s'ouvre pas à temps"
    return "" if code == 0 else f"le registre ne s'ouvre pas (code {code})"


def sante(lu: dict[str, Any], *, boot_id: str, bt_ns: int, tolerees: frozenset[str]) -> str:
    """Return what is wrong in the last round of health checks; empty when nothing is that was not so before."""
    if lu.get("boot_id") != boot_id or not 0 <= bt_ns - int(lu.get("bt_ns", 0)) <= FRAICHEUR_S * 1e9:
        return "le corps de la boîte n'a pas encore dit comment elle va"
    mauvais = [
        str(un.get("code"))
        for un in lu.get("constats", [])
        if un.get("etat") == "panne" and un.get("code") not in tolerees | MILIEU
    ]
    return f"en panne : {', '.join(sorted(mauvais))}" if mauvais else ""


def boot_id() -> str:
    """Return the kernel's id of this boot, as the health checks write it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")


def mal_portant() -> str:
    """Return what the health checks show broken that was not so before the update; empty when nothing is."""
    tolerees = frozenset(str(un) for un in commun.relire(commun.DEPOT / "dernier.json").get("pannes", []))
    bt_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return sante(commun.relire(ETAT_BORD), boot_id=boot_id(), bt_ns=bt_ns, tolerees=tolerees)


def defaut() -> str:
    """Return the first thing that keeps this system from being confirmed; empty when there is none."""
    return mal_portant() or portail_repond() or registre_ouvre()


def juger(defaut: Callable[[], str], *, fin_s: float, pause_s: float) -> str:
    """Look until nothing is wrong, or until `fin_s` on CLOCK_BOOTTIME; return what is still wrong, empty if good."""
    dit = ""
    while mauvais := defaut():
        if mauvais != dit:
            sys.stderr.write(f"{mauvais}\n")
            dit = mauvais
        if time.clock_gettime(time.CLOCK_BOOTTIME) >= fin_s:
            return mauvais
        time.sleep(pause_s)
    return ""


def dire_issue(ici: str, *, depot: Path = commun.DEPOT, ephemere: Path = commun.EPHEMERE) -> None:
    """On a confirmed system: say that all is well, or that the last update did not hold."""
    version, dernier = commun.version_presente(), commun.relire(depot / "dernier.json")
    if dernier.get("issue") == "essai" and dernier.get("creneau") != ici:
        # It never came so far as to reject itself: it did not start, or the power went three times.
        verdict.noter_refus(f"elle n'a pas démarré en {ESSAIS} essais", version=str(dernier.get("vers")), depot=depot)
        dernier = commun.relire(depot / "dernier.json")
    if dernier.get("issue") == "revenue" and dernier.get("creneau") != ici:
        commun.raconter("revenue", dossier=ephemere, version=version, vers=dernier.get("vers"))
    else:
        commun.raconter("repos", dossier=ephemere, version=version)


def main() -> None:
    """Judge the running system."""
    ici = creneau.ici()
    if creneau.lire_ou_deviner(lambda: ici).reste[ici] == CONFIRME:
        with contextlib.suppress(OSError):
            dire_issue(ici)
        return
    commun.raconter("essai", version=commun.version_presente())
    raison = juger(defaut, fin_s=DELAI_S, pause_s=PAUSE_S)
    if raison:
        verdict.rejeter(raison)
    else:
        verdict.accepter()


if __name__ == "__main__":
    main()

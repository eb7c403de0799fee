"""The answers to the probes beside a bare callable on the same server: requests a second, delays, memory, disk."""

import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from mesure import pss_mo, tableau

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from pirogue_portail.captif import accueil
from pirogue_socle.horloge import maintenant
from portail.captif_essai import attendre, commande, facade, port_libre, repond

CLIENTS, TOURS, DUREE_S = (1, 30, 100), 5, 2
SONDE = ("connectivitycheck.gstatic.com", "/generate_204")
TEMOIN = "temoin.invalid"
#: The limit: the same server and settings, and nothing to think about.
LANCEMENT = """
import sys
from pirogue_portail.captif.serveur import regler
from pirogue_portail.service import Service
def app(environ, start_response):
    start_response("204 No Content", [("Cache-Control", "no-store")])
    return ()
Service(app, regler(sys.argv[1])).run()
"""
SITE = """server {{
    listen 127.0.0.1:{port};
    server_name {nom};
    location / {{
        proxy_pass http://unix:{prise};
        proxy_pass_request_body off;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header Content-Length "";
    }}
}}
"""


@dataclass
class Tir:
    """What one run of wrk gave; delays in milliseconds, processor time per answer in microseconds."""

    par_s: float
    p50_ms: float
    p99_ms: float
    calcul_us: float


@dataclass
class Cible:
    """Who is asked: at which port, under which name; the process that answers."""

    nom: str
    port: int
    hote: str
    pid: int


def tirer(cible: Cible, clients: int) -> Tir:
    """Load one target with wrk for `DUREE_S` seconds."""
    mots = ["wrk", "-t1", f"-c{clients}", f"-d{DUREE_S}s", "--latency", "-H", f"Host: {cible.hote}"]
    avant_s = calcul_s(cible.pid)
    ecran = subprocess.run(
        [*mots, f"http://127.0.0.1:{cible.port}{SONDE[1]}"], check=True, capture_output=True, text=True
    ).stdout
    par_s = re.search(r"Requests/sec:\s+([\d.]+)", ecran)
    combien = re.search(r"(\d+) requests in", ecran)
    assert par_s is not None, ecran
    assert combien is not None, ecran
    assert "Socket errors" not in ecran, ecran
    assert "Non-2xx" not in ecran, ecran
    calcul_us = (calcul_s(cible.pid) - avant_s) / int(combien[1]) * 1e6
    return Tir(float(par_s[1]), _ms(ecran, "50%"), _ms(ecran, "99%"), calcul_us)


def _ms(ecran: str, rang: str) -> float:
    trouve = re.search(rf"{rang}\s+([\d.]+)(us|ms|s)", ecran)
    assert trouve is not None, ecran
    return float(trouve[1]) * {"us": 0.001, "ms": 1, "s": 1000}[trouve[2]]


def ecrits(pid: int) -> int:
    """Return the octets that a process and its children had written to a disk."""
    racine = psutil.Process(pid)
    return sum(un.io_counters().write_bytes for un in [racine, *racine.children(recursive=True)])


def calcul_s(pid: int) -> float:
    """Return the processor time that a process and its children have used: other people's load is not in it."""
    racine = psutil.Process(pid)
    return sum(sum(un.cpu_times()[:2]) for un in [racine, *racine.children(recursive=True)])


@contextmanager
def processus(**voulu: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and stop it."""
    un = subprocess.Popen(**voulu)  # type: ignore[call-overload]
    try:
        yield un
    finally:
        un.terminate()
        un.wait(20)


def mesurer() -> None:
    """Start everything, shoot by turns, print."""
    with tempfile.TemporaryDirectory(dir="/tmp") as dossier, ExitStack() as pile:
        ici = Path(dossier)
        prise, libre, nu = ici / "temoin.sock", port_libre(), port_libre()
        (ici / "b" / "certificats").mkdir(parents=True)
        facade_port = port_libre()
        site = SITE.format(port=facade_port, nom=TEMOIN, prise=prise)
        (ici / "b" / "certificats" / "temoin.nginx").write_text(site, encoding="ascii")
        temoin = pile.enter_context(processus(args=[sys.executable, "-c", LANCEMENT, f"unix:{prise}"]))
        temoin_direct = pile.enter_context(processus(args=[sys.executable, "-c", LANCEMENT, f"127.0.0.1:{nu}"]))
        boite = pile.enter_context(facade(ici / "b", port=facade_port, portail_nginx_liens_par_adresse=4096))
        seul = ici / "seul"
        (seul / "etc/pirogue").mkdir(parents=True)
        (seul / "etc/pirogue/pirogue.toml").write_text('donnees = "d"\nterre = "t"\nephemere = "../../run"\n')
        direct = pile.enter_context(processus(**commande(seul, "portail", "captif", "--port", str(libre))))
        boite.accueillir("127.0.0.1")
        accueil.accueillir(seul / "run" / "accueillis.json", "127.0.0.1", instant=maintenant())
        attendre(lambda: all(map(repond, (("127.0.0.1", libre), ("127.0.0.1", nu), str(prise)))))
        captif, nginx = boite.processus["captif"].pid, boite.processus["nginx"].pid
        avant = [(pss_mo(pid), ecrits(pid)) for pid in (captif, temoin.pid, nginx)]
        for titre, cibles in (
            (
                "derrière nginx",
                [Cible("nos sondes", boite.port, SONDE[0], captif), Cible("témoin", boite.port, TEMOIN, temoin.pid)],
            ),
            (
                "sans nginx",
                [Cible("nos sondes", libre, SONDE[0], direct.pid), Cible("témoin", nu, TEMOIN, temoin_direct.pid)],
            ),
        ):
            _comparer(titre, cibles)
        apres = [(pss_mo(pid), ecrits(pid)) for pid in (captif, temoin.pid, nginx)]
        assert direct.poll() is None
        assert temoin_direct.poll() is None
    tableau(
        "Mémoire (PSS de tous les processus, Mo) et disque (octets écrits pendant la charge)",
        ["processus", "au repos", "après", "écrits"],
        [
            [nom, a[0], b[0], b[1] - a[1]]
            for nom, a, b in zip(("nos sondes", "témoin", "nginx"), avant, apres, strict=True)
        ],
    )


def _comparer(titre: str, cibles: list[Cible]) -> None:
    lignes = []
    for clients in CLIENTS:
        tirs: dict[str, list[Tir]] = {cible.nom: [] for cible in cibles}
        for tour in range(TOURS):
            for cible in cibles if tour % 2 else cibles[::-1]:
                tirs[cible.nom].append(tirer(cible, clients))
        medianes = {nom: statistics.median(tir.par_s for tir in tous) for nom, tous in tirs.items()}
        rapport = statistics.median(
            un.par_s / autre.par_s for un, autre in zip(tirs["nos sondes"], tirs["témoin"], strict=True)
        )
        for nom, tous in tirs.items():
            p50, p99, calcul = (
                statistics.median(getattr(tir, quoi) for tir in tous) for quoi in ("p50_ms", "p99_ms", "calcul_us")
            )
            part = f"{rapport:.0%}" if nom == "nos sondes" else "—"
            lignes.append([clients, nom, round(medianes[nom]), p50, p99, round(calcul), part])
    tableau(
        f"Sondes accueillies, {titre} (médiane de {TOURS} tirs de {DUREE_S} s, alternés)",
        ["clients", "qui", "par s", "p50 ms", "p99 ms", "calcul µs", "du témoin"],
        lignes,
    )


if __name__ == "__main__":
    mesurer()

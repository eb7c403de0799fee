"""What the benches share: percentiles, tables, memory, a closed-loop HTTP client."""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True)
class Requete:
    """One HTTP request as a browser would send it."""

    chemin: str
    verbe: str = "GET"
    corps: str = ""
    cookie: str = ""


@dataclass
class Charge:
    """What a load run gave: durations in seconds, and how many answers were errors."""

    durees_s: list[float] = field(default_factory=list)
    erreurs: int = 0
    temps_s: float = 0.0

    @property
    def par_s(self) -> float:
        """Requests per second."""
        return len(self.durees_s) / self.temps_s

    def centile_ms(self, rang: int) -> float:
        """A percentile of the durations, milliseconds."""
        return statistics.quantiles(self.durees_s, n=100)[rang - 1] * 1000


def charger(
    port: int, requetes: Callable[[int], Requete], *, clients: int, duree_s: float, pause_s: float = 0.0
) -> Charge:
    """
    Let `clients` browsers send requests one after the other for `duree_s` seconds, each on a kept connection.

    `requetes(i)` gives the i-th request of all; `pause_s` is what a person waits between two taps.
    """
    charge, verrou, rang = Charge(), threading.Lock(), iter(range(10**9))
    debut = time.perf_counter()
    fin = debut + duree_s

    def client(numero: int) -> None:
        lien = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        if pause_s:
            time.sleep(pause_s * numero / clients)
        while time.perf_counter() < fin:
            with verrou:
                requete = requetes(next(rang))
            depart = time.perf_counter()
            entetes = {"Host": f"localhost:{port}", "Cookie": requete.cookie}
            if requete.verbe == "POST":
                entetes["Content-Type"] = "application/x-www-form-urlencoded"
            lien.request(requete.verbe, requete.chemin, requete.corps or None, entetes)
            reponse = lien.getresponse()
            reponse.read()
            duree = time.perf_counter() - depart
            with verrou:
                charge.durees_s.append(duree)
                charge.erreurs += reponse.status >= (400 if requete.verbe == "POST" else 300)
            if pause_s:
                time.sleep(pause_s)

    fils = [threading.Thread(target=client, args=(numero,)) for numero in range(clients)]
    for un in fils:
        un.start()
    for un in fils:
        un.join()
    charge.temps_s = time.perf_counter() - debut
    return charge


def pss_mo(pid: int) -> float:
    """Proportional set size of a process and its children, megabytes (each shared page counted once in all)."""
    racine = psutil.Process(pid)
    return sum(p.memory_full_info().pss for p in [racine, *racine.children(recursive=True)]) / 1e6


def tableau(titre: str, colonnes: Sequence[str], lignes: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    textes = [[_dire(case) for case in ligne] for ligne in lignes]
    largeurs = [max(len(t[i]) for t in [list(colonnes), *textes]) for i in range(len(colonnes))]
    print(f"\n{titre}\n")
    for ligne in [list(colonnes), ["-" * largeur for largeur in largeurs], *textes]:
        print("  " + "  ".join(case.ljust(largeur) for case, largeur in zip(ligne, largeurs, strict=True)))


def _dire(case: object) -> str:
    return f"{case:.2f}" if isinstance(case, float) else str(case)

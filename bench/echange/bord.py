"""
The boat's process: `python bord.py sceller|echanger DOSSIER [URL] [--lignes]`, one JSON line about what it did.

It is started anew for each exchange, as the timer aboard does, so that its memory and its connections are its own.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange import cles as format_cles
from pirogue_registre import base
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_sync import quatre_g, scellement
from pirogue_sync.trousseau import assembler


@dataclass
class Trace:
    """What one process did; printed as JSON."""

    lots: int = 0
    octets: int = 0
    restants: int = 0
    confirme: bool = False
    duree_s: float = 0.0
    pic_mo: float = 0.0
    erreur: str = ""


def agir(geste: str, dossier: Path, url: str) -> Trace:
    """Seal, or exchange with the shore; a cut is part of the trace."""
    registre = base.ouvrir(dossier / "registre")
    cles = format_cles.charger(dossier / "cles.json")
    rive = format_cles.lire_carte((dossier / "rive.json").read_bytes())
    trace, debut = Trace(), time.perf_counter()
    try:
        if geste == "sceller":
            trace.lots = scellement.sceller(registre, cles=cles, rive=rive, instant=maintenant())
        else:
            trousseau = assembler(dossier, cles=cles, rive=rive)
            bilan = quatre_g.echanger(registre, url=url, trousseau=trousseau, instant=maintenant())
            trace.lots, trace.octets, trace.restants = bilan.deposes, bilan.octets, bilan.restants
            trace.confirme = bilan.puce.code == "confirme"
    except ErreurPirogue as erreur:
        trace.erreur = f"{type(erreur).__name__} : {erreur}"
    trace.duree_s = time.perf_counter() - debut
    trace.pic_mo = pic_mo("self")
    base.fermer(registre)
    return trace


def pic_mo(pid: int | str) -> float:
    """Return the peak resident memory of a process since it started its program, megabytes (VmHWM)."""
    etat = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(etat.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(vars(agir(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))))

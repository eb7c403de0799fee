"""
Asking root for one act: one line of JSON each way over a local socket.

A request is `{"acte": "voisin", "ip": "10.10.10.23"}`; an answer `{"rendu": …}`, or `{"refus": "…"}` when the act is
unknown, not for this caller, or cannot be done. The acts and their arguments are in `actes.py`.
"""

import json
import socket
from pathlib import Path
from typing import Any

#: An answer is one line; the longest is the neighbour table of a full /24.
REPONSE_MAX_OCTETS = 64 * 1024
#: Root answers in milliseconds; whoever asks has a person, or thirty laptops, waiting.
ATTENTE_S = 2.0


class AideAbsente(Exception):
    """Nobody answers at the socket: root's helper is stopped, or took too long."""


class ActeRefuse(Exception):
    """Root's helper answered that it will not, or cannot; the message says why, in French."""


def demander(prise: Path, acte: str, *, attente_s: float = ATTENTE_S, **arguments: str | int) -> Any:
    """
    Have one act done and return what it gives.

    Args:
        prise: the helper's socket.
        acte: name of the act.
        attente_s: how long to wait for the answer, in seconds.
        arguments: what the act takes.

    Raises:
        AideAbsente: no helper, or no whole answer in time; the act may have been done.
        ActeRefuse: nothing was done.
    """
    demande = json.dumps({"acte": acte, **arguments}, ensure_ascii=False).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as lien:
            lien.settimeout(attente_s)
            lien.connect(str(prise))
            lien.sendall(demande)
            with lien.makefile("rb") as flux:
                ligne = flux.readline(REPONSE_MAX_OCTETS)
        reponse = json.loads(ligne)
    except (OSError, ValueError) as cause:
        raise AideAbsente(f"{prise} : {cause}") from cause
    if "refus" in reponse:
        raise ActeRefuse(str(reponse["refus"]))
    return reponse.get("rendu")

"""What an update says of itself, read by the body: its screen when that changes, its light while it is fragile."""

import json
from dataclasses import dataclass
from pathlib import Path

from pirogue_bord.ecran import LARGEUR, espacer

#: Written by root's programs at each step (role mise_a_jour).
HISTOIRE = Path("/run/pirogue-maj/histoire.json")
LONGUEUR_MAX = 16_384
#: Steps that people have to know of; the others leave the screen to whoever has it.
A_DIRE = ("copie", "attente", "installation", "redemarrage", "essai", "confirmee", "revenue", "refusee")
FOND_TRAVAIL, FOND_FIN = "44", "42"


@dataclass(frozen=True, slots=True)
class MiseAJour:
    """
    Where an update is.

    Attributes:
        etape: its step; empty when there is none.
        phrase: one French sentence.
        fragile: nothing may be unplugged.
        pourcent: how far it is, when it is counted.
    """

    etape: str = ""
    phrase: str = ""
    fragile: bool = False
    pourcent: int = 0

    @property
    def a_dire(self) -> bool:
        """Say whether people have to know."""
        return self.etape in A_DIRE


RIEN = MiseAJour()


def lire(fichier: Path = HISTOIRE) -> MiseAJour:
    """Return what the update says; `RIEN` when it says nothing, or cannot be understood."""
    try:
        with fichier.open(encoding="utf-8") as flux:
            lu = json.loads(flux.read(LONGUEUR_MAX))
        return MiseAJour(
            etape=str(lu["etape"]),
            phrase=str(lu["phrase"]),
            fragile=lu["fragile"] is True,
            pourcent=int(100 * float(lu.get("fraction", 0.0))),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return RIEN


def composer(dite: MiseAJour, *, nom: str, adresse: str) -> str:
    """Return what the attached screen shows, with its control sequences."""
    compte = f" {dite.pourcent} %" if dite.fragile and dite.pourcent else ""
    bande = f"\033[1;37;{FOND_FIN if dite.etape == 'confirmee' else FOND_TRAVAIL}m"
    lignes = [f"{nom} · {adresse}", ""]
    lignes += [f"{bande}{texte.center(LARGEUR)}\033[0m" for texte in ("", espacer(f"Mise à jour{compte}"), "")]
    lignes += ["", dite.phrase]
    lignes += ["NE DÉBRANCHE RIEN."] if dite.fragile else []
    return "\033[2J\033[H" + "\r\n".join(lignes) + "\r\n"

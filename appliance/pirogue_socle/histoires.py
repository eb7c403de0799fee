"""
The story of a stick, told while it happens: one small file in memory, no name of a person in it.

Whoever holds the stick writes it whole at each step; the attached screen, the light and the trainers' pages tell it.
The steps: `inseree` → `lecture` → `copie` n/total → `verification` → `retirez`; or why not.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pirogue_socle.horloge import Instant
from pirogue_socle.publier import publier

#: While one of these is told, the stick must stay where it is.
TRAVAUX = ("inseree", "lecture", "copie", "verification")
#: It did not go well; the stick may be pulled (or was), and nothing is lost.
ECHECS = ("inconnue", "pleine", "protegee", "illisible", "retiree_trop_tot", "echec")
ETAPES = ("absente", *TRAVAUX, "retirez", *ECHECS)
#: What is read from two metres away.
TITRES = {
    "absente": "Aucune clé",
    "inseree": "Clé vue",
    "lecture": "Lecture",
    "copie": "Copie",
    "verification": "Vérification",
    "retirez": "Retirez la clé",
    "inconnue": "Clé inconnue",
    "pleine": "Clé pleine",
    "protegee": "Clé protégée",
    "illisible": "Clé illisible",
    "retiree_trop_tot": "Clé retirée trop tôt",
    "echec": "Cela n'a pas marché",
}
NOM = "cle.json"
LONGUEUR_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Histoire:
    """
    Where a stick's story is.

    Attributes:
        etape: one of `ETAPES`.
        phrase: what happens, one French sentence.
        geste: what to do now; empty when one waits.
        fait, total: lots copied, and to copy; 0 and 0 when nobody counts.
        cle: what people call the stick, such as `clé n° 4`; empty when it is not known.
        remarques: French sentences to read when it is over.
    """

    etape: str
    phrase: str
    geste: str = ""
    fait: int = 0
    total: int = 0
    cle: str = ""
    remarques: tuple[str, ...] = ()

    @property
    def titre(self) -> str:
        """Return the big words: « Copie 3/12 »."""
        compte = f" {self.fait}/{self.total}" if self.etape == "copie" and self.total else ""
        return TITRES[self.etape] + compte

    @property
    def au_travail(self) -> bool:
        """Say whether the stick must not be pulled."""
        return self.etape in TRAVAUX

    @property
    def echoue(self) -> bool:
        """Say whether it went wrong."""
        return self.etape in ECHECS


ABSENTE = Histoire("absente", "Aucune clé.", "Mets une clé pour envoyer les données.")


def ecrire(fichier: Path, histoire: Histoire, *, instant: Instant) -> None:
    """Put a step in place of the former one; whoever reads sees one or the other. Raises OSError."""
    contenu = {"boot_id": instant.boot_id, "bt_ns": instant.bt_ns, "histoire": asdict(histoire)}
    publier(fichier, contenu)


def lire(fichier: Path, *, instant: Instant, depuis_ns: int = 0) -> Histoire:
    """
    Return the story as it is in this boot; `ABSENTE` when there is none, or when it cannot be understood.

    Args:
        fichier: where it is told.
        instant: now.
        depuis_ns: what was told before this (CLOCK_BOOTTIME) is another stick's.
    """
    try:
        with fichier.open(encoding="utf-8") as flux:
            lu: Any = json.loads(flux.read(LONGUEUR_MAX))
        if lu["boot_id"] != instant.boot_id or lu["bt_ns"] < depuis_ns:
            return ABSENTE
        histoire = Histoire(**{**lu["histoire"], "remarques": tuple(map(str, lu["histoire"]["remarques"]))})
    except (OSError, ValueError, TypeError, KeyError):
        return ABSENTE
    return histoire if histoire.etape in ETAPES else ABSENTE

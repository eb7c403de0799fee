"""Modems that ModemManager drives (QMI, MBIM, AT), read through its own command, `mmcli -J`."""

import json
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pirogue_bord.liaison import HeureReseau, LiaisonMuette, Octets, Signal

GENRE = "modem"
ATTENTE_S = 10.0
_INCONNU = frozenset({"--", "", None})


def lancer_mmcli(mots: Sequence[str], attente_s: float = ATTENTE_S) -> str:
    """Run `mmcli` for so many seconds at most, and return what it says; raises LiaisonMuette."""
    try:
        fait = subprocess.run(["mmcli", "-J", *mots], capture_output=True, text=True, check=False, timeout=attente_s)
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise LiaisonMuette("Le gardien des modems (ModemManager) ne répond pas.") from cause
    if fait.returncode:
        raise LiaisonMuette("Le modem ne répond pas.")
    return fait.stdout


class Modem:
    """One modem, by its path at ModemManager."""

    genre = GENRE

    def __init__(self, chemin: str, lancer: Callable[[Sequence[str]], str] = lancer_mmcli) -> None:
        self.chemin, self._lancer = chemin, lancer

    def disponible(self) -> bool:
        """Say whether the modem holds a connection; raises LiaisonMuette."""
        return bool(_lire(self._etat(), "generic", "state") == "connected")

    def octets(self) -> Octets:
        """Return what the connections of now have spent; raises LiaisonMuette."""
        emis = recus = 0
        for porteuse in _lire(self._etat(), "generic", "bearers") or []:
            comptes = _analyser(self._lancer(["-b", str(porteuse)])).get("bearer", {}).get("stats", {})
            emis += _entier(comptes.get("bytes-tx"))
            recus += _entier(comptes.get("bytes-rx"))
        return Octets(emis=emis, recus=recus)

    def porteuse(self) -> dict[str, Any]:
        """Return the last connection as `mmcli` describes it, empty without one; raises LiaisonMuette."""
        chemins = _lire(self._etat(), "generic", "bearers") or [""]
        if not chemins[-1]:
            return {}
        lu = _analyser(self._lancer(["-b", str(chemins[-1])])).get("bearer")
        return lu if isinstance(lu, dict) else {}

    def heure(self) -> HeureReseau | None:
        """Return the network's time (NITZ), if the operator tells it."""
        try:
            lue = _analyser(self._lancer(["-m", self.chemin, "--time"])).get("modem", {}).get("time", {})
        except LiaisonMuette:
            return None  # refused, not supported, or not known yet
        return lire_heure(lue.get("current"))

    def signal(self) -> Signal:
        """Return its own percentage, and the operator's name; raises LiaisonMuette."""
        etat = self._etat()
        qualite = _lire(etat, "generic", "signal-quality") or {}
        nom = _lire(etat, "3gpp", "operator-name")
        return Signal(
            pour_cent=min(100, _entier(qualite.get("value"))), operateur="" if nom in _INCONNU else str(nom)[:40]
        )

    def _etat(self) -> dict[str, Any]:
        lu = _analyser(self._lancer(["-m", self.chemin])).get("modem")
        if not isinstance(lu, dict):
            raise LiaisonMuette("Le gardien des modems répond autre chose que ce qu'il devrait.")
        return lu


def chercher(lancer: Callable[[Sequence[str]], str] = lancer_mmcli) -> Modem | None:
    """Return the first modem that ModemManager knows; None without one, or without ModemManager."""
    try:
        chemins = _analyser(lancer(["-L"])).get("modem-list") or []
    except LiaisonMuette:
        return None
    return Modem(str(chemins[0]), lancer) if chemins else None


def lire_heure(texte: object) -> HeureReseau | None:
    """Return an ISO 8601 time such as `2025-03-04T08:00:00+01`; without an offset the UTC hour is not known: None."""
    if not isinstance(texte, str) or texte in _INCONNU:
        return None
    if len(texte) > 3 and texte[-3] in "+-":
        texte += ":00"  # ModemManager writes hours alone when there are no minutes
    try:
        lue = datetime.fromisoformat(texte)
    except ValueError:
        return None
    decalage = lue.utcoffset()
    if decalage is None:
        return None
    return HeureReseau(utc_ms=int(lue.timestamp() * 1000), decalage_min=int(decalage.total_seconds()) // 60)


def _analyser(texte: str) -> dict[str, Any]:
    try:
        lu = json.loads(texte)
    except ValueError as cause:
        raise LiaisonMuette("Le gardien des modems répond autre chose que ce qu'il devrait.") from cause
    return lu if isinstance(lu, dict) else {}


def _lire(etat: dict[str, Any], *noms: str) -> Any:
    """Follow keys down; None when one is missing."""
    lu: Any = etat
    for nom in noms:
        lu = lu.get(nom) if isinstance(lu, dict) else None
    return lu


def _entier(valeur: object) -> int:
    return int(valeur) if isinstance(valeur, str | int) and str(valeur).isdecimal() else 0

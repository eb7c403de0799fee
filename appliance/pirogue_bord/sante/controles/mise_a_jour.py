"""Which of the two systems runs, and is it confirmed? The kernel's command line, and what the updater wrote down."""

import re
from pathlib import Path

from pirogue_bord.sante.lectures import Vu, objet, sous, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Système de la boîte"


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the slot and the version that run; a trial is told as such."""
    creneau = re.search(r"\brauc\.slot=([AB])\b", texte(racine / "proc/cmdline"))
    version = texte(racine / "etc/pirogue/version")
    if creneau is None:
        return Vu("inconnu", "Cette machine n'a qu'un système.", mesures={"version": version})
    mesures: dict[str, float | int | str] = {"creneau": creneau[1], "version": version}
    dit = objet(sous(racine, config.systeme) / "maj" / "etat.json") or {}
    mesures["essai"] = int(dit.get("essai") == creneau[1])
    nom = f"Version {version.split()[0]}" if version else "Système"
    if mesures["essai"]:
        geste = "Laisse la boîte allumée dix minutes : elle garde ce système s'il marche, ou revient à l'ancien."
        return Vu("attention", f"{nom}, à l'essai.", geste, mesures)
    return Vu("bon", f"{nom}, en service.", mesures=mesures)

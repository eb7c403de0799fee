"""Is the current strong enough? The Pi's own sensor, then what the kernel said since this start."""

import logging
from pathlib import Path

from pirogue_bord.sante.lectures import SansReponse, Vu, entier, noyau, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

journal = logging.getLogger("pirogue.sante")

TITRE = "Courant"
GESTE = "Regarde le câble et le convertisseur de la batterie : fiches serrées, câble court, batterie chargée."
#: What raspberrypi-hwmon says; it clears the firmware's memory every two seconds, so the past is only in these words.
MOTIF = "Under-?voltage detected"


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the alarm of the sensor `rpi_volt` now, and count the kernel's warnings since this start."""
    alarmes = [
        entier(un.parent / "in0_lcrit_alarm")
        for un in sorted((racine / "sys/class/hwmon").glob("*/name"))
        if texte(un) == "rpi_volt"
    ]
    if not alarmes or alarmes[0] is None:
        return Vu("inconnu", "Cette machine ne mesure pas son courant.")
    try:
        fois = len(noyau(racine, MOTIF))
    except SansReponse as cause:
        journal.warning("the past of the current is not known: %s", cause)
        fois = 0
    if alarmes[0]:
        return Vu("panne", "Le courant est trop faible en ce moment.", GESTE, {"baisses": max(fois, 1), "faible": 1})
    if fois:
        souvent = "une fois" if fois == 1 else f"{fois} fois"
        phrase = f"Le courant a été trop faible {souvent} depuis l'allumage ; il est bon maintenant."
        return Vu("attention", phrase, GESTE, {"baisses": fois, "faible": 0})
    return Vu("bon", "Le courant est bon depuis l'allumage.", mesures={"baisses": 0, "faible": 0})

"""How did the last USB stick go? The story that the box's body tells of it."""

from pathlib import Path

from pirogue_bord.sante.lectures import Vu, sous
from pirogue_socle import histoires
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Clé USB"


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the last step told in this start."""
    if config.bord is None:
        return Vu("inconnu", "Cette machine n'attend pas de clé.")
    histoire = histoires.lire(sous(racine, config.bord) / histoires.NOM, instant=instant)
    mesures: dict[str, float | int | str] = {"etape": histoire.etape, "fait": histoire.fait, "total": histoire.total}
    if histoire.etape == histoires.ABSENTE.etape:
        return Vu("bon", "Pas de clé depuis l'allumage.", mesures=mesures)
    etat = "attention" if histoire.echoue else "bon"
    return Vu(etat, histoire.phrase, histoire.geste, mesures)

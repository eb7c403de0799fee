"""Are the button and the light there? The GPIO chip that the configuration names."""

from pathlib import Path

from pirogue_bord.sante.lectures import Vu
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Bouton et lampe"


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See whether one of the chips is there, by its label; nobody opens its lines here."""
    trouvees = etiquettes(racine)
    voulues = config.puce_gpio.split()
    puce = next((un for un in voulues if un in trouvees), "")
    mesures: dict[str, float | int | str] = {"puce": puce, "bouton": config.broche_bouton, "lampe": config.broche_lampe}
    if not puce:
        return Vu("inconnu", "Pas de bouton ni de lampe sur cette machine.", mesures=mesures)
    return Vu("bon", "Le bouton et la lampe sont branchés à la boîte.", mesures=mesures)


def etiquettes(racine: Path) -> set[str]:
    """Return the labels of the GPIO chips that may be opened."""
    puces = sorted((racine / "dev").glob("gpiochip*"))
    if not puces:
        return set()
    import gpiod  # noqa: PLC0415 - only a box has it

    trouvees = set()
    for chemin in puces:
        if gpiod.is_gpiochip_device(str(chemin)):
            with gpiod.Chip(str(chemin)) as puce:
                trouvees.add(puce.get_info().label)
    return trouvees

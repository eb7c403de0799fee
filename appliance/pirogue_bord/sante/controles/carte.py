"""Is the card dying? What ext4 counted, and what the card says of its own age."""

from pathlib import Path

from pirogue_bord.sante.lectures import Vu, entier, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Carte mémoire"
#: Of the eMMC standard (JESD84-B51): tenths of its life used; 11 is « beyond ».
USEE_DIXIEMES = 9


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the errors that each ext4 file system wrote down (they stay until it is repaired), and the card's own age."""
    comptes = {un.parent.name: entier(un) or 0 for un in sorted((racine / "sys/fs/ext4").glob("*/errors_count"))}
    erreurs = sum(comptes.values())
    mesures: dict[str, float | int | str] = {"erreurs": erreurs}
    usure = [_usure(un) for un in sorted((racine / "sys/block").glob("mmcblk*/device/life_time"))]
    if usure:
        mesures["usure_dixiemes"] = max(usure)
    if erreurs:
        ou = ", ".join(nom for nom, compte in comptes.items() if compte)
        geste = "Envoie les données (clé ou 4G) dès aujourd'hui, puis appelle le coordinateur : la carte est à changer."
        return Vu("panne", f"La carte mémoire a fait {erreurs} faute(s) ({ou}).", geste, mesures)
    if usure and max(usure) >= USEE_DIXIEMES:
        geste = "Envoie les données, et demande une carte neuve au coordinateur."
        return Vu("attention", "La carte mémoire est presque au bout de sa vie.", geste, mesures)
    if not comptes:
        return Vu("inconnu", "Cette machine ne compte pas les fautes de sa carte.", mesures=mesures)
    return Vu("bon", "La carte mémoire n'a fait aucune faute.", mesures=mesures)


def _usure(fichier: Path) -> int:
    """Return the worse of the two ages, in tenths."""
    return max((int(mot, 16) for mot in texte(fichier).split()), default=0)

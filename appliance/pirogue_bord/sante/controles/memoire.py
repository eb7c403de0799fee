"""Is there working memory left? The kernel's own estimate, and whether it had to kill."""

from pathlib import Path

from pirogue_bord.sante.lectures import SansReponse, Vu, dire_taille, en_mo, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Mémoire de travail"
PEU, PRESQUE_RIEN = 0.10, 0.04


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See what a new program could still be given (`MemAvailable`), and how many were killed for want of it."""
    lus = dict(ligne.split(":", 1) for ligne in texte(racine / "proc/meminfo").splitlines() if ":" in ligne)
    if not {"MemTotal", "MemAvailable"} <= lus.keys():
        raise SansReponse("le noyau ne dit pas sa mémoire")
    total, libre = (int(lus[nom].split()[0]) * 1024 for nom in ("MemTotal", "MemAvailable"))
    compteurs = dict(ligne.split() for ligne in texte(racine / "proc/vmstat").splitlines())
    tues = int(compteurs.get("oom_kill", 0))
    mesures: dict[str, float | int | str] = {"libre_mo": en_mo(libre), "total_mo": en_mo(total), "tues": tues}
    if libre < PRESQUE_RIEN * total:
        geste = "Fais fermer les vidéos, puis éteins et rallume la boîte à la pause."
        return Vu("panne", f"La mémoire est presque vide : {dire_taille(libre)}.", geste, mesures)
    if tues:
        geste = "Éteins et rallume la boîte à la pause. Si cela revient, dis-le au coordinateur."
        return Vu("attention", f"La boîte a dû arrêter {tues} programme(s), faute de mémoire.", geste, mesures)
    if libre < PEU * total:
        return Vu("attention", f"La mémoire se remplit : {dire_taille(libre)} de libre.", "", mesures)
    return Vu("bon", f"{dire_taille(libre)} de libre sur {dire_taille(total)}.", mesures=mesures)

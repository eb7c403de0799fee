"""Do the lessons answer? Kolibri's own door, its unit, and what was healed before it started."""

from pathlib import Path
from urllib.parse import urlsplit

from pirogue_bord import guerir, guerir_kolibri
from pirogue_bord.guerir_kolibri import Soin
from pirogue_bord.sante import registre_lu
from pirogue_bord.sante.lectures import SansReponse, Vu, sous, unite
from pirogue_contenus.kolibri_annuaire import en_vie
from pirogue_registre import ancres
from pirogue_socle.config import Config
from pirogue_socle.horloge import JOURS, Instant, en_civil, estimer

TITRE = "Leçons"
UNITE = "kolibri.service"
DELAI_S = 3.0
JOUR_MS = 86_400_000


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See whether Kolibri answers on the loopback, else what its unit does; then tell the last healing for a while."""
    maison = sous(racine, config.kolibri)
    copies = len(guerir.lister(maison / guerir_kolibri.BASE))
    mesures: dict[str, float | int | str] = {"copies": copies}
    if en_vie(
        base=f"http://127.0.0.1:{config.kolibri_port}{urlsplit(config.kolibri_base).path.rstrip('/')}", delai_s=DELAI_S
    ):
        soin = guerir_kolibri.lire_soin(maison)
        if soin is None or not soin.dit:
            return Vu("bon", "Les leçons répondent.", mesures=mesures)
        mesures["soin"] = soin.quoi
        return _dire_soin(soin, mesures, quand=_dire_copie(config, soin, racine=racine, instant=instant))
    etat = unite(racine, UNITE)
    if etat.chargee in ("not-found", "masked"):
        return Vu("bon", "Cette boîte montre les leçons sans Kolibri.", mesures=mesures)
    if etat.active == "activating":
        return Vu("attention", "Les leçons se préparent.", "Attends quelques minutes ; l'appel marche déjà.", mesures)
    geste = "L'appel marche sans elles, et le portail montre les leçons à lire. Éteins et rallume la boîte à la pause."
    if etat.active == "active":
        return Vu("attention", "Les leçons ne répondent pas.", geste, mesures)
    return Vu("attention", "Les leçons sont arrêtées.", geste, mesures)


def _dire_soin(soin: Soin, mesures: dict[str, float | int | str], *, quand: str) -> Vu:
    """Tell what was done to the databases at one of the last starts."""
    if soin.quoi == "annexes":
        return Vu("bon", "Les leçons répondent. De petits fichiers abîmés ont été refaits.", mesures=mesures)
    geste = "Un jeune refera peut-être son dernier exercice : c'est normal."
    if soin.quoi == "copie":
        return Vu("attention", f"Les leçons ont été réparées à partir de la copie {quand}.", geste, mesures)
    phrase = "Les leçons étaient abîmées : elles ont été refaites à neuf."
    geste = "Le chemin des jeunes est gardé dans le registre. Dis-le au coordinateur."
    return Vu("attention", phrase, geste, mesures)


def _dire_copie(config: Config, soin: Soin, *, racine: Path, instant: Instant) -> str:
    """Return of which day a copy is: `de mardi`; the day is told only where somebody told the hour of that start."""
    copie = Instant(soin.copie_boot_id, soin.copie_bt_ns, soin.copie_mur_ms)
    try:
        with registre_lu.lire(config, racine) as registre:
            connues = ancres.lire(registre)
    except SansReponse:
        connues = {}
    if copie.boot_id not in connues:
        return "précédente"
    copie_ms, present_ms = estimer(copie, connues), estimer(instant, connues)
    if present_ms // JOUR_MS == copie_ms // JOUR_MS:
        return "d'aujourd'hui"
    jour = en_civil(copie_ms)
    if 0 <= present_ms - copie_ms < 7 * JOUR_MS:
        return f"de {JOURS[jour.weekday()]}"
    return f"du {jour.day}/{jour.month}/{jour.year}"

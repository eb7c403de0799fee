"""Does the Wi-Fi work? The access point's program, its radio, the laptops it holds, what the kernel complains of."""

import logging
from pathlib import Path

from pirogue_actions import client
from pirogue_bord.sante.lectures import SansReponse, Unite, Vu, noyau, unite
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

journal = logging.getLogger("pirogue.sante")

TITRE = "Wi-Fi"
UNITE = "hostapd.service"
#: The built-in radio's own firmware fell (brcmfmac): every laptop is dropped, until the box is started again.
MOTIF = "Firmware has halted|brcmf_psm_watchdog_notify"
RELANCER = "Page Réseau, « Plus rien ne marche ? » : relance le Wi-Fi."


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the unit, the radio, the stations (through root's helper), the kernel's complaints."""
    etat = unite(racine, UNITE)
    if etat.chargee in ("not-found", "masked"):
        return Vu("bon", "Le Wi-Fi vient d'une borne à part : la boîte ne le règle pas.")
    mesures: dict[str, float | int | str] = {"reprises": etat.reprises}
    try:
        chutes = len(noyau(racine, MOTIF))
    except SansReponse as cause:
        journal.warning("the kernel's complaints are not known: %s", cause)
        chutes = 0
    if chutes:
        mesures["chutes_radio"] = chutes
        geste = "Éteins la boîte, attends dix secondes, rallume-la. Si cela revient, il faut une antenne USB."
        return Vu("panne", "La puce Wi-Fi de la boîte s'est arrêtée.", geste, mesures)
    if etat.active != "active":
        return _dire_arret(etat, mesures, radio=any((racine / "sys/class/ieee80211").glob("*")))
    compte = _stations(config)
    if compte is None:
        return Vu("bon", "Le Wi-Fi marche.", mesures=mesures)
    nombre, maximum = compte
    mesures |= {"stations": nombre, "stations_max": maximum}
    if nombre >= maximum:
        phrase = f"Le Wi-Fi est plein : {nombre} ordinateurs sur {maximum}."
        return Vu("attention", phrase, "Éteins le Wi-Fi des téléphones : ils prennent des places.", mesures)
    return Vu("bon", f"Le Wi-Fi marche : {nombre} sur {maximum} ordinateurs.", mesures=mesures)


def _dire_arret(etat: Unite, mesures: dict[str, float | int | str], *, radio: bool) -> Vu:
    """Tell an access point that does not run: without a radio it cannot."""
    if not radio:
        geste = "Branche l'antenne USB si la boîte en a une. Sinon, éteins et rallume la boîte."
        return Vu("attention", "La boîte ne trouve pas sa radio Wi-Fi.", geste, mesures)
    if etat.active in ("activating", "reloading", "deactivating"):
        return Vu("attention", "Le Wi-Fi démarre.", "Attends une minute, puis regarde encore.", mesures)
    return Vu("panne", "Le Wi-Fi est arrêté.", RELANCER, mesures)


def _stations(config: Config) -> tuple[int, int] | None:
    """Return how many laptops the radio holds, and at most; None when nobody can tell."""
    if config.actions is None:
        return None
    try:
        rendu = client.demander(config.actions, "stations")
        return (int(rendu["nombre"]), int(rendu["max"])) if rendu else None
    except (client.AideAbsente, client.ActeRefuse, KeyError, TypeError, ValueError):
        return None

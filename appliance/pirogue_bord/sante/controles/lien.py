"""Is there a way to the shore? Uplink and bundle as root's helper tells them, the last call as the courier tells it."""

from pathlib import Path
from typing import Any

from pirogue_actions import client
from pirogue_bord import quai
from pirogue_bord.quai import EtatLien
from pirogue_bord.sante.lectures import SansReponse, Vu, en_mo, sous_racine
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "4G"


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the interface, its carrier, the courier's bundle, and how the courier's last call went."""
    if config.actions is None:
        return Vu("inconnu", "Cette machine ne règle pas de réseau.")
    try:
        lien: dict[str, Any] | None = client.demander(config.actions, "lien")
    except (client.AideAbsente, client.ActeRefuse) as cause:
        raise SansReponse("l'aide du réseau ne répond pas") from cause
    if not lien:
        return Vu("bon", "Pas de clé 4G branchée : les données partent par clé USB.", mesures={"branchee": 0})
    mesures: dict[str, float | int | str] = {"branchee": 1, "porteuse": int(bool(lien.get("porteuse")))}
    forfait = (lien.get("forfaits") or {}).get("sync")
    if forfait:
        reste = max(0, int(forfait["max"]) - int(forfait["octets"]))
        mesures["reste_mo"] = en_mo(reste)
        if not reste:
            phrase = "Le forfait pour envoyer les données est fini : rien ne part plus par la 4G."
            geste = (
                "Envoie par clé USB. Quand le coordinateur a racheté un forfait : page Réseau, « Un nouveau forfait »."
            )
            return Vu("attention", phrase, geste, mesures)
    if not lien.get("porteuse"):
        return Vu("bon", "La clé 4G est branchée ; elle cherche le réseau.", mesures=mesures)
    return _dire_quai(quai.lire(sous_racine(config, racine), instant=instant), mesures)


def _dire_quai(dit: EtatLien | None, mesures: dict[str, float | int | str]) -> Vu:
    """Tell a link that has a carrier: what the courier's last call over it came to."""
    if dit is not None and dit.cle is not None:
        mesures |= {"signal_pour_cent": dit.cle.pour_cent, "operateur": dit.cle.operateur}
    if dit is not None and dit.lien and dit.phrase:
        geste = "Attends quelques minutes. Si cela dure, envoie par clé USB et montre cette phrase au coordinateur."
        return Vu("attention", f"La 4G a du réseau, mais l'envoi ne passe pas : {dit.phrase}", geste, mesures)
    if dit is not None and dit.a_quai:
        return Vu("bon", "La 4G marche, la rive répond.", mesures=mesures)
    return Vu("bon", "La 4G est branchée et a du réseau.", mesures=mesures)

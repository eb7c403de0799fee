"""Which of the two systems runs, is it confirmed, is another one coming? The kernel's command line, two stories."""

import re
from pathlib import Path

from pirogue_bord import quai
from pirogue_bord.sante.lectures import Vu, objet, sous, sous_racine, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Système de la boîte"
#: The updater's story of this start, in memory; what outlives it lies in `<systeme>/maj/dernier.json`.
HISTOIRE = Path("/run/pirogue-maj/histoire.json")
ATTENDRE = "Laisse la boîte allumée et ne débranche rien."
#: A step of the story → how grave it is, what to do; the others are good news.
ETAPES = {
    "copie": ("attention", ATTENDRE),
    "installation": ("attention", ATTENDRE),
    "attente": ("bon", ""),
    "redemarrage": ("bon", ""),
    "essai": ("attention", ATTENDRE),
    "refusee": ("attention", "Dis-le à qui t'a donné la mise à jour. Le bateau marche comme avant."),
    "revenue": ("attention", "Dis-le au coordinateur. Le bateau marche comme avant."),
}


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the slot and the version that run, an update that is under way, on trial, refused or taken back."""
    creneau = re.search(r"\brauc\.slot=([AB])\b", texte(racine / "proc/cmdline"))
    lignes = texte(racine / "etc/pirogue/version").splitlines()
    version = next((une.removeprefix("version=") for une in lignes if une.startswith("version=")), "")
    if creneau is None:
        return Vu("inconnu", "Cette machine n'a qu'un système.", mesures={"version": version})
    dernier = objet(sous(racine, config.systeme) / "maj" / "dernier.json") or {}
    histoire = objet(sous(racine, HISTOIRE)) or {}
    essai = dernier.get("issue") == "essai" and dernier.get("creneau") == creneau[1]
    mesures: dict[str, float | int | str] = {"creneau": creneau[1], "version": version, "essai": int(essai)}
    etape = str(histoire.get("etape", "essai" if essai else ""))
    if etape in ETAPES:
        etat, geste = ETAPES[etape]
        phrase = str(histoire.get("phrase") or f"La boîte essaie la version {version}.")
        return Vu(etat, phrase, geste, mesures | {"etape": etape})
    lien = quai.lire(sous_racine(config, racine), instant=instant)
    venue = f" {lien.maj}" if lien is not None and lien.maj else ""
    service = f"Version {version}, en service." if version else "Système en service."
    return Vu("bon", f"{service}{venue}", mesures=mesures)

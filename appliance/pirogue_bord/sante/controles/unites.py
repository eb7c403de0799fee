"""Does everything run? The units that failed, and those that keep falling."""

from pathlib import Path

from pirogue_bord.sante.lectures import Vu, lancer
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Programmes"
#: What a trainer calls each program; another one goes by its own name.
NOMS = {
    "nginx.service": "les pages",
    "pirogue-portail.service": "le portail",
    "pirogue-captif.service": "l'accueil du Wi-Fi",
    "pirogue-bord.service": "le corps de la boîte",
    "pirogue-actions.service": "l'aide du réseau",
    "pirogue-actions-cle.service": "l'aide des clés",
    "pirogue-sync.service": "le courrier",
    "pirogue-registre-garder.service": "la copie du registre",
    "pirogue-kolibri-garder.service": "la copie des leçons",
    "kolibri.service": "les leçons (Kolibri)",
    "hostapd.service": "le Wi-Fi",
}
#: Without these, no class.
VITALES = frozenset({"nginx.service", "pirogue-portail.service", "hostapd.service"})


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the units in the state `failed`, or waiting to be started once more."""
    mots = ("list-units", "--state=failed,auto-restart", "--plain", "--no-legend", "--no-pager", "--full")
    tombees = [ligne.split()[0] for ligne in lancer(racine, "systemctl", *mots).splitlines() if ligne.strip()]
    mesures: dict[str, float | int | str] = {"tombees": len(tombees), "noms": " ".join(tombees)}
    if not tombees:
        return Vu("bon", "Tous les programmes de la boîte tournent.", mesures=mesures)
    dites = ", ".join(NOMS.get(un, un) for un in tombees)
    geste = "Éteins et rallume la boîte à la pause. Si cela revient, appelle le coordinateur."
    return Vu("panne" if VITALES & set(tombees) else "attention", f"Ne tourne pas : {dites}.", geste, mesures)

"""Is the hour known? An anchor of this start, in the register: who told the true time; is the battery's clock right."""

from pathlib import Path

from pirogue_bord import horloge
from pirogue_bord.sante import registre_lu
from pirogue_bord.sante.lectures import Vu, sous_racine
from pirogue_registre import ancres
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant, dire_heure, dire_jour, estimer

TITRE = "Heure"
DITES = {
    "rive": "la terre",
    "ntp": "Internet",
    "modem": "le réseau mobile",
    "formateur": "la formatrice ou le formateur",
    "rtc": "la pile de la boîte",
}


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the best anchor of this boot."""
    with registre_lu.lire(config, racine) as registre:
        connues = ancres.lire(registre)
    ancre = connues.get(instant.boot_id)
    if ancre is None:
        geste = "Page « Aujourd'hui » : touche l'heure en haut, et dis la bonne. Rien n'est perdu en attendant."
        return Vu("attention", "Depuis l'allumage, personne n'a dit l'heure à la boîte.", geste, {"source": ""})
    vraie_ms = estimer(instant, connues)
    dit = horloge.lire_etat(sous_racine(config, racine))
    mesures: dict[str, float | int | str] = {"source": ancre.source, "ecart_s": (instant.mur_ms - vraie_ms) // 1000}
    qui = DITES.get(ancre.source, ancre.source)
    phrase = f"{dire_heure(vraie_ms)}, {dire_jour(vraie_ms)} : dit par {qui}."
    if dit is None or dit.source != ancre.source:
        return Vu("bon", phrase, mesures=mesures)
    mesures |= {"doute_s": dit.incertitude_ms // 1000, "pile": dit.rtc}
    if dit.rtc == "fausse":
        geste = "Si cette phrase revient au prochain allumage, change la pile à terre."
        return Vu("attention", f"{phrase} L'horloge à pile disait une autre heure.", geste, mesures)
    return Vu("bon", phrase, mesures=mesures)

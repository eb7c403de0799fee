"""Is the box too hot? The processor's own thermometer."""

from pathlib import Path

from pirogue_bord.sante.lectures import Vu, entier, texte
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Chaleur"
#: The box sits in a closed case on a lake: said at 75 °C; the processor slows itself down from 80, and far at 85.
CHAUD_C, TROP_CHAUD_C = 75, 85


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:  # noqa: ARG001
    """See the zone whose type says that it is the processor's."""
    zones = sorted((racine / "sys/class/thermal").glob("thermal_zone*/type"))
    milli = [entier(un.with_name("temp")) for un in zones if "cpu" in texte(un)]
    if not milli or milli[0] is None:
        return Vu("inconnu", "Cette machine ne mesure pas sa chaleur.")
    degres = milli[0] / 1000
    mesures: dict[str, float | int | str] = {"temperature_c": round(degres, 1)}
    if degres >= TROP_CHAUD_C:
        geste = "Mets la boîte à l'ombre tout de suite, ouvre autour d'elle. Si elle reste brûlante, éteins-la."
        return Vu("panne", f"La boîte est brûlante : {degres:.0f} °C.", geste, mesures)
    if degres >= CHAUD_C:
        geste = "Mets la boîte à l'ombre, et rien dessus ni contre elle."
        return Vu("attention", f"La boîte a chaud : {degres:.0f} °C.", geste, mesures)
    return Vu("bon", f"La boîte est à {degres:.0f} °C.", mesures=mesures)

"""The light: one table, from what there is to say to when it is lit. The page for people is `docs/lampe.md`."""

from collections.abc import Sequence

from pirogue_socle.histoires import Histoire

#: What there is to say → lit and dark in turn, milliseconds, lit first, again and again; one number is steady.
CODES: dict[str, tuple[int, ...]] = {
    "eteinte": (0,),
    "prete": (1,),
    "a_voir": (2800, 200),
    "echange": (1000, 1000),
    "cle_au_travail": (125, 125),
    "cle_a_retirer": (150, 250, 150, 1450),
    "cle_en_echec": (150, 250, 150, 250, 150, 1450),
    "arret": (600, 100),
}
#: Nothing may be unplugged: a stick, or the box itself while it is updated.
FRAGILE = "cle_au_travail"


def choisir(histoire: Histoire, *, sante: str, echange: bool, arret: bool) -> str:
    """
    Return the one code to show, the most urgent first.

    Args:
        histoire: where the stick is.
        sante: the worst of the last round of health, one of `constats.ETATS`; empty before the first.
        echange: an exchange with the shore runs on the network.
        arret: somebody asked the box to stop.
    """
    if histoire.au_travail:
        return "cle_au_travail"
    if arret:
        return "arret"
    if histoire.etape == "retirez":
        return "cle_a_retirer"
    if histoire.echoue:
        return "cle_en_echec"
    if echange:
        return "echange"
    return {"": "eteinte", "panne": "a_voir"}.get(sante, "prete")


def jouer(code: str, depuis_ms: int) -> tuple[bool, int]:
    """Return whether the light is lit so long after the code began, and for how many milliseconds more (at least 1)."""
    durees: Sequence[int] = CODES[code]
    if len(durees) == 1:
        return bool(durees[0]), 60_000
    reste = depuis_ms % sum(durees)
    for rang, duree in enumerate(durees):
        if reste < duree:
            return rang % 2 == 0, duree - reste
        reste -= duree
    raise AssertionError(code)

"""
What the youths' cookie remembers, and nothing more.

Signed in, it holds the id of a `connexion`: the register says whether it still stands. Before that, it holds the
step of the sign-in (which tile, which pictures so far). It is signed; whatever in it makes no sense is a blank one.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flask import session

from pirogue_portail import postes
from pirogue_portail.contexte import registre
from pirogue_portail.postes import Occupant
from pirogue_socle.horloge import Instant

if TYPE_CHECKING:
    from pirogue_registre.connexions import Connexion

#: After this long without a page, the screen asks whether the same person is there. Seconds.
REPOS_S = 600

NS_PAR_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Embarquement:
    """
    How far a person is in the sign-in.

    Attributes:
        personne_id: the tile that was touched, empty before.
        images: the pictures touched so far, in order.
        essais: wrong triples so far.
        reconnue: the three pictures were right; only «C'est toi ?» remains.
        second: this is the pair's second person; the first one is already signed in.
    """

    personne_id: str = ""
    images: tuple[str, ...] = ()
    essais: int = 0
    reconnue: bool = False
    second: bool = False


def embarquement() -> Embarquement:
    """Return the step that the cookie tells, a blank one if it tells none or nonsense."""
    brut = session.get("embarquement")
    if not isinstance(brut, dict):
        return Embarquement()
    try:
        lu = Embarquement(**brut)
        return Embarquement(str(lu.personne_id), tuple(lu.images), int(lu.essais), lu.reconnue, lu.second)
    except (TypeError, ValueError):
        return Embarquement()


def retenir(etape: Embarquement) -> None:
    """Keep the step in the cookie; a blank one leaves no trace there."""
    if etape == Embarquement():
        session.pop("embarquement", None)
    else:
        session["embarquement"] = asdict(etape)


def entrer(connexion: "Connexion", *, instant: Instant) -> None:
    """
    Keep in the cookie that this browser is signed in; the steps of the sign-in are forgotten.

    The laptop is greeted: whoever came as far as this needs no *Continuer*.
    """
    postes.saluer(instant, occupant=Occupant(connexion_id=connexion.connexion_id))
    session.pop("embarquement", None)
    session["connexion"] = connexion.connexion_id
    toucher(instant)


def toucher(instant: Instant) -> None:
    """Keep when the last page was asked for (boot and CLOCK_BOOTTIME, never the wall clock)."""
    session["vu"] = [instant.boot_id, instant.bt_ns]


def repose(instant: Instant) -> bool:
    """Say whether nobody asked for a page for `REPOS_S`, or since another boot."""
    vu: Any = session.get("vu")
    if not (isinstance(vu, list) and len(vu) == 2 and isinstance(vu[1], int)):
        return True
    return bool(vu[0] != instant.boot_id or instant.bt_ns - vu[1] > REPOS_S * NS_PAR_S)


def connexion_en_cours() -> "Connexion | None":
    """Return the sign-in that this browser holds; None if there is none, or it was closed meanwhile."""
    identifiant = session.get("connexion")
    if not isinstance(identifiant, str):
        return None
    from pirogue_registre import connexions  # noqa: PLC0415 -- the first page does without

    return connexions.lire(registre(), identifiant)


def oublier() -> None:
    """Forget everything about the youths; if one was signed in, remember that Kolibri must sign out too."""
    session.pop("embarquement", None)
    session.pop("vu", None)
    if session.pop("connexion", None) is not None:
        session["sortir_kolibri"] = True

"""
The trainer's cookie, apart from the youths': which account, and when it last asked for a page.

It is signed, never leaves `/formateur`, and is worth nothing after five minutes of rest, in another boot or on another
laptop: what counts the minutes is CLOCK_BOOTTIME, so no wrong date opens or shuts the door. The pages are not encrypted
on their way: a cookie that was read in the air must not open the door from elsewhere.
"""

from dataclasses import astuple, dataclass
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from pirogue_socle.horloge import Instant

NOM = "pirogue_formateur"
CHEMIN = "/formateur"

#: After this long without a page, the PIN is asked again. Nanoseconds.
REPOS_NS = 300_000_000_000


@dataclass(frozen=True, slots=True)
class Temoin:
    """
    Who holds this browser, when she last asked for a page (boot id, CLOCK_BOOTTIME in ns), and on which device.

    `appareil` is empty as long as the box could not tell.
    """

    compte_id: str
    boot_id: str
    bt_ns: int
    appareil: str

    def est_frais(self, instant: Instant) -> bool:
        """Say whether the trainer was here less than five minutes ago, in this boot."""
        return self.boot_id == instant.boot_id and 0 <= instant.bt_ns - self.bt_ns <= REPOS_NS

    def vient_de(self, appareil: str | None) -> bool:
        """Say whether this device may show the cookie; the box not being able to tell shuts nobody out."""
        return not self.appareil or appareil in (None, self.appareil)


def _signeur() -> URLSafeSerializer:
    assert current_app.secret_key
    return URLSafeSerializer(current_app.secret_key, salt="formateur")


def lire() -> Temoin | None:
    """Return what the cookie says; None without one, or when it is not one that we signed."""
    try:
        brut: Any = _signeur().loads(request.cookies.get(NOM, ""))
    except BadSignature:
        return None
    return Temoin(*brut) if isinstance(brut, list) and len(brut) == 4 else None


def poser(reponse: Response, temoin: Temoin) -> None:
    """Send the cookie: never read by a script, never sent from another site's page."""
    valeur = _signeur().dumps(astuple(temoin))
    assert isinstance(valeur, str)
    reponse.set_cookie(NOM, valeur, path=CHEMIN, httponly=True, samesite="Strict")


def retirer(reponse: Response) -> None:
    """Take the cookie away."""
    reponse.delete_cookie(NOM, path=CHEMIN, httponly=True, samesite="Strict")

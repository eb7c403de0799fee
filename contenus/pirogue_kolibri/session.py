"""
A Kolibri session lives by CLOCK_BOOTTIME, not by the wall clock.

When the trainer sets the date in the morning, the wall clock jumps by days: Django would throw every trainee out,
or keep a forgotten session alive. So Django's own expiry is set very far, and this middleware ends a session when
nobody has used it for `OISIVE_MS`, or when the box has been restarted. Sessions not opened by our door (the
superuser's) are dated at their first request.
"""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

from pirogue_kolibri.jeton import Heure, heure

#: A session unused for this long is ended (a workshop lasts two hours; the heartbeat of an open page counts).
OISIVE_MS = 60 * 60_000
#: The last use is written at most this often: the card of the box wears out.
PAS_MS = 5 * 60_000
CLE = "pirogue_vu"


def dater(request: HttpRequest, maintenant: Heure) -> None:
    """Write in the session when it was last used."""
    request.session[CLE] = [maintenant.boot_id, maintenant.bt_ms]


class VieDeSession:
    """Middleware, placed right after Kolibri's session middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End a stale session before anyone reads it."""
        if SESSION_KEY in request.session:
            maintenant = heure()
            boot_id, vu_ms = request.session.get(CLE) or (maintenant.boot_id, None)
            if boot_id != maintenant.boot_id or (vu_ms is not None and maintenant.bt_ms - vu_ms > OISIVE_MS):
                logout(request)
            elif vu_ms is None or maintenant.bt_ms - vu_ms > PAS_MS:
                dater(request, maintenant)
        return self.get_response(request)

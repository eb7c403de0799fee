"""
DJANGO_SETTINGS_MODULE of the box: Kolibri's own settings, with what a box in the field needs.

Kolibri 0.19.5 ships one public SECRET_KEY, and `POST /api/auth/session/` accepts a token signed with it: whoever
knows a user's id could become that user on any Kolibri of the world. Here the secret belongs to this box.
"""

from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created
from kolibri.deployment.default.settings.base import *
from kolibri.utils.conf import KOLIBRI_HOME

SECRET_KEY = (Path(KOLIBRI_HOME) / "cle_django").read_text(encoding="ascii").strip()
if len(SECRET_KEY) < 40:
    raise RuntimeError("cle_django: shorter than 40 characters")

# Sessions end by our own clock (see `session`), so the wall clock may jump by years without any effect.
SESSION_COOKIE_AGE = 100 * 365 * 24 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
MIDDLEWARE = [
    etage
    for nom in MIDDLEWARE
    for etage in ((nom, "pirogue_kolibri.session.VieDeSession") if nom.endswith("KolibriSessionMiddleware") else (nom,))
]


def ecrire_pour_de_bon(connection: Any, **_: object) -> None:
    """
    Have what Kolibri acknowledged on the card before it answers, in every database and for every connection.

    Kolibri sets the write-ahead log and leaves `synchronous` to SQLite's build: FULL in Debian's, NORMAL in others,
    which loses the last acknowledged seconds at a power cut (measured on the register: up to 834 rows).
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as curseur:
            curseur.execute("PRAGMA synchronous = FULL")


connection_created.connect(ecrire_pour_de_bon, dispatch_uid="pirogue")

# The complete French messages made by `francais`: Kolibri takes the first file found, whole.
_FRANCAIS = Path(KOLIBRI_HOME) / "pirogue_langue"
if _FRANCAIS.is_dir():
    LOCALE_PATHS = [str(_FRANCAIS), *LOCALE_PATHS]

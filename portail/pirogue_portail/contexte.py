"""What a view reaches for: the configuration and the register of this request."""

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g

from pirogue_portail.config import ConfigPortail

if TYPE_CHECKING:
    from pirogue_registre.base import Registre


def config() -> ConfigPortail:
    """Return the configuration that the running portal was made with."""
    return cast(ConfigPortail, current_app.extensions["pirogue"])


def adresse_visible() -> str:
    """Return the portal's address as a person types it: `pirogue.internal`."""
    return urlsplit(config().portail_base).netloc


def registre() -> "Registre":
    """Return the register, opened at the first call of a request and closed at its end."""
    if "registre" not in g:
        from pirogue_registre import base  # noqa: PLC0415 -- the first page does without

        g.registre = base.ouvrir(config().registre)
    return cast("Registre", g.registre)


def _fermer(_erreur: BaseException | None) -> None:
    """Close the register that the request may have opened."""
    ouvert = g.pop("registre", None)
    if ouvert is not None:
        from pirogue_registre import base  # noqa: PLC0415

        base.fermer(ouvert)


def installer(app: Flask, config_portail: ConfigPortail) -> None:
    """Give the application its configuration and its register."""
    app.extensions["pirogue"] = config_portail
    app.teardown_appcontext(_fermer)

"""What a pair does at a laptop, as a browser without JavaScript sends it."""

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pirogue_registre.jeunes import Jeune


def texte(reponse: TestResponse) -> str:
    """Return the words of a page, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", reponse.get_data(as_text=True))).split())


def envoyer(client: FlaskClient, adresse: str, **champs: str) -> TestResponse:
    """Send a form and follow where it leads, inside the portal."""
    return client.post(adresse, data=champs, follow_redirects=True)


def montrer(client: FlaskClient, jeune: Jeune, images: tuple[str, ...] | None = None) -> TestResponse:
    """Touch a tile, then three pictures (hers unless told otherwise); return the page that follows."""
    page = envoyer(client, "/qui", personne=jeune.personne_id)
    for image in images or jeune.images:
        page = envoyer(client, "/images", image=image)
    return page


def embarquer(client: FlaskClient, jeune: Jeune, second: Jeune | None = None) -> TestResponse:
    """Come aboard, alone or as a pair; return the path."""
    montrer(client, jeune)
    envoyer(client, "/toi", reponse="oui")
    page = envoyer(client, "/deux", reponse="oui" if second else "non")
    if second is not None:
        montrer(client, second)
        page = envoyer(client, "/toi", reponse="oui")
    return page


def fausses(jeune: Jeune) -> tuple[str, ...]:
    """Return the trainee's pictures in an order that is not hers."""
    return tuple(reversed(jeune.images))

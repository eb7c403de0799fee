"""The portal in front of the boat of the whole test suite (`bord`): real register on disk, no Kolibri."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from equipage import Bord
from pirogue_contenus.livre import parcours_livre
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_registre import jeunes
from pirogue_registre.jeunes import Jeune

HOTE = "localhost"


def config_sans_kolibri(dossier: Path) -> ConfigPortail:
    """Return a configuration without Kolibri: the lessons are read on the portal."""
    return ConfigPortail(
        registre=dossier,
        secret=b"s" * 32,
        kolibri_base="http://localhost:9/",
        kolibri_maison=None,
        cle_kolibri=None,
        parcours=parcours_livre(),
        hotes=(HOTE,),
        portail_base=f"http://{HOTE}/",
    )


@pytest.fixture
def config(bord: Bord) -> ConfigPortail:
    """How the portal of this boat is set up."""
    return config_sans_kolibri(bord.registre.dossier)


@pytest.fixture
def app(config: ConfigPortail) -> Flask:
    """The portal of this boat."""
    return create_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The browser of one laptop."""
    return app.test_client()


@pytest.fixture
def seance(bord: Bord) -> str:
    """An open session of the group of Afi and Koffi."""
    return bord.ouvrir_seance()


@pytest.fixture
def afi(bord: Bord) -> Jeune:
    """Afi, as the register shows her."""
    return jeunes.lire(bord.registre, bord.afi)


@pytest.fixture
def koffi(bord: Bord) -> Jeune:
    """Koffi, as the register shows him."""
    return jeunes.lire(bord.registre, bord.koffi)

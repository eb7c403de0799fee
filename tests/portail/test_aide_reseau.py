"""«Je ne vois pas la page»: the address first, then one system at a time, in drawn screens."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gestes_jeune import texte
from pirogue_portail.aide_reseau import SYSTEMES, Systeme
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail

#: What each system's owner must find: the cure that the field knows (hotspot page §1.2).
REMEDES = {
    "windows": ("Oublier", "Pas d'Internet", "VPN", "date"),
    "android": ("Utiliser ce réseau quand même", "données mobiles", "DNS privé", "VPN"),
    "apple": ("Continuer", "Utiliser sans Internet", "données cellulaires", "Relais privé"),
    "linux": ("Se connecter au réseau", "DNS sécurisé", "date"),
    "firefox": ("Ouvrir la page de connexion", "DNS via HTTPS"),
}


@pytest.fixture
def app(config: ConfigPortail) -> Flask:
    """A portal at the address of a boat."""
    return create_app(replace(config, portail_base="http://pirogue.internal/"))


def test_the_address_comes_first_then_the_devices(client: FlaskClient) -> None:
    """Most of the time the address is enough; every system is one touch away."""
    page = client.get("/aide-reseau")

    assert texte(page).index("pirogue.internal") < texte(page).index("Choisis ton appareil")
    assert "10.10.10.10" in texte(page)
    assert set(re.findall(r'href="/aide-reseau/(\w+)"', page.text)) == set(REMEDES)


@pytest.mark.parametrize("systeme", SYSTEMES, ids=lambda s: s.code)
def test_each_system_has_its_cures_in_a_few_drawn_steps(client: FlaskClient, systeme: Systeme) -> None:
    """One drawing a step, something to touch in each, the address in letters and in figures, short sentences."""
    page = client.get(f"/aide-reseau/{systeme.code}")
    lu = texte(page)

    assert [remede for remede in REMEDES[systeme.code] if remede not in lu] == []
    assert page.text.count('<svg class="ecran"') == len(systeme.etapes) <= 5
    assert len(re.findall(r'class="(?:barre|touche|oui|non) ici"', page.text)) >= len(systeme.etapes)
    assert "ou bien 10.10.10.10" in lu
    assert [etape.texte for etape in systeme.etapes if len(etape.texte) > 140] == []


def test_an_unknown_system_is_told_so(client: FlaskClient) -> None:
    """An old link leads back to the list."""
    page = client.get("/aide-reseau/amiga")

    assert page.status_code == 404
    assert "Choisis ton appareil dans la liste." in texte(page)


def test_the_help_needs_no_sign_in_and_no_script(client: FlaskClient) -> None:
    """Whoever is lost has nothing yet: no cookie is asked for, none is given."""
    for adresse in ("/aide-reseau", "/aide-reseau/windows"):
        page = client.get(adresse)

        assert page.status_code == 200
        assert "Set-Cookie" not in page.headers
        assert "onclick" not in page.text

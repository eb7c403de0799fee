"""«État du bateau» in a real Chromium, without JavaScript: it fits, can be touched, and its face is seen first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from equipage import Bord
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_socle import constats
from pirogue_socle.constats import Constat
from pirogue_socle.horloge import maintenant
from portail.test_reseau_ecran import PETITS, Devant, entrer

TAILLES = ((1280, 800), (390, 844), (320, 568))
LONG = "Ne tourne pas : les leçons (Kolibri), la copie des leçons, systemd-networkd-wait-online@wlan0.service."
ETATS = {
    "bon": [Constat("alimentation", "Courant", "bon", "Le courant est bon depuis l'allumage.", "", {})],
    "attention": [
        Constat("temperature", "Chaleur", "attention", "La boîte a chaud : 78 °C.", "Mets la boîte à l'ombre.", {}),
        Constat("disque", "Place sur la carte", "bon", "Il reste 12 Go sur 28 Go.", "", {}),
    ],
    "panne": [
        Constat("unites", "Programmes", "panne", LONG, "Éteins et rallume la boîte à la pause.", {}),
        Constat("point_acces", "Wi-Fi", "panne", "Le Wi-Fi est arrêté.", "Relance le Wi-Fi.", {}),
        Constat("bouton", "Bouton et lampe", "inconnu", "Pas de bouton ni de lampe sur cette machine.", "", {}),
    ],
    "muet": [],
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as pilote:
        navigateur = pilote.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield navigateur
        navigateur.close()


@pytest.fixture
def releve(tmp_path: Path) -> Path:
    """Where the box's body writes what it sees."""
    dossier = tmp_path / "bord"
    dossier.mkdir()
    return dossier / "etat.json"


@pytest.fixture
def page(chromium: Browser, config: ConfigPortail, releve: Path, bord: Bord) -> Iterator[Page]:
    """Rachelle's tab, signed in, without JavaScript."""
    app = create_app(replace(config, bord=releve.parent, portail_base="http://pirogue.internal/"))
    serveur = make_server("localhost", 0, app, threaded=True, request_handler=Devant)
    fil = Thread(target=serveur.serve_forever)
    fil.start()
    contexte = chromium.new_context(
        base_url=f"http://localhost:{serveur.port}", java_script_enabled=False, locale="fr-FR"
    )
    onglet = contexte.new_page()
    entrer(onglet, bord)
    yield onglet
    contexte.close()
    serveur.shutdown()
    fil.join()
    serveur.server_close()


def test_the_page_fits_every_screen_and_the_face_is_on_the_first_one(page: Page, releve: Path) -> None:
    """On a laptop, a telephone, an old telephone; whatever the state, however long the words."""
    fautes: list[str] = []
    for etat, vus in ETATS.items():
        releve.unlink(missing_ok=True)
        if vus:
            constats.ecrire(releve, vus, instant=maintenant())
        for largeur, hauteur in TAILLES:
            page.set_viewport_size({"width": largeur, "height": hauteur})
            page.goto("/formateur/bateau")
            page.evaluate("document.fonts.ready.then(() => 0)")
            ou = f"{etat} {largeur}"
            if page.evaluate("document.documentElement.scrollWidth") > largeur:
                fautes.append(f"{ou}: too wide")
            visage, titre = page.locator(f".humeur-{etat} img").bounding_box(), page.locator("h1").bounding_box()
            if visage is None or titre is None or titre["y"] + titre["height"] > hauteur:
                fautes.append(f"{ou}: the face is not seen first")
            if not page.locator(".humeur img").evaluate("image => image.complete && image.naturalWidth"):
                fautes.append(f"{ou}: no drawing")
            cibles = page.locator("main a, main button, header a, header button")
            fautes += [f"{ou}: {mot}" for mot in cibles.evaluate_all(PETITS)]

    assert fautes == []

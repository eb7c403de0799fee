"""The network's pages in a real Chromium, without JavaScript: they fit, can be touched, and their buttons work."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from equipage import Bord
from gestes_formateur import PIN, PIN_DONNE
from pirogue_portail.aide_reseau import SYSTEMES
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from portail.racine import RACHELLE, Racine

ECRANS = {"ordinateur": (1366, 768), "telephone": (360, 640)}
PAGES = ["/bienvenue", "/bienvenue?inconnu=1", "/aide-reseau", *(f"/aide-reseau/{un.code}" for un in SYSTEMES)]
PAGES_FORMATEUR = ["", "/aide", "/aide/windows", "/../affiche"]

#: What leaves its frame in the drawings: every text must lie inside the first rectangle of its group, or the frame.
DEBORDENT = """ecrans => ecrans.flatMap(ecran => [...ecran.querySelectorAll("text")].filter(texte => {
    const cadre = (texte.closest("g") || ecran).querySelector("rect").getBoundingClientRect();
    const switche = texte.closest("g")?.querySelector(".rail")?.getBoundingClientRect();
    const boite = texte.getBoundingClientRect();
    return boite.left < cadre.left || boite.right > (switche ? switche.left : cadre.right);
}).map(texte => texte.textContent))"""
#: What a thumb would miss: under 44 px high, or wide.
PETITS = """cibles => cibles.filter(une => {
    const boite = une.getBoundingClientRect();
    return boite.width && !une.matches(".saut") && (boite.height < 44 || boite.width < 44);
}).map(une => une.outerHTML.slice(0, 90))"""


class Devant(WSGIRequestHandler):
    """Passes requests on as the front server does: a local socket, and the address that it saw."""

    def make_environ(self) -> dict[str, Any]:
        """Return the request as the portal gets it."""
        return super().make_environ() | {"REMOTE_ADDR": "", "HTTP_X_REAL_IP": "10.10.10.23"}

    def log(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as pilote:
        navigateur = pilote.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield navigateur
        navigateur.close()


@pytest.fixture
def racine(tmp_path: Path) -> Iterator[Racine]:
    """Root's helper, with three laptops around."""
    aide = Racine(tmp_path / "actions.sock")
    yield aide
    aide.fermer()


@pytest.fixture
def portail(config: ConfigPortail, racine: Racine, tmp_path: Path) -> Iterator[str]:
    """The address of a portal with its network."""
    cle = tmp_path / "wifi.cle"
    cle.write_text("00:00:00:00:00:00 lagune jaune piroguier mangue\n")
    app = create_app(
        replace(
            config,
            portail_base="http://pirogue.internal/",
            accueil=tmp_path / "ephemere/accueillis.json",
            actions=racine.prise,
            wifi_nom="Pirogue Sô-Ava",
            wifi_cle=cle,
        )
    )
    serveur = make_server("localhost", 0, app, threaded=True, request_handler=Devant)
    fil = Thread(target=serveur.serve_forever)
    fil.start()
    yield f"http://localhost:{serveur.port}"
    serveur.shutdown()
    fil.join()
    serveur.server_close()


@pytest.fixture
def page(chromium: Browser, portail: str) -> Iterator[Page]:
    """A tab without JavaScript for the pages; the tests look at it from outside."""
    contexte = chromium.new_context(base_url=portail, java_script_enabled=False, locale="fr-FR")
    yield contexte.new_page()
    contexte.close()


def entrer(page: Page, bord: Bord) -> None:
    """Rachelle comes in, her own code chosen, the date confirmed."""
    page.goto(f"/formateur/code/{bord.rachelle}")
    page.get_by_label("Ton code").fill(PIN_DONNE)
    page.get_by_role("button", name="J'entre").click()
    page.locator("[name=pin]").fill(PIN)
    page.locator("[name=encore]").fill(PIN)
    page.get_by_role("button", name="C'est mon code").click()
    page.get_by_role("button", name="Oui").click()


def regarder(page: Page, adresses: list[str]) -> list[str]:
    """Return what is wrong with pages: wider than the screen, words outside their frame, targets too small."""
    fautes: list[str] = []
    for ecran, (largeur, hauteur) in ECRANS.items():
        page.set_viewport_size({"width": largeur, "height": hauteur})
        for adresse in adresses:
            page.goto(adresse)
            page.evaluate("document.fonts.ready.then(() => 0)")
            ou = f"{ecran} {adresse}"
            if page.evaluate("document.documentElement.scrollWidth") > largeur:
                fautes.append(f"{ou}: too wide")
            fautes += [f"{ou}: {mot}" for mot in page.locator(".ecran").evaluate_all(DEBORDENT)]
            cibles = page.locator("main a, main button, main summary, header a, header button")
            fautes += [f"{ou}: {mot}" for mot in cibles.evaluate_all(PETITS)]
    return fautes


def test_the_pages_of_a_lost_laptop_fit_and_can_be_touched(page: Page) -> None:
    """On the classroom's laptops and on an old telephone."""
    assert regarder(page, PAGES) == []


def test_the_trainers_pages_of_the_network_fit_and_can_be_touched(page: Page, bord: Bord, racine: Racine) -> None:
    """The same, with a grant in force: the longest line of the page."""
    entrer(page, bord)
    racine.faire("accorder", {"ip": "10.10.10.22", "duree_s": 1800, "octets": 100_000_000})

    assert regarder(page, [f"/formateur/reseau{suite}" for suite in PAGES_FORMATEUR]) == []


def test_on_an_old_telephone_the_button_is_on_the_first_screen(page: Page) -> None:
    """The little window of a system is small and does not always scroll: button and address without a finger."""
    page.set_viewport_size({"width": 360, "height": 560})
    page.goto("/bienvenue")
    bas = [
        page.get_by_role("button", name="Continuer").bounding_box(),
        page.get_by_text("pirogue.internal").bounding_box(),
    ]

    assert [boite for boite in bas if boite is None or boite["y"] + boite["height"] > 560] == []


def test_the_keyboard_alone_goes_aboard(page: Page) -> None:
    """The first key reaches the button, the second presses it."""
    page.goto("/bienvenue")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Continuer")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="Je commence")).to_be_visible()


def test_she_gives_internet_and_takes_it_back_without_a_script(page: Page, bord: Bord, racine: Racine) -> None:
    """Open a laptop, touch 50 Mo, read what is left, take it back."""
    entrer(page, bord)
    page.get_by_role("link", name="Réseau").click()
    page.get_by_text("Ordinateur 22").click()
    page.get_by_role("button", name="50 Mo").locator("visible=true").click()
    expect(page.get_by_text("Internet : encore 30 min, 50 Mo")).to_be_visible()
    donnes = dict(racine.acces)
    page.get_by_role("button", name="Couper Internet").click()
    expect(page.get_by_text("Internet est coupé pour l'ordinateur 22.")).to_be_visible()

    assert donnes["10.10.10.22"]["max"] == 50_000_000
    assert racine.acces == {}


def test_a_new_session_is_asked_once(page: Page, bord: Bord, tmp_path: Path) -> None:
    """The fold opens on what will happen; only then is there a button."""
    entrer(page, bord)
    page.goto("/formateur/reseau")
    avant = (tmp_path / "ephemere/accueillis.json").read_text()
    oui = page.get_by_role("button", name="Oui, nouvelle séance")
    expect(oui).to_be_hidden()
    page.get_by_text("Nouvelle séance", exact=True).click()
    oui.click()
    expect(page.get_by_text("Tous les ordinateurs vont revoir la page d'accueil.")).to_be_visible()

    assert RACHELLE in avant
    assert RACHELLE not in (tmp_path / "ephemere/accueillis.json").read_text()

"""A girl of 14 on her first day in Kolibri: letters she can read, choices she can press, two ways out of a lesson."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from kolibri_essai import KolibriEssai
from pirogue_contenus.catalogue import Parcours, Ressource
from pirogue_contenus.kolibri_jeton import PersonneKolibri, suite_ressource

TAILLES = {"portable": (1366, 768), "telephone": (360, 740)}
#: Computed size of every text that is read, by its words.
LETTRES = """e => Object.fromEntries([...e.querySelectorAll('p, li, td, strong, em, .paragraph')]
  .filter(un => un.innerText.trim() && un.checkVisibility())
  .map(un => [un.innerText.slice(0, 40), getComputedStyle(un)])
  .map(([mots, style]) => [mots, [parseFloat(style.fontSize), style.fontFamily]]))"""
#: What the middle of an element shows: itself, or something over it.
DESSUS = """e => { const r = e.getBoundingClientRect();
  return e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)); }"""


@pytest.fixture(params=TAILLES.values(), ids=TAILLES)
def ecran(request: pytest.FixtureRequest, page: Page) -> Page:
    """A laptop's screen, then a phone's."""
    largeur, hauteur = request.param
    page.set_viewport_size({"width": largeur, "height": hauteur})
    return page


@pytest.fixture
def lecon(parcours: Parcours) -> Ressource:
    """The first lesson."""
    return parcours.modules[0].ressources[0]


@pytest.fixture
def quiz(parcours: Parcours) -> Ressource:
    """The first quiz."""
    return next(une for une in parcours.modules[0].ressources if une.genre == "quiz")


def ouvrir(page: Page, kolibri: KolibriEssai, personne: PersonneKolibri, ressource: Ressource) -> Locator:
    """Open a lesson or a quiz by a fresh link; return what is read."""
    page.goto(kolibri.lien(personne, suite_ressource(ressource.noeud_id)))
    texte = page.locator(".framework-perseus" if ressource.genre == "quiz" else ".safe-html-wrapper")
    expect(texte).to_be_visible()
    return texte


def lire_jusqu_au_bout(page: Page, texte: Locator) -> Locator:
    """Scroll a lesson to its end; return the window that ends it."""
    texte.evaluate("e => e.scrollTo(0, e.scrollHeight)")
    fenetre = page.get_by_role("dialog")
    expect(fenetre).to_contain_text("Bravo, c’est fini !")
    return fenetre


def assert_grands(cibles: list[Locator]) -> None:
    """Each is at least 56 px each way, inside the screen, under nothing (once the window has settled)."""
    for cible in cibles:
        boite = cible.bounding_box()
        assert boite is not None
        assert min(boite["width"], boite["height"]) >= 56
        cible.page.wait_for_function(DESSUS, arg=cible.element_handle())


def test_a_lesson_is_read_in_large_letters(
    ecran: Page, kolibri: KolibriEssai, afi: PersonneKolibri, lecon: Ressource
) -> None:
    """20 px or more, in Andika; and nothing to press in the bar but the way back."""
    texte = ouvrir(ecran, kolibri, afi, lecon)
    expect(texte.locator("img").first).to_be_visible()
    lettres: dict[str, Any] = texte.evaluate(LETTRES)

    assert len(lettres) >= 5
    assert {mots: taille for mots, (taille, police) in lettres.items() if taille < 20 or "Andika" not in police} == {}
    assert ecran.evaluate("document.fonts.check('20px Andika')")
    assert ecran.locator(".k-toolbar button:visible").count() == 0
    assert ecran.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_quiz_has_large_choices(ecran: Page, kolibri: KolibriEssai, afi: PersonneKolibri, quiz: Ressource) -> None:
    """One question at a time, every choice on the first screen, 56 px or more; the keyboard shows where it is."""
    texte = ouvrir(ecran, kolibri, afi, quiz)
    choix = ecran.locator("fieldset button")
    expect(choix).to_have_count(3)
    expect(texte.locator("img").first).to_be_visible()
    lettres: dict[str, Any] = texte.evaluate(LETTRES)

    assert_grands(choix.all())
    assert {mots: taille for mots, (taille, _) in lettres.items() if taille < 20} == {}
    assert ecran.locator(".history-list:visible, [data-testid=timerButton]:visible").count() == 0
    ecran.keyboard.press("Tab")
    for _ in range(12):
        if choix.first.evaluate("e => e === document.activeElement"):
            break
        ecran.keyboard.press("Tab")
    assert choix.first.evaluate("e => getComputedStyle(e).outlineWidth") == "4px"
    ecran.keyboard.press("Space")
    expect(ecran.get_by_text("1 sur 8 questions répondues")).to_be_attached()


def test_the_end_of_a_lesson_offers_two_ways(
    ecran: Page, kolibri: KolibriEssai, afi: PersonneKolibri, parcours: Parcours, lecon: Ressource
) -> None:
    """Back to the path, which knows where she comes from, or on to the next lesson; nothing else."""
    fenetre = lire_jusqu_au_bout(ecran, ouvrir(ecran, kolibri, afi, lecon))
    chemin, suite = fenetre.locator("#pirogue-retour"), fenetre.get_by_role("link", name="Continuer")
    expect(suite).to_be_visible()

    assert_grands([chemin, suite])
    assert chemin.get_attribute("href") == f"http://portail.essai:5000/chemin?de={lecon.noeud_id}"
    assert fenetre.locator("a:visible, button:visible").count() == 3, "the third one closes the window"
    for mots in ("points", "Rester", "utile", "minutes"):
        expect(fenetre.get_by_text(mots).locator("visible=true")).to_have_count(0)
    expect(fenetre).to_contain_text(parcours.modules[0].ressources[1].titre)
    expect(chemin).to_be_focused()
    suite.click()
    expect(ecran.get_by_role("heading", name=parcours.modules[0].ressources[1].titre).first).to_be_visible()
    expect(ecran.locator(".k-toolbar #pirogue-retour")).to_be_visible()


def test_the_end_of_a_quiz_offers_the_path(
    ecran: Page, kolibri: KolibriEssai, afi: PersonneKolibri, quiz: Ressource
) -> None:
    """The path alone: the answers wait there, and no other resource is proposed."""
    ouvrir(ecran, kolibri, afi, quiz)
    expect(ecran.locator("fieldset button").first).to_be_visible()
    ecran.get_by_role("button", name="J’ai fini le quiz").click()
    question = ecran.locator("#modal-window")
    expect(question).to_contain_text("tu ne peux plus changer tes réponses")
    assert_grands(question.get_by_role("button").all())
    question.get_by_role("button", name="J’ai fini le quiz").click()
    fenetre = ecran.locator(".modal[data-pirogue]")
    expect(fenetre.locator("#pirogue-retour")).to_be_focused()

    assert_grands([fenetre.locator("#pirogue-retour")])
    assert fenetre.locator("a:visible, button:visible").count() == 2, "the second one closes the window"
    ecran.route("http://portail.essai:5000/**", lambda route: route.fulfill(body="Le portail"))
    ecran.keyboard.press("Enter")
    ecran.wait_for_url(f"http://portail.essai:5000/chemin?de={quiz.noeud_id}")


def test_a_lesson_that_fits_the_screen_is_finished_too(
    page: Page, kolibri: KolibriEssai, afi: PersonneKolibri, lecon: Ressource
) -> None:
    """Kolibri waits for a scroll that a large screen never has: ours comes by itself after a while."""
    page.set_viewport_size({"width": 1366, "height": 4000})
    ouvrir(page, kolibri, afi, lecon)
    page.mouse.move(600, 400)

    expect(page.get_by_role("dialog")).to_contain_text("Bravo, c’est fini !", timeout=20_000)

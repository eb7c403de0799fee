"""What a youth sees of Kolibri, in a real browser: the way back, a lesson to its end, a quiz, in French."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kolibri_essai import KolibriEssai
from pirogue_contenus.catalogue import Parcours
from pirogue_contenus.kolibri_jeton import PersonneKolibri, suite_ressource
from pirogue_contenus.kolibri_progres import ProgresKolibri, lire

#: Boxes of the controls of a page, and of our link, to compare.
CONTROLES = """() => [...document.querySelectorAll('button, a[href], input')]
  .filter(e => e.id !== 'pirogue-retour' && !e.closest('.skip-nav-link'))
  .filter(e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
  .map(([r, quoi]) => ({x: r.x, y: r.y, width: r.width, height: r.height, quoi}))"""


def progres_de(essai: KolibriEssai, personne: PersonneKolibri) -> list[ProgresKolibri]:
    """Return what Kolibri has noted of one person."""
    return [ligne for ligne in lire(essai.maison) if ligne.sub == personne.sub]


@pytest.mark.parametrize("largeur", [1366, 360])
def test_the_way_back_is_large_and_hides_nothing(
    largeur: int, page: Page, kolibri: KolibriEssai, afi: PersonneKolibri, rachelle: PersonneKolibri, parcours: Parcours
) -> None:
    """At least 56 px each way, at the top, over none of Kolibri's controls, on a lesson and on Kolibri's home."""
    page.set_viewport_size({"width": largeur, "height": 768})
    lecon = parcours.modules[0].ressources[0]
    for personne, suite, texte in (
        (afi, suite_ressource(lecon.noeud_id), "← Mon chemin"),
        (afi, "/fr-fr/learn/#/home", "← Mon chemin"),
        (rachelle, "/", "← Ma séance"),
    ):
        page.goto(kolibri.lien(personne, suite))
        lien = page.locator(".k-toolbar #pirogue-retour")
        expect(lien).to_have_text(texte)
        page.wait_for_load_state("networkidle")
        boite = lien.bounding_box()
        controles = page.evaluate(CONTROLES)

        assert boite is not None
        assert boite["width"] >= 56
        assert boite["height"] >= 56
        assert boite["y"] <= 8
        assert controles or "/topics/c/" in suite, "only a lesson has nothing else to press"
        assert [c["quoi"] for c in controles if _se_couvrent(c, boite)] == []
    page.set_viewport_size({"width": 1366, "height": 768})


def test_a_lesson_read_to_its_end_is_finished(
    page: Page, kolibri: KolibriEssai, afi: PersonneKolibri, parcours: Parcours
) -> None:
    """The link opens the lesson itself; reaching its end finishes it, and Kolibri says so in French."""
    lecon = parcours.modules[0].ressources[0]

    page.goto(kolibri.lien(afi, suite_ressource(lecon.noeud_id)))
    texte = page.locator(".safe-html-wrapper")
    expect(texte).to_contain_text(lecon.titre.split()[0])
    texte.evaluate("e => e.scrollTo(0, e.scrollHeight)")
    expect(page.get_by_text("Bravo, c’est fini")).to_be_visible()

    assert [(ligne.contenu_id, ligne.acheve) for ligne in progres_de(kolibri, afi)] == [(lecon.contenu_id, True)]


def test_a_quiz_is_taken_in_french(
    page: Page, kolibri: KolibriEssai, afi: PersonneKolibri, parcours: Parcours, tmp_path: Path
) -> None:
    """Answer, *Suivant*, to the last question, *J’ai fini le quiz*, confirm: the score is there, here and there."""
    quiz = next(une for une in parcours.modules[0].ressources if une.genre == "quiz")

    page.goto(kolibri.lien(afi, suite_ressource(quiz.noeud_id)))
    expect(page.get_by_role("heading", name="Question 1 sur")).to_be_visible()
    nombre = int(page.get_by_role("heading", name="Question 1 sur").inner_text().split()[-1])
    for numero in range(1, nombre + 1):
        expect(page.get_by_role("heading", name=f"Question {numero} sur {nombre}")).to_be_visible()
        page.locator("fieldset button").first.click()
        if numero < nombre:
            page.get_by_role("button", name="Suivant").click()
    page.screenshot(path=tmp_path / "quiz.png")
    page.get_by_role("button", name="J’ai fini le quiz").click()
    page.locator("#modal-window").get_by_role("button", name="J’ai fini le quiz").click()
    expect(page.get_by_text("Bravo, c’est fini")).to_be_visible()

    (ligne,) = progres_de(kolibri, afi)
    assert (ligne.acheve, ligne.questions) == (True, nombre)
    assert ligne.justes is not None
    assert 0 <= ligne.justes <= nombre


def _se_couvrent(un: dict[str, float], autre: dict[str, float]) -> bool:
    """Tell whether two boxes overlap by more than a pixel."""
    return (
        un["x"] + 1 < autre["x"] + autre["width"]
        and autre["x"] + 1 < un["x"] + un["width"]
        and un["y"] + 1 < autre["y"] + autre["height"]
        and autre["y"] + 1 < un["y"] + un["height"]
    )

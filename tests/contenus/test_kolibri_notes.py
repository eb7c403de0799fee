"""The trainer's notes hold the answers: no page of Kolibri, and nothing that a page may ask, shows them to Afi."""

import pytest
from playwright.sync_api import Page, Response, expect

from kolibri_essai import KolibriEssai, Navigateur
from pirogue_contenus import identites
from pirogue_contenus.catalogue import Parcours, Ressource
from pirogue_contenus.kolibri_jeton import PersonneKolibri

INTERDITS = ("formateur", "Notes du", "Corrigé", 'coach_content":true', 'coach_content": true')


@pytest.fixture
def note(parcours: Parcours) -> Ressource:
    """The trainer's note of the first session."""
    return parcours.modules[0].pour("formateur")[0]


def test_no_page_that_afi_opens_names_a_note(
    page: Page, kolibri: KolibriEssai, afi: PersonneKolibri, parcours: Parcours
) -> None:
    """Channel, folder of S01, library, search, home, and every answer of Kolibri's that these pages asked for."""
    s01 = identites.noeud_id("theme", "S01")
    racine = identites.noeud_id("racine", parcours.identifiant)
    recues: list[str] = []

    def garder(reponse: Response) -> None:
        if "/api/content/" in reponse.url or "/learn/api/" in reponse.url:
            recues.append(f"{reponse.url} {reponse.text()}")

    page.set_viewport_size({"width": 1366, "height": 768})
    page.on("requestfinished", lambda requete: garder(reponse) if (reponse := requete.response()) else None)
    page.goto(kolibri.lien(afi))
    for suite, attendu in (
        (f"topics/t/{racine}/folders", "S01"),
        (f"topics/t/{s01}/folders", "Voici l'ordinateur"),
        ("library", parcours.titre),
        ("library?keywords=souris", "souris"),
        ("library?keywords=formateur", "0 résultat"),
        ("library?keywords=notes", "0 résultat"),
        ("home", parcours.titre),
    ):
        page.goto(f"{kolibri.base}/fr-fr/learn/#/{suite}")
        expect(page.locator("body")).to_contain_text(attendu)
        page.wait_for_load_state("networkidle")
        vu = page.locator("body").inner_text()

        assert [mot for mot in INTERDITS if mot in vu and mot not in suite] == [], suite
    assert len(recues) >= 6
    fuites = [recue[:200] for recue in recues for mot in INTERDITS if mot in recue.partition(" ")[2]]
    assert fuites == []


@pytest.mark.parametrize(
    "adresse",
    [
        "contentnode/{noeud}/",
        "contentnode_tree/{noeud}/",
        "contentnode/?ids={noeud}&include_coach_content=true",
        "contentnode/?kind=document&max_results=100&include_coach_content=true",
        "contentnode/?keywords=formateur&max_results=25",
        "contentnode_search/?search=notes",
        "contentnode/random/?include_coach_content=true",
    ],
)
def test_nothing_that_can_be_asked_by_hand_gives_a_note(
    adresse: str, kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri, note: Ressource
) -> None:
    """Kolibri itself hides coach content only from pages that ask it to: there is none to hide."""
    portable.lire(kolibri.lien(afi))
    reponse = portable.lire(f"{kolibri.base}/api/content/{adresse.format(noeud=note.noeud_id)}")

    assert reponse.statut in (200, 404)
    assert [mot for mot in INTERDITS if mot in reponse.texte] == []
    assert note.contenu_id not in reponse.texte

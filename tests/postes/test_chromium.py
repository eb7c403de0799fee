"""The classroom's Chromium, judged by Chromium itself."""

import json

import pytest

from postes.conftest import Poste
from postes.restes import LAISSER, LIRE, contient
from reseau.juges.chromium import ouvrir_chromium
from reseau.juges.lancement import IMAGES, RACINE, attendre

REGLES = json.loads((RACINE / "appliance/postes/chromium/pirogue.json").read_text(encoding="utf-8"))
#: The table of chrome://policy, through its nested shadow roots: name, level, and what Chromium has against it.
LIRE_REGLES = """
    (() => {
        const lignes = [];
        const visiter = racine => {
            for (const noeud of racine.querySelectorAll("*")) {
                if (noeud.localName === "policy-row") lignes.push(noeud.shadowRoot);
                if (noeud.shadowRoot) visiter(noeud.shadowRoot);
            }
        };
        visiter(document);
        const lire = (ligne, classe) => ligne.querySelector("." + classe).textContent.trim();
        return lignes.filter(ligne => lire(ligne, "level"))
            .map(ligne => [lire(ligne, "name"), lire(ligne, "level"), lire(ligne, "messages")]);
    })()
"""


def test_chromium_takes_every_one_of_our_rules_without_a_word(poste: Poste) -> None:
    """A rule misspelt, forgotten or ignored by a later Chromium would be told in chrome://policy."""
    with ouvrir_chromium(poste.espace, poste.dossier, devant=poste.devant) as chromium:
        chromium.aller("chrome://policy")
        lignes = attendre("les règles s'affichent", lambda: chromium.executer(LIRE_REGLES))
        chromium.photographier(IMAGES / "poste-chromium-regles.png")

    assert sorted(map(tuple, lignes)) == sorted((nom, "Mandatory", "OK") for nom in REGLES)


def test_opening_chromium_shows_the_boat_at_once(poste: Poste) -> None:
    """No welcome tour, no question, no search page: one tab, and it is the boat's."""
    with ouvrir_chromium(poste.espace, poste.dossier, devant=poste.devant) as chromium:
        titre = attendre("la page a un titre", lambda: "Pirogue" in chromium.executer("document.title"))
        adresse = chromium.executer("location.href")
        pages = [cible["url"] for cible in chromium.cibles() if cible["type"] == "page"]
        chromium.photographier(IMAGES / "poste-chromium-accueil.png")

    assert titre
    assert adresse.startswith("http://pirogue.internal/")
    assert pages == [adresse]


@pytest.mark.parametrize(("regle", "garde"), [(True, False), (False, True)])
def test_the_next_pair_finds_nothing_of_the_one_before_in_chromium(poste: Poste, *, regle: bool, garde: bool) -> None:
    """Not in the browser, nor on the disk once it has opened again; without our rules they would find it all."""
    devant = poste.devant if regle else poste.nu
    profil = poste.dossier / "chromium"
    with ouvrir_chromium(poste.espace, poste.dossier, devant=devant) as chromium:
        chromium.aller("http://pirogue.internal/?page=AfiEtKoffi")
        chromium.executer(LAISSER)
        laisse = chromium.executer(LIRE)
    with ouvrir_chromium(poste.espace, poste.dossier, devant=devant) as chromium:
        chromium.aller("http://pirogue.internal/")
        trouve = chromium.executer(LIRE)
        attendre("le disque dit ce qu'il garde", lambda: bool(contient(profil, "AfiEtKoffi")) is garde)
    restes = contient(profil, "AfiEtKoffi")

    assert laisse.count("AfiEtKoffi") == 2
    assert trouve.count("AfiEtKoffi") == (2 if garde else 0)
    assert bool(restes) is garde, restes

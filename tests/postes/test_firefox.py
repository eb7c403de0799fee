"""The classroom's Firefox, judged by Firefox itself."""

import pytest

from postes.conftest import Poste
from postes.restes import LAISSER, LIRE, contient
from reseau.juges.lancement import IMAGES, attendre
from reseau.juges.marionette import ouvrir_firefox

LIGNES = "return [...document.querySelectorAll(`#${arguments[0]} tr`)].map(ligne => ligne.textContent)"
LIRE_PREFS = """
    return Object.fromEntries(arguments[0].map(nom => {
        const genre = Services.prefs.getPrefType(nom);
        const valeur = genre === Services.prefs.PREF_BOOL ? Services.prefs.getBoolPref(nom)
            : genre === Services.prefs.PREF_INT ? Services.prefs.getIntPref(nom)
            : Services.prefs.getStringPref(nom, null);
        return [nom, [valeur, Services.prefs.prefIsLocked(nom)]];
    }));
"""
#: What must be so, and that nobody on the boat can change.
VERROUILLES = {
    "network.trr.mode": 5,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.startup.homepage": "http://pirogue.internal/",
    "browser.startup.page": 1,
    "dom.security.https_only_mode": False,
    "signon.rememberSignons": False,
    "browser.privatebrowsing.autostart": True,
    "browser.formfill.enable": False,
    "browser.aboutwelcome.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "datareporting.healthreport.uploadEnabled": False,
}


def test_firefox_takes_every_one_of_our_rules_without_a_word(poste: Poste) -> None:
    """A rule misspelt, or forgotten by a later Firefox, would be told in about:policies#errors."""
    with ouvrir_firefox(poste.espace, poste.dossier, devant=poste.devant) as firefox:
        firefox.aller("about:policies")
        actives = attendre("les règles s'affichent", lambda: firefox.executer(LIGNES, "activeContent"))
        erreurs = firefox.executer(LIGNES, "errorsContent")
        firefox.photographier(IMAGES / "poste-firefox-regles.png")
        etat = firefox.executer("return Services.policies.status === Ci.nsIEnterprisePolicies.ACTIVE")
        prefs = firefox.executer(LIRE_PREFS, list(VERROUILLES))

    assert etat
    assert any("CaptivePortal" in ligne for ligne in actives)
    assert erreurs == []
    assert prefs == {nom: [valeur, True] for nom, valeur in VERROUILLES.items()}


def test_opening_firefox_shows_the_boat_at_once(poste: Poste) -> None:
    """No welcome tour, no question, no search page: the boat's own page, in a private window."""
    with ouvrir_firefox(poste.espace, poste.dossier, devant=poste.devant) as firefox:
        firefox.dans("chrome")
        adresse = attendre(
            "la page d'accueil",
            lambda: firefox.executer("return gBrowser.currentURI.spec.startsWith('http') && gBrowser.currentURI.spec"),
        )
        onglets = firefox.executer("return gBrowser.tabs.length")
        prive = firefox.executer("return PrivateBrowsingUtils.isWindowPrivate(window)")
        firefox.dans("content")
        titre = attendre("la page a un titre", lambda: firefox.executer("return document.title"))
        firefox.photographier(IMAGES / "poste-firefox-accueil.png")

    assert str(adresse).startswith("http://pirogue.internal/")
    assert (onglets, prive) == (1, True)
    assert "Pirogue" in str(titre)


@pytest.mark.parametrize(
    ("regle", "coupure", "garde"),
    [(True, False, False), (True, True, False), (False, False, True)],
)
def test_nothing_of_a_pair_stays_when_firefox_is_closed(
    poste: Poste, *, regle: bool, coupure: bool, garde: bool
) -> None:
    """The next pair is nobody's heir, even after a power cut; without our rules it would be."""
    with ouvrir_firefox(poste.espace, poste.dossier, devant=poste.devant if regle else poste.nu) as firefox:
        firefox.aller("http://pirogue.internal/?page=AfiEtKoffi")
        firefox.dans("content")
        laisse = firefox.executer(f"{LAISSER} return {LIRE}")
        if coupure:
            firefox.couper()
        else:
            firefox.quitter()
    restes = contient(poste.dossier / "firefox", "AfiEtKoffi")

    assert str(laisse).count("AfiEtKoffi") == 2
    assert bool(restes) is garde, restes

"""The real Firefox: one that nobody has set up says « sign in », then believes us; the classroom's own never asks."""

from pathlib import Path

from postes.regler import installer, poser_regles
from reseau.juges.lancement import IMAGES, attendre
from reseau.juges.marionette import Marionette, ouvrir_firefox
from reseau.lac import Lac

ETATS = ("inconnu", "pas de portail", "portail ouvert", "portail fermé")
LIRE_ETAT = 'return Cc["@mozilla.org/network/captive-portal-service;1"].getService(Ci.nsICaptivePortalService).state'
REVOIR = (
    'Cc["@mozilla.org/network/captive-portal-service;1"].getService(Ci.nsICaptivePortalService).recheckCaptivePortal()'
)
LIRE_BANDEAU = 'return gNotificationBox.getNotificationWithValue("captive-portal-detected")?.message ?? ""'


def lire_etat(firefox: Marionette) -> str:
    """Return what Firefox thinks of the network; it looks again as it does when a page has failed."""
    firefox.executer(REVOIR)
    return ETATS[firefox.executer(LIRE_ETAT)]


def rejoindre_onglet(firefox: Marionette, titre: str) -> bool:
    """Go to the tab of that title; a fresh Firefox has opened others (its welcome, its privacy page)."""
    firefox.dans("content")
    for onglet in firefox.demander("WebDriver:GetWindowHandles"):
        firefox.demander("WebDriver:SwitchToWindow", handle=onglet, focus=True)
        if titre in str(firefox.executer("return document.title")):
            return True
    return False


def test_firefox_shows_its_bar_until_somebody_presses_continuer(lac: Lac, tmp_path: Path) -> None:
    """Koffi's sister brings a laptop that nobody has set up: Firefox itself leads her to the boat."""
    poste = lac.poste("firefox")
    with ouvrir_firefox(poste.espace, tmp_path) as firefox:
        firefox.dans("chrome")
        attendre("portail fermé", lambda: lire_etat(firefox) == "portail fermé")
        bandeau = attendre("le bandeau", lambda: firefox.executer(LIRE_BANDEAU))
        firefox.photographier(IMAGES / "firefox-portail-ferme.png")
        firefox.executer("gNotificationBox.currentNotification.buttonContainer.querySelector('button').click()")
        attendre("l'onglet du portail", lambda: rejoindre_onglet(firefox, "Bienvenue à bord"))
        firefox.photographier(IMAGES / "firefox-bienvenue.png")
        firefox.dans("content")
        firefox.executer("document.querySelector('form button').click()")
        firefox.dans("chrome")
        attendre("portail ouvert", lambda: lire_etat(firefox) == "portail ouvert")
        attendre("plus de bandeau", lambda: not firefox.executer("return gNotificationBox.allNotifications.length"))
        firefox.photographier(IMAGES / "firefox-portail-ouvert.png")

    assert "log in to this network" in bandeau


def test_the_classroom_s_own_firefox_opens_on_the_boat_and_shows_no_bar(lac: Lac, tmp_path: Path) -> None:
    """The same network, not greeted, with our rules: no bar, no question, the portal's own page."""
    poste = lac.poste("regle")
    racine = tmp_path / "racine"
    (racine / "etc").mkdir(parents=True)
    (racine / "etc/resolv.conf").write_text("nameserver 10.10.10.10\n")
    installer(racine)
    with ouvrir_firefox(poste.espace, tmp_path, devant=poser_regles(racine)) as firefox:
        titre = attendre("la pirogue", lambda: "Pirogue" in str(firefox.executer("return document.title")))
        firefox.dans("chrome")
        etat = lire_etat(firefox)
        bandeaux = firefox.executer("return gNotificationBox.allNotifications.length")
        firefox.photographier(IMAGES / "firefox-regle.png")

    assert titre
    assert (etat, bandeaux) == ("inconnu", 0)

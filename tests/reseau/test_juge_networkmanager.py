"""The real NetworkManager, with the question of each distribution: a portal first, then the whole Internet."""

import pytest

from reseau.juges.connexion import ouvrir_connexion
from reseau.juges.lancement import attendre
from reseau.lac import Lac

#: Read in network-manager-config-connectivity-debian and -ubuntu; upstream is GNOME's.
QUESTIONS = {
    "debian": "http://network-test.debian.org/nm",
    "ubuntu": "http://connectivity-check.ubuntu.com./",
    "gnome": "http://nmcheck.gnome.org/check_network_status.txt",
}


@pytest.mark.parametrize("systeme", QUESTIONS)
def test_networkmanager_meets_the_portal_then_believes_us(lac: Lac, systeme: str) -> None:
    """Afi's laptop: an address, « sign in to the network », her press on Continuer, and no warning any more."""
    poste = lac.brancher(f"nm-{systeme}")
    with ouvrir_connexion(poste, question=QUESTIONS[systeme]) as connexion:
        attendre("une adresse", lambda: connexion.lire("IP4.ADDRESS").startswith("10.10.10."))
        attendre("un portail", lambda: connexion.verdict() == "portal")
        page = poste.aller("198.51.100.1", Host=QUESTIONS[systeme].split("/")[2])
        continuer = poste.aller("10.10.10.10", "/continuer", methode="POST", corps=b"", Host="pirogue.internal")
        attendre("tout Internet", lambda: connexion.verdict() == "full")
        noms = connexion.lire("IP4.DNS")
        compte = connexion.lire("GENERAL.METERED")

    assert (page.statut, page.entetes["Location"]) == (302, "http://pirogue.internal/bienvenue")
    assert continuer.statut == 303
    assert noms == "10.10.10.10"
    assert compte == "yes (guessed)"

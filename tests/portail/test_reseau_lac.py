"""The network's pages on the boat itself: its firewall, its front server, root's helper, laptops in their own place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from gestes_formateur import PIN, PIN_DONNE
from reseau.internet import ADRESSE
from reseau.lac import CLE_WIFI, NOM_WIFI, SALLE, Lac, mettre_a_leau
from reseau.poste import Poste, Reponse

BOITE, CAPTUREE = "10.10.10.10", "198.51.100.1"
RESEAU = "/formateur/reseau"


@pytest.fixture(scope="module")
def lac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lac]:
    """A boat on its lake, with an Internet beyond."""
    with mettre_a_leau(tmp_path_factory.mktemp("lac")) as monde:
        # A bridge takes the lowest address of its ports, then the kernel forgets its neighbours; a radio does not.
        monde.boite.lancer("ip", "link", "set", SALLE, "address", "02:50:49:ff:00:01")
        yield monde


@dataclass
class Navigateur:
    """A browser on a laptop of the lake, reduced to its cookies."""

    poste: Poste
    cookies: dict[str, str] = field(default_factory=dict)

    def aller(self, chemin: str, **champs: str) -> Reponse:
        """Open a page of the portal, or send it a form; follow where it leads."""
        methode, corps = ("POST", urlencode(champs).encode()) if champs else ("GET", None)
        for _ in range(5):
            reponse = self.poste.aller(
                BOITE,
                chemin,
                methode=methode,
                corps=corps,
                Host="pirogue.internal",
                Content_Type="application/x-www-form-urlencoded",
                Cookie="; ".join(f"{nom}={valeur}" for nom, valeur in self.cookies.items()),
            )
            for nom, biscuit in SimpleCookie(reponse.entetes.get("Set-Cookie", "")).items():
                self.cookies[nom] = biscuit.value
            if reponse.statut != 303:
                break
            chemin, methode, corps = reponse.entetes["Location"], "GET", None
        return reponse

    def lire(self, chemin: str, **champs: str) -> str:
        """Return the words of the page that comes."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.aller(chemin, **champs).corps.decode()).split())


@pytest.fixture(scope="module")
def afi(lac: Lac) -> Poste:
    """Afi's laptop, with its lease."""
    return lac.poste("afi")


@pytest.fixture(scope="module")
def rachelle(lac: Lac) -> Navigateur:
    """Rachelle's browser, signed in."""
    navigateur = Navigateur(lac.poste("rachelle"))
    porte = f"/formateur/code/{lac.bord.rachelle}"
    navigateur.aller(porte, pin=PIN_DONNE)
    navigateur.aller("/formateur/mon-code", pin=PIN, encore=PIN)
    navigateur.aller("/formateur/date", jour="2025-03-04", heure="08:00")
    assert "Aujourd'hui" in navigateur.lire("/formateur/aujourdhui"), lac.journal()
    return navigateur


def sonder(poste: Poste) -> int:
    """Ask what Android asks by itself; return the status."""
    return poste.aller(CAPTUREE, "/generate_204", Host="connectivitycheck.gstatic.com").statut


def numero(poste: Poste) -> str:
    """Return the last figure of a laptop's address."""
    return poste.ip.rpartition(".")[2]


def test_a_laptop_is_welcomed_then_new_again_at_her_word(afi: Poste, rachelle: Navigateur) -> None:
    """Window, button, all is well; « Revoir », and « Nouvelle séance », bring the window back."""
    rachelle.lire(f"{RESEAU}/nouvelle-seance", oui="oui")
    page = Navigateur(afi).lire("/bienvenue")
    etats = [sonder(afi)]
    for qui, ou, champs in (
        (Navigateur(afi), "/continuer", {"oui": "oui"}),
        (rachelle, f"{RESEAU}/revoir", {"appareil": afi.mac}),
        (Navigateur(afi), "/continuer", {"oui": "oui"}),
        (rachelle, f"{RESEAU}/nouvelle-seance", {"oui": "oui"}),
    ):
        qui.aller(ou, **champs)
        etats.append(sonder(afi))

    assert "Bienvenue à bord" in page
    assert "pirogue.internal ou 10.10.10.10" in page
    assert etats == [302, 204, 302, 204, 302]


def test_her_code_alone_greets_her_own_laptop(rachelle: Navigateur) -> None:
    """She never saw the little window: coming in was enough."""
    rachelle.aller("/formateur/sortir", oui="oui")
    rachelle.aller(
        "/formateur/code/" + re.findall(r"/formateur/code/(\w+)", rachelle.aller("/formateur/").corps.decode())[0],
        pin=PIN,
    )

    assert sonder(rachelle.poste) == 204


def test_she_sees_both_laptops_and_the_way_out(afi: Poste, rachelle: Navigateur) -> None:
    """The neighbour table and the modem, as the kernel tells them; no radio here, so no count of stations."""
    page = rachelle.lire(RESEAU)

    assert f"Ordinateur {numero(afi)}" in page
    assert "Rachelle c'est toi" in page
    assert "4G branchée" in page
    assert re.search(r"Reste \d+ Mo sur \d+ Mo", page)


def test_half_an_hour_of_internet_opens_and_shuts_the_firewall(afi: Poste, rachelle: Navigateur) -> None:
    """Shut, open for Afi's laptop alone, the octets counted, shut again; the box stays there throughout."""
    avant = afi.essayer(ADRESSE, 443)
    donne = rachelle.lire(f"{RESEAU}/donner", ip=afi.ip, mo="20")
    pendant, autre = afi.essayer(ADRESSE, 443), rachelle.poste.essayer(ADRESSE, 443)
    page = rachelle.lire(RESEAU)
    coupe = rachelle.lire(f"{RESEAU}/couper", ip=afi.ip)

    assert (avant, pendant, autre, afi.essayer(ADRESSE, 443)) == ("refuse", "net", "refuse", "refuse"), donne
    assert re.search(
        r"Internet : encore (29|30) min, (19|20) Mo sur 20 Mo", page.replace("\xa0", " ").replace("&nbsp;", " ")
    )
    assert "Internet : encore" not in coupe.replace("&nbsp;", " ")
    assert Navigateur(afi).aller("/").statut == 200


def test_she_cannot_give_what_is_not_hers(rachelle: Navigateur) -> None:
    """An address outside, the box's own, one that nobody holds: root refuses, the page says why."""
    for ip in ("192.0.2.1", BOITE, "10.10.10.99", "; reboot", ""):
        page = rachelle.lire(f"{RESEAU}/donner", ip=ip, mo="20")

        assert "Internet : encore" not in page.replace("&nbsp;", " ")
        assert "Un par un" in page


def test_the_trainers_pages_do_not_answer_under_a_captured_name(rachelle: Navigateur) -> None:
    """Rebinding « facebook.com » to the box opens nothing, even with her cookie."""
    biscuits = "; ".join(f"{nom}={valeur}" for nom, valeur in rachelle.cookies.items())
    for chemin in (RESEAU, "/formateur/affiche", "/formateur/affiche.pdf"):
        reponse = rachelle.poste.aller(CAPTUREE, chemin, Host="facebook.com", Cookie=biscuits)

        assert reponse.statut == 302
        assert CLE_WIFI.encode() not in reponse.corps


def test_the_poster_of_this_boat_comes_as_a_sheet(rachelle: Navigateur) -> None:
    """The real network name and key, through the front server, made by its own process."""
    page, feuille = rachelle.lire("/formateur/affiche"), rachelle.aller("/formateur/affiche.pdf")

    assert NOM_WIFI in page
    assert CLE_WIFI in page
    assert feuille.entetes["Content-Type"] == "application/pdf"
    assert feuille.corps.startswith(b"%PDF-")

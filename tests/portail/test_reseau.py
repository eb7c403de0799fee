"""Rachelle's page «Réseau»: who is connected, half an hour of Internet for one laptop, «Nouvelle séance»."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge
from gestes_formateur import PIN, boutons, entrer, regler, toucher
from gestes_jeune import embarquer, texte
from pirogue_portail import postes, reseau
from pirogue_portail.app import create_app
from pirogue_portail.captif import accueil
from pirogue_portail.config import ConfigPortail
from pirogue_portail.postes import OCCUPANTS_MAX, Occupant, Postes
from pirogue_registre.jeunes import Jeune
from portail.racine import AFI, KOFFI, RACHELLE, Racine

PAGE = "/formateur/reseau"


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning, Tuesday 4 March 2025, on every page."""
    regler(monkeypatch, horloge)
    for module in ("embarquer", "chemin"):
        monkeypatch.setattr(f"pirogue_portail.jeune.{module}.maintenant", horloge)


@pytest.fixture
def racine(tmp_path: Path) -> Iterator[Racine]:
    """Root's helper, with three laptops around."""
    aide = Racine(tmp_path / "actions.sock")
    yield aide
    if aide.prise.exists():
        aide.fermer()


@pytest.fixture
def config(config: ConfigPortail, racine: Racine, tmp_path: Path) -> ConfigPortail:
    """The portal behind its front, with a captive portal before it."""
    return replace(config, accueil=tmp_path / "ephemere/accueillis.json", actions=racine.prise)


def navigateur(app: Flask, ip: str) -> FlaskClient:
    """Return the browser of one laptop, as the front server passes it on."""
    client = app.test_client()
    client.environ_base = {"REMOTE_ADDR": "", "HTTP_X_REAL_IP": ip, "HTTP_USER_AGENT": "Firefox"}
    return client


@pytest.fixture
def rachelle(app: Flask, bord: Bord) -> FlaskClient:
    """Rachelle's laptop, signed in."""
    client = navigateur(app, "10.10.10.23")
    entrer(client, bord)
    return client


def ligne(page: TestResponse, debut: str) -> str:
    """Return the words of the laptop whose line begins so."""
    lignes = re.findall(r'<li class="carte.*?</li>', page.text, re.DOTALL)
    lues = [" ".join(re.sub(r"<[^>]+>", " ", une).split()) for une in lignes]
    return next(une for une in lues if une.startswith(debut))


def donner(client: FlaskClient, ip: str, mo: str) -> TestResponse:
    """Touch the button of a laptop's grant."""
    return client.post(f"{PAGE}/donner", data={"ip": ip, "mo": mo}, follow_redirects=True)


def test_the_day_leads_to_the_network(rachelle: FlaskClient) -> None:
    """One button of « Aujourd'hui »."""
    assert f'href="{PAGE}"' in rachelle.get("/formateur/aujourdhui").text


def test_she_sees_how_many_are_connected_and_who(
    app: Flask, rachelle: FlaskClient, bord: Bord, seance: str, afi: Jeune, koffi: Jeune
) -> None:
    """Three of nineteen: a pair by its first names, her own, one that nobody signed in from."""
    embarquer(navigateur(app, "10.10.10.21"), afi, koffi)
    page = rachelle.get(PAGE)

    assert "3 sur 19" in texte(page)
    assert page.text.count("images/ordinateur.svg") == 3 + 3
    assert page.text.count("images/ordinateur_eteint.svg") == 9
    assert ligne(page, "Afi et Koffi").startswith("Afi et Koffi Ordinateur 21 · accueilli")
    assert ligne(page, "Ordinateur 22").startswith("Ordinateur 22 pas encore accueilli")
    assert ligne(page, "Rachelle").startswith("Rachelle c'est toi Ordinateur 23 · accueilli")


def test_her_cookie_read_in_the_air_opens_nothing_from_another_laptop(app: Flask, rachelle: FlaskClient) -> None:
    """A pupil copies the cookie of a page that nothing encrypts: the code is asked, and her own door stays open."""
    cookie = rachelle.get_cookie("pirogue_formateur", path="/formateur")
    assert cookie is not None
    eleve = navigateur(app, "10.10.10.21")
    eleve.set_cookie("pirogue_formateur", cookie.value, path="/formateur")
    vol = eleve.get(PAGE)

    assert vol.status_code == 403
    assert "c'est toi" not in vol.text
    assert rachelle.get(PAGE).status_code == 200


def test_root_s_helper_stopped_does_not_put_her_out(rachelle: FlaskClient, racine: Racine) -> None:
    """The box cannot tell her laptop any more: the roll goes on."""
    racine.fermer()

    assert rachelle.get("/formateur/aujourdhui").status_code == 200


def test_whoever_left_the_laptop_is_not_named_any_more(
    app: Flask, rachelle: FlaskClient, seance: str, afi: Jeune
) -> None:
    """« J'ai fini » : the name goes, the laptop stays."""
    client = navigateur(app, "10.10.10.21")
    embarquer(client, afi)
    client.post("/fini")

    assert "Afi" not in texte(rachelle.get(PAGE))
    assert "accueilli" in ligne(rachelle.get(PAGE), "Ordinateur 21")


def test_a_trainer_who_left_a_laptop_is_not_named_on_it_any_more(app: Flask, rachelle: FlaskClient, bord: Bord) -> None:
    """She called the roll on a youth's laptop, and went out: it is theirs again, and still greeted."""
    ailleurs = navigateur(app, "10.10.10.22")
    toucher(ailleurs, ailleurs.get(f"/formateur/code/{bord.rachelle}"), "J'entre", pin=PIN)
    avant = ligne(rachelle.get(PAGE), "Rachelle Ordinateur 22")
    ailleurs.post("/formateur/sortir")
    page = rachelle.get(PAGE)

    assert avant.startswith("Rachelle Ordinateur 22 · accueilli")
    assert ligne(page, "Ordinateur 22").startswith("Ordinateur 22 accueilli")
    assert "Rachelle c'est toi" in ligne(page, "Rachelle")


def test_going_out_of_the_trainers_pages_unseats_no_pair(
    app: Flask, rachelle: FlaskClient, seance: str, afi: Jeune
) -> None:
    """That door is open to everybody: from a pair's laptop it changes nothing."""
    client = navigateur(app, "10.10.10.21")
    embarquer(client, afi)
    client.post("/formateur/sortir")

    assert ligne(rachelle.get(PAGE), "Afi").startswith("Afi Ordinateur 21")


def test_an_access_point_of_another_make_is_counted_by_its_neighbours(rachelle: FlaskClient, racine: Racine) -> None:
    """The radio is not ours: no count of stations, and nothing to start again."""
    racine.stations = None
    page = rachelle.get(PAGE)

    assert "3 vus depuis deux heures" in texte(page)
    assert "sur 19" not in texte(page)
    assert "Relancer" not in page.text


def test_a_full_radio_says_so(rachelle: FlaskClient, racine: Racine) -> None:
    """The twentieth laptop is refused by the radio: the page says why."""
    racine.stations = {"nombre": 19, "max": 19}
    page = rachelle.get(PAGE)

    assert "19 sur 19" in texte(page)
    assert "C'est plein" in texte(page)


@pytest.mark.parametrize(
    ("lien", "phrase"),
    [
        (None, "Pas de réseau"),
        ({"interface": "wwan0", "porteuse": False, "adresse": ""}, "La 4G cherche le réseau"),
        ({"interface": "wwan0", "porteuse": True, "adresse": "10.64.0.2"}, "4G branchée"),
    ],
)
def test_the_way_out_is_told_in_words(rachelle: FlaskClient, racine: Racine, lien, phrase: str) -> None:
    """No modem, a modem without a network, the network."""
    racine.lien = lien
    page = rachelle.get(PAGE)

    assert phrase in texte(page)
    assert ("Donner Internet 30 minutes" in page.text) == (lien is not None)


def test_what_is_left_of_each_bundle_is_on_the_page(rachelle: FlaskClient) -> None:
    """One for sending the data, one for the laptops: used counts against the cap."""
    page = texte(rachelle.get(PAGE))

    assert "Reste 4 Mo sur 5 Mo" in page
    assert "Reste 170 Mo sur 200 Mo" in page


@pytest.mark.parametrize(("octets", "epuise"), [(198_900_000, False), (199_100_000, True), (200_000_000, True)])
def test_nothing_is_promised_from_a_bundle_that_is_spent(
    rachelle: FlaskClient, racine: Racine, *, octets: int, epuise: bool
) -> None:
    """« A Internet, pour 30 minutes » would be a lie, and she would look for the fault in the laptop."""
    racine.forfaits["formateurs"]["octets"] = octets
    page = rachelle.get(PAGE)

    assert ("Le forfait des ordinateurs est fini" in texte(page)) is epuise
    assert ("Donner Internet 30 minutes" in page.text) is not epuise


def test_she_gives_one_laptop_half_an_hour_and_takes_it_back(rachelle: FlaskClient, racine: Racine) -> None:
    """50 Mo for Koffi's laptop; the page says what is left; « Couper » undoes it."""
    page = donner(rachelle, "10.10.10.22", "50")
    racine.acces["10.10.10.22"] |= {"reste_s": 1441, "octets": 12_400_000}
    plus_tard = rachelle.get(PAGE)
    apres = toucher(rachelle, plus_tard, "Couper")

    assert "L'ordinateur 22 a Internet, pour 30 minutes." in texte(page)
    assert ("accorder", {"ip": "10.10.10.22", "duree_s": 1800, "octets": 50_000_000}) in racine.recus
    assert "Internet : encore 25 min, 37 Mo sur 50 Mo" in texte(plus_tard).replace("\xa0", " ")
    assert "Internet est coupé pour l'ordinateur 22." in texte(apres)
    assert racine.acces == {}


def test_each_laptop_has_three_sizes_to_touch(rachelle: FlaskClient) -> None:
    """Nothing is typed."""
    tailles = [un.envoi for un in boutons(rachelle.get(PAGE)) if un.adresse == f"{PAGE}/donner"]

    assert tailles == [("mo", "20"), ("mo", "50"), ("mo", "100")] * 3


@pytest.mark.parametrize("mo", ["", "5000", "-20", "vingt", "20.0"])
def test_no_other_size_is_taken(rachelle: FlaskClient, racine: Racine, mo: str) -> None:
    """A form sent by hand asks root for nothing."""
    page = donner(rachelle, "10.10.10.22", mo)

    assert "Touche 20, 50 ou 100 Mo." in texte(page)
    assert "accorder" not in {acte for acte, _ in racine.recus}


def test_roots_refusal_is_a_sentence_and_the_page_stays(rachelle: FlaskClient, racine: Racine) -> None:
    """The laptop has left; then root cannot read the firewall: the rest of the page is there."""
    parti = donner(rachelle, "10.10.10.99", "20")
    racine.refus = {"acces": "« nft » ne répond pas.", "lien": "« nft » ne répond pas."}
    page = rachelle.get(PAGE)

    assert "Cet ordinateur n'est plus connecté. Regarde encore la page Réseau" in texte(parti)
    assert texte(page).count("« nft » ne répond pas.") == 2
    assert "3 sur 19" in texte(page)


def test_without_roots_helper_the_page_says_it_and_keeps_what_it_knows(
    rachelle: FlaskClient, racine: Racine, config: ConfigPortail
) -> None:
    """Nobody answers: who was greeted is still there, and « Nouvelle séance » still works."""
    racine.fermer()
    page = rachelle.get(PAGE)
    gestes = [
        texte(rachelle.post(f"{PAGE}/{acte}", data={"ip": "10.10.10.22", "mo": "20"}, follow_redirects=True))
        for acte in ("donner", "couper", "relancer")
    ]
    apres = toucher(rachelle, page, "Oui, nouvelle séance")

    assert page.status_code == 200
    assert "La boîte ne dit rien de son réseau. Attends une minute" in texte(page)
    assert "Rachelle" in ligne(page, "Rachelle")
    assert all("La boîte ne dit rien de son réseau." in un for un in gestes)
    assert "Tous les ordinateurs vont revoir la page d'accueil." in texte(apres)


def test_a_machine_without_a_network_of_its_own_has_its_page(bord: Bord, config: ConfigPortail) -> None:
    """The demo: a sentence, the poster's absence told, the help there."""
    client = create_app(replace(config, accueil=None, actions=None)).test_client()
    entrer(client, bord)
    page = client.get(PAGE)

    assert "la boîte ne règle pas de réseau" in texte(page)
    assert "Nouvelle séance" not in page.text
    assert "Je ne vois pas la page" in texte(page)


def test_a_new_session_makes_every_laptop_new_again(
    rachelle: FlaskClient, config: ConfigPortail, horloge: Horloge
) -> None:
    """Asked once; the roll is not touched."""
    assert config.accueil is not None
    for appareil in (AFI, KOFFI):
        accueil.accueillir(config.accueil, appareil, instant=horloge())
    page = rachelle.get(PAGE)
    avant = accueil.accueillis(config.accueil, instant=horloge())
    toucher(rachelle, page, "Oui, nouvelle séance")

    assert "Chaque ordinateur reverra la page d'accueil" in texte(page)
    assert set(avant) == {AFI, KOFFI, RACHELLE}
    assert accueil.accueillis(config.accueil, instant=horloge()) == {}


def test_one_laptop_alone_sees_the_welcome_page_again(
    rachelle: FlaskClient, config: ConfigPortail, horloge: Horloge
) -> None:
    """Koffi's system got lost: its window comes back, the others go on."""
    assert config.accueil is not None
    accueil.accueillir(config.accueil, KOFFI, instant=horloge())
    page = rachelle.get(PAGE)
    bouton = next(un for un in boutons(page) if un.champs.get("appareil") == KOFFI)
    rachelle.post(bouton.adresse, data=bouton.champs)

    assert bouton.libelle == "Revoir la page d'accueil"
    assert set(accueil.accueillis(config.accueil, instant=horloge())) == {RACHELLE}


def test_a_new_session_that_cannot_be_noted_is_told(rachelle: FlaskClient, config: ConfigPortail) -> None:
    """Something else is where the file should be: no promise that is not kept."""
    assert config.accueil is not None
    config.accueil.unlink()
    config.accueil.mkdir()
    page = rachelle.post(f"{PAGE}/nouvelle-seance", follow_redirects=True)

    assert "La boîte n'a pas pu le noter. Redémarre la boîte" in texte(page)


def test_the_wi_fi_can_be_started_again(rachelle: FlaskClient, racine: Racine) -> None:
    """The last thing to try, behind its own fold."""
    page = toucher(rachelle, rachelle.get(PAGE), "Relancer le Wi-Fi")

    assert ("relancer_point_acces", {}) in racine.recus
    assert "Le Wi-Fi redémarre" in texte(page)


@pytest.mark.parametrize(
    ("code", "libelle"), [("sync", "Pour envoyer les données"), ("formateurs", "Pour les ordinateurs")]
)
def test_a_bundle_that_was_bought_is_counted_from_nothing(
    rachelle: FlaskClient, racine: Racine, code: str, libelle: str
) -> None:
    """Nobody aboard has root: without this, a spent bundle would stay so for ever."""
    bouton = next(un for un in boutons(rachelle.get(PAGE)) if un.champs.get("forfait") == code)
    page = rachelle.post(bouton.adresse, data=bouton.champs, follow_redirects=True)

    assert bouton.libelle.startswith(libelle)
    assert ("remettre", {"forfait": code}) in racine.recus
    assert "le compte repart de zéro" in texte(page)


def test_a_mad_wall_clock_ends_no_greeting(rachelle: FlaskClient, config: ConfigPortail, horloge: Horloge) -> None:
    """Three days forward, six back, in the middle of the session: nobody sees the welcome page again."""
    for jours in (3, -6):
        horloge.sauter(jours=jours)
        assert "accueilli" in ligne(rachelle.get(PAGE), "Rachelle")
    horloge.avancer(minutes=12 * 60 + 1)
    toucher(rachelle, rachelle.get(PAGE), "J'entre", pin=PIN)

    assert "accueilli" in ligne(rachelle.get(PAGE), "Rachelle")
    assert len(accueil.accueillis(config.accueil or Path(), instant=horloge())) == 1


def test_nothing_of_this_page_is_for_a_visitor(app: Flask, racine: Racine) -> None:
    """Without a code, each of its addresses leads to the door, and root is asked for nothing."""
    client = navigateur(app, "10.10.10.21")
    reponses = [client.get(PAGE), client.get("/formateur/affiche"), client.get("/formateur/affiche.pdf")]
    reponses += [
        client.post(f"{PAGE}/{acte}")
        for acte in ("donner", "couper", "revoir", "nouvelle-seance", "relancer", "remettre")
    ]

    assert {(un.status_code, un.headers["Location"]) for un in reponses} == {(303, "/formateur/")}
    assert racine.recus == []


def test_ten_thousand_devices_leave_the_memory_bounded() -> None:
    """Each signs in once; the oldest are forgotten."""
    memoire = Postes(postes.Voisins(None))
    for rang in range(10_000):
        memoire.asseoir(f"appareil {rang}", Occupant(connexion_id="c"))

    assert len(memoire.occupants()) == OCCUPANTS_MAX
    assert "appareil 9999" in memoire.occupants()


@pytest.mark.parametrize(("reste_s", "minutes"), [(1, 1), (60, 1), (61, 2), (1800, 30)])
def test_the_minute_that_has_begun_counts(reste_s: int, minutes: int) -> None:
    """« encore 0 min » would be a grant that is over."""
    assert reseau.Acces("", "", reste_s, reseau.Forfait(0, 1)).reste_min == minutes


@pytest.fixture
def vue(rachelle: FlaskClient) -> Callable[[str], str]:
    """The source of a page that Rachelle opens."""
    return lambda adresse: rachelle.get(adresse).text


@pytest.mark.parametrize("adresse", [PAGE, f"{PAGE}/aide", f"{PAGE}/aide/windows", "/formateur/affiche"])
def test_every_page_of_the_network_is_french_and_says_where_it_is(vue: Callable[[str], str], adresse: str) -> None:
    """One title, one heading, labelled pictures and fields, a link past the header."""
    page = vue(adresse)

    assert '<html lang="fr">' in page
    assert page.count("<h1") == 1
    assert re.findall(r"<img(?![^>]*\balt=)", page) == []
    assert re.findall(r"<svg(?![^>]*(?:aria-hidden|class=\"segno\"))", page) == []
    assert 'href="#contenu"' in page
    assert set(re.findall(r'<meter id="([^"]+)"', page)) == set(re.findall(r'<label for="([^"]+)"', page))

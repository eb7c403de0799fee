"""The roll: pre-filled, one tap per change, two trainers at once, heads, closing, and the session closed meanwhile."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge, fiche
from gestes_formateur import PIN, Bouton, boutons, entrer, ouvrir, regler, toucher
from gestes_jeune import texte
from pirogue_portail import cours
from pirogue_registre import connexions, jeunes, journal, presences, seances

PRENOMS = (
    "Ablavi", "Bio", "Carlos", "Désiré", "Elisabeth", "Félicité", "Gildas", "Hermine", "Inès", "Jules", "Léa",
    "Mahugnon", "Nadège", "Olive", "Paul", "Rodrigue", "Sèna", "Yvette",
)  # fmt: skip


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning, Tuesday 4 March 2025."""
    regler(monkeypatch, horloge)


@pytest.fixture
def rachelle(client: FlaskClient, bord: Bord) -> FlaskClient:
    """Rachelle's laptop, signed in."""
    entrer(client, bord)
    return client


@pytest.fixture
def appel(rachelle: FlaskClient, bord: Bord) -> TestResponse:
    """The roll of the session that she just opened, for Afi and Koffi."""
    return ouvrir(rachelle, bord)


def id_seance(bord: Bord) -> str:
    """Return the id of the open session."""
    ouverte = seances.en_cours(bord.registre)
    assert ouverte is not None
    return ouverte.seance_id


def etats(bord: Bord, seance_id: str) -> dict[str, str]:
    """Return first name → state, as the register has it."""
    lignes = presences.appel(bord.registre, seance_id=seance_id, instant=bord.horloge())
    return {ligne.jeune.prenom: ligne.presence.etat for ligne in lignes}


def actes(bord: Bord, type_acte: str) -> int:
    """Return how many events of a type the journal holds."""
    requete = "SELECT count(*) FROM evenement WHERE type = ?"
    return int(bord.registre.db.execute(requete, (type_acte,)).fetchone()[0])


def test_a_tap_cycles_the_state_and_saves_at_once(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """À faire → Présente → En retard → Absente → Excusée → Présente."""
    vus, seance = [], id_seance(bord)
    for _ in range(5):
        appel = toucher(rachelle, appel, "Afi D.")
        vus.append(etats(bord, seance)["Afi"])

    assert vus == ["present", "retard", "absent", "excuse", "present"]
    assert etats(bord, seance)["Koffi"] == "non_marque"


def test_after_a_tap_the_page_comes_back_to_the_same_line_in_the_same_order(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse
) -> None:
    """Nothing moves under the finger."""
    bouton = next(un for un in boutons(appel) if "Koffi" in un.libelle)
    reponse = rachelle.post(bouton.adresse, data=bouton.champs)
    page = rachelle.get(reponse.location)

    assert reponse.status_code == 303
    assert reponse.location.endswith(f"#l-{bord.koffi}")
    assert re.findall(r'<li id="l-(\w+)"', page.text) == re.findall(r'<li id="l-(\w+)"', appel.text)


def test_a_roll_of_twenty_with_three_exceptions_and_the_heads_takes_four_taps(
    rachelle: FlaskClient, bord: Bord, horloge: Horloge
) -> None:
    """17 signed in; Afi is late, two never came: the aim is 6 taps at most."""
    ids = [
        jeunes.inscrire(
            bord.registre, fiche=fiche(prenom, "Zinsou"), groupe_id=bord.groupe, instant=horloge(), auteur=bord.rachelle
        ).personne_id
        for prenom in PRENOMS
    ]
    page = ouvrir(rachelle, bord)
    seance = id_seance(bord)
    for personne_id in [bord.afi, *ids[:-2], bord.koffi][:18]:
        connexions.ouvrir(bord.registre, seance_id=seance, personne_id=personne_id, instant=horloge())
    page, avant = rachelle.get(page.request.path), journal.dernier(bord.registre)
    touches = 0
    for libelle in ("Afi D.", "Sèna Z. est absente", "Yvette Z. est absente", "Oui, 18"):
        page, touches = toucher(rachelle, page, libelle), touches + 1

    compte = etats(bord, seance)
    assert len(compte) == 20
    assert touches == 4
    assert journal.dernier(bord.registre) - avant == touches
    assert compte["Afi"] == "retard"
    assert [nom for nom, etat in compte.items() if etat == "absent"] == ["Sèna", "Yvette"]
    assert "non_marque" not in compte.values()
    assert seances.lire(bord.registre, seance).tetes == 18
    assert "18 têtes comptées" in texte(page)


def test_the_worst_three_exceptions_still_take_six_taps(rachelle: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """Someone signed in for two absent friends and one is late: two taps each, one, and the heads."""
    for prenom in PRENOMS:
        jeunes.inscrire(
            bord.registre, fiche=fiche(prenom, "Zinsou"), groupe_id=bord.groupe, instant=horloge(), auteur=bord.rachelle
        )
    page = ouvrir(rachelle, bord)
    seance = id_seance(bord)
    for jeune in jeunes.lister(bord.registre, bord.groupe):
        connexions.ouvrir(bord.registre, seance_id=seance, personne_id=jeune.personne_id, instant=horloge())
    page = rachelle.get(page.request.path)
    gestes = ["Afi D.", "Bio Z.", "Bio Z.", "Paul Z.", "Paul Z.", "Oui, 18"]
    for libelle in gestes:
        page = toucher(rachelle, page, libelle)

    compte = etats(bord, seance)
    assert len(gestes) == 6
    assert (compte["Afi"], compte["Bio"], compte["Paul"]) == ("retard", "absent", "absent")
    assert "18 têtes comptées" in texte(page)


def test_the_roll_is_prefilled_by_the_pair_that_signed_in(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, horloge: Horloge
) -> None:
    """Both are proposed present, and the line says with whom."""
    connexion = connexions.ouvrir(bord.registre, seance_id=id_seance(bord), personne_id=bord.afi, instant=horloge())
    connexions.rejoindre(bord.registre, connexion_id=connexion.connexion_id, personne_id=bord.koffi, instant=horloge())
    page = texte(rachelle.get(appel.request.path))

    assert "2 présents 0 absent 0 à faire" in page
    assert "Présente avec Koffi" in page
    assert "Présent avec Afi" in page


def test_two_trainers_on_one_roll_never_undo_each_other(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, app: Flask
) -> None:
    """Both see « à faire »; the second tap finds the line changed, says so, and writes nothing."""
    mathias = app.test_client()
    page = mathias.get(f"/formateur/code/{bord.rachelle}")
    page = toucher(mathias, page, "J'entre", pin=PIN)
    sienne = mathias.get(appel.request.path)
    toucher(rachelle, appel, "Afi D.")
    page = toucher(mathias, sienne, "Afi D.")

    assert "La ligne de Afi venait de changer" in texte(page)
    assert etats(bord, id_seance(bord))["Afi"] == "present"
    assert actes(bord, "presence_pointee") == 1


def test_forty_taps_at_the_same_moment_move_a_line_once(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, app: Flask
) -> None:
    """Real threads, one register each: a line moves once from the state that all of them saw."""
    bouton = next(un for un in boutons(appel) if "Afi D." in un.libelle)
    cookies = [(un.key, un.value, un.path) for un in rachelle._cookies.values()]

    def taper(_rang: int) -> int:
        autre = app.test_client()
        for nom, valeur, chemin in cookies:
            autre.set_cookie(nom, valeur, path=chemin)
        return autre.post(bouton.adresse, data=bouton.champs).status_code

    with ThreadPoolExecutor(8) as equipe:
        statuts = set(equipe.map(taper, range(40)))

    assert statuts == {303}
    assert etats(bord, id_seance(bord))["Afi"] == "present"
    assert actes(bord, "presence_pointee") == 1


def test_late_at_twenty_past_nine_is_written_as_said(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """The « ⋯ » of a line: an hour of arrival, of departure, a reason."""
    page = rachelle.get(f"{appel.request.path}/{bord.afi}/heure")
    page = toucher(rachelle, page, "En retard", arrivee="09:20")
    retard = texte(page)
    page = toucher(rachelle, rachelle.get(f"{appel.request.path}/{bord.koffi}/heure"), "Parti avant", depart="9h45")
    parti = texte(page)
    page = toucher(rachelle, rachelle.get(f"{appel.request.path}/{bord.koffi}/heure"), "Excusé", motif="maladie")

    assert "En retard à 9 h 20" in retard
    assert "Parti avant à 9 h 45" in parti
    assert "Excusé Maladie" in texte(page)


def test_an_hour_that_is_none_stays_on_the_screen(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """Nothing is written, the typed hour is still there."""
    page = rachelle.get(f"{appel.request.path}/{bord.afi}/heure")
    page = toucher(rachelle, page, "En retard", arrivee="tantôt")

    assert page.status_code == 400
    assert "Je ne comprends pas cette heure" in texte(page)
    assert 'value="tantôt"' in page.text
    assert etats(bord, id_seance(bord))["Afi"] == "non_marque"


def test_everyone_left_is_present_in_one_tap(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """Without any sign-in (no electricity for the laptops), the whole roll is one tap."""
    page = toucher(rachelle, appel, "Tous présents")

    assert etats(bord, id_seance(bord)) == {"Afi": "present", "Koffi": "present"}
    assert "Compte les têtes : 2 ?" in texte(page)


def test_another_head_count_shows_the_difference(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """She counts three where the roll says two: someone is missing from the roll."""
    page = toucher(rachelle, appel, "Tous présents")
    page = toucher(rachelle, page, "Non, autant", tetes="3")

    assert "Tu as compté 3. L'appel dit 2." in texte(page)


@pytest.mark.parametrize("nombre", ["", "beaucoup", "-1", "9999", "201", "1e3", "٣"])
def test_a_head_count_that_is_no_number_is_a_sentence(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, nombre: str
) -> None:
    """And the roll is still there."""
    page = rachelle.post(appel.request.path.replace("appel", "tetes"), data={"tetes": nombre}, follow_redirects=True)

    assert "têtes" in texte(page)
    assert page.status_code == 200
    assert seances.lire(bord.registre, id_seance(bord)).tetes is None


def test_a_newcomer_is_on_the_roll_in_three_fields(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """First name, girl or boy, age; present, with a card, to be completed later."""
    nouveau = rachelle.get(appel.request.path.replace("appel", "nouveau"))
    carte = toucher(rachelle, nouveau, "C'est noté", prenom="Gloria", sexe="F", age="13")
    aujourdhui = texte(rachelle.get("/formateur/aujourdhui"))

    assert "Carte de Gloria" in texte(carte)
    assert etats(bord, id_seance(bord))["Gloria"] == "present"
    assert "À compléter Gloria" in aujourdhui


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"prenom": " ", "sexe": "F", "age": "13"}, "Le prénom manque"),
        ({"prenom": "Gloria", "age": "13"}, "Fille ou garçon"),
        ({"prenom": "Gloria", "sexe": "F", "age": "treize"}, "L'âge doit être un nombre"),
        ({"prenom": "Gloria", "sexe": "F", "age": "999"}, "L'âge doit être un nombre"),
    ],
)
def test_a_newcomer_with_a_mistake_keeps_what_was_typed(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, champs: dict[str, str], phrase: str
) -> None:
    """Nothing is written, nothing is typed twice."""
    nouveau = rachelle.get(appel.request.path.replace("appel", "nouveau"))
    page = toucher(rachelle, nouveau, "C'est noté", **champs)

    assert phrase in texte(page)
    assert f'value="{champs["age"]}"' in page.text
    assert len(etats(bord, id_seance(bord))) == 2


def test_a_newcomer_who_is_afi_is_asked_about(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """« Est-ce la même personne ? »: yes marks Afi present, and makes no second Afi."""
    nouveau = rachelle.get(appel.request.path.replace("appel", "nouveau"))
    question = toucher(rachelle, nouveau, "C'est noté", prenom="Afi", sexe="F", age="")
    toucher(rachelle, question, "Oui, c'est elle")

    assert "Est-ce la même personne" in texte(question)
    assert etats(bord, id_seance(bord)) == {"Afi": "present", "Koffi": "non_marque"}


def test_closing_asks_about_whoever_is_left_and_closes_in_one_tap(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse
) -> None:
    """« 1 personne à faire → absent ? »"""
    seance = id_seance(bord)
    page = toucher(rachelle, appel, "Afi D.")
    question = toucher(rachelle, page, "Clôturer la séance")
    ouverte = seances.lire(bord.registre, seance).statut
    bilan = toucher(rachelle, question, "Oui, et je clôture")

    assert "1 personne à faire → absent ?" in texte(question)
    assert "Koffi H." in texte(question)
    assert ouverte == "ouverte"
    assert etats(bord, seance) == {"Afi": "present", "Koffi": "absent"}
    assert "Bilan du jour" in texte(bilan)


def test_a_full_roll_closes_without_a_question(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """One tap."""
    page = toucher(rachelle, appel, "Tous présents")

    assert "Bilan du jour" in texte(toucher(rachelle, page, "Clôturer la séance"))


def test_a_session_forgotten_since_yesterday_asks_when_it_ended(
    rachelle: FlaskClient, bord: Bord, horloge: Horloge, appel: TestResponse
) -> None:
    """« Quand la séance s'est-elle terminée ? » The youths get their two hours, not a day."""
    seance = id_seance(bord)
    toucher(rachelle, appel, "Tous présents")
    horloge.avancer(minutes=20 * 60)
    toucher(rachelle, rachelle.get(f"/formateur/code/{bord.rachelle}"), "J'entre", pin=PIN)
    page = rachelle.get(f"/formateur/seances/{seance}/appel")
    question = toucher(rachelle, page, "Clôturer la séance")
    adresse = f"/formateur/seances/{seance}/cloturer"
    fausse = rachelle.post(adresse, data={"reste": "absent", "fin": "06:10"})
    bilan = rachelle.post(adresse, data={"reste": "absent", "fin": "10:00"}, follow_redirects=True)

    assert "Quand la séance s'est-elle terminée" in texte(question)
    assert "mardi 4 mars 2025" in texte(question)
    assert fausse.status_code == 400
    assert "Cette heure n'est pas pendant la séance" in texte(fausse)
    assert "de 8 h 00 à 10 h 00" in texte(bilan)


def test_kolibri_is_read_before_the_pairs_part(
    rachelle: FlaskClient, bord: Bord, monkeypatch: pytest.MonkeyPatch, appel: TestResponse
) -> None:
    """The last lesson counts for both: once the session is closed, nobody knows who sat with whom."""
    seance, vus = id_seance(bord), []
    connexion = connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())
    connexions.rejoindre(
        bord.registre, connexion_id=connexion.connexion_id, personne_id=bord.koffi, instant=bord.horloge()
    )

    def relever(*_: object, **__: object) -> None:
        vus.extend(connexions.ouvertes(bord.registre, seance))

    monkeypatch.setattr(cours, "relever", relever)
    page = rachelle.get(f"/formateur/seances/{seance}/appel")
    toucher(rachelle, page, "Clôturer la séance")

    assert [un.binome_avec for un in vus] == [bord.koffi]
    assert seances.lire(bord.registre, seance).statut == "cloturee"


def test_a_session_closed_meanwhile_is_said_at_every_button(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse
) -> None:
    """Mathias closed it from another laptop; Rachelle's old page still has all its buttons."""
    seance = id_seance(bord)
    gestes: list[Bouton] = [un for un in boutons(appel) if f"/seances/{seance}/" in un.adresse]
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    avant = journal.dernier(bord.registre)
    pages = [
        rachelle.post(
            un.adresse, data=un.champs | {"tetes": "2"} | (dict([un.envoi]) if un.envoi else {}), follow_redirects=True
        )
        for un in gestes
    ]

    assert len(pages) >= 8
    for page in pages:
        assert "Cette séance est terminée" in texte(page)
        assert "Bilan du jour" in texte(page)
    assert journal.dernier(bord.registre) == avant


def test_unknown_ids_are_a_sentence_everywhere(rachelle: FlaskClient, bord: Bord, appel: TestResponse) -> None:
    """A stale tab, a typing error in an address: never a fault."""
    seance = id_seance(bord)
    adresses = [
        f"/formateur/seances/{'0' * 32}/appel",
        f"/formateur/seances/{'0' * 32}/nouveau",
        f"/formateur/seances/{'0' * 32}",
        f"/formateur/seances/{seance}/appel/inconnue/heure",
        f"/formateur/seances/{seance}/corriger/inconnue",
        "/formateur/jeunes/inconnue/carte",
        "/formateur/jeunes/inconnue/completer",
        "/formateur/groupes/inconnu",
        "/formateur/groupes/inconnu/inscrire",
        "/formateur/ouvrir/inconnu",
    ]
    pages = [rachelle.get(adresse) for adresse in adresses]
    pages.append(rachelle.post(f"/formateur/seances/{seance}/appel/inconnue", data={"depuis": "non_marque"}))
    pages.append(rachelle.post(f"/formateur/seances/{seance}/appel/inconnue", data={"etat": "absent"}))

    assert {page.status_code for page in pages} == {404}
    assert all("Aujourd'hui" in texte(page) for page in pages)


@pytest.mark.parametrize("champs", [{}, {"depuis": "n'importe"}, {"depuis": "non_marque", "etat": "volant"}])
def test_a_tap_that_makes_no_sense_writes_nothing(
    rachelle: FlaskClient, bord: Bord, appel: TestResponse, champs: dict[str, str]
) -> None:
    """A form made by hand."""
    avant = journal.dernier(bord.registre)
    page = rachelle.post(f"{appel.request.path}/{bord.afi}", data=champs, follow_redirects=True)

    assert page.status_code in (200, 400)
    assert "message attention" in page.text
    assert journal.dernier(bord.registre) == avant

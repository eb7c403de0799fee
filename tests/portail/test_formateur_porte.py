"""The trainer's door: name, PIN, a code of one's own, the date once per boot, and what waits behind a closed door."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from equipage import Bord, Horloge
from gestes_formateur import PIN, PIN_DONNE, boutons, entrer, ouvrir, regler, toucher
from gestes_jeune import embarquer, texte
from pirogue_portail.formateur import temoin
from pirogue_registre import ancres, comptes, jeunes, seances
from pirogue_registre.jeunes import Jeune


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning, Tuesday 4 March 2025."""
    regler(monkeypatch, horloge)


def test_the_first_morning_asks_for_a_code_of_her_own_then_the_date(client: FlaskClient, bord: Bord) -> None:
    """The one-time code opens the door once; the date is asked before anything else."""
    page = client.get("/formateur/")
    page = client.get(f"/formateur/code/{bord.rachelle}")
    page = toucher(client, page, "J'entre", pin=PIN_DONNE)
    choix = texte(page)
    page = toucher(client, page, "C'est mon code", pin=PIN, encore=PIN)

    assert "Choisis ton code" in choix
    assert "Nous sommes le mardi 4 mars 2025, 8 h 00" in texte(page)
    assert "Aujourd'hui" in texte(toucher(client, page, "Oui"))
    assert not comptes.a_changer(bord.registre, bord.rachelle)


def test_the_date_is_asked_once_per_boot(client: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """A box that was switched off has lost its clock: the same question comes back, after the PIN."""
    entrer(client, bord)
    encore = texte(client.get("/formateur/aujourdhui"))
    horloge.redemarrer()
    porte = client.get("/formateur/aujourdhui")
    apres = toucher(client, porte, "J'entre", pin=PIN)

    assert "Nous sommes le" not in encore
    assert "Ton code" in texte(porte)
    assert "Nous sommes le mardi 4 mars 2025" in texte(apres)


def test_yes_anchors_the_date_that_was_on_the_screen(client: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """The wall clock may jump between the page and the tap: what she read is what is kept, plus the time since."""
    page = toucher(client, client.get(f"/formateur/code/{bord.rachelle}"), "J'entre", pin=PIN_DONNE)
    page = toucher(client, page, "C'est mon code", pin=PIN, encore=PIN)
    lu_ms = horloge.mur_ms
    horloge.avancer(minutes=1)
    horloge.sauter(jours=-3)
    toucher(client, page, "Oui")

    estime = ancres.estimer_maintenant(bord.registre, instant=horloge())
    assert abs(estime - (lu_ms + 60_000)) < 1_000


@pytest.mark.parametrize(("jour", "heure"), [("2025-03-06", "07:46"), ("6/3/2025", "7h46"), ("06-03-2025", "7 h 46")])
def test_she_corrects_the_date_as_she_writes_it(client: FlaskClient, bord: Bord, horloge: Horloge, jour, heure) -> None:
    """A browser's date field or a hand-typed one give the same anchor."""
    entrer(client, bord)
    page = toucher(client, client.get("/formateur/date"), "C'est la bonne date", jour=jour, heure=heure)

    assert "jeudi 6 mars 2025" in texte(page)
    assert "7 h 46" in texte(page)


@pytest.mark.parametrize(("jour", "heure"), [("2025-02-30", "07:46"), ("demain", "07:46"), ("2025-03-04", "25:00")])
def test_an_impossible_date_is_kept_on_the_screen_and_anchors_nothing(
    client: FlaskClient, bord: Bord, jour, heure
) -> None:
    """What she typed stays, beside the sentence."""
    entrer(client, bord)
    avant = ancres.lire(bord.registre)
    page = toucher(client, client.get("/formateur/date"), "C'est la bonne date", jour=jour, heure=heure)

    assert page.status_code == 400
    assert f'value="{jour}"' in page.text
    assert f'value="{heure}"' in page.text
    assert ancres.lire(bord.registre) == avant


def test_a_box_back_in_1970_asks_for_the_date_without_proposing_it(
    client: FlaskClient, bord: Bord, horloge: Horloge
) -> None:
    """Nobody should be able to confirm a date that cannot be."""
    entrer(client, bord)
    horloge.redemarrer(mur_ms=60_000)
    page = toucher(client, client.get("/formateur/aujourdhui"), "J'entre", pin=PIN)

    assert "Quel jour et quelle heure est-il" in texte(page)
    assert "1970" not in texte(page)


def test_a_wrong_code_says_how_many_tries_are_left_then_waits_a_minute(
    client: FlaskClient, bord: Bord, horloge: Horloge
) -> None:
    """Five wrong codes close the account for 60 s of uptime, even to the right code."""
    page = client.get(f"/formateur/code/{bord.rachelle}")
    phrases = [texte(toucher(client, page, "J'entre", pin="999999")) for _ in range(5)]
    bloque = texte(toucher(client, page, "J'entre", pin=PIN_DONNE))
    horloge.avancer(secondes=61)
    ouvert = texte(toucher(client, page, "J'entre", pin=PIN_DONNE))

    assert "Encore 4 essais" in phrases[0]
    assert "Encore 1 essai" in phrases[3]
    assert "attend une minute" in phrases[4]
    assert "attend une minute" in bloque
    assert "Choisis ton code" in ouvert


def test_an_open_laptop_does_not_give_the_code_away(client: FlaskClient, bord: Bord) -> None:
    """A youth at Rachelle's screen cannot choose a new code for her: the page is for the first morning only."""
    entrer(client, bord)
    page = client.get("/formateur/mon-code")
    client.post("/formateur/mon-code", data={"pin": "975310", "encore": "975310"})

    assert (page.status_code, page.location) == (303, "/formateur/aujourdhui")
    assert comptes.verifier_pin(bord.registre, compte_id=bord.rachelle, pin=PIN, instant=bord.horloge())


@pytest.mark.parametrize(
    ("pin", "encore", "phrase"),
    [
        ("135790", "135791", "ne sont pas pareils"),
        ("12345", "12345", "6 à 12 chiffres"),
        ("azerty", "azerty", "6 à 12 chiffres"),
        ("111111", "111111", "trop facile"),
        ("123456", "123456", "trop facile"),
        (PIN_DONNE, PIN_DONNE, "le code qu'on t'a donné"),
    ],
)
def test_a_code_that_protects_nothing_is_refused(client: FlaskClient, bord: Bord, pin, encore, phrase) -> None:
    """The one-time code was said aloud; 123456 is what everybody tries."""
    page = toucher(client, client.get(f"/formateur/code/{bord.rachelle}"), "J'entre", pin=PIN_DONNE)
    page = toucher(client, page, "C'est mon code", pin=pin, encore=encore)

    assert phrase in texte(page)
    assert comptes.a_changer(bord.registre, bord.rachelle)


def test_after_five_minutes_the_code_is_asked_and_the_page_comes_back(
    client: FlaskClient, bord: Bord, horloge: Horloge
) -> None:
    """She went to help Afi: a youth at her laptop finds a closed door."""
    entrer(client, bord)
    horloge.avancer(minutes=4.9)
    ouverte = client.get(f"/formateur/groupes/{bord.groupe}")
    horloge.avancer(minutes=5.1)
    fermee = client.get(f"/formateur/groupes/{bord.groupe}")
    retour = toucher(client, fermee, "J'entre", pin=PIN)

    assert "Afi D." in texte(ouverte)
    assert fermee.status_code == 403
    assert "Afi" not in texte(fermee)
    assert "Afi D." in texte(retour)


def test_names_leave_the_screen_by_themselves_but_never_under_her_typing(client: FlaskClient, bord: Bord) -> None:
    """A page with names asks for itself again just after the door shuts; a form is never reloaded under the pen."""
    entrer(client, bord)
    noms = [
        f"/formateur/groupes/{bord.groupe}",
        f"/formateur/jeunes/{bord.afi}/carte",
        ouvrir(client, bord).request.path,
    ]
    formes = [f"/formateur/groupes/{bord.groupe}/inscrire", f"/formateur/jeunes/{bord.afi}/completer"]

    assert {client.get(un).headers.get("Refresh") for un in noms} == {"302"}
    assert {client.get(un).headers.get("Refresh") for un in formes} == {None}


def test_what_she_typed_before_the_door_shut_is_not_lost(client: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """A newcomer written down just too late waits, sealed, behind the PIN; nothing of it shows on the closed page."""
    entrer(client, bord)
    appel = ouvrir(client, bord)
    adresse = appel.request.path.replace("/appel", "/nouveau")
    horloge.avancer(minutes=6)
    champs = {"prenom": "Gloria-Ɖɔ 🌸", "sexe": "F", "age": "13"}
    fermee = client.post(adresse, data=champs)
    rien = [jeune.prenom for jeune in jeunes.lister(bord.registre, bord.groupe)]
    page = toucher(client, toucher(client, fermee, "J'entre", pin="000000"), "J'entre", pin=PIN)
    toucher(client, page, "Enregistrer maintenant")

    assert "Gloria" not in fermee.text
    assert rien == ["Afi", "Koffi"]
    assert [jeune.prenom for jeune in jeunes.lister(bord.registre, bord.groupe)] == ["Afi", "Gloria-Ɖɔ 🌸", "Koffi"]


def test_what_one_trainer_left_is_not_given_to_another(
    client: FlaskClient, bord: Bord, horloge: Horloge, app: Flask
) -> None:
    """The sealed field belongs to the one who typed it."""
    entrer(client, bord)
    autre = comptes.creer(
        bord.registre, nom="Mathias", role="coordinateur", pin="864209", instant=horloge(), auteur="pirogue"
    )
    horloge.avancer(minutes=6)
    fermee = client.post(f"/formateur/groupes/{bord.groupe}/inscrire", data={"prenom": "Gloria"})
    jeton = boutons(fermee)[0].champs["reprise"]
    porte = app.test_client()
    page = porte.post(
        f"/formateur/code/{autre.compte_id}", data={"pin": "864209", "reprise": jeton}, follow_redirects=True
    )

    assert "Gloria" not in page.text
    assert "Choisis ton code" in texte(page)


@pytest.mark.parametrize("jeton", ["n'importe quoi", "é", "gAAAAABk"])
def test_a_made_up_sealed_field_leads_to_today(client: FlaskClient, bord: Bord, jeton) -> None:
    """It cannot be used to send her to a page of somebody's choosing."""
    entrer(client, bord)
    reponse = client.post(f"/formateur/code/{bord.rachelle}", data={"pin": PIN, "reprise": jeton})

    assert reponse.status_code == 303
    assert reponse.location == "/formateur/aujourdhui"


def test_a_forged_cookie_opens_nothing(client: FlaskClient, bord: Bord) -> None:
    """Nor does one that is not even a list."""
    for valeur in ("", "abc", '["x","y",1].signature'):
        client.set_cookie(temoin.NOM, valeur, path="/formateur")

        assert client.get("/formateur/aujourdhui").location == "/formateur/"


def test_a_youth_who_is_signed_in_has_no_trainers_page(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """The two cookies are apart."""
    embarquer(client, afi)

    assert client.get("/formateur/aujourdhui").location == "/formateur/"
    assert client.get(f"/formateur/jeunes/{afi.personne_id}/carte").location == "/formateur/"


def test_the_field_agent_sees_no_names(client: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """Dossou carries sticks; he has an account, not these pages."""
    dossou = comptes.creer(
        bord.registre, nom="Dossou", role="agent_terrain", pin="864209", instant=horloge(), auteur="pirogue"
    )
    tuiles = client.get("/formateur/")
    reponse = client.post(f"/formateur/code/{dossou.compte_id}", data={"pin": "864209"})

    assert "Dossou" not in tuiles.text
    assert reponse.status_code == 404


def test_leaving_closes_the_door(client: FlaskClient, bord: Bord) -> None:
    """« Quitter » on every page."""
    page = entrer(client, bord)
    toucher(client, page, "Quitter")

    assert client.get("/formateur/aujourdhui").location == "/formateur/"


def test_every_page_of_the_trainer_is_closed_without_a_code(client: FlaskClient, bord: Bord, app: Flask) -> None:
    """A page that forgot to ask would show names to whoever types its address."""
    seance = bord.ouvrir_seance()
    valeurs: dict[str, str] = {"seance_id": seance, "personne_id": bord.afi, "groupe_id": bord.groupe}
    libres = {"formateur.qui", "formateur.code", "formateur.verifier_code", "formateur.sortir"}
    regles = [r for r in app.url_map.iter_rules() if r.endpoint.startswith("formateur.") and r.endpoint not in libres]
    envoyer: dict[str, Callable[..., object]] = {"GET": client.get, "POST": client.post}
    fermees = []
    for regle in regles:
        adresse = regle.rule
        for nom, valeur in valeurs.items():
            adresse = adresse.replace(f"<{nom}>", valeur)
        methodes = regle.methods & {"GET", "POST"}
        fermees += [envoyer[methode](adresse).location for methode in methodes]

    assert len(fermees) > 25
    assert set(fermees) == {"/formateur/"}
    assert seances.lire(bord.registre, seance).statut == "ouverte"


def test_a_form_from_a_foreign_page_is_refused(client: FlaskClient, bord: Bord) -> None:
    """Another site cannot close the session in her name."""
    entrer(client, bord)
    appel = ouvrir(client, bord)
    adresse = appel.request.path.replace("/appel", "/cloturer")
    reponse = client.post(adresse, headers={"Origin": "http://ailleurs.example"})

    assert reponse.status_code == 403
    assert seances.en_cours(bord.registre) is not None


def test_her_new_code_sent_twice_is_kept_once(client: FlaskClient, bord: Bord) -> None:
    """The first answer was lost on the way: sending the form again is not a fault."""
    choisis = {"pin": "135790", "encore": "135790"}
    client.post(f"/formateur/code/{bord.rachelle}", data={"pin": PIN_DONNE})

    statuts = [client.post("/formateur/mon-code", data=choisis).status_code for _ in range(2)]

    assert statuts == [303, 303]

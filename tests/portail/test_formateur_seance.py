"""The session's life on the trainer's pages: opened, cancelled with a reason, told in the *bilan*, corrected later."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge
from gestes_formateur import boutons, entrer, ouvrir, regler, toucher
from gestes_jeune import texte
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_portail.formateur import bilan as page_bilan
from pirogue_portail.formateur import lecons, mots
from pirogue_registre import envois, journal, lieux, presences, reglages, seances
from pirogue_socle import listes


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
def bilan(rachelle: FlaskClient, bord: Bord, horloge: Horloge) -> TestResponse:
    """The page of a session of two hours: Afi came, Koffi did not."""
    page = toucher(rachelle, ouvrir(rachelle, bord), "Afi D.")
    page = toucher(rachelle, page, "Koffi H. est absent")
    page = toucher(rachelle, page, "Oui, 1")
    for _ in range(30):  # she is there all along: no five minutes of rest
        horloge.avancer(minutes=4)
        page = rachelle.get(page.request.path)
    return toucher(rachelle, page, "Clôturer la séance")


def test_opening_keeps_how_many_laptops_work(rachelle: FlaskClient, bord: Bord) -> None:
    """Eleven of twelve; the module is proposed."""
    page = rachelle.get(f"/formateur/ouvrir/{bord.groupe}")
    proposes = next(un for un in boutons(page) if un.libelle == "Ouvrir").champs
    toucher(rachelle, page, "Ouvrir", postes="11")
    seance = seances.en_cours(bord.registre)

    assert seance is not None
    assert (seance.postes_utilisables, seance.module) == (11, proposes["module"])
    assert proposes == {"postes": "12", "postes_autre": "", "module": "S01"}


def test_another_number_of_laptops_is_typed(rachelle: FlaskClient, bord: Bord) -> None:
    """Somebody lent three more."""
    toucher(rachelle, rachelle.get(f"/formateur/ouvrir/{bord.groupe}"), "Ouvrir", postes_autre="15")
    seance = seances.en_cours(bord.registre)

    assert seance is not None
    assert seance.postes_utilisables == 15


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"postes_autre": "douze"}, "Combien d'ordinateurs marchent"),
        ({"postes_autre": "100"}, "0 à 99"),
        ({"module": "S99"}, "Choisis le module"),
    ],
)
def test_a_session_that_makes_no_sense_is_not_opened(
    rachelle: FlaskClient, bord: Bord, champs: dict[str, str], phrase: str
) -> None:
    """The sentence, and the same form."""
    page = toucher(rachelle, rachelle.get(f"/formateur/ouvrir/{bord.groupe}"), "Ouvrir", **champs)

    assert phrase in texte(page)
    assert seances.en_cours(bord.registre) is None


def test_two_trainers_open_at_the_same_time_and_one_is_told(rachelle: FlaskClient, bord: Bord) -> None:
    """One session at a time aboard."""
    page = rachelle.get(f"/formateur/ouvrir/{bord.groupe}")
    toucher(rachelle, page, "Ouvrir")
    seconde = toucher(rachelle, page, "Ouvrir")

    assert "Une séance est déjà ouverte" in texte(seconde)
    assert len(seances.lister(bord.registre)) == 1


def test_the_next_module_is_proposed_after_the_last_one(rachelle: FlaskClient, bord: Bord, bilan: TestResponse) -> None:
    """S01 is done: S02."""
    page = rachelle.get(f"/formateur/ouvrir/{bord.groupe}")

    assert next(un for un in boutons(page) if un.libelle == "Ouvrir").champs["module"] == "S02"


def test_the_roll_opens_even_when_the_course_cannot_be_read(
    rachelle: FlaskClient, bord: Bord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged course must not stop attendance."""
    monkeypatch.setattr(lecons, "_modules", tuple)
    page = ouvrir(rachelle, bord)
    seance = seances.en_cours(bord.registre)

    assert "Autre séance, sans leçon" in texte(page)
    assert seance is not None
    assert seance.module == lecons.AUTRE


def test_a_flood_is_written_down_in_one_tap(rachelle: FlaskClient, bord: Bord) -> None:
    """The group is chosen, the reason touched; it counts against nobody."""
    page = toucher(rachelle, rachelle.get("/formateur/annuler"), "Crue ou jacinthe d'eau")
    seance = seances.lister(bord.registre)[0]

    assert "Séance annulée : Crue ou jacinthe d'eau" in texte(page)
    assert (seance.statut, seance.motif_annulation) == ("annulee", "crue_jacinthe")
    assert "Annulée : Crue" in texte(rachelle.get("/formateur/aujourdhui"))
    assert "ne compte contre personne" in texte(rachelle.get(f"/formateur/seances/{seance.seance_id}"))


def test_every_reason_has_its_picture(app: Flask) -> None:
    """A new reason in the list without a drawing would break the page."""
    dossier = Path(page_bilan.__file__).parent.parent / "static/images/motifs"

    assert {un.stem for un in dossier.glob("*.svg")} == set(listes.listes()["motif_annulation"])


@pytest.mark.parametrize("champs", [{"motif": "crue_jacinthe"}, {"groupe": "x", "motif": "meteo"}, {"groupe": "x"}])
def test_cancelling_without_a_group_or_a_reason_writes_nothing(
    rachelle: FlaskClient, bord: Bord, champs: dict[str, str]
) -> None:
    """A sentence, and the page again."""
    page = rachelle.post("/formateur/annuler", data=champs)

    assert page.status_code == 400
    assert "Choisis d'abord le groupe" in texte(page)
    assert seances.lister(bord.registre) == []


def test_the_open_session_is_cancelled_with_its_reason(rachelle: FlaskClient, bord: Bord) -> None:
    """A storm comes up at nine."""
    ouvrir(rachelle, bord)
    toucher(rachelle, rachelle.get("/formateur/annuler"), "Vent, pluie, orage")

    assert seances.en_cours(bord.registre) is None
    assert seances.lister(bord.registre)[0].motif_annulation == "meteo"


def test_the_bilan_is_read_over_the_phone_in_thirty_seconds(bilan: TestResponse) -> None:
    """Who, what, how many, girls and boys, hours, laptops, where the data are: under 75 words."""
    page = texte(bilan)
    dit = page[page.index("À lire au téléphone") : page.index("»")]

    for morceau in (
        "4e A – Gbessou, S01",
        "avec Rachelle",
        "1 jeune : 1 fille et 0 garçon",
        "1 absent",
        "2,0 heures-jeunes",
        "11 ordinateurs",
        "à bord seulement",
    ):
        assert morceau in dit
    assert len(dit.split()) < 75


def test_the_bilan_names_what_is_left_to_do(bilan: TestResponse) -> None:
    """Whom to call back, heads, date, corrections, data."""
    page = texte(bilan)

    assert "À rappeler : Koffi H." in page
    assert "Têtes : 1, comme l'appel ✓" in page
    assert "Date : confirmée ✓" in page
    assert "Corrections : aucune" in page
    assert "Les données du jour : À bord seulement" in page


def test_a_late_correction_leaves_its_trace(
    rachelle: FlaskClient, bord: Bord, bilan: TestResponse, horloge: Horloge
) -> None:
    """Two days later: Koffi came after the roll."""
    horloge.avancer(minutes=60 * 48)
    page = rachelle.get(f"{bilan.request.path}/corriger/{bord.koffi}")
    page = toucher(rachelle, page, "J'entre", pin="135790")
    page = toucher(rachelle, page, "Corriger", nouveau="present", motif="arrive_apres_appel")

    phrase = "Koffi H. Corrigé par Rachelle le 6 mars : absent → présent (arrivé·e après l'appel)"
    assert phrase in texte(page)
    trace = presences.corrections(bord.registre, bilan.request.path.rsplit("/", 1)[1])
    assert [(une.ancien, une.nouveau, une.apres_cloture) for une in trace] == [("absent", "present", True)]


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"motif": "erreur_saisie"}, "Qu'est-ce qui est vrai"),
        ({"nouveau": "present"}, "Raison de la correction"),
        ({"nouveau": "retard", "motif": "erreur_saisie"}, "Je ne comprends pas cette heure"),
        ({"nouveau": "retard", "motif": "erreur_saisie", "heure": "26:00"}, "Je ne comprends pas cette heure"),
        ({"nouveau": "non_marque", "motif": "erreur_saisie"}, "Qu'est-ce qui est vrai"),
    ],
)
def test_a_correction_without_its_reason_is_not_written(
    rachelle: FlaskClient, bord: Bord, bilan: TestResponse, champs: dict[str, str], phrase: str
) -> None:
    """State, hour and reason are asked; what was chosen stays chosen."""
    avant = journal.dernier(bord.registre)
    page = rachelle.get(f"{bilan.request.path}/corriger/{bord.koffi}")
    page = toucher(rachelle, page, "Corriger", **champs)
    gardes = next(un for un in boutons(page) if un.libelle == "Corriger").champs

    assert phrase in texte(page)
    assert {nom: gardes.get(nom) for nom in champs if champs[nom] != "non_marque"} == {
        nom: valeur for nom, valeur in champs.items() if valeur != "non_marque"
    }
    assert journal.dernier(bord.registre) == avant


def test_the_chip_says_where_the_data_are_on_every_page(
    rachelle: FlaskClient, bord: Bord, bilan: TestResponse, horloge: Horloge
) -> None:
    """Aboard, on the stick, sent; never « safe » before the shore's receipt."""

    def sceller(flux: str, incarnation: str, premier: int, _avant: bytes, lignes: object) -> envois.LotScelle:
        dernier = premier + len(list(lignes)) - 1  # type: ignore[call-overload]
        return envois.LotScelle(f"{flux}{premier}", incarnation, premier, dernier, b"h" * 32, b"corps", flux)

    vues = [texte(rachelle.get("/formateur/donnees"))]
    envois.sceller_tout(bord.registre, fabrique=sceller)
    for voie in ("cle", "4g"):
        for lot in envois.a_envoyer(bord.registre):
            envois.noter_depot(bord.registre, lot_id=lot.id, voie=voie, support="x", instant=horloge())
        vues.append(texte(rachelle.get("/formateur/donnees")))

    for vue, code in zip(vues, ("a_bord", "sur_cle", "envoye"), strict=True):
        assert f"Les données du jour : {mots.PUCES_TITRES[code]}" in vue
        assert f"En ce moment {mots.PUCES_TITRES[code]}" in vue
    assert "ce n'est pas encore sûr : une clé se perd" in vues[1]
    assert "La terre n'a encore rien reçu" in vues[2]
    assert reglages.lire(bord.registre, "incarnation")


def test_with_kolibri_down_the_button_says_so(rachelle: FlaskClient) -> None:
    """And everything else goes on."""
    page = toucher(rachelle, rachelle.get("/formateur/aujourdhui"), "Ouvrir Kolibri")

    assert "Les leçons Kolibri dorment" in texte(page)
    assert "Aujourd'hui" in texte(page)


class _Eveille(BaseHTTPRequestHandler):
    """What tells the portal that Kolibri is there."""

    def do_GET(self) -> None:
        """Answer /status/."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def kolibri(config: ConfigPortail) -> Iterator[ConfigPortail]:
    """A Kolibri that is awake, as far as its door."""
    serveur = ThreadingHTTPServer(("127.0.0.1", 0), _Eveille)
    fil = Thread(target=serveur.serve_forever, args=(0.01,))
    fil.start()
    base = f"http://127.0.0.1:{serveur.server_port}/"
    yield replace(config, kolibri_base=base, cle_kolibri=b"k" * 32)
    serveur.shutdown()
    fil.join()
    serveur.server_close()


def test_kolibri_opens_as_coach_through_the_same_door(bord: Bord, kolibri: ConfigPortail) -> None:
    """The signed entry says her name, the role of coach and the groups that must exist."""
    rachelle = create_app(kolibri).test_client()
    entrer(rachelle, bord)
    reponse = rachelle.post("/formateur/kolibri")
    adresse = urlsplit(reponse.location)
    morceau = parse_qs(adresse.query)["t"][0].split(".")[0]
    corps = json.loads(base64.urlsafe_b64decode(morceau + "=" * (-len(morceau) % 4)))

    assert reponse.status_code == 303
    assert reponse.location.startswith(f"{kolibri.kolibri_base}pirogue/entrer?")
    assert corps["personne"] == {
        "sub": bord.rachelle,
        "nom": "Rachelle",
        "code": "",
        "role": "coach",
        "classes": ["4e A – Gbessou"],
    }
    assert corps["suite"] == lecons.SUITE_COACH


def test_no_page_needs_a_script_and_none_carries_one_inside(
    rachelle: FlaskClient, bord: Bord, bilan: TestResponse
) -> None:
    """Scripts are files that the security policy knows; no handler, no style in a tag."""
    seance = bilan.request.path
    adresses = [
        "/formateur/aujourdhui",
        "/formateur/annuler",
        "/formateur/donnees",
        "/formateur/date",
        "/formateur/groupes/nouveau",
        f"/formateur/groupes/{bord.groupe}",
        f"/formateur/groupes/{bord.groupe}/inscrire",
        f"/formateur/ouvrir/{bord.groupe}",
        f"/formateur/jeunes/{bord.afi}/carte",
        seance,
        f"{seance}/corriger/{bord.afi}",
        ouvrir(rachelle, bord).request.path,
    ]
    for adresse in adresses:
        page = rachelle.get(adresse)

        assert page.status_code == 200
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", page.text), adresse
        assert len(page.data) < 60_000


def test_the_groups_of_another_day_are_all_offered(rachelle: FlaskClient, bord: Bord, horloge: Horloge) -> None:
    """Two groups: she chooses, each with its next module."""
    lieux.ecrire_groupe(
        bord.registre,
        lieux.Groupe("", "Apprentis", "", None, 24, "premiers_pas"),
        instant=horloge(),
        auteur=bord.rachelle,
    )
    page = texte(rachelle.get("/formateur/ouvrir"))

    assert "4e A – Gbessou" in page
    assert "Apprentis" in page
    assert page.count("Prochain : S01") == 2


def test_the_style_of_these_pages_weighs_under_eight_kilobytes() -> None:
    """It is loaded over a Wi-Fi that 24 laptops share."""
    feuille = Path(page_bilan.__file__).parent.parent / "static/formateur.css"

    assert feuille.stat().st_size <= 8_192

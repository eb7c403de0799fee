"""Where the data are, session by session; the telephone's road; the shore's letters; erasing somebody."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from equipage import Bord, Horloge
from gestes_formateur import boutons, entrer, regler, toucher
from gestes_jeune import texte
from pirogue_echange import cles as format_cles
from pirogue_portail.formateur import courrier as page_courrier
from pirogue_registre import courriers, envois, jeunes, journal, reglages, seances
from pirogue_registre.puce import EtatSeance
from pirogue_rive import arrivees, recepisses
from pirogue_rive import config as rives
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_sync import cle as cle_bord
from pirogue_sync import courrier, jumelage
from sync.quai import Quai, preparer_quai

QUAND = "/formateur/donnees"


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning, Tuesday 4 March 2025."""
    regler(monkeypatch, horloge)


@pytest.fixture
def quai(bord: Bord, tmp_path: Path) -> Quai:
    """The boat and its shore, paired."""
    return preparer_quai(bord, tmp_path / "rive")


@pytest.fixture
def rachelle(client: FlaskClient, bord: Bord) -> FlaskClient:
    """Rachelle's telephone, signed in."""
    entrer(client, bord)
    return client


def une_seance(bord: Bord) -> str:
    """Hold a session."""
    seance = bord.ouvrir_seance()
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    return seance


def veiller(quai: Quai) -> None:
    """Let the process that owns the keys do its turn."""
    courrier.tour(quai.bord.registre, trousseau=quai.trousseau, instant=quai.bord.horloge())


def donner(client: FlaskClient, octets: bytes) -> TestResponse:
    """Bring a file back from the shore."""
    tete = b'--f\r\nContent-Disposition: form-data; name="reponse"; filename="reponse.lots"\r\n\r\n'
    corps = tete + octets + b"\r\n--f--\r\n"
    return client.post(
        "/formateur/courrier", data=corps, content_type="multipart/form-data; boundary=f", follow_redirects=True
    )


def a_terre(quai: Quai, octets: bytes) -> bytes:
    """Give the shore the file that a telephone brought; return its answer."""
    with rives.ouvrir(quai.config) as rive:
        arrivees.prendre_suite(rive, page_courrier_lots(octets), voie="telephone", instant=quai.bord.horloge())
        relais = reglages.lire(quai.bord.registre, "relais")
        return b"".join(recepisses.pour(rive, relais=relais, instant=quai.bord.horloge()))


def page_courrier_lots(octets: bytes) -> list[bytes]:
    """Cut a file of lots."""
    return [corps for *_, corps in page_courrier._lots(octets)]


def test_a_day_goes_ashore_in_a_telephone_and_the_answer_makes_it_green(rachelle: FlaskClient, quai: Quai) -> None:
    """Aboard, in the telephone, confirmed; each step is on the page, and nothing asks for JavaScript."""
    une_seance(quai.bord)
    attente = rachelle.get("/formateur/courrier")
    veiller(quai)
    fichier = rachelle.get("/formateur/courrier/fichier")
    en_route = texte(rachelle.get(QUAND))
    ou = [un for (un,) in quai.bord.registre.db.execute("SELECT support FROM depot WHERE voie = 'telephone'")]
    reponse = a_terre(quai, fichier.data)
    apres = donner(rachelle, reponse)
    veiller(quai)
    fin = rachelle.get("/formateur/courrier")

    assert "La boîte prépare le fichier" in texte(attente)
    assert attente.headers["Refresh"] == "3"
    assert fichier.headers["Content-Disposition"].startswith("attachment; filename=pirogue-pirogue-1-")
    assert "Dans le téléphone de Rachelle" in en_route
    assert ou
    assert not any("Rachelle" in un for un in ou)
    assert "La boîte ouvre le courrier" in texte(apres)
    assert "Le courrier est ouvert : Confirmé à terre" in texte(fin)
    assert "Refresh" not in fin.headers
    assert "Rien n'attend" in texte(fin)
    assert "Confirmé le 4 mars" in texte(rachelle.get(QUAND))


def test_bringing_the_same_answer_twice_is_no_fault(rachelle: FlaskClient, quai: Quai) -> None:
    """It is opened, and the box knew it already."""
    une_seance(quai.bord)
    veiller(quai)
    reponse = a_terre(quai, rachelle.get("/formateur/courrier/fichier").data)
    for _ in range(2):
        donner(rachelle, reponse)
        veiller(quai)

    assert "la boîte savait déjà tout cela" in texte(rachelle.get("/formateur/courrier"))
    assert envois.etat_puce(quai.bord.registre) == envois.CONFIRME


def test_each_wrong_file_is_a_sentence_and_nothing_is_lost(rachelle: FlaskClient, quai: Quai) -> None:
    """Nothing chosen, a photo, half an answer, our own file, another boat's answer, a giant."""
    une_seance(quai.bord)
    veiller(quai)
    depart = rachelle.get("/formateur/courrier/fichier").data
    reponse = a_terre(quai, depart)
    ailleurs = reponse.replace(reglages.lire(quai.bord.registre, "relais").encode(), b"0" * 32)
    cas = {
        b"": "Choisis d'abord le fichier",
        b"\xff\xd8\xff\xe0 une photo" * 50: "n'est pas la réponse de la terre",
        reponse[:-5]: "ou il est coupé",
        depart: "C'est le fichier de départ",
        ailleurs: "pour un autre bateau",
        b"x" * (4 * 1024 * 1024 + 2): "trop gros",
    }
    manquent = [phrase for octets, phrase in cas.items() if phrase not in texte(donner(rachelle, octets))]

    assert manquent == []
    assert courriers.compter(quai.bord.registre).attendent == 0
    assert envois.etat_puce(quai.bord.registre) == envois.AU_TELEPHONE


def test_an_answer_that_nobody_signed_changes_nothing(rachelle: FlaskClient, quai: Quai) -> None:
    """Its form is good; the process that owns the keys says that it is damaged."""
    une_seance(quai.bord)
    veiller(quai)
    reponse = a_terre(quai, rachelle.get("/formateur/courrier/fichier").data)
    donner(rachelle, reponse.replace(b'"jusqua":', b'"jusqu1":'))
    veiller(quai)

    assert "Un reçu est abîmé" in texte(rachelle.get("/formateur/courrier"))
    assert envois.etat_puce(quai.bord.registre) == envois.AU_TELEPHONE


def test_a_giant_stops_at_the_door(rachelle: FlaskClient) -> None:
    """Five megabytes are read away, not kept; any other page still refuses more than its own form."""
    assert donner(rachelle, b"x" * (5 * 1024 * 1024)).status_code == 413
    assert rachelle.post("/formateur/rive", data={"x": "y" * 70_000}).status_code == 413


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary(max_size=400) | st.binary(max_size=60).map(lambda b: b"pirogue-lot 1\n" + b))
def test_no_file_is_ever_a_fault(octets: bytes) -> None:
    """Whatever the bytes are, the answer is a sentence."""
    with pytest.raises(EntreeInvalide):
        page_courrier.decouper(octets, relais="a" * 32)


def test_the_page_tells_each_session_its_own_place(rachelle: FlaskClient, quai: Quai, tmp_path: Path) -> None:
    """Yesterday's on the stick, today's aboard."""
    une_seance(quai.bord)
    cle = tmp_path / "cle"
    cle.mkdir()
    cle_bord.echanger(quai.bord.registre, dossier=cle, trousseau=quai.trousseau, instant=quai.bord.horloge())
    une_seance(quai.bord)
    etats = envois.etats_seances(quai.bord.registre)
    page = rachelle.get(QUAND)

    assert [(etat.code, etat.support) for etat in etats] == [("a_bord", ""), ("sur_cle", "clé sans numéro")]
    assert "Sur une clé sans numéro" in texte(page)
    assert page.text.count("images/etats/sur_cle.svg") >= 1


@pytest.mark.parametrize(
    ("etat", "phrase"),
    [
        (EtatSeance("s", "sur_cle", "clé n° 4", None), "Sur la clé n° 4"),
        (EtatSeance("s", "au_telephone", "téléphone de Rachelle", None), "Dans le téléphone de Rachelle"),
        (EtatSeance("s", "envoye", "", None), "Envoyé"),
        (EtatSeance("s", "a_bord", "", None), "À bord seulement"),
        (EtatSeance("s", "confirme", "", 0), "Confirmé"),
        (EtatSeance("s", "confirme", "", 1_741_108_800_000), "Confirmé le 4 mars, 18 h 20"),
    ],
)
def test_a_state_is_said_in_words(etat: EtatSeance, phrase: str) -> None:
    """As a trainer would say it on the phone."""
    from pirogue_portail.formateur import donnees

    assert donnees.dire(etat) == phrase


def test_the_letters_of_both_are_compared_before_anything_leaves(
    rachelle: FlaskClient, quai: Quai, tmp_path: Path
) -> None:
    """A stick brings the shore's card: shown large beside ours; « oui » puts it in force, « non » forgets it."""
    cle, dossier = tmp_path / "cle", tmp_path / "cles"
    (cle / "PIROGUE").mkdir(parents=True)
    dossier.mkdir()
    (cle / "PIROGUE/rive.json").write_bytes(format_cles.ecrire_carte(quai.carte_rive))
    registre = quai.bord.registre
    jumelage.presenter_par_cle(registre, dossier=cle, cles=quai.cles)
    page = rachelle.get("/formateur/rive")
    avant = jumelage.conclure(registre, dossier)
    non = toucher(rachelle, page, "Non")
    jumelage.presenter_par_cle(registre, dossier=cle, cles=quai.cles)
    oui = toucher(rachelle, rachelle.get("/formateur/rive"), "Oui")
    apres = jumelage.conclure(registre, dossier)

    assert quai.carte_rive.empreinte.replace("-", " ") in texte(page)
    assert quai.cles.carte.empreinte.replace("-", " ") in texte(page)
    assert avant is None
    assert "cette carte est oubliée" in texte(non)
    assert "C'est noté" in texte(oui)
    assert apres == quai.carte_rive
    assert format_cles.lire_carte((dossier / "rive.json").read_bytes()) == quai.carte_rive
    posee = cle / f"PIROGUE/relais-{quai.cles.carte.id[:8]}.json"
    assert format_cles.lire_carte(posee.read_bytes()) == quai.cles.carte


def test_an_answer_about_another_card_is_not_kept(rachelle: FlaskClient, quai: Quai) -> None:
    """The stick was changed while the page was open: the letters are to be compared again."""
    registre = quai.bord.registre
    jumelage.proposer(registre, format_cles.ecrire_carte(quai.carte_rive))
    page = rachelle.get("/formateur/rive")
    autre = format_cles.faire(
        "rive", id="autre", nom="Autre", secours=quai.carte_rive.secours, identites=quai.carte_rive.identites
    )
    jumelage.proposer(registre, format_cles.ecrire_carte(autre.carte))

    assert "compare encore une fois" in texte(toucher(rachelle, page, "Oui"))
    assert reglages.lire(registre, "rive_acceptee") == ""


def test_erasing_asks_for_a_reason_and_her_first_name(rachelle: FlaskClient, bord: Bord) -> None:
    """The page says what goes and what stays; a wrong name erases nobody; then she is gone from every page."""
    adresse = f"/formateur/jeunes/{bord.afi}/effacer"
    page = rachelle.get(adresse)
    avant = journal.dernier(bord.registre)
    faux = toucher(rachelle, page, "Effacer Afi", prenom="Koffi", motif="demande_personne")
    sans = toucher(rachelle, page, "Effacer Afi", prenom="Afi")
    assert journal.dernier(bord.registre) == avant
    fait = toucher(rachelle, page, "Effacer Afi", prenom=" afi ", motif="demande_personne")

    assert "Ce qui est détruit" in texte(page)
    assert "Ce qui reste" in texte(page)
    assert "Ce n'est pas son prénom" in texte(faux)
    assert "Pourquoi" in texte(sans)
    assert "C'est effacé" in texte(fait)
    assert rachelle.get(adresse).status_code == 404
    assert "Afi" not in texte(rachelle.get(f"/formateur/groupes/{bord.groupe}"))
    assert [un.personne_id for un in jeunes.lister(bord.registre, bord.groupe)] == [bord.koffi]


def test_nothing_of_these_pages_is_for_a_visitor(client: FlaskClient) -> None:
    """Without a code, every one of them leads to the door."""
    for chemin in ("courrier", "courrier/fichier", "rive", "donnees", "jeunes/x/effacer"):
        reponse = client.get(f"/formateur/{chemin}")
        assert reponse.status_code == 303
        assert reponse.headers["Location"].endswith("/formateur/")
    assert boutons(client.get("/formateur/", follow_redirects=True)) is not None

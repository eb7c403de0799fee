"""Enrolment: eight fields, nothing typed twice, a possible double shown before anything is written, the card."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from equipage import Bord, Horloge
from gestes_formateur import boutons, entrer, ouvrir, regler, toucher
from gestes_jeune import texte
from pirogue_registre import consentements, jeunes, journal, lieux, seances
from pirogue_registre.jeunes import Jeune

FICHE = {
    "prenom": "Sèna",
    "nom": "Ɖɔsu N'Dah",
    "sexe": "F",
    "annee_naissance": "2010",
    "territoire": "030506-vekky",
    "situation": "eleve_college",
    "niveau_scolaire": "college",
    "consentement_suivi": "oui",
}
INCOMPLETES = {
    "prenom": (" ", "Le prénom manque"),
    "nom": ("", "Le nom"),
    "sexe": ("", "Fille ou garçon ? Choisis"),
    "annee_naissance": ("12", "L'année de naissance va de 1930"),
    "territoire": ("", "Quel village"),
    "situation": ("astronaute", "Situation"),
    "niveau_scolaire": ("", "Quelle école"),
    "consentement_suivi": ("", "Pose la question"),
}


@pytest.fixture(autouse=True)
def heure(monkeypatch: pytest.MonkeyPatch, horloge: Horloge) -> None:
    """It is eight in the morning, Tuesday 4 March 2025."""
    regler(monkeypatch, horloge)


@pytest.fixture
def rachelle(client: FlaskClient, bord: Bord) -> FlaskClient:
    """Rachelle's laptop, signed in."""
    entrer(client, bord)
    return client


def inscrire(rachelle: FlaskClient, bord: Bord, **champs: str) -> TestResponse:
    """Fill the form and send it."""
    page = rachelle.get(f"/formateur/groupes/{bord.groupe}/inscrire")
    return toucher(rachelle, page, "Enregistrer", **FICHE | champs)


def trouver(bord: Bord, prenom: str) -> Jeune:
    """Return the trainee of that first name."""
    return next(jeune for jeune in jeunes.lister(bord.registre, bord.groupe) if jeune.prenom == prenom)


def test_eight_fields_put_someone_aboard_with_her_card(rachelle: FlaskClient, bord: Bord) -> None:
    """Names in any script; the consent is kept with its purpose, the others were not ticked."""
    page = inscrire(rachelle, bord)
    sena = trouver(bord, "Sèna")

    assert "Carte de Sèna" in texte(page)
    assert sena.nom == "Ɖɔsu N'Dah"
    assert sena.complet
    accords = [consentements.lire(bord.registre, sena.personne_id, un) for un in ("suivi", "recherche", "image")]
    assert accords == ["oui", "non", "non"]


@pytest.mark.parametrize(
    ("prenom", "nom"), [("Olive 🌸", "Kpɛnu"), ("D'Almeida", "O'<b>Brien</b>"), ("ɖɛɔŋ", "Ɖ"), ("Marie-Ève", '"x"')]
)
def test_a_name_of_any_signs_is_kept_and_shown_as_written(
    rachelle: FlaskClient, bord: Bord, prenom: str, nom: str
) -> None:
    """Emoji, apostrophes, ɖ ɛ ɔ, and signs that HTML would take for its own."""
    page = inscrire(rachelle, bord, prenom=prenom, nom=nom)

    assert f"Carte de {prenom}" in texte(page)
    assert trouver(bord, prenom).nom == nom
    assert "<b>Brien" not in rachelle.get(f"/formateur/jeunes/{trouver(bord, prenom).personne_id}/completer").text


@pytest.mark.parametrize(("champ", "valeur", "phrase"), [(nom, *cas) for nom, cas in INCOMPLETES.items()])
def test_a_mistake_is_said_beside_its_field_and_the_rest_is_kept(
    rachelle: FlaskClient, bord: Bord, champ: str, valeur: str, phrase: str
) -> None:
    """Every typed value comes back; nothing is written."""
    avant = journal.dernier(bord.registre)
    page = inscrire(rachelle, bord, **{champ: valeur})
    gardes = next(un for un in boutons(page) if un.libelle == "Enregistrer").champs

    assert page.status_code == 400
    assert texte(page).count(phrase) == 2  # in the summary, and beside the field
    assert all(gardes[nom] == tape for nom, tape in FICHE.items() if nom != champ)
    assert journal.dernier(bord.registre) == avant


def test_an_empty_form_says_everything_at_once(rachelle: FlaskClient, bord: Bord) -> None:
    """Not one mistake after the other."""
    page = rachelle.post(f"/formateur/groupes/{bord.groupe}/inscrire", data={})

    assert "Il reste 8 choses à voir" in texte(page)


def test_a_year_that_nobody_knows_is_an_answer(rachelle: FlaskClient, bord: Bord) -> None:
    """« On ne sait pas » wins over what was typed."""
    inscrire(rachelle, bord, annee_naissance="", annee_inconnue="oui")

    assert trouver(bord, "Sèna").annee_naissance is None


def test_saying_no_keeps_nobody_out(rachelle: FlaskClient, bord: Bord) -> None:
    """Refusing data must not cost the course."""
    page = inscrire(rachelle, bord, consentement_suivi="non")

    assert "Carte de Sèna" in texte(page)
    assert consentements.lire(bord.registre, trouver(bord, "Sèna").personne_id, "suivi") == "non"


def test_a_guardian_is_named_by_the_link(rachelle: FlaskClient, bord: Bord) -> None:
    """Who answers for a minor is asked; without the link the form comes back."""
    sans = inscrire(rachelle, bord, par="responsable")
    avec = inscrire(rachelle, bord, par="responsable", lien="mere", forme="signature_papier")
    rangee = bord.registre.db.execute(
        "SELECT par, lien, forme FROM consentement WHERE finalite = 'suivi' AND personne_id = ?",
        (trouver(bord, "Sèna").personne_id,),
    ).fetchone()

    assert "Qui est le responsable" in texte(sans)
    assert "Carte de" in texte(avec)
    assert tuple(rangee) == ("responsable", "mere", "signature_papier")


def test_a_possible_double_is_shown_before_anything_is_written(rachelle: FlaskClient, bord: Bord) -> None:
    """Afi Dosou, born in 2011, is probably Afi Dossou."""
    avant = journal.dernier(bord.registre)
    question = inscrire(rachelle, bord, prenom="Afi", nom="Dosou", annee_naissance="2011")
    apres = journal.dernier(bord.registre)
    carte = toucher(rachelle, question, "Oui, c'est elle")

    assert "Est-ce la même personne" in texte(question)
    assert apres == avant
    assert "Rien n'a été écrit" in texte(carte)
    assert journal.dernier(bord.registre) == avant


def test_another_person_of_nearly_the_same_name_is_enrolled(rachelle: FlaskClient, bord: Bord) -> None:
    """Everything typed went through the question."""
    question = inscrire(rachelle, bord, prenom="Afi", nom="Dosou", annee_naissance="2011", image="oui")
    toucher(rachelle, question, "Non, c'est une autre personne")
    nouvelle = next(un for un in jeunes.lister(bord.registre, bord.groupe) if un.nom == "Dosou")

    assert nouvelle.annee_naissance == 2011
    assert consentements.lire(bord.registre, nouvelle.personne_id, "image") == "oui"
    assert len(jeunes.lister(bord.registre, bord.groupe)) == 3


def test_a_newcomer_is_completed_later_and_keeps_her_card(rachelle: FlaskClient, bord: Bord) -> None:
    """Three fields on Tuesday, the other five on Thursday; same pictures, same animal."""
    appel = ouvrir(rachelle, bord)
    nouveau = rachelle.get(appel.request.path.replace("appel", "nouveau"))
    toucher(rachelle, nouveau, "C'est noté", prenom="Gloria", sexe="F", age="13")
    avant = trouver(bord, "Gloria")
    page = rachelle.get(f"/formateur/jeunes/{avant.personne_id}/completer")
    reste = {nom: FICHE[nom] for nom in ("territoire", "situation", "niveau_scolaire", "consentement_suivi")}
    page = toucher(rachelle, page, "Enregistrer", nom="Ahossi", **reste)
    apres = trouver(bord, "Gloria")

    assert not avant.complet
    assert apres.complet
    assert (apres.images, apres.animal, apres.sexe) == (avant.images, avant.animal, "F")
    assert apres.annee_naissance == 2012
    assert apres.annee_estimee
    assert "À compléter" not in texte(page)


def test_the_full_form_completes_the_newcomer_who_is_recognised(rachelle: FlaskClient, bord: Bord) -> None:
    """Enrolling Gloria in full, « Oui, c'est elle » fills the record that was waiting."""
    appel = ouvrir(rachelle, bord)
    nouveau = rachelle.get(appel.request.path.replace("appel", "nouveau"))
    toucher(rachelle, nouveau, "C'est noté", prenom="Gloria", sexe="F", age="")
    question = inscrire(rachelle, bord, prenom="Gloria", nom="Ahossi")
    toucher(rachelle, question, "Oui, c'est elle")

    assert [un.nom for un in jeunes.lister(bord.registre, bord.groupe) if un.prenom == "Gloria"] == ["Ahossi"]


def test_the_card_shows_no_surname_no_village_no_school(rachelle: FlaskClient, bord: Bord) -> None:
    """A card is lost one day: first name, animal, three pictures, code."""
    inscrire(rachelle, bord)
    sena = trouver(bord, "Sèna")
    page = rachelle.get(f"/formateur/jeunes/{sena.personne_id}/carte")
    montrees = re.findall(r"images/choix/(\w+)\.svg", page.text)

    assert tuple(montrees) == sena.images
    assert sena.code_jeune in page.text
    for secret in ("Ɖɔsu", "Vekky", "Gbessou", "2010"):
        assert secret not in page.text


def test_the_group_page_says_how_far_everyone_is(rachelle: FlaskClient, bord: Bord) -> None:
    """A card to see, a record to open, progress; nobody's surname in full."""
    page = texte(rachelle.get(f"/formateur/groupes/{bord.groupe}"))

    assert "Afi D." in page
    assert "Pas encore commencé" in page
    assert "Dossou" not in page


def test_a_group_and_its_stop_are_made_on_one_page_or_not_at_all(rachelle: FlaskClient, bord: Bord) -> None:
    """A mistake in the group leaves no orphan stop behind, and keeps what was typed."""
    champs = {"libelle": " ", "capacite": "24", "escale": "nouvelle", "escale_nom": "Marché de Ganvié"}
    page = rachelle.get("/formateur/groupes/nouveau")
    faute = toucher(rachelle, page, "Créer le groupe", **champs)
    escales = len(lieux.lister_escales(bord.registre))
    toucher(rachelle, faute, "Créer le groupe", libelle="Apprentis – Ganvié")

    assert "Le nom du groupe manque" in texte(faute)
    assert 'value="Marché de Ganvié"' in faute.text
    assert escales == 1
    assert [un.libelle for un in lieux.lister_groupes(bord.registre)] == ["4e A – Gbessou", "Apprentis – Ganvié"]
    assert len(lieux.lister_escales(bord.registre)) == 2


@pytest.mark.parametrize("meme", [None, ""])
def test_a_form_sent_twice_enrols_once(rachelle: FlaskClient, bord: Bord, meme: str | None) -> None:
    """A double tap, or « Envoyer à nouveau » after a cut: one Jules, one card."""
    adresse = f"/formateur/groupes/{bord.groupe}/inscrire"
    champs = next(un.champs for un in boutons(rachelle.get(adresse)) if "numero" in un.champs) | FICHE
    champs |= {"prenom": "Afia", "nom": "Dossou"} if meme is not None else {"prenom": "Jules", "nom": "Zinsou"}
    champs |= {} if meme is None else {"meme": meme}
    pages = [rachelle.post(adresse, data=champs) for _ in range(2)]

    assert [page.status_code for page in pages] == [303, 303]
    assert pages[0].location == pages[1].location
    assert len(jeunes.lister(bord.registre, bord.groupe)) == 3


def test_forms_sent_together_enrol_once(app: Flask, rachelle: FlaskClient, bord: Bord) -> None:
    """Two taps handled at the same moment by two threads."""
    adresse = f"/formateur/groupes/{bord.groupe}/inscrire"
    champs = next(un.champs for un in boutons(rachelle.get(adresse)) if "numero" in un.champs) | FICHE
    temoin = rachelle.get_cookie("pirogue_formateur", path="/formateur")
    assert temoin is not None

    def envoyer(_: int) -> int:
        client = app.test_client()
        client.set_cookie("pirogue_formateur", temoin.value, path="/formateur")
        return client.post(adresse, data=champs).status_code

    with ThreadPoolExecutor(4) as fils:
        statuts = list(fils.map(envoyer, range(4)))

    assert statuts == [303] * 4
    assert len(jeunes.lister(bord.registre, bord.groupe)) == 3


@pytest.mark.parametrize(("page", "bouton"), [("annuler", "Crue"), ("groupes/nouveau", "Créer le groupe")])
def test_a_flood_or_a_group_sent_twice_is_written_once(
    rachelle: FlaskClient, bord: Bord, page: str, bouton: str
) -> None:
    """The rain is on the screen, the finger slips."""
    touche = next(un for un in boutons(rachelle.get(f"/formateur/{page}")) if bouton in un.libelle)
    champs = touche.champs | {"groupe": bord.groupe, "libelle": "5e B", "escale": "nouvelle", "escale_nom": "Ganvié"}
    champs |= dict([touche.envoi]) if touche.envoi else {}
    for _ in range(2):
        assert rachelle.post(f"/formateur/{page}", data=champs).status_code == 303

    assert len(seances.lister(bord.registre)) + len(lieux.lister_groupes(bord.registre)) == 2


def test_a_newcomer_sent_twice_is_one(rachelle: FlaskClient, bord: Bord) -> None:
    """And is present once."""
    seance = bord.ouvrir_seance()
    adresse = f"/formateur/seances/{seance}/nouveau"
    champs = next(un.champs for un in boutons(rachelle.get(adresse)) if "numero" in un.champs)
    for _ in range(2):
        rachelle.post(adresse, data=champs | {"prenom": "Jules", "sexe": "M", "age": "13"})

    assert len(jeunes.lister(bord.registre, bord.groupe)) == 3


def test_someone_known_joins_a_second_group_without_a_second_record(rachelle: FlaskClient, bord: Bord) -> None:
    """Koffi changes class: « Oui, c'est lui » puts his tile there; his record, code and pictures stay one."""
    autre = lieux.ecrire_groupe(
        bord.registre,
        lieux.Groupe("", "4e B – Gbessou", "CEG Gbessou", None, 24, "premiers_pas"),
        instant=bord.horloge(),
        auteur="x",
    ).groupe_id
    adresse = f"/formateur/groupes/{autre}/inscrire"
    koffi = FICHE | {"prenom": "Koffi", "nom": "Hounsou", "annee_naissance": "2011", "sexe": "M"}

    for _ in range(2):
        page = rachelle.post(adresse, data=koffi | {"meme": bord.koffi}, follow_redirects=True)

    assert "déjà dans ce groupe" in texte(page)
    assert [un.personne_id for un in jeunes.lister(bord.registre, autre)] == [bord.koffi]
    assert len(jeunes.lister(bord.registre, bord.groupe)) == 2
    assert bord.registre.db.execute("SELECT count(*) FROM jeune").fetchone()[0] == 2

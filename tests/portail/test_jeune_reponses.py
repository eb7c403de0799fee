"""Coming back from Kolibri to the next lesson in one tap, and the quiz's answers once it is done."""

import pytest
from flask.testing import FlaskClient

from equipage import Bord
from gestes_jeune import embarquer, texte
from pirogue_contenus import quiz
from pirogue_contenus.catalogue import Ressource, charger
from pirogue_portail.config import ConfigPortail
from pirogue_portail.jeune import chemin
from pirogue_registre import progres
from pirogue_registre.jeunes import Jeune
from pirogue_registre.progres import Progres
from pirogue_socle.horloge import Instant, maintenant


@pytest.fixture
def s01(config: ConfigPortail) -> tuple[Ressource, ...]:
    """The lessons of the first session, then its quiz."""
    return charger(config.parcours).modules[0].pour("jeune")


def finir(bord: Bord, personne_id: str, *ressources: Ressource) -> None:
    """Write in the register that someone has finished these; six right answers out of eight in a quiz."""
    for une in ressources:
        genre, justes, questions = ("quiz", 6, 8) if une.genre == "quiz" else ("lecon", None, None)
        trace = Progres(
            personne_id,
            une.contenu_id,
            une.module,
            genre,
            1.0,
            60,
            justes,
            questions,
            acheve=True,
            source="kolibri",
        )
        progres.noter(bord.registre, progres=trace, instant=bord.horloge())


def test_back_from_a_lesson_the_next_one_is_one_tap_away(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune, s01: tuple[Ressource, ...]
) -> None:
    """Kolibri's way back names the lesson: its module is shown, at the lit line, with one big button."""
    embarquer(client, afi)
    finir(bord, afi.personne_id, s01[0])
    retour = client.get(f"/chemin?de={s01[0].noeud_id}")
    page = client.get(retour.headers["Location"]).get_data(as_text=True)
    lue = page[page.index('id="ici"') :]

    assert (retour.status_code, retour.headers["Location"]) == (303, "/chemin/S01#ici")
    assert lue.index(s01[1].titre.replace("'", "&#39;")) < lue.index("Je commence")
    assert page.count("bouton soleil grand") == 1


@pytest.mark.parametrize("de", ["", "0" * 32, "../S01", "note"])
def test_back_from_anywhere_else_the_path_is_shown(
    client: FlaskClient, config: ConfigPortail, seance: str, afi: Jeune, de: str
) -> None:
    """Kolibri's home, a folder, a made-up name, a trainer's note: the twelve stones."""
    (note,) = charger(config.parcours).modules[0].pour("formateur")
    embarquer(client, afi)
    page = client.get("/chemin", query_string={"de": note.noeud_id if de == "note" else de})

    assert page.status_code == 200
    assert "Mon chemin" in texte(page)


def test_after_a_long_lesson_yes_leads_where_she_was_going(
    client: FlaskClient, seance: str, afi: Jeune, s01: tuple[Ressource, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes in Kolibri are a rest for the portal: it asks who is there, then goes on to the same page."""
    embarquer(client, afi)
    la = maintenant()
    monkeypatch.setattr(chemin, "maintenant", lambda: Instant(la.boot_id, la.bt_ns + 601 * 1_000_000_000, 0))
    demande = client.get(f"/chemin?de={s01[0].noeud_id}", follow_redirects=True)
    oui = client.post("/toujours", data={"reponse": "oui", "de": s01[0].noeud_id}, follow_redirects=True)

    assert f'name="de" value="{s01[0].noeud_id}"' in demande.get_data(as_text=True)
    assert oui.request.path == "/chemin/S01"


def test_a_finished_quiz_gives_its_answers(
    client: FlaskClient, bord: Bord, config: ConfigPortail, seance: str, afi: Jeune, s01: tuple[Ressource, ...]
) -> None:
    """Each question, the right answer and the kind sentence, the others' sentences under one fold."""
    finir(bord, afi.personne_id, *s01)
    embarquer(client, afi)
    module = client.get("/chemin/S01")
    adresse = f"/chemin/S01/{s01[-1].cle}/reponses"
    page = client.get(adresse)
    mots = texte(page).replace("\xa0", " ")

    assert "Bravo !" in texte(module)
    assert f'href="{adresse}"' in module.get_data(as_text=True)
    assert "6 sur 8" in mots
    for question in quiz.lire(s01[-1].fichier, config.parcours).questions:
        assert question.texte in mots
        assert all(un.texte in mots and un.explication in mots for un in question.choix)
        assert question.image is not None
        with client.get(f"/lecons/images/{question.image.name}") as image:
            assert image.status_code == 200


def test_no_answer_before_the_quiz(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune, koffi: Jeune, s01: tuple[Ressource, ...]
) -> None:
    """Koffi was absent when Afi did it: as a pair they do it first."""
    finir(bord, afi.personne_id, *s01)
    embarquer(client, afi, koffi)
    page = client.get(f"/chemin/S01/{s01[-1].cle}/reponses", follow_redirects=True)

    assert page.request.path == "/chemin/S01"
    assert "Fais d'abord le quiz." in texte(page)
    assert "Les réponses<" not in page.get_data(as_text=True)


def test_the_answers_are_for_who_is_signed_in(client: FlaskClient, seance: str, s01: tuple[Ressource, ...]) -> None:
    """Typed by hand on a free laptop, the address leads to the welcome screen."""
    page = client.get(f"/chemin/S01/{s01[-1].cle}/reponses", follow_redirects=True)

    assert "Bienvenue à bord" in texte(page)


def test_a_lesson_has_no_answers(client: FlaskClient, seance: str, afi: Jeune, s01: tuple[Ressource, ...]) -> None:
    """A sentence, not a fault."""
    embarquer(client, afi)
    page = client.get(f"/chemin/S01/{s01[0].cle}/reponses")

    assert page.status_code == 404
    assert "pas de questions" in texte(page)

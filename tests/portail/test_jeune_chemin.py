"""Aboard: the path, the lessons, leaving, and what happens when Kolibri or the session stops."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from equipage import Bord
from gestes_jeune import embarquer, envoyer, montrer, texte
from pirogue_contenus.catalogue import charger
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_portail.jeune import chemin
from pirogue_registre import connexions, journal, progres, seances
from pirogue_registre.jeunes import Jeune
from pirogue_registre.progres import Progres
from pirogue_socle.horloge import Instant, maintenant

DIX_MINUTES_NS = 601 * 1_000_000_000


class _PorteKolibri(BaseHTTPRequestHandler):
    """Kolibri's far end, as much of it as the portal asks: is it awake."""

    def do_GET(self) -> None:
        """Answer that Kolibri is awake."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def kolibri() -> Iterator[str]:
    """An address where something answers as an awake Kolibri does."""
    serveur = ThreadingHTTPServer(("localhost", 0), _PorteKolibri)
    fil = threading.Thread(target=serveur.serve_forever, daemon=True)
    fil.start()
    yield f"http://localhost:{serveur.server_port}/"
    serveur.shutdown()
    serveur.server_close()
    fil.join()


@pytest.fixture
def avec_kolibri(config: ConfigPortail, kolibri: str) -> FlaskClient:
    """The browser of a laptop on a boat whose Kolibri is awake."""
    return create_app(replace(config, kolibri_base=kolibri, cle_kolibri=b"k" * 32)).test_client()


def finir_module(bord: Bord, config: ConfigPortail, personne_id: str, code: str) -> None:
    """Write in the register that someone has finished every lesson and quiz of a module."""
    module = next(un for un in charger(config.parcours).modules if un.code == code)
    for ressource in module.pour("jeune"):
        progres.noter(
            bord.registre,
            progres=Progres(
                personne_id,
                ressource.contenu_id,
                code,
                "quiz" if ressource.genre == "quiz" else "lecon",
                1.0,
                60,
                2 if ressource.genre == "quiz" else None,
                3 if ressource.genre == "quiz" else None,
                acheve=True,
                source="kolibri",
            ),
            instant=bord.horloge(),
        )


def test_the_path_has_twelve_stones_and_the_first_is_lit(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """One big button, where to go now; what is not aboard yet is no link."""
    page = embarquer(client, afi).get_data(as_text=True)

    assert page.count('class="pierre ') == 12
    assert page.count('aria-current="step"') == 1
    assert page.count("bouton grand") == 1
    assert page.index('aria-current="step"') < page.index('class="pierre apres"') < page.index('class="pierre bientot"')


def test_a_finished_module_is_marked_and_the_next_is_lit(
    client: FlaskClient, bord: Bord, config: ConfigPortail, seance: str, afi: Jeune
) -> None:
    """Done is said with a colour, a shape and a word."""
    finir_module(bord, config, afi.personne_id, "S01")
    page = embarquer(client, afi)

    assert page.get_data(as_text=True).count('class="pierre faite"') == 1
    assert "Ta prochaine étape J'écris avec le clavier" in texte(page)
    assert "2 sur 3" in texte(client.get("/chemin/S01"))


def test_a_pair_has_done_a_stone_only_when_both_have(
    client: FlaskClient, bord: Bord, config: ConfigPortail, seance: str, afi: Jeune, koffi: Jeune
) -> None:
    """Koffi was absent last time: they do it together."""
    finir_module(bord, config, afi.personne_id, "S01")
    page = embarquer(client, afi, koffi)

    assert "pierre faite" not in page.get_data(as_text=True)


def test_with_kolibri_asleep_the_lesson_is_read_here(
    client: FlaskClient, config: ConfigPortail, seance: str, afi: Jeune
) -> None:
    """A calm banner, the same lesson, its pictures served by the portal."""
    lecon = charger(config.parcours).modules[0].pour("jeune")[0]
    chemin_page = embarquer(client, afi)
    page = envoyer(client, f"/chemin/S01/{lecon.cle}/ouvrir")
    nom = page.get_data(as_text=True).split('src="/lecons/images/')[1].split('"')[0]
    with client.get(f"/lecons/images/{nom}") as image:
        statut = image.status_code

    assert "Les leçons Kolibri dorment : lis la leçon ici." in texte(chemin_page)
    assert lecon.titre in texte(page)
    assert statut == 200


def test_a_lesson_opens_in_kolibri_as_the_same_person(
    avec_kolibri: FlaskClient, config: ConfigPortail, seance: str, kolibri: str, afi: Jeune, koffi: Jeune
) -> None:
    """The door gets her id, first name and initial, her class, and the lesson; nothing else."""
    lecon = charger(config.parcours).modules[0].pour("jeune")[0]
    page = embarquer(avec_kolibri, afi, koffi)
    reponse = avec_kolibri.post(f"/chemin/S01/{lecon.cle}/ouvrir")
    adresse = urlsplit(reponse.location)
    morceau = parse_qs(adresse.query)["t"][0].split(".")[0]
    jeton = json.loads(base64.urlsafe_b64decode(morceau + "=" * (-len(morceau) % 4)))

    assert "dorment" not in texte(page)
    assert reponse.status_code == 303
    assert reponse.location.startswith(f"{kolibri}pirogue/entrer?t=")
    assert jeton["personne"]["sub"] == afi.personne_id
    assert jeton["personne"]["nom"] == "Afi D."
    assert jeton["personne"]["role"] == "learner"
    assert lecon.noeud_id in jeton["suite"]


def test_jai_fini_signs_out_here_and_in_kolibri(
    avec_kolibri: FlaskClient, bord: Bord, seance: str, kolibri: str, afi: Jeune, koffi: Jeune
) -> None:
    """The next pair finds a clean welcome screen, once Kolibri has forgotten this one too."""
    embarquer(avec_kolibri, afi, koffi)
    fini = avec_kolibri.post("/fini")
    passage = avec_kolibri.get("/")
    retour = avec_kolibri.get("/")

    assert fini.location == "/"
    assert passage.location == f"{kolibri}pirogue/sortir"
    assert "Je commence" in texte(retour)
    assert "Afi" not in texte(retour)
    assert connexions.ouvertes(bord.registre, seance) == []


def test_leaving_while_kolibri_sleeps_is_finished_when_it_wakes(
    client: FlaskClient, config: ConfigPortail, kolibri: str, seance: str, afi: Jeune
) -> None:
    """The welcome screen remembers that Kolibri has still to sign this browser out."""
    embarquer(client, afi)
    accueil = envoyer(client, "/fini")
    eveille = create_app(replace(config, kolibri_base=kolibri, cle_kolibri=b"k" * 32)).test_client()
    biscuit = client.get_cookie("pirogue_portail")
    assert biscuit is not None
    eveille.set_cookie("pirogue_portail", biscuit.value)

    assert "Je commence" in texte(accueil)
    assert eveille.get("/").location == f"{kolibri}pirogue/sortir"


def test_the_trainer_closing_the_session_clears_every_screen(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune, koffi: Jeune
) -> None:
    """The next tap of the pair leads to a clean welcome, not to an error."""
    embarquer(client, afi, koffi)
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    page = client.get("/chemin", follow_redirects=True)

    assert "Bienvenue à bord !" in texte(page)
    assert "Afi" not in texte(page)


def test_signing_in_elsewhere_signs_out_here(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """One person is at one laptop: Afi changed seats, her old screen is clean."""
    embarquer(client, afi)
    embarquer(client.application.test_client(), afi)

    assert "Bienvenue à bord !" in texte(client.get("/chemin", follow_redirects=True))


def test_after_ten_minutes_the_screen_asks_who_is_there(
    client: FlaskClient, bord: Bord, seance: str, afi: Jeune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted on the boot clock; yes goes on, no leaves a clean screen."""
    embarquer(client, afi)
    base = maintenant()
    monkeypatch.setattr(chemin, "maintenant", lambda: Instant(base.boot_id, base.bt_ns + DIX_MINUTES_NS, 0))
    demande = client.get("/chemin", follow_redirects=True)
    oui = envoyer(client, "/toujours", reponse="oui")
    monkeypatch.setattr(chemin, "maintenant", lambda: Instant("autre", 1, 0))
    redemande = client.get("/chemin/S01", follow_redirects=True)
    non = envoyer(client, "/toujours", reponse="non")

    assert "C'est toujours toi, Afi ?" in texte(demande).replace("\xa0", " ")
    assert "Mon chemin" in texte(oui)
    assert "C'est toujours toi, Afi ?" in texte(redemande).replace("\xa0", " ")
    assert "Bienvenue à bord !" in texte(non)
    assert connexions.ouvertes(bord.registre, seance) == []


def test_pages_of_a_pair_are_never_kept_by_the_browser(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """The Back key of the next pair shows nothing of this one."""
    assert embarquer(client, afi).headers["Cache-Control"] == "no-store"
    assert client.get("/chemin/S01").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("adresse", ["/chemin/S99", "/chemin/S03", "/chemin/S01/rien", "/chemin/S01/s01-notes"])
def test_a_lesson_that_is_not_aboard_is_said_in_french(
    client: FlaskClient, seance: str, afi: Jeune, adresse: str
) -> None:
    """Unknown module, module to come, unknown lesson, trainer's note: a sentence and a way back."""
    embarquer(client, afi)
    page = client.get(adresse)

    assert page.status_code == 404
    assert "n'est pas à bord." in texte(page)
    assert "Retour au début" in texte(page)


def test_a_visit_reads_everything_and_writes_nothing(client: FlaskClient, bord: Bord, seance: str) -> None:
    """Red band on every page; the journal has not moved."""
    avant = journal.dernier(bord.registre)
    pages = [client.get("/visite")]
    pages.append(client.get("/visite/S01"))
    adresses = [morceau.split('"')[0] for morceau in pages[1].get_data(as_text=True).split('href="/visite/S01/')[1:]]
    pages += [client.get(f"/visite/S01/{adresse}") for adresse in adresses]

    assert len(pages) > 4
    assert all("Visite : rien n'est gardé." in texte(page) for page in pages)
    assert journal.dernier(bord.registre) == avant


def test_a_forged_cookie_is_a_clean_welcome(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """A cookie signed with another key, or mangled, opens nothing and breaks nothing."""
    autre = create_app(replace(client.application.extensions["pirogue"], secret=b"x" * 32)).test_client()
    embarquer(autre, afi)
    biscuit = autre.get_cookie("pirogue_portail")
    assert biscuit is not None
    client.set_cookie("pirogue_portail", biscuit.value)
    etrangere = client.get("/chemin", follow_redirects=True)
    client.set_cookie("pirogue_portail", "n'importe.quoi")

    assert "Bienvenue à bord !" in texte(etrangere)
    assert "Bienvenue à bord !" in texte(client.get("/chemin", follow_redirects=True))


@pytest.mark.parametrize(
    "valeurs",
    [
        {"connexion": "0" * 32},
        {"connexion": ["a"]},
        {"embarquement": "x"},
        {"embarquement": {"personne_id": "x", "images": 3}},
        {"embarquement": {"inconnu": 1}},
        {"embarquement": {"second": True, "reconnue": True}},
        {"vu": ["x"]},
    ],
)
def test_a_cookie_of_another_version_of_the_box_is_harmless(
    client: FlaskClient, seance: str, valeurs: dict[str, object]
) -> None:
    """After an update, an old cookie may hold anything: the way starts again."""
    with client.session_transaction() as session:
        session.update(valeurs)
    for adresse in ("/", "/qui", "/images", "/toi", "/deux", "/chemin", "/toujours", "/aide"):
        page = client.get(adresse, follow_redirects=True)

        assert page.status_code == 200


def test_a_power_cut_gives_the_same_screen_back(
    client: FlaskClient, config: ConfigPortail, seance: str, afi: Jeune
) -> None:
    """A portal that starts again knows the pair by its cookie and its register."""
    montrer(client, afi)
    envoyer(client, "/toi", reponse="oui")
    biscuit = client.get_cookie("pirogue_portail")
    assert biscuit is not None
    relance = create_app(config).test_client()
    relance.set_cookie("pirogue_portail", biscuit.value)

    assert "Mon chemin" in texte(relance.get("/chemin"))


def test_a_kolibri_that_cannot_be_read_stops_nobody(
    config: ConfigPortail, seance: str, afi: Jeune, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its database is missing: the path shows what the register knows, the log says what to do."""
    client = create_app(replace(config, kolibri_maison=tmp_path / "kolibri")).test_client()
    page = embarquer(client, afi)
    fini = envoyer(client, "/fini")

    assert "Mon chemin" in texte(page)
    assert "Bienvenue à bord !" in texte(fini)
    assert "Kolibri n'est pas encore préparé." in caplog.text

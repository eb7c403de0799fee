"""The door of the portal: whose Host, from which page, how large, and what every answer tells the browser."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient

from equipage import Bord
from gestes_jeune import embarquer, texte
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
from pirogue_registre import journal
from pirogue_registre.jeunes import Jeune
from pirogue_socle.horloge import maintenant

DIX_MO = b"personne=" + b"x" * 10_000_000

LANCEMENT = """
import sys
from pathlib import Path
from pirogue_portail.serveur import servir
port = int(sys.argv[2])
def configurer():
    from pirogue_contenus.livre import parcours_livre
    from pirogue_portail.config import ConfigPortail
    return ConfigPortail(registre=Path(sys.argv[1]), secret=b"s" * 32, kolibri_base="http://localhost:9/",
    kolibri_maison=None, cle_kolibri=None, parcours=parcours_livre(), hotes=(f"localhost:{port}",),
    portail_base=f"http://localhost:{port}/")
servir(configurer, port)
"""


def attendre(adresse: str, processus: subprocess.Popen[bytes]) -> None:
    """Wait until the portal answers, or fail after 20 s."""
    fin_ns = maintenant().bt_ns + 20_000_000_000
    while maintenant().bt_ns < fin_ns:
        assert processus.poll() is None, "the portal died"
        try:
            urllib.request.urlopen(adresse, timeout=1).close()
        except OSError:
            continue
        return
    raise TimeoutError(adresse)


@pytest.fixture
def portail(bord: Bord, seance: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The portal as it runs aboard: gunicorn, its own process, a real port."""
    with socket.socket() as prise:
        prise.bind(("localhost", 0))
        port = prise.getsockname()[1]
    processus = subprocess.Popen([sys.executable, "-c", LANCEMENT, str(bord.registre.dossier), str(port)])
    adresse = f"http://localhost:{port}/"
    try:
        attendre(adresse, processus)
        yield adresse, processus
    finally:
        processus.send_signal(signal.SIGTERM)
        processus.wait(timeout=15)


def test_a_foreign_name_is_sent_to_our_own_address(client: FlaskClient) -> None:
    """A phone that asked for another site gets ours; no page is ever served under a foreign name."""
    reponse = client.get("/chemin", headers={"Host": "meteo.example"})

    assert reponse.status_code == 302
    assert reponse.location == "http://localhost/"
    assert "L'adresse de la pirogue est http://localhost/" in texte(reponse)


def test_a_form_under_a_foreign_name_is_refused(client: FlaskClient, bord: Bord, seance: str) -> None:
    """Rebinding a name to the boat's address writes nothing."""
    avant = journal.dernier(bord.registre)
    reponse = client.post("/qui", data={"personne": bord.afi}, headers={"Host": "mechant.example"})

    assert reponse.status_code == 421
    assert "n'est pas la nôtre" in texte(reponse)
    assert journal.dernier(bord.registre) == avant


@pytest.mark.parametrize(
    "entetes",
    [{"Origin": "http://mechant.example"}, {"Origin": "null"}, {"Referer": "http://mechant.example/localhost"}],
)
def test_a_form_sent_by_another_site_is_refused(client: FlaskClient, entetes: dict[str, str]) -> None:
    """Another page, open in another tab, cannot press our buttons."""
    reponse = client.post("/fini", headers=entetes)

    assert reponse.status_code == 403
    assert "ne vient pas d'une page de la pirogue" in texte(reponse)


@pytest.mark.parametrize("entetes", [{"Origin": "http://localhost"}, {"Referer": "http://localhost/chemin"}, {}])
def test_a_form_of_ours_passes(client: FlaskClient, entetes: dict[str, str]) -> None:
    """Browsers that say where they come from, and old ones that do not."""
    assert client.post("/fini", headers=entetes).status_code == 303


def test_a_body_of_ten_megabytes_gets_a_sentence(client: FlaskClient, seance: str) -> None:
    """No form of ours weighs that; it is not even read."""
    reponse = client.post("/qui", data=DIX_MO, content_type="application/x-www-form-urlencoded")

    assert reponse.status_code == 413
    assert "Ce que tu envoies est trop gros." in texte(reponse)


@pytest.mark.parametrize(
    ("methode", "adresse", "statut"), [("GET", "/nulle/part", 404), ("DELETE", "/qui", 405), ("GET", "/fini", 405)]
)
def test_a_wrong_address_is_told_in_french(client: FlaskClient, methode: str, adresse: str, statut: int) -> None:
    """Never a line of English, always a way back."""
    reponse = client.open(adresse, method=methode)

    assert reponse.status_code == statut
    assert "Retour au début" in texte(reponse)
    assert "Not Found" not in texte(reponse)
    assert "Method" not in texte(reponse)


def test_a_fault_of_ours_is_told_without_its_trace(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the trace; the child has a sentence."""

    @app.get("/panne")
    def panne() -> str:
        raise RuntimeError("secret detail")

    reponse = app.test_client().get("/panne")

    assert reponse.status_code == 500
    assert "Quelque chose n'a pas marché de notre côté." in texte(reponse)
    assert "secret" not in texte(reponse)
    assert "secret detail" in caplog.text


def test_an_unreadable_register_is_told_in_a_sentence(config: ConfigPortail, tmp_path: Path) -> None:
    """A damaged disk: what happened and what to do, not a fault page."""
    (tmp_path / "abime").mkdir()
    (tmp_path / "abime" / "registre.sqlite3").write_bytes(b"pas une base" * 1000)
    reponse = create_app(replace(config, registre=tmp_path / "abime")).test_client().get("/qui")

    assert reponse.status_code == 400
    assert "Le registre ne peut pas être" in texte(reponse)
    assert "Préviens le coordinateur." in texte(reponse)


def test_every_answer_tells_the_browser_what_to_refuse(
    app: Flask, client: FlaskClient, seance: str, afi: Jeune
) -> None:
    """Only our own files, no frame, no guess at types; cookies out of reach of scripts and other sites."""
    entetes = embarquer(client, afi).headers
    biscuit = app.test_client().post("/qui", data={"personne": "x"}).headers["Set-Cookie"]

    assert "default-src 'none'" in entetes["Content-Security-Policy"]
    assert "unsafe" not in entetes["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in entetes["Content-Security-Policy"]
    assert entetes["X-Content-Type-Options"] == "nosniff"
    assert entetes["X-Frame-Options"] == "DENY"
    assert "HttpOnly" in biscuit
    assert "SameSite=Lax" in biscuit


def test_the_cookie_carries_no_name(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """It holds an id of a sign-in and a boot clock: nothing to read on a shared laptop."""
    embarquer(client, afi)
    with client.session_transaction() as session:
        contenu = dict(session)

    assert set(contenu) == {"connexion", "vu"}
    assert afi.prenom not in str(contenu)
    assert afi.personne_id not in str(contenu)


def test_assets_do_not_lead_out_of_their_folder(client: FlaskClient) -> None:
    """Climbing is answered as anything that is not there."""
    for nom in ("../config.py", "..%2fconfig.py", "images/../../app.py", "/etc/passwd"):
        with client.get(f"/static/{nom}") as reponse:
            assert reponse.status_code in (404, 308)


def test_the_portal_serves_as_a_process_and_answers_a_huge_body(
    portail: tuple[str, subprocess.Popen[bytes]],
) -> None:
    """Real gunicorn: the welcome screen, then 10 MB refused with a page and not with a cut line."""
    adresse, _ = portail
    with urllib.request.urlopen(adresse, timeout=5) as reponse:
        accueil = reponse.read().decode()
    with pytest.raises(urllib.error.HTTPError) as refus:
        urllib.request.urlopen(f"{adresse}qui", data=DIX_MO, timeout=10)
    with refus.value as page:
        corps = page.read().decode()

    assert "Bienvenue à bord" in accueil
    assert refus.value.code == 413
    assert "trop gros" in corps


def test_the_portal_stays_under_sixty_megabytes(portail: tuple[str, subprocess.Popen[bytes]]) -> None:
    """PSS of parent and worker together, after having shown every kind of page."""
    adresse, processus = portail
    for chemin in ("", "qui", "visite", "visite/S01", "visite/S01/s01-souris", "credits", "static/pirogue.css"):
        urllib.request.urlopen(adresse + chemin, timeout=10).close()
    parent = psutil.Process(processus.pid)
    pss = sum(un.memory_full_info().pss for un in (parent, *parent.children(recursive=True)))

    assert pss < 60_000_000, f"{pss / 1e6:.1f} MB"


def test_a_killed_portal_loses_no_presence(bord: Bord, portail: tuple[str, subprocess.Popen[bytes]]) -> None:
    """Kill -9 of the worker: gunicorn starts another, and the screens go on."""
    adresse, processus = portail
    (ouvrier,) = psutil.Process(processus.pid).children()
    os.kill(ouvrier.pid, signal.SIGKILL)
    attendre(adresse, processus)

    assert Path(bord.registre.dossier / "registre.sqlite3").exists()
    with urllib.request.urlopen(f"{adresse}qui", timeout=5) as reponse:
        assert "Afi D." in reponse.read().decode()


def test_making_the_portal_opens_nothing(config: ConfigPortail, tmp_path: Path) -> None:
    """Only a request opens the register: a command that lists the routes stays harmless."""
    create_app(replace(config, registre=tmp_path / "ailleurs"))

    assert not (tmp_path / "ailleurs").exists()

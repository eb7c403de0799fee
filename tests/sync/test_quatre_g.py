"""The network's road, against the real shore server, and against networks that lie."""

import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from equipage import Horloge
from pirogue_echange import cles as trousseau
from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_registre import base, envois
from pirogue_rive import bilan, schema
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_socle.erreurs import ConfigurationInvalide, ErreurPirogue
from pirogue_sync import cle as cle_bord
from pirogue_sync import quatre_g
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.recus import RENAISSANCE
from sync.quai import Quai, compter, noter_un_depart, sceller_par, vivre_une_journee
from sync.serveurs import Serveur, attendre_a_terre


def appeler(quai: Quai, url: str) -> BilanEchange:
    """Let the boat call the shore."""
    return quatre_g.echanger(quai.bord.registre, url=url, trousseau=quai.trousseau, instant=quai.bord.horloge())


def test_a_day_goes_ashore_by_network_and_is_confirmed_at_once(quai: Quai, serveur: Serveur) -> None:
    """One call: lots out, receipt home, chip green; a second sends the hour that it taught, a third nothing."""
    vivre_une_journee(quai.bord)
    parti = appeler(quai, serveur.url)
    heure = appeler(quai, serveur.url)
    encore = appeler(quai, serveur.url + "/")

    assert (parti.deposes, parti.recus, parti.restants) == (parti.scelles, 2, 0)
    assert parti.puce.libelle == "Confirmé à terre ✓"
    assert (heure.scelles, heure.deposes) == (1, 1)
    assert (encore.deposes, encore.octets) == (0, 0)


def test_many_lots_go_in_one_request_and_the_rest_next_time(quai: Quai, serveur: Serveur) -> None:
    """A backlog larger than the budget: the oldest first."""
    vivre_une_journee(quai.bord)
    sceller_par(quai, 3)
    total = quai.bord.registre.db.execute("SELECT count(*) FROM lot").fetchone()[0]
    ouverture = {"url": serveur.url, "trousseau": quai.trousseau, "instant": quai.bord.horloge()}
    premier = quatre_g.echanger(quai.bord.registre, envoi_max=3000, **ouverture)
    assert 0 < premier.deposes < total
    assert premier.puce.code == "a_bord"
    second = quatre_g.echanger(quai.bord.registre, **ouverture)

    assert premier.deposes + second.deposes == total + premier.scelles + second.scelles
    assert second.restants == 0
    assert second.puce.code == "confirme"


def test_a_restored_card_sends_all_again_under_a_new_life(
    quai: Quai, serveur: Serveur, horloge: Horloge, tmp_path: Path
) -> None:
    """Its new lines bear numbers that the shore has already: one call finds out, begins a new life, loses nothing."""
    bord = quai.bord
    copie = tmp_path / "sauvegarde"
    sceller_par(quai, 1000)
    with closing(sqlite3.connect(tmp_path / "copie.sqlite3")) as db:
        bord.registre.db.backup(db)
    vivre_une_journee(bord)
    assert appeler(quai, serveur.url).puce.code == "confirme"
    copie.mkdir()
    shutil.copy(tmp_path / "copie.sqlite3", copie / "registre.sqlite3")
    shutil.copy(bord.registre.dossier / "coffre.cle", copie)
    restaure = replace(quai, bord=replace(bord, registre=base.ouvrir(copie)))
    horloge.redemarrer()
    vivre_une_journee(restaure.bord)

    rendu = appeler(restaure, serveur.url)
    base.fermer(restaure.bord.registre)

    assert (rendu.restants, rendu.puce.code) == (0, "confirme")
    assert RENAISSANCE in rendu.remarques


def test_both_roads_bring_the_same_day_once(quai: Quai, serveur: Serveur, cle: Path) -> None:
    """The stick left first, the network came up before it arrived; the shore is serving meanwhile."""
    vivre_une_journee(quai.bord)
    cle_bord.echanger(quai.bord.registre, dossier=cle, trousseau=quai.trousseau, instant=quai.bord.horloge())
    partis = appeler(quai, serveur.url).deposes
    with rives.ouvrir(quai.config) as rive:
        prise = cle_rive.prendre_cle(rive, dossier=cle, instant=quai.bord.horloge())

        assert (prise.ingeres, prise.doublons) == (0, partis)
        assert compter(rive, schema.lot) == partis


def test_the_shore_killed_after_the_sending_has_lost_nothing(quai: Quai, serveur: Serveur) -> None:
    """Kill -9 ashore; it restarts and says what it holds."""
    vivre_une_journee(quai.bord)
    appeler(quai, serveur.url)
    serveur.arreter(net=False)
    with pytest.raises(quatre_g.RiveInjoignable):
        appeler(quai, serveur.url)
    serveur.demarrer()
    vivre_une_journee(quai.bord)

    assert appeler(quai, serveur.url).puce.code == "confirme"
    with rives.ouvrir(quai.config) as rive:
        assert bilan.tous(rive)[0].seances == 2


class _Portail(BaseHTTPRequestHandler):
    """An operator's captive portal: 200 to everything."""

    def do_GET(self) -> None:
        """Answer 200, with a page to pay on."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b"<html>Payez ici")

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def portail() -> Iterator[str]:
    """The operator's network once the credit is over."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Portail) as service:
        fil = threading.Thread(target=service.serve_forever)
        fil.start()
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()
        fil.join()


def test_a_network_that_answers_200_to_everything_is_not_success(quai: Quai, portail: str) -> None:
    """The chip stays « à bord », and a sentence says what may be wrong."""
    vivre_une_journee(quai.bord)

    with pytest.raises(quatre_g.PasDeRecu) as refus:
        appeler(quai, portail)
    assert "forfait" in refus.value.geste
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def test_another_relays_receipt_is_not_success(quai: Quai, serveur: Serveur) -> None:
    """A network that replays somebody else's good receipt does not pass for ours."""
    vivre_une_journee(quai.bord)
    rive = trousseau.charger(quai.config.dossier / "cles.json")
    autre = recu.Recu(
        rive=rive.carte.id, relais="autre", inc="0" * 16, flux="activite", jusqua=0, h="00" * 32, ilots=(),
        serie=0, heure_ms=0,
    )  # fmt: skip
    _Rejoueur.corps = recu.sceller(autre, cles=rive).octets
    with ThreadingHTTPServer(("127.0.0.1", 0), _Rejoueur) as service:
        fil = threading.Thread(target=service.serve_forever)
        fil.start()
        try:
            with pytest.raises(quatre_g.PasDeRecu):
                appeler(quai, f"http://127.0.0.1:{service.server_port}")
        finally:
            service.shutdown()
            fil.join()

    assert envois.etat_puce(quai.bord.registre).code == "a_bord"
    assert serveur.processus.poll() is None


class _Rejoueur(_Portail):
    """Answers every request with the same receipt."""

    corps = b""

    def do_GET(self) -> None:
        """Replay."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.corps)))
        self.end_headers()
        self.wfile.write(self.corps)

    do_POST = do_GET  # noqa: N815 - http.server's name


@pytest.mark.parametrize(
    ("url", "fait"),
    [
        ("http://127.0.0.1:9", quatre_g.RiveInjoignable),
        ("ftp://rive", ConfigurationInvalide),
        ("", ConfigurationInvalide),
        ("http://rive:port", ConfigurationInvalide),
        ("http://nom.invalid", quatre_g.RiveInjoignable),
    ],
)
def test_a_shore_that_is_not_there_is_a_sentence(quai: Quai, url: str, fait: type[ErreurPirogue]) -> None:
    """No network, a wrong address."""
    with pytest.raises(fait) as refus:
        appeler(quai, url)
    assert str(refus.value).endswith(".")


def test_an_unknown_boat_is_turned_away_before_its_body_is_read(quai: Quai, serveur: Serveur) -> None:
    """403 on the header; nothing is kept of it."""
    vivre_une_journee(quai.bord)
    (lot,) = sceller_par(quai, 1000)
    (quai.config.dossier / "relais" / f"{quai.cles.carte.id}.json").unlink()
    statut, _, corps = serveur.demander("POST", "/v1/lots", lot)

    assert statut == 403
    assert corps.decode().startswith("Cette rive ne connaît pas")
    with pytest.raises(quatre_g.RiveRefuse):
        appeler(quai, serveur.url)
    with rives.ouvrir(quai.config) as rive:
        assert compter(rive, schema.quarantaine) == 0


def test_a_damaged_lot_in_the_middle_does_not_stop_the_others(quai: Quai, serveur: Serveur) -> None:
    """It is put aside; those around it are in."""
    vivre_une_journee(quai.bord)
    lots_ = sceller_par(quai, 10)
    abime = bytearray(lots_[1])
    abime[-1] ^= 1
    statut, genre, corps = serveur.demander("POST", "/v1/lots", b"".join([lots_[0], bytes(abime), *lots_[2:]]))

    assert (statut, genre) == (200, "application/x-pirogue-lot")
    lu = recu.ouvrir(corps, annuaire=annuaire_de(quai.carte_rive))
    assert lu.jusqua == 10
    assert lu.ilots[0][0] == 21
    assert appeler(quai, serveur.url).puce.code == "confirme"


def test_a_cut_sending_keeps_the_lots_that_were_whole(quai: Quai, serveur: Serveur) -> None:
    """The link drops in the third lot: two are in, nothing is put aside, and the boat sends only the rest."""
    vivre_une_journee(quai.bord)
    lots_ = sceller_par(quai, 8)
    corps = b"".join(lots_)
    with socket.create_connection(("127.0.0.1", serveur.port)) as prise:
        tete = f"POST /v1/lots HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(corps)}\r\n\r\n"
        prise.sendall(tete.encode() + corps[: len(lots_[0]) + len(lots_[1]) + 50])
    attendre_a_terre(quai, 2)
    registre = quai.bord.registre
    avant = registre.db.execute("SELECT count(*) FROM lot").fetchone()[0]
    noter_un_depart(registre)
    rendu = appeler(quai, serveur.url)

    assert rendu.deposes == avant + rendu.scelles - 2
    assert rendu.restants == 0


def test_what_is_not_a_lot_is_a_sentence(serveur: Serveur) -> None:
    """Wrong address, wrong verb, wrong body, wrong Host, too much."""
    cas = [
        (400, serveur.demander("POST", "/v1/lots", b"bonjour")),
        (400, serveur.demander("POST", "/v1/lots")),
        (400, serveur.demander("GET", "/v1/salut", Host="pirate.example")),
        (404, serveur.demander("GET", "/v1/rien")),
        (405, serveur.demander("GET", "/v1/lots")),
        (403, serveur.demander("GET", "/v1/relais/inconnu/descente")),
        (413, serveur.demander("POST", "/v1/lots", b"x" * 300_000)),
    ]
    for attendu, (statut, genre, corps) in cas:
        assert (statut, genre) == (attendu, "text/plain")
        assert corps.decode().strip().endswith(".")

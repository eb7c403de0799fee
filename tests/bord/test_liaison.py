"""The 4G key, of either kind, and what the box's body learns of the quay from the courier."""

import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from equipage import HUIT_HEURES_MS, Horloge
from pirogue_bord import liaison, quai
from pirogue_bord.liaison import HeureReseau, LiaisonMuette, Octets, Releve, Signal, hilink, modem
from pirogue_bord.liaison.hilink import HiLink
from pirogue_bord.liaison.modem import Modem
from pirogue_bord.quai import EtatLien, Guet
from pirogue_socle.config import Config

STATUT = "<ConnectionStatus>{etat}</ConnectionStatus><SignalIcon>4</SignalIcon><maxsignal>5</maxsignal>"
TRAFIC = "<CurrentUpload>52100</CurrentUpload><CurrentDownload>910000</CurrentDownload><TotalUpload>9</TotalUpload>"


class CleHilink(BaseHTTPRequestHandler):
    """A small router that behaves as such keys do: a session, a token, pages of flat XML."""

    etat = "901"
    sessions = 0
    valide = ""
    corps: bytes | None = None

    def do_GET(self) -> None:
        """Answer one page."""
        classe = type(self)
        if classe.corps is not None:
            self._rendre(classe.corps)
            return
        if self.path == "/api/webserver/SesTokInfo":
            classe.sessions += 1
            classe.valide = f"SessionID=cle{classe.sessions}"
            self._xml(f"<SesInfo>{classe.valide}</SesInfo><TokInfo>jeton{classe.sessions}</TokInfo>")
        elif self.headers.get("Cookie") != classe.valide:
            self._xml("<code>125002</code><message></message>", racine="error")
        elif self.path == "/api/monitoring/status":
            self._xml(STATUT.format(etat=classe.etat))
        elif self.path == "/api/monitoring/traffic-statistics":
            self._xml(TRAFIC)
        elif self.path == "/api/net/current-plmn":
            self._xml("<FullName>MTN Benin</FullName><Numeric>61603</Numeric>")
        else:
            self._xml("<code>100002</code>", racine="error")

    def _xml(self, corps: str, *, racine: str = "response") -> None:
        self._rendre(f'<?xml version="1.0" encoding="UTF-8"?><{racine}>{corps}</{racine}>'.encode())

    def _rendre(self, corps: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(corps)))
        self.end_headers()
        self.wfile.write(corps)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def routeur() -> Iterator[tuple[HiLink, type[CleHilink]]]:
    """A key on the loopback, and the class that says how it behaves."""

    class Sienne(CleHilink):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Sienne) as serveur:
        fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.05})
        fil.start()
        yield HiLink("127.0.0.1", serveur.server_address[1]), Sienne
        serveur.shutdown()
        fil.join()


def test_a_key_that_is_a_router_says_what_it_knows(routeur: tuple[HiLink, type[CleHilink]]) -> None:
    """Connected, four bars of five, what it spent; never the time."""
    cle, _ = routeur

    assert liaison.relever(cle) == Releve(
        genre="hilink", connecte=True, pour_cent=80, operateur="MTN Benin", emis_octets=52_100, recus_octets=910_000
    )
    assert cle.heure() is None


def test_a_session_that_is_over_is_opened_again(routeur: tuple[HiLink, type[CleHilink]]) -> None:
    """Somebody looked at the key's own pages meanwhile."""
    cle, classe = routeur
    assert cle.octets() == Octets(52_100, 910_000)
    classe.valide = "SessionID=autre"

    assert cle.octets() == Octets(52_100, 910_000)
    assert classe.sessions == 2


def test_a_key_without_network_is_not_connected(routeur: tuple[HiLink, type[CleHilink]]) -> None:
    """It answers, and says 902."""
    cle, classe = routeur
    classe.etat = "902"

    assert cle.est_la()
    assert not cle.disponible()


@pytest.mark.parametrize(
    "corps",
    [b"", b"<html>Bienvenue</html>" * 100_000, b"\xff" * 300, b"<response><ConnectionStatus>901</ConnectionSt"],
)
def test_what_answers_and_is_no_key_is_not_taken_for_one(routeur: tuple[HiLink, type[CleHilink]], corps: bytes) -> None:
    """A quay's own router, a page as large as it likes: nothing believed, nothing kept."""
    cle, classe = routeur
    classe.corps = corps

    assert not cle.est_la()
    with pytest.raises(LiaisonMuette):
        cle.octets()


def test_numbers_that_are_none_count_for_nothing(routeur: tuple[HiLink, type[CleHilink]]) -> None:
    """A key of another maker, whose words differ."""
    cle, classe = routeur
    classe.corps = b"<response><CurrentUpload>-5</CurrentUpload><CurrentDownload>1e9</CurrentDownload></response>"

    assert cle.octets() == Octets(0, 0)


def test_nobody_at_the_address_is_said() -> None:
    """A port where nothing listens."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    cle = HiLink("127.0.0.1", port)

    assert not cle.est_la()
    with pytest.raises(LiaisonMuette) as erreur:
        cle.disponible()
    assert erreur.value.code == 99


def test_only_a_card_of_a_key_is_asked(tmp_path: Path, routeur: tuple[HiLink, type[CleHilink]]) -> None:
    """The quay's own Ethernet gets no question, whatever would answer; behind a driver of keys, the router does."""
    port = routeur[0].port
    for carte, pilote in (("eth0", "bcmgenet"), ("wwan0", "cdc_ether")):
        (tmp_path / "pilotes" / pilote).mkdir(parents=True)
        (tmp_path / carte / "device").mkdir(parents=True)
        (tmp_path / carte / "device" / "driver").symlink_to(tmp_path / "pilotes" / pilote)

    assert hilink.chercher(("wwan0", "127.0.0.1"), cartes=tmp_path, port=port) is not None
    avant = routeur[1].sessions
    assert hilink.chercher(("eth0", "127.0.0.1"), cartes=tmp_path, port=port) is None
    assert hilink.chercher(("tun0", "127.0.0.1"), cartes=tmp_path, port=port) is None
    assert hilink.chercher(None, cartes=tmp_path, port=port) is None
    assert routeur[1].sessions == avant


def test_the_way_out_is_the_cheapest_default_route(tmp_path: Path) -> None:
    """As the kernel writes it: hexadecimal, in the machine's order; the classroom's network is no way out."""
    table = tmp_path / "route"
    table.write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "wlan0\t000A0A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
        "eth0\t00000000\t0100A8C0\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n"
        "wwan0\t00000000\t0108A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n",
        encoding="ascii",
    )

    assert liaison.passerelle(table) == ("wwan0", "192.168.8.1")
    assert liaison.passerelle(tmp_path / "aucune") is None


#: As mmcli 1.24 writes it, shortened.
ETAT_MODEM = {
    "modem": {
        "3gpp": {"operator-name": "Moov Africa", "registration-state": "home"},
        "generic": {
            "state": "connected",
            "signal-quality": {"recent": "yes", "value": "61"},
            "bearers": ["/org/freedesktop/ModemManager1/Bearer/0"],
        },
    }
}
REPONSES = {
    ("-L",): {"modem-list": ["/org/freedesktop/ModemManager1/Modem/0"]},
    ("-m", "/org/freedesktop/ModemManager1/Modem/0"): ETAT_MODEM,
    ("-b", "/org/freedesktop/ModemManager1/Bearer/0"): {
        "bearer": {"stats": {"bytes-rx": "70123", "bytes-tx": "12300", "duration": "60"}}
    },
    ("-m", "/org/freedesktop/ModemManager1/Modem/0", "--time"): {
        "modem": {"time": {"current": "2025-03-04T08:00:00+01", "offset": "+01"}}
    },
}


def mmcli(mots: list[str]) -> str:
    """Answer as `mmcli -J` does."""
    return json.dumps(REPONSES[tuple(mots)])


def test_a_modem_says_what_it_knows() -> None:
    """State, percentage, operator, the bytes of its connection, and the network's time with its offset."""
    trouve = modem.chercher(mmcli)
    assert isinstance(trouve, Modem)

    assert liaison.relever(trouve) == Releve(
        genre="modem", connecte=True, pour_cent=61, operateur="Moov Africa", emis_octets=12_300, recus_octets=70_123
    )
    assert trouve.heure() == HeureReseau(HUIT_HEURES_MS, 60)


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("2025-03-04T08:00:00+01", HeureReseau(HUIT_HEURES_MS, 60)),
        ("2025-03-04T08:00:00+01:00", HeureReseau(HUIT_HEURES_MS, 60)),
        ("2025-03-04T07:00:00+00:00", HeureReseau(HUIT_HEURES_MS, 0)),
        ("2025-03-04T07:00:00Z", HeureReseau(HUIT_HEURES_MS, 0)),
        ("2025-03-04T08:00:00", None),
        ("--", None),
        ("hier", None),
        (None, None),
    ],
)
def test_a_network_time_without_its_offset_is_no_time(texte: str | None, attendu: HeureReseau | None) -> None:
    """Local hours alone do not say which."""
    assert modem.lire_heure(texte) == attendu


def test_without_modemmanager_there_is_no_modem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A box that carries only sticks and router keys need not have it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert modem.chercher() is None


class Fausse:
    """A link whose answers the test sets."""

    genre = "modem"

    def __init__(self, montre: Horloge) -> None:
        self.montre, self.decalage_ms, self.lus, self.muette = montre, 0, 0, False

    def disponible(self) -> bool:
        """Connected, unless it fell silent."""
        if self.muette:
            raise LiaisonMuette("Rien.")
        return True

    def octets(self) -> Octets:
        """Ten bytes each way."""
        return Octets(10, 10)

    def signal(self) -> Signal:
        """Half the bars."""
        self.lus += 1
        return Signal(50, "Celtiis")

    def heure(self) -> HeureReseau | None:
        """The test's clock, shifted."""
        return HeureReseau(self.montre.mur_ms + self.decalage_ms, 60)


class Courrier:
    """The courier's watch over a link, and what the box's body reads of it."""

    def __init__(self, dossier: Path) -> None:
        self.montre = Horloge()
        (dossier / quai.DOSSIER).mkdir()
        self.config = Config(donnees=dossier, terre=dossier, bord=dossier / "pirogue-bord")
        self.cle = Fausse(self.montre)
        self.guet = Guet(self.config, trouver=lambda: self.cle, lire_instant=self.montre)

    def regarder(self, *, lien: bool = True) -> EtatLien:
        """Look once, and return what is read."""
        self.guet.noter(lien=lien, a_quai=lien, phrase="")
        lu = quai.lire(self.config, instant=self.montre())
        assert lu is not None
        return lu


@pytest.fixture
def courrier(tmp_path: Path) -> Courrier:
    """A courier whose unit made its folder."""
    return Courrier(tmp_path)


def test_the_light_knows_when_an_exchange_runs(courrier: Courrier) -> None:
    """While it runs, and no longer, whatever it comes to."""
    courrier.regarder()
    pendant = []
    with pytest.raises(ZeroDivisionError), courrier.guet.echanger():
        pendant.append(quai.echange_en_cours(courrier.config, instant=courrier.montre()))
        raise ZeroDivisionError

    assert pendant == [True]
    assert not quai.echange_en_cours(courrier.config, instant=courrier.montre())


def test_how_far_an_update_is_is_told_as_long_as_there_is_a_link(courrier: Courrier) -> None:
    """In the middle of the lake, nothing comes."""
    courrier.regarder()
    courrier.guet.noter_maj("Je prends la mise à jour 0.1.320 : 42 %.")
    pendant = courrier.regarder()
    apres = courrier.regarder(lien=False)

    assert pendant.maj == "Je prends la mise à jour 0.1.320 : 42 %."
    assert apres.maj == ""


def test_what_was_told_in_another_boot_is_not_read(courrier: Courrier) -> None:
    """Nor on a machine that is no box."""
    courrier.regarder()
    avant = courrier.montre()
    courrier.montre.redemarrer()

    assert quai.lire(courrier.config, instant=avant) is not None
    assert quai.lire(courrier.config, instant=courrier.montre()) is None
    assert quai.lire(dataclasses.replace(courrier.config, bord=None), instant=avant) is None


def test_a_machine_without_the_courier_s_folder_tells_nothing(tmp_path: Path) -> None:
    """The demo, a laptop: the watch works and writes no file."""
    montre = Horloge()
    config = Config(donnees=tmp_path, terre=tmp_path, bord=tmp_path / "bord")
    guet = Guet(config, trouver=lambda: Fausse(montre), lire_instant=montre)
    guet.noter(lien=True, a_quai=False, phrase="")
    with guet.echanger():
        pass

    assert list(tmp_path.iterdir()) == []


def test_the_key_is_asked_now_and_then(courrier: Courrier) -> None:
    """Twice at first, so that its hour may be believed, then every ten minutes."""
    for _ in range(120):
        courrier.regarder()
        courrier.montre.avancer(secondes=30)

    assert 6 <= courrier.cle.lus <= 8


def test_a_modem_s_hour_is_believed_when_it_is_said_twice_alike(courrier: Courrier) -> None:
    """Half a minute later it says half a minute more."""
    assert courrier.regarder().heure is None
    courrier.montre.avancer(secondes=30)
    courrier.regarder()
    temoin = quai.heure_du_modem(courrier.config, courrier.montre())

    assert temoin is not None
    assert temoin.source == "modem"
    assert abs(temoin.utc_ms - courrier.montre.mur_ms) < 100
    assert abs(temoin.instant.bt_ns - courrier.montre.bt_ns) < 100_000_000


def test_a_modem_that_answers_from_its_memory_is_not_believed(courrier: Courrier) -> None:
    """The second time it says the same second again."""
    courrier.regarder()
    courrier.montre.avancer(secondes=30)
    courrier.cle.decalage_ms = -30_000
    courrier.regarder()

    assert quai.heure_du_modem(courrier.config, courrier.montre()) is None


def test_a_key_that_falls_silent_or_is_pulled_is_forgotten(courrier: Courrier) -> None:
    """Nothing old is shown as if it were now."""
    assert courrier.regarder().cle is not None
    courrier.montre.avancer(minutes=11)
    courrier.cle.muette = True
    muette = courrier.regarder()
    courrier.cle.muette = False
    courrier.montre.avancer(minutes=11)
    courrier.regarder()
    partie = courrier.regarder(lien=False)

    assert (muette.lien, muette.cle) == (True, None)
    assert (partie.lien, partie.cle, partie.heure) == (False, None, None)


GUETTER = """
import json, sys, time
from pirogue_bord.quai import Alerte
with Alerte() as alerte:
    print("pret", flush=True)
    while True:
        debut = time.monotonic()
        coupe = alerte.attendre(20)
        print(json.dumps([coupe, time.monotonic() - debut]), flush=True)
"""


def test_a_route_that_comes_or_goes_wakes_the_courier() -> None:
    """The kernel's own routes, in a network of their own; a quiet kernel wakes nobody."""
    mots = ["unshare", "-n", sys.executable, "-c", GUETTER]
    with subprocess.Popen(mots, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as courrier:
        try:
            assert courrier.stdout is not None
            assert courrier.stdout.readline() == "pret\n"
            for geste in (
                ["ip", "route", "add", "unreachable", "default"],
                ["ip", "route", "del", "unreachable", "default"],
            ):
                entrer = ["nsenter", "-t", str(courrier.pid), "-n"]
                subprocess.run([*entrer, *geste], check=True)
                coupe, apres_s = json.loads(courrier.stdout.readline())
                assert coupe is True
                assert apres_s < 15
        finally:
            courrier.kill()


def test_a_wait_ends_when_it_is_rung() -> None:
    """The stop of the courier does not last the wait; a wait that nothing cuts lasts its time."""
    with quai.Alerte() as alerte:
        entiere = alerte.attendre(0.05)
        alerte.sonner()

        assert alerte.attendre(3600) is True
        assert entiere is False

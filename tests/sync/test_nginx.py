"""The shore as it is installed: nginx with our site file, TLS, gunicorn; lots are taken in while they arrive."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from equipage import Bord
from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_registre import ancres, envois
from pirogue_rive import config as rives
from pirogue_rive import schema
from pirogue_sync import quatre_g
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.conversation import TYPE
from pirogue_sync.maj import Etat
from pirogue_sync.quatre_g import Reseau
from sync.certificats import Autorite
from sync.facade import Facade
from sync.mandataire import Coupure, Mandataire
from sync.mises_a_jour import Essai, faire_boite
from sync.quai import Quai, compter, noter_un_depart, sceller_par, vivre_une_journee
from sync.serveurs import Serveur, attendre_a_terre


@pytest.fixture
def base_rive() -> str:
    """The shore keeps a file: nginx does not care about its engine."""
    return ""


@pytest.fixture
def autorite(tmp_path: Path) -> Autorite:
    """Who signs the shore's certificate."""
    return Autorite(tmp_path / "autorite")


@pytest.fixture
def facade(serveur: Serveur, autorite: Autorite, tmp_path: Path) -> Iterator[Facade]:
    """Nginx in front of the shore."""
    with Facade(tmp_path / "nginx", service=serveur.port, certificat=autorite.signer()) as lancee:
        yield lancee


def appeler(quai: Quai, url: str, ca: Path, *, essais: int = 1) -> BilanEchange:
    """Let the boat call by TLS."""
    return quatre_g.echanger(
        quai.bord.registre,
        url=url,
        trousseau=quai.trousseau,
        instant=quai.bord.horloge(),
        reseau=Reseau(ca=ca, essais=essais, attendre=lambda _: None),
    )


def beaucoup_de_lots(quai: Quai, nombre: int) -> list[bytes]:
    """Live days until there are many lots; return them in the order in which they leave."""
    while len(sceller_par(quai, 2)) < nombre:
        vivre_une_journee(quai.bord)
    return [lot.corps for lot in envois.a_envoyer(quai.bord.registre)]


@contextlib.contextmanager
def envoi_ouvert(facade: Facade, ca: Path, taille: int) -> Iterator[ssl.SSLSocket]:
    """Begin to send lots by TLS; the test writes the body."""
    contexte = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(("127.0.0.1", facade.port)) as nue:
        nue.settimeout(30)
        with contexte.wrap_socket(nue, server_hostname="localhost") as prise:
            tete = (
                f"POST /v1/lots HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\nContent-Length: {taille}\r\n\r\n"
            )
            prise.sendall(tete.encode())
            yield prise


def test_the_standard_day_by_tls_in_three_round_trips(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """What comes down, the lots, the receipt: two requests on one connection, counted outside it."""
    vivre_une_journee(quai.bord)
    with Mandataire(facade.port) as reseau:
        rendu = appeler(quai, reseau.url.replace("http://127.0.0.1", "https://localhost"), autorite.ca)

        assert reseau.montes + reseau.descendus - rendu.octets < 7000
        assert rendu.puce.code == "confirme"
        assert reseau.connexions == 1
        assert reseau.tours <= 4  # TLS 1.3: hello; finished with the first request; the sending


def test_lots_are_ashore_before_the_last_byte_has_left(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """Nginx hands the body on as it comes: the first lots are in the database while the rest waits aboard."""
    lots = beaucoup_de_lots(quai, 40)
    corps = b"".join(lots)
    moitie = sum(map(len, lots[:30]))
    with envoi_ouvert(facade, autorite.ca, len(corps)) as prise:
        prise.sendall(corps[:moitie])
        attendre_a_terre(quai, 16)
        prise.sendall(corps[moitie:])
        reponse = prise.recv(65536)
        while b"\r\n\r\n" not in reponse or not reponse.split(b"\r\n\r\n", 1)[1]:
            reponse += prise.recv(65536)

    assert reponse.startswith(b"HTTP/1.1 200")
    lecteur = Lecteur(SourceOctets(reponse.split(b"\r\n\r\n", 1)[1]))
    prefixe = lire_prefixe(lecteur)
    assert prefixe is not None
    octets = prefixe.brut + lecteur.prendre(prefixe.entete.octets)
    assert recu.ouvrir(octets, annuaire=annuaire_de(quai.carte_rive)).jusqua > 0
    with rives.ouvrir(quai.config) as rive:
        assert compter(rive, schema.lot) == len(lots)


def test_a_cut_behind_nginx_keeps_what_was_whole(
    quai: Quai, serveur: Serveur, autorite: Autorite, tmp_path: Path
) -> None:
    """The link drops in the middle of a lot: those before it are in, and the next call brings the others."""
    lots = beaucoup_de_lots(quai, 20)
    corps = b"".join(lots)
    partis = sum(map(len, lots[:10])) + 100
    with (
        Mandataire(serveur.port) as dedans,
        Facade(tmp_path / "nginx", service=dedans.port, certificat=autorite.signer()) as facade,
    ):
        with envoi_ouvert(facade, autorite.ca, len(corps)) as prise:
            prise.sendall(corps[:partis])
            fin = time.monotonic() + 20
            while dedans.montes < partis:
                assert time.monotonic() < fin
        attendre_a_terre(quai, 10)
        with rives.ouvrir(quai.config) as rive:
            assert compter(rive, schema.quarantaine) == 0
        noter_un_depart(quai.bord.registre)
        rendu = appeler(quai, facade.url, autorite.ca)

    assert rendu.restants == 0
    assert rendu.deposes == len(lots) + rendu.scelles - 10


def test_a_call_cut_again_and_again_ends_with_everything(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """TLS, nginx, five cuts in one call: each attempt takes up from the last receipt."""
    beaucoup_de_lots(quai, 30)
    coupures = [Coupure(montee=6000 + 1500 * rang) for rang in range(5)]
    with Mandataire(facade.port, coupures=coupures) as reseau:
        url = reseau.url.replace("http://127.0.0.1", "https://localhost")
        rendu = appeler(quai, url, autorite.ca, essais=6)

    assert (rendu.restants, rendu.puce.code) == (0, "confirme")


def test_clients_that_drip_do_not_stop_the_others(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """Sixty that send a header a byte at a time, ten from one address that begin a sending and stop there."""
    vivre_une_journee(quai.bord)
    contexte = ssl.create_default_context(cafile=str(autorite.ca))
    with ExitStack() as pile:
        for rang in range(70):
            nue = pile.enter_context(
                socket.create_connection(("127.0.0.1", facade.port), source_address=("127.0.0.2", 0))
            )
            prise = pile.enter_context(contexte.wrap_socket(nue, server_hostname="localhost"))
            debut = "POST /v1/lots HTTP/1.1\r\nHost: localhost\r\n"
            prise.sendall(f"{debut}Content-Length: 60000\r\n\r\npir".encode() if rang % 7 == 0 else debut.encode())
        depart = time.monotonic()
        rendu = appeler(quai, facade.url, autorite.ca)

        assert rendu.puce.code == "confirme"
        assert time.monotonic() - depart < 10


def test_several_boats_send_at_once(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """One that is slow does not keep another from ending."""
    lots = beaucoup_de_lots(quai, 10)
    fini = threading.Event()
    with envoi_ouvert(facade, autorite.ca, sum(map(len, lots))) as lente:
        lente.sendall(lots[0][:200])
        rendu = appeler(quai, facade.url, autorite.ca)
        fini.set()

    assert fini.is_set()
    assert rendu.restants == 0


def test_a_body_too_large_is_refused_at_the_door(facade: Facade, autorite: Autorite) -> None:
    """Nine megabytes announced: a refusal, and none of it is read."""
    with envoi_ouvert(facade, autorite.ca, 9 * 1024 * 1024) as prise:
        assert prise.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_box_without_a_shore_presents_itself(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """Its card is left to be compared, the shore's comes back; two screens show the same letters."""
    carte = quatre_g.se_presenter(facade.url, quai.cles, reseau=Reseau(ca=autorite.ca))

    assert carte == quai.carte_rive
    assert carte.empreinte == quai.carte_rive.empreinte


def test_a_courier_brings_a_boat_s_lots_through_the_front(quai: Quai, facade: Facade, autorite: Autorite) -> None:
    """The page answers at its own address, and a file larger than our other forms goes through."""
    lots = b"".join(beaucoup_de_lots(quai, 40))
    envoi = lots * (1 + 100_000 // len(lots))
    tete = b'--bord\r\nContent-Disposition: form-data; name="lots"; filename="pirogue.lots"\r\n\r\n'
    corps = tete + envoi + b"\r\n--bord--\r\n"
    genre = {"Content-Type": "multipart/form-data; boundary=bord"}
    contexte = ssl.create_default_context(cafile=str(autorite.ca))
    with contextlib.closing(http.client.HTTPSConnection("localhost", facade.port, context=contexte)) as telephone:
        telephone.request("GET", "/courrier")
        page = telephone.getresponse()
        page.read()
        telephone.request("POST", "/courrier", corps, genre)
        reponse = telephone.getresponse()
        dit = reponse.read().decode()

    assert len(corps) > 100_000
    assert (page.status, reponse.status) == (200, 200)
    assert 'name="jeton"' in dit


def test_an_update_goes_through_the_front_in_pieces(
    bord: Bord, quai: Quai, facade: Facade, autorite: Autorite, tmp_path: Path
) -> None:
    """By TLS, three pieces on one connection, each held by nginx for the boat; the signature is of the same address."""
    ancres.confirmer_date(
        bord.registre, utc_ms=bord.horloge.mur_ms, source="formateur", instant=bord.horloge(), auteur=bord.rachelle
    )
    essai = Essai(quai, faire_boite(tmp_path / "boite"), tmp_path)
    essai.prevoir(100_000_000)
    contenu = essai.offrir(2_500_000)
    with Mandataire(facade.port) as reseau:
        url = reseau.url.replace("http://127.0.0.1", "https://localhost")
        etat, _ = essai.appeler(url, ca=autorite.ca)

        assert reseau.connexions == 1
    assert etat is Etat.REMISE
    assert essai.venus[0].read_bytes() == contenu

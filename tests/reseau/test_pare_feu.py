"""Who reaches what: before a grant, with one, after a laptop's share, after everybody's, after a start of the box."""

import contextlib
import pwd
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reseau import internet
from reseau.lac import UID_SYNC, Lac, mettre_a_leau
from reseau.poste import Poste

NET = internet.ADRESSE
BOITE, CAPTUREE, MODEM = "10.10.10.10", "198.51.100.1", "192.168.8.1"
MO = 1_000_000

#: address, port, what a laptop without a grant meets, and with one.
TABLE = [
    (BOITE, 80, "boite", "boite"),
    (BOITE, 443, "refuse", "refuse"),
    (BOITE, 22, "refuse", "refuse"),
    (BOITE, 8083, "refuse", "refuse"),
    (CAPTUREE, 80, "boite", "boite"),
    (CAPTUREE, 443, "refuse", "refuse"),
    (CAPTUREE, 853, "refuse", "refuse"),
    (NET, 80, "boite", "net"),
    (NET, 443, "refuse", "net"),
    (NET, 853, "refuse", "net"),
    (NET, 8080, "refuse", "net"),
    (MODEM, 80, "boite", "refuse"),
    (internet.BOITE, 80, "boite", "refuse"),
    ("127.0.0.1", 80, "refuse", "refuse"),
]


@pytest.fixture(scope="module")
def afi(lac: Lac) -> Poste:
    """A laptop that nobody let out."""
    return lac.poste("afi")


@pytest.fixture
def rachelle(lac: Lac, sortie: Poste) -> Iterator[Poste]:
    """The trainer's laptop, let out for half an hour."""
    lac.demander("accorder", ip=sortie.ip, duree_s=1800, octets=50 * MO)
    yield sortie
    lac.demander("retirer", ip=sortie.ip)


@pytest.fixture(scope="module")
def sortie(lac: Lac) -> Poste:
    """A laptop that is let out when a test says so."""
    return lac.poste("rachelle")


@pytest.fixture
def petit_lac(tmp_path: Path) -> Iterator[Lac]:
    """A boat with little to spend: two megabytes for the courier, three for all grants."""
    reglages = {"point_acces_forfait_sync_octets": 2 * MO, "point_acces_forfait_formateurs_octets": 3 * MO}
    with mettre_a_leau(tmp_path, reglages=reglages) as monde:
        yield monde


def courrier(lac: Lac, octets: int, *, uid: int = UID_SYNC) -> int:
    """Fetch so many octets of the Internet from the box itself, as a user; return how many came."""
    return lac.boite.telecharger(octets, adresse=NET, uid=uid)


@pytest.mark.parametrize(("adresse", "port", "verdict", "_"), TABLE)
def test_a_laptop_without_a_grant_finds_the_boat_and_nothing_else(
    afi: Poste, adresse: str, port: int, verdict: str, _: str
) -> None:
    """Refused at once: a browser that waits for a silent port keeps its person waiting."""
    assert afi.essayer(adresse, port) == verdict


@pytest.mark.parametrize(("adresse", "port", "_", "verdict"), TABLE)
def test_a_granted_laptop_reaches_the_world_but_neither_the_modem_nor_more_of_the_box(
    rachelle: Poste, adresse: str, port: int, _: str, verdict: str
) -> None:
    """A grant is for the Internet; it opens nothing aboard, and the modem's own pages stay shut."""
    assert rachelle.essayer(adresse, port) == verdict


def test_one_laptop_s_grant_is_nobody_else_s(afi: Poste, rachelle: Poste) -> None:
    """Afi sees no difference when Rachelle is let out."""
    assert (rachelle.essayer(NET, 443), afi.essayer(NET, 443)) == ("net", "refuse")


def test_datagrams_follow_the_same_rule(afi: Poste, rachelle: Poste) -> None:
    """HTTP/3 and its kin are refused at once too, so that the browser falls back."""
    assert (afi.echo(NET, 443), afi.echo(NET, internet.PORT_ECHO)) == ("refuse", "refuse")
    assert rachelle.echo(NET, internet.PORT_ECHO) == "net"


def test_names_are_real_for_a_granted_laptop_and_the_boat_keeps_its_own(afi: Poste, rachelle: Poste) -> None:
    """Whatever server the laptop believes it asks."""
    for serveur in (BOITE, "8.8.8.8"):
        assert afi.nommer("exemple.org", a=serveur) == ["NOERROR", CAPTUREE]
        assert rachelle.nommer("exemple.org", a=serveur) == ["NOERROR", NET]
        assert rachelle.nommer("pirogue.internal", a=serveur) == ["NOERROR", BOITE]


def test_the_real_names_are_shut_to_a_laptop_without_a_grant(afi: Poste) -> None:
    """Their port is known to whoever reads our files: it must not be a way out by questions."""
    assert afi.lancer("dig", "+tries=1", "+time=1", "-p", "5353", f"@{BOITE}", "exemple.org", check=False).returncode
    assert afi.essayer(BOITE, 5353) == "refuse"


def test_laptops_do_not_reach_one_another(lac: Lac, afi: Poste, rachelle: Poste) -> None:
    """Neither through the radio, nor by asking the box to carry it."""
    detour = afi.lancer("ip", "route", "add", f"{rachelle.ip}/32", "via", BOITE, check=False)
    porte = afi.essayer(rachelle.ip, 80)
    ping = afi.lancer("busybox", "ping", "-c", "1", "-W", "1", rachelle.ip, check=False)
    afi.lancer("ip", "route", "del", f"{rachelle.ip}/32", "via", BOITE)

    assert detour.returncode == 0
    assert porte == "boite"
    assert ping.returncode == 1


def test_nothing_comes_in_from_the_internet(lac: Lac) -> None:
    """The mobile network is full of scanners; the box does not exist for them."""
    assert [lac.net.essayer(internet.BOITE, port, patience_s=0.5) for port in (22, 53, 80, 5353)] == ["silence"] * 4


def test_a_grant_ends_by_itself(lac: Lac, sortie: Poste) -> None:
    """The kernel counts the time: nothing of ours needs to be awake."""
    element = f"{{ {sortie.mac} . {sortie.ip} timeout 1s }}"
    lac.nft("add", "element", "inet", "pirogue", "acces", element)
    avant = sortie.essayer(NET, 443)
    lac.attendre("la fin de l'accès", lambda: sortie.essayer(NET, 443) == "refuse")

    assert avant == "net"


def test_a_grant_taken_back_stops_what_was_under_way(lac: Lac, rachelle: Poste) -> None:
    """A film that had begun does not go on."""
    with rachelle.prise() as prise:
        prise.connect((NET, 8080))
        prise.sendall(f"GET /{40 * MO} HTTP/1.0\r\n\r\n".encode())
        prise.recv(1000)
        lac.demander("retirer", ip=rachelle.ip)
        with pytest.raises(OSError, match=r"reset|timed out"):
            while prise.recv(65536):
                pass


def test_a_laptop_s_share_counts_both_directions_to_the_byte(lac: Lac, sortie: Poste, afi: Poste) -> None:
    """One megabyte was granted: downloads stop there, the boat stays, and the share of another is whole."""
    lac.demander("accorder", ip=sortie.ip, duree_s=600, octets=MO)
    lac.demander("accorder", ip=afi.ip, duree_s=600, octets=MO)
    recus = sortie.telecharger(3 * MO, adresse=NET)
    verdicts = sortie.essayer(NET, 443), sortie.essayer(BOITE, 80), afi.essayer(NET, 443)
    noms = sortie.lancer("dig", "+tries=1", "+time=1", "exemple.org", check=False).returncode
    for poste in (sortie, afi):
        lac.demander("retirer", ip=poste.ip)

    assert 0.8 * MO < recus < MO
    assert verdicts == ("refuse", "boite", "net")
    assert noms != 0


def test_what_a_laptop_sends_is_counted_too(lac: Lac, sortie: Poste) -> None:
    """A laptop that uploads its photographs costs as much as one that downloads."""
    lac.demander("accorder", ip=sortie.ip, duree_s=600, octets=MO)
    with pytest.raises(OSError, match=r"reset|pipe|timed out"):
        sortie.aller(NET, port=8080, methode="POST", corps=b"x" * 4 * MO)
    etat = lac.demander("acces")
    lac.demander("retirer", ip=sortie.ip)

    assert [(un["ip"], un["max"]) for un in etat] == [(sortie.ip, MO)]
    assert etat[0]["octets"] == MO


def test_a_laptop_without_a_grant_spends_nothing(lac: Lac) -> None:
    """Neither by shouting to the whole room (mDNS, which every system does) nor by throwing at the names' real port."""
    # A laptop of its own: the kernel says "refused" to one address six times, then once a second.
    bavard = lac.poste("bavard")
    avant = lac.demander("lien")["forfaits"]
    for adresse in (BOITE, CAPTUREE, NET, "224.0.0.251"):
        with bavard.prise(socket.SOCK_DGRAM) as prise:
            for _ in range(20):
                with contextlib.suppress(OSError):  # refused at once, as it should be
                    prise.sendto(b"x" * 1000, (adresse, 5353))

    assert lac.demander("lien")["forfaits"] == avant


@pytest.mark.parametrize("comment", ["+notcp", "+tcp"])
def test_the_real_names_cost_the_laptop_that_asks_them(lac: Lac, rachelle: Poste, comment: str) -> None:
    """A way out by questions would be a way around the share, over TCP as over UDP."""
    assert rachelle.nommer("exemple.org", mots=(comment,)) == ["NOERROR", NET]
    assert lac.demander("acces")[0]["octets"] > 80


def test_all_grants_together_have_an_end(petit_lac: Lac) -> None:
    """Ten shares of one megabyte do not make ten megabytes when the boat has three."""
    postes = [petit_lac.poste(nom) for nom in ("afi", "koffi")]
    for poste in postes:
        petit_lac.demander("accorder", ip=poste.ip, duree_s=600, octets=50 * MO)
    recus = postes[0].telecharger(2 * MO, adresse=NET) + postes[1].telecharger(2 * MO, adresse=NET)

    assert 2.5 * MO < recus < 3 * MO
    assert [poste.essayer(NET, 443) for poste in postes] == ["refuse", "refuse"]
    assert [poste.essayer(BOITE, 80) for poste in postes] == ["boite", "boite"]
    assert courrier(petit_lac, 1000) == 1000


def test_only_the_courier_leaves_the_box_and_within_its_share(petit_lac: Lac) -> None:
    """Updates, pings and whatever a program of the box likes to say to the world cost nothing: they do not leave."""
    autres = [pwd.getpwnam(nom).pw_uid for nom in ("root", "www-data", "dnsmasq")]

    assert [courrier(petit_lac, 1000, uid=uid) for uid in autres] == [0, 0, 0]
    assert courrier(petit_lac, MO) == MO
    assert 0.7 * MO < courrier(petit_lac, 3 * MO) < MO
    assert courrier(petit_lac, 1000) == 0


def test_a_start_of_the_box_ends_every_grant(petit_lac: Lac) -> None:
    """A box that lost its power in the afternoon is not open the next morning."""
    poste = petit_lac.poste("rachelle")
    petit_lac.demander("accorder", ip=poste.ip, duree_s=600, octets=MO)
    avant = poste.essayer(NET, 443)
    petit_lac.pare_feu()

    assert (avant, poste.essayer(NET, 443), petit_lac.demander("acces")) == ("net", "refuse", [])


def test_what_was_spent_stays_spent_after_a_start(petit_lac: Lac) -> None:
    """Switching the boat off and on does not buy a new bundle."""
    fichiers = ("--fichier", petit_lac.dossier / "forfaits.json", "--regles", petit_lac.racine / "etc/nftables.conf")
    courrier(petit_lac, 3 * MO)
    petit_lac.boite.lancer(sys.executable, "-m", "pirogue_actions.forfaits", "sauver", "--toujours", *fichiers)
    petit_lac.pare_feu()
    oublie = courrier(petit_lac, 1000)
    petit_lac.boite.lancer(sys.executable, "-m", "pirogue_actions.forfaits", "restaurer", *fichiers)

    assert oublie == 1000
    assert courrier(petit_lac, 1000) == 0

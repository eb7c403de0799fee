"""Laptops that mean harm, or are ill: the class goes on, nothing grows without end."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reseau.lac import Lac
from reseau.poste import Poste

BOITE, CAPTUREE, NET = "10.10.10.10", "198.51.100.1", "203.0.113.80"
FRONDEUR = Path(__file__).with_name("frondeur.py")
DIX_MILLE = 10_000


@pytest.fixture(scope="module")
def afi(lac: Lac) -> Poste:
    """A laptop of the class, which has been at work for a while."""
    poste = lac.poste("afi")
    for _ in range(30):
        poste.aller(BOITE, "/", Host="pirogue.internal")
    return poste


@pytest.fixture(scope="module")
def mechant(lac: Lac) -> Poste:
    """The one that means harm."""
    return lac.poste("mechant")


@contextlib.contextmanager
def fronde(poste: Poste, *mots: str) -> Iterator[None]:
    """Let a laptop throw what it can during the block, and make sure that it did."""
    commande = [*poste.prefixe, sys.executable, str(FRONDEUR), *mots]
    with subprocess.Popen(commande, stdout=subprocess.PIPE, text=True) as lance:
        yield
        dit, _ = lance.communicate(timeout=120)
    assert int(dit) >= DIX_MILLE


def memoire_mo(lac: Lac) -> float:
    """Return what the box's own programs hold, in MB, each page counted once."""
    total = 0
    for nom in ("noms-capture", "noms-reel", "nginx", "captif", "portail", "actions"):
        chef = psutil.Process(lac.processus[nom].pid)
        total += sum(un.memory_full_info().pss for un in (chef, *chef.children(recursive=True)))
    return total / 1e6


def carte_de_la_boite(lac: Lac) -> str:
    """Return the hardware address of the box in the classroom."""
    return lac.boite.lancer("cat", "/sys/class/net/ap0/address").stdout.strip()


def suivis(lac: Lac) -> int:
    """Return how many connections the kernel remembers in the box."""
    return int(lac.boite.lancer("cat", "/proc/sys/net/netfilter/nf_conntrack_count").stdout)


def test_a_flood_of_names_from_one_laptop_is_not_felt_by_another(lac: Lac, afi: Poste, mechant: Poste) -> None:
    """One card has sixty questions a second; what is above falls before anything remembers it."""
    avant, connus = memoire_mo(lac), suivis(lac)
    with fronde(mechant, "noms", "4"):
        noms = [afi.nommer("exemple.org", mots=("+tries=1", "+time=1")) for _ in range(20)]
        page = afi.aller(BOITE, "/", Host="pirogue.internal").statut

    assert noms == [["NOERROR", CAPTUREE]] * 20
    assert page == 200
    assert suivis(lac) < connus + 1000
    assert memoire_mo(lac) < avant + 10


@pytest.mark.parametrize("quoi", ["arp", "syn"])
def test_ten_thousand_cards_and_addresses_leave_the_boat_at_its_work(
    lac: Lac, afi: Poste, mechant: Poste, quoi: str
) -> None:
    """The neighbour table holds what the network can hold; foreign addresses are not even learnt."""
    avant = memoire_mo(lac)
    with fronde(mechant, quoi, str(DIX_MILLE), carte_de_la_boite(lac)):
        pages = [afi.aller(BOITE, "/", Host="pirogue.internal").statut for _ in range(10)]
    voisins = lac.boite.lancer("ip", "-4", "neigh", "show", "dev", "ap0").stdout.splitlines()

    assert pages == [200] * 10
    assert len(voisins) <= 254
    assert {ligne.split(".", 3)[:3] == ["10", "10", "10"] for ligne in voisins} == {True}
    assert memoire_mo(lac) < avant + 15


def test_ten_thousand_requests_for_an_address_leave_some_for_the_class(lac: Lac, afi: Poste, mechant: Poste) -> None:
    """A laptop that comes afterwards has its address; one that has one keeps it."""
    ancienne = afi.ip
    with fronde(mechant, "dhcp", str(DIX_MILLE), carte_de_la_boite(lac)):
        page = afi.aller(BOITE, "/", Host="pirogue.internal").statut
    koffi = lac.poste("koffi")
    afi.louer()

    assert page == 200
    assert koffi.ip != afi.ip == ancienne
    assert len((lac.courant / "noms/baux").read_text(encoding="utf-8").splitlines()) < 20


def test_one_laptop_does_not_lend_itself_every_address_in_the_name_of_others(lac: Lac, mechant: Poste) -> None:
    """Ten thousand orders, each for another card: without a bound the room has no address left after four seconds."""
    with fronde(mechant, "baux", str(DIX_MILLE), carte_de_la_boite(lac)):
        estelle = lac.poste("estelle")
    lignes = (lac.courant / "noms/baux").read_text(encoding="utf-8").splitlines()

    assert estelle.ip.startswith("10.10.10.")
    assert 0 < sum(" 06:" in ligne for ligne in lignes) <= 20


def test_a_laptop_that_takes_the_box_s_address_is_alone_to_suffer(lac: Lac, afi: Poste) -> None:
    """It shouts that it is the box: the others still reach the box, and the box hears nothing of it."""
    voleur = lac.brancher("voleur")
    voleur.lancer("ip", "addr", "add", f"{BOITE}/24", "dev", "eth0")
    voleur.lancer("busybox", "arping", "-U", "-c", "3", "-I", "eth0", BOITE, check=False)
    voleur.lancer("ip", "neigh", "replace", CAPTUREE, "lladdr", carte_de_la_boite(lac), "dev", "eth0")
    voleur.lancer("ip", "route", "add", f"{CAPTUREE}/32", "dev", "eth0")

    assert voleur.essayer(CAPTUREE, 80, patience_s=1) == "silence"
    assert afi.aller(BOITE, "/", Host="pirogue.internal").statut == 200
    assert afi.lancer("ip", "neigh", "show", BOITE).stdout.split()[4] == carte_de_la_boite(lac)
    assert voleur.mac not in lac.boite.lancer("ip", "neigh").stdout


def test_a_granted_laptop_s_address_is_worth_nothing_without_its_card(lac: Lac, mechant: Poste) -> None:
    """A child who saw Rachelle's address on her screen and takes it finds the boat, as before."""
    rachelle = lac.poste("rachelle")
    lac.demander("accorder", ip=rachelle.ip, duree_s=600, octets=5_000_000)
    avant = rachelle.essayer(NET, 443)
    rachelle.lancer("ip", "link", "set", "eth0", "down")
    mechant.lancer("ip", "addr", "add", f"{rachelle.ip}/24", "dev", "eth0")
    mechant.lancer("ip", "route", "replace", "default", "via", BOITE, "src", rachelle.ip)
    verdict = mechant.essayer(NET, 443, patience_s=1)
    mechant.lancer("ip", "addr", "del", f"{rachelle.ip}/24", "dev", "eth0")
    mechant.lancer("ip", "route", "replace", "default", "via", BOITE)

    assert avant == "net"
    assert verdict in ("refuse", "silence")


def test_an_address_that_was_lent_is_not_taken_by_shouting(lac: Lac, afi: Poste, mechant: Poste) -> None:
    """Whoever answers for Afi's address would read her pages and be let out in her place."""
    mechant.lancer("ip", "addr", "add", f"{afi.ip}/32", "dev", "eth0")
    for sorte in ("-U", "-A"):
        mechant.lancer(
            "busybox", "arping", sorte, "-c", "1", "-w", "1", "-I", "eth0", "-s", afi.ip, afi.ip, check=False
        )
    mechant.lancer("busybox", "arping", "-c", "1", "-w", "1", "-I", "eth0", "-s", afi.ip, BOITE, check=False)
    rendu = lac.demander("accorder", ip=afi.ip, duree_s=600, octets=5_000_000)
    mechant.lancer("ip", "addr", "del", f"{afi.ip}/32", "dev", "eth0")
    lac.demander("retirer", ip=afi.ip)

    assert rendu == {"mac": afi.mac}


def test_one_laptop_that_holds_a_hundred_doors_open_does_not_shut_them_to_another(afi: Poste, mechant: Poste) -> None:
    """It begins two hundred questions and ends none; above its share it is refused at once."""
    with contextlib.ExitStack() as pile:
        refus = 0
        for _ in range(200):
            prise = pile.enter_context(mechant.prise())
            try:
                prise.connect((BOITE, 80))
                prise.sendall(b"GET / HTTP/1.1\r\nHost: pirogue.internal\r\nX-Lent: ")
            except OSError:
                refus += 1
        pages = [afi.aller(BOITE, "/", Host="pirogue.internal").statut for _ in range(5)]

    assert pages == [200] * 5
    assert refus >= 80


def test_the_trainers_pages_are_not_behind_a_captured_name(afi: Poste) -> None:
    """Whatever the laptop says of itself and of whom it asks."""
    hotes = ("www.google.com", "formateur.pirogue.internal", "pirogue.internal.exemple.org", CAPTUREE, "")
    reponses = [
        afi.aller(CAPTUREE, "/formateur/", Host=hote, X_Forwarded_Host="pirogue.internal", X_Forwarded_For=BOITE)
        for hote in hotes
    ]

    assert [reponse.statut for reponse in reponses] == [302] * len(hotes)
    assert {reponse.entetes["Location"] for reponse in reponses} == {"http://pirogue.internal/bienvenue"}

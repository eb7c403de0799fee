"""The addresses that laptops are lent, asked by a real client (busybox udhcpc)."""

import ipaddress
import re

import pytest

from reseau.lac import Lac
from reseau.poste import Poste
from reseau.rendu import variables

BOITE = "10.10.10.10"


@pytest.fixture(scope="module")
def afi(lac: Lac) -> Poste:
    """A laptop with its address."""
    return lac.poste("afi")


def test_a_laptop_is_told_all_it_needs(afi: Poste) -> None:
    """Address, way, names, time; and that this network is counted, so that its system fetches no update."""
    bail = afi.bail

    assert (
        ipaddress.ip_address("10.10.10.20") <= ipaddress.ip_address(bail["ip"]) <= ipaddress.ip_address("10.10.10.250")
    )
    assert (bail["router"], bail["dns"], bail["ntpsrv"]) == (BOITE, BOITE, BOITE)
    assert bytes.fromhex(bail["opt43"]) == b"ANDROID_METERED"
    assert int(bail["lease"]) == 7200


def test_no_portal_address_is_offered_without_a_certificate(afi: Poste) -> None:
    """An API that cannot be reached by TLS makes a telephone give the network up."""
    afi.louer("-O", "0x72")

    assert "opt114" not in afi.bail


def test_a_laptop_keeps_its_address(afi: Poste) -> None:
    """The greeting, the grant and the trainer's list follow it."""
    premiere = afi.ip
    afi.louer()

    assert afi.ip == premiere


def test_a_laptop_that_comes_back_with_an_old_address_is_heard_at_once(lac: Lac) -> None:
    """The box forgot every lease at its last start; it still says yes to whoever asks for the address it had."""
    koffi = lac.brancher("koffi")
    koffi.louer("-r", "10.10.10.77")

    assert koffi.ip == "10.10.10.77"


def test_nobody_is_lent_an_address_of_the_box(lac: Lac) -> None:
    """Asking for it does not help."""
    for numero, voulue in enumerate((BOITE, "198.51.100.1", "10.10.10.255")):
        poste = lac.brancher(f"ruse{numero}")
        poste.louer("-r", voulue)

        assert poste.ip not in (BOITE, "198.51.100.1", "10.10.10.255")


def test_leases_live_in_memory() -> None:
    """A card of flash memory does not write for each laptop, and nobody finds there who came."""
    reglages = variables("point_acces")

    assert str(reglages["point_acces_memoire"]).startswith("/run/")


def test_no_hardware_address_and_no_name_of_a_laptop_is_logged(lac: Lac, afi: Poste) -> None:
    """A log is kept, copied, sent for help: it must not say who was aboard."""
    afi.louer("-x", "hostname:pc-de-afi")
    journal = (lac.dossier / "noms-capture.journal").read_text(encoding="utf-8")
    baux = (lac.courant / "noms/baux").read_text(encoding="utf-8")

    assert afi.mac in baux
    assert "pc-de-afi" not in baux + journal
    assert re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", journal) == []


def test_thirty_laptops_that_arrive_together_have_thirty_addresses(lac: Lac) -> None:
    """The morning of a class; none is offered twice."""
    postes = [lac.brancher(f"matin{numero}") for numero in range(30)]
    for poste in postes:
        poste.louer()

    assert len({poste.ip for poste in postes}) == 30

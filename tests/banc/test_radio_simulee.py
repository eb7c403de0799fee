"""By the air: hostapd's real settings, real WPA2 laptops, the boat's own system under systemd, radios simulated."""

import re
from collections.abc import Iterator

import pytest

from banc.machine import Machine, allumer
from banc.noyau import Noyau
from banc.radio import ENTRE, Bateau, PosteRadio, greer

RESEAU, CLE = "Pirogue 1", "quatre mots sur leau"
PLACES = 2
NOMS = ("afi", "koffi", "tiers")


@pytest.fixture(scope="module")
def air(noyau: Noyau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with one radio for the boat and three for laptops."""
    with allumer(noyau, tmp_path_factory.mktemp("air") / "m") as machine:
        machine.appeler("allumer_radios", pilotes=str(noyau.pilotes), radios=1 + len(NOMS))
        yield machine


@pytest.fixture(scope="module")
def bateau(air: Machine, tmp_path_factory: pytest.TempPathFactory) -> Bateau:
    """The boat, afloat, with room for two laptops."""
    return greer(air, tmp_path_factory.mktemp("bateau"), reseau=RESEAU, cle=CLE, places=PLACES)


@pytest.fixture(scope="module")
def postes(air: Machine) -> dict[str, PosteRadio]:
    """Three laptops, their Wi-Fi off."""
    poses = {nom: PosteRadio(air, nom, radio) for radio, nom in enumerate(NOMS, 1)}
    for poste in poses.values():
        air.appeler("poser", poste=poste.nom, radio=poste.radio)
    return poses


@pytest.fixture
def afi(postes: dict[str, PosteRadio]) -> Iterator[PosteRadio]:
    """Afi's laptop."""
    yield postes["afi"]
    postes["afi"].quitter()


@pytest.fixture
def koffi(postes: dict[str, PosteRadio]) -> Iterator[PosteRadio]:
    """Koffi's laptop."""
    yield postes["koffi"]
    postes["koffi"].quitter()


@pytest.fixture
def tiers(postes: dict[str, PosteRadio]) -> Iterator[PosteRadio]:
    """A laptop that comes too late, or from elsewhere."""
    yield postes["tiers"]
    postes["tiers"].quitter()


def test_the_printed_key_lets_a_laptop_in_and_another_does_not(bateau: Bateau, tiers: PosteRadio) -> None:
    """WPA2 for real, both ways: the same laptop is refused with a wrong key and let in with the right one."""
    faux = tiers.associer(RESEAU, "quatre mots de trop")
    tiers.quitter()
    vrai = tiers.associer(RESEAU, CLE)

    assert "reason=WRONG_KEY" in faux
    assert ENTRE not in faux
    assert "Key negotiation completed" in vrai
    assert ENTRE in vrai


def test_the_air_is_what_the_world_allows_and_no_slow_card_holds_it(bateau: Bateau, afi: PosteRadio) -> None:
    """2.4 GHz on the channel that was set, CCMP, and none of the four rates of 802.11b in what the boat announces."""
    afi.rejoindre(RESEAU, CLE)
    annonce = afi.regarder()

    assert re.search(r"freq: 2437\b", annonce)
    assert "Pairwise ciphers: CCMP" in annonce
    debits = re.findall(r"upported rates: (.*)", annonce)
    assert debits
    assert not {"1.0", "2.0", "5.5", "11.0"} & set(" ".join(debits).replace("*", "").split())


def test_one_laptop_too_many_is_told_so_and_the_others_stay(
    bateau: Bateau, afi: PosteRadio, koffi: PosteRadio, tiers: PosteRadio
) -> None:
    """The radio's true limit: status 17 (no room for a new station), at once, and nobody falls off."""
    afi.rejoindre(RESEAU, CLE)
    koffi.rejoindre(RESEAU, CLE)
    refus = tiers.associer(RESEAU, CLE, jusqu_a=("status_code=17", ENTRE))

    assert ENTRE not in refus
    assert sorted(bateau.stations()) == sorted([afi.mac, koffi.mac])
    assert [poste.joindre("10.10.10.10", 443) for poste in (afi, koffi)] == ["refuse", "refuse"]


def test_two_laptops_never_reach_one_another(bateau: Bateau, afi: PosteRadio, koffi: PosteRadio) -> None:
    """Both see the boat; between them nothing passes, not even a refusal."""
    afi.rejoindre(RESEAU, CLE)
    koffi.rejoindre(RESEAU, CLE)

    assert koffi.joindre("10.10.10.10", 443) == "refuse"
    assert koffi.joindre(afi.ip, 443) == "rien"
    assert afi.joindre(koffi.ip, 443) == "rien"


def test_an_access_point_killed_outright_comes_back_and_so_do_the_laptops(bateau: Bateau, afi: PosteRadio) -> None:
    """It dies of a signal that it cannot hear: systemd starts it again, the laptop joins again by itself."""
    afi.rejoindre(RESEAU, CLE)
    avant, dit = bateau.numero("hostapd.service"), afi.ecouter()
    bateau.lancer("kill", "-9", str(avant))
    afi.ecouter("CTRL-EVENT-DISCONNECTED", depuis=len(dit))
    afi.ecouter(ENTRE, depuis=len(dit))

    assert bateau.numero("hostapd.service") not in {0, avant}
    assert bateau.stations() == [afi.mac]
    assert afi.joindre("10.10.10.10", 443) == "refuse"

"""By the air: hostapd's real settings, real WPA2 laptops, the boat's own system under systemd, radios simulated."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from banc.machine import Machine, allumer
from banc.noyau import Noyau
from banc.radio import Bateau, greer
from banc.radio_poste import ENTRE, Page, PosteRadio
from equipage import Horloge, preparer_bord
from gestes_jeune import embarquer
from pirogue_registre import base, jeunes, presences
from pirogue_registre.jeunes import Jeune
from pirogue_socle.horloge import maintenant

RESEAU, CLE = "Pirogue 1", "quatre mots sur leau"
PLACES = 2
NOMS = ("afi", "koffi", "tiers")


@pytest.fixture(scope="module")
def air(noyau: Noyau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with one radio for the boat and three for laptops."""
    with allumer(noyau, tmp_path_factory.mktemp("air") / "m") as machine:
        machine.appeler("allumer_radios", pilotes=str(noyau.pilotes), radios=1 + len(NOMS))
        yield machine


@dataclass(frozen=True)
class Classe:
    """
    Who is expected this morning.

    Attributes:
        dossier: the boat's files, before it is afloat.
        seance: the open session.
        afi, koffi: the two trainees, with their pictures.
    """

    dossier: Path
    seance: str
    afi: Jeune
    koffi: Jeune


@pytest.fixture(scope="module")
def classe(tmp_path_factory: pytest.TempPathFactory) -> Classe:
    """Rachelle has opened the session of Afi and Koffi's group."""
    dossier = tmp_path_factory.mktemp("bateau")
    bord = preparer_bord(dossier / "data/pirogue/registre", Horloge())
    seance = bord.ouvrir_seance()
    afi, koffi = (jeunes.lire(bord.registre, un) for un in (bord.afi, bord.koffi))
    base.fermer(bord.registre)
    return Classe(dossier, seance, afi, koffi)


@pytest.fixture(scope="module")
def bateau(air: Machine, classe: Classe) -> Bateau:
    """The boat, afloat, with room for two laptops."""
    return greer(air, classe.dossier, reseau=RESEAU, cle=CLE, places=PLACES)


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


def insister(geste: Callable[[], Page], bon: Callable[[Page], bool]) -> Page:
    """Ask again, as every system does: under emulation a quarter of a second may not tell the boat who asks."""
    page = geste()
    for _ in range(4):
        if bon(page):
            break
        page = geste()
    return page


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
    assert bateau.demander("stations") == {"nombre": PLACES, "max": PLACES}
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


def test_a_laptop_meets_the_portal_over_the_air_and_afi_signs_in(
    bateau: Bateau, classe: Classe, afi: PosteRadio, tmp_path: Path
) -> None:
    """Join, address, probe sent to the portal, *Continuer*, probe satisfied, three pictures: she is marked present."""
    sonde = "http://connectivitycheck.gstatic.com/generate_204"
    afi.rejoindre(RESEAU, CLE)
    avant = afi.sonder(sonde)
    bienvenue = afi.get(sonde)
    accueil = afi.post("/continuer", data={})
    apres = insister(lambda: afi.sonder(sonde), lambda page: page.status_code == 204)
    chemin = embarquer(afi, classe.afi)
    presents = bateau.demander("voisins")
    afi.quitter()
    restes = bateau.demander("voisins")
    registre = base.ouvrir(bateau.relever(tmp_path))
    appel = presences.appel(registre, seance_id=classe.seance, instant=maintenant())
    base.fermer(registre)

    assert {nom: afi.bail[nom] for nom in ("routeur", "dns", "duree_s")} == {
        "routeur": "10.10.10.10",
        "dns": "10.10.10.10",
        "duree_s": "7200",
    }
    assert bytes.fromhex(afi.bail["compte"]) == b"ANDROID_METERED"
    assert (avant.status_code, avant.entetes["Location"]) == (302, "http://pirogue.internal/bienvenue")
    assert bienvenue.adresse == "http://pirogue.internal/bienvenue"
    assert "Continuer" in bienvenue.get_data(as_text=True)
    assert accueil.adresse == "http://pirogue.internal/"
    assert (apres.status_code, apres.corps) == (204, b"")
    assert chemin.request.path == "/chemin"
    assert (afi.mac in presents.values(), afi.mac in restes.values()) == (True, False)
    assert {ligne.jeune.personne_id: ligne.presence.etat for ligne in appel}[classe.afi.personne_id] == "present"

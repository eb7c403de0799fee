"""Which laptops have been greeted: for how long, whatever the wall clock does, and at what cost."""

import random
from pathlib import Path

import pytest

from pirogue_portail.captif import accueil, appareil
from pirogue_portail.captif.app import CHEMIN_API
from portail.captif_essai import AFI, Recu, Repondeur, Voisinage, adresse_mac

KOFFI = "10.10.10.22"
WINDOWS = ("www.msftconnecttest.com", "/connecttest.txt")


def est_accueilli(repondeur: Repondeur, ip: str = AFI) -> bool:
    """Say whether the laptop at an address believes that it is on line."""
    return repondeur.demander(*WINDOWS, ip=ip).statut == 200


@pytest.fixture
def repondeur(tmp_path: Path) -> Repondeur:
    """The responder of a box without root's helper: a device is its address."""
    return Repondeur(tmp_path)


def test_only_the_laptop_whose_button_was_pressed_is_greeted(repondeur: Repondeur) -> None:
    """Afi presses; Koffi's laptop still meets the portal."""
    repondeur.accueillir(AFI)

    assert est_accueilli(repondeur)
    assert not est_accueilli(repondeur, KOFFI)


def test_the_greeting_lasts_twelve_hours_whatever_the_wall_clock_does(repondeur: Repondeur) -> None:
    """Three days forward, three days back, in the middle of the class: nobody meets the portal again."""
    repondeur.accueillir(AFI)
    vus = []
    for jours in (3, -3, -3, 3):
        repondeur.horloge.sauter(jours=jours)
        repondeur.horloge.avancer(minutes=170)
        vus.append(est_accueilli(repondeur))
    repondeur.horloge.avancer(minutes=41)

    assert vus == [True] * 4
    assert not est_accueilli(repondeur)


def test_a_new_class_makes_every_laptop_new_again_at_once(repondeur: Repondeur) -> None:
    """Rachelle presses «Nouvelle séance»: the next probe already meets the portal."""
    for ip in (AFI, KOFFI):
        repondeur.accueillir(ip)
    avant = [est_accueilli(repondeur, ip) for ip in (AFI, KOFFI)]
    accueil.oublier_tous(repondeur.accueil, instant=repondeur.horloge())

    assert avant == [True, True]
    assert not est_accueilli(repondeur)
    assert not est_accueilli(repondeur, KOFFI)


def test_one_laptop_can_be_forgotten_alone(repondeur: Repondeur) -> None:
    """Rachelle clears one machine that shows nothing."""
    for ip in (AFI, KOFFI):
        repondeur.accueillir(ip)
    accueil.oublier(repondeur.accueil, AFI, instant=repondeur.horloge())

    assert not est_accueilli(repondeur)
    assert est_accueilli(repondeur, KOFFI)


def test_a_power_cut_forgets_everybody(repondeur: Repondeur) -> None:
    """Hours of another boot mean nothing, even if the file had survived."""
    repondeur.accueillir(AFI)
    suivant = Repondeur(repondeur.dossier, repondeur.horloge)
    repondeur.horloge.redemarrer()

    assert not est_accueilli(suivant)


@pytest.mark.parametrize("reste", [b"", b"{", b"[]", b'{"boot_id": 3}', b'{"boot_id": "x", "jusqu_a": 7}', b"\xff\xfe"])
def test_a_damaged_file_greets_nobody_and_stops_nothing(repondeur: Repondeur, reste: bytes) -> None:
    """The file is in memory; if it is torn, people press the button again."""
    repondeur.accueillir(AFI)
    repondeur.accueil.write_bytes(reste)
    abime = est_accueilli(repondeur)
    repondeur.accueillir(AFI)

    assert not abime
    assert est_accueilli(repondeur)


def test_the_hardware_address_counts_not_what_the_laptop_says_or_which_address_it_has(tmp_path: Path) -> None:
    """Afi's laptop changes its address and stays greeted; who takes the old address is not."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        voisinage.connus = {AFI: adresse_mac(AFI)}
        repondeur.accueillir(adresse_mac(AFI))
        avant = est_accueilli(repondeur)
        voisinage.connus = {KOFFI: adresse_mac(AFI), AFI: adresse_mac(KOFFI)}
        repondeur.horloge.avancer(secondes=appareil.MEMOIRE_S + 1)

        assert avant
        assert est_accueilli(repondeur, KOFFI)
        assert not est_accueilli(repondeur, AFI)


def test_nothing_that_a_laptop_says_of_itself_makes_it_another_one(tmp_path: Path) -> None:
    """Twenty names under which a program might say «I am Afi's laptop»."""
    menteurs = {f"HTTP_{nom}": AFI for nom in ("X_FORWARDED_FOR", "FORWARDED", "CLIENT_IP", "TRUE_CLIENT_IP", "VIA")}
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        repondeur.accueillir(adresse_mac(AFI))

        assert repondeur.demander(*WINDOWS, ip=KOFFI, **menteurs).statut == 302
        assert repondeur.demander(*WINDOWS, ip=KOFFI, REMOTE_ADDR=KOFFI, HTTP_X_REAL_IP=AFI).statut == 302


def test_a_laptop_that_the_box_does_not_know_yet_is_asked_about_again_soon(tmp_path: Path) -> None:
    """Its first probe may come before the neighbour table knows it: the tap that follows must count."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        voisinage.connus = {}
        avant = est_accueilli(repondeur)
        voisinage.connus = None
        repondeur.accueillir(adresse_mac(AFI))
        repondeur.horloge.avancer(secondes=appareil.OUBLI_S)

        assert not avant
        assert est_accueilli(repondeur)


def test_a_helper_that_hangs_holds_one_probe_and_not_the_class(tmp_path: Path) -> None:
    """Thirty laptops probe while root's helper says nothing: it is asked once, all of them are answered."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        voisinage.muet = True
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        recus = [repondeur.demander(*WINDOWS, ip=f"10.10.10.{rang}") for rang in range(20, 50)]
        demandes = voisinage.demandes

    assert [recu.statut for recu in recus] == [302] * 30
    assert demandes == 1


def test_a_helper_that_starts_again_shows_the_portal_to_nobody_at_work(tmp_path: Path) -> None:
    """It falls silent for minutes: greeted laptops stay so, new ones meet the portal, and after ten minutes all do."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        repondeur.accueillir(adresse_mac(AFI))
        repondeur.accueillir(adresse_mac(KOFFI))
        avant = est_accueilli(repondeur)
        voisinage.muet = True
        pendant = []
        for minutes in (1, 4, 4):
            repondeur.horloge.avancer(minutes=minutes)
            pendant.append((est_accueilli(repondeur), est_accueilli(repondeur, KOFFI)))
        repondeur.horloge.avancer(minutes=2)
        apres = est_accueilli(repondeur)

    assert avant
    assert pendant == [(True, False)] * 3
    assert not apres


def test_a_helper_that_is_back_is_believed_within_a_second(tmp_path: Path) -> None:
    """Afi's address went to another card meanwhile: what was kept is worth nothing any more."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        repondeur.accueillir(adresse_mac(AFI))
        avant = est_accueilli(repondeur)
        voisinage.muet = True
        repondeur.horloge.avancer(minutes=1)
        pendant = est_accueilli(repondeur)
        voisinage.muet, voisinage.connus = False, {AFI: adresse_mac(KOFFI)}
        repondeur.horloge.avancer(secondes=appareil.OUBLI_S)

        assert (avant, pendant) == (True, True)
        assert not est_accueilli(repondeur)


def test_without_a_helper_the_portal_is_shown_to_everybody(tmp_path: Path) -> None:
    """Root's helper is stopped: no laptop can be named, none is called greeted."""
    repondeur = Repondeur(tmp_path, actions=tmp_path / "personne.sock")
    repondeur.accueillir(AFI)

    assert not est_accueilli(repondeur)


def test_probes_ask_root_once_in_ten_seconds_and_read_the_file_once(tmp_path: Path) -> None:
    """A laptop that probes without end costs nothing more."""
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        repondeur = Repondeur(tmp_path, actions=voisinage.prise)
        repondeur.accueillir(adresse_mac(AFI))
        statuts = {repondeur.demander(*WINDOWS).statut for _ in range(500)}

        assert statuts == {200}
        assert voisinage.demandes == 1


def test_ten_thousand_false_laptops_leave_a_bounded_memory(tmp_path: Path) -> None:
    """Neither the table of neighbours nor the file of greetings grows with who comes by."""
    hasard = random.Random(10)
    with Voisinage(tmp_path / "actions.sock") as voisinage:
        voisins = appareil.Voisins(voisinage.prise)
        horloge = Repondeur(tmp_path).horloge
        for _ in range(3000):
            ip = ".".join(str(hasard.randrange(256)) for _ in range(4))
            assert voisins.identifier(ip, instant=horloge()) == adresse_mac(ip)
    for rang in range(1100):
        accueil.accueillir(tmp_path / "accueillis.json", f"02:{rang:010x}", instant=horloge())

    assert len(voisins._connus) == appareil.ADRESSES_MAX
    assert len(accueil.accueillis(tmp_path / "accueillis.json", instant=horloge())) == accueil.APPAREILS_MAX


def demander_api(repondeur: Repondeur, **entetes: str) -> Recu:
    """Ask the API of RFC 8908, as the front server passes it on."""
    return repondeur.demander(repondeur.nom_public, CHEMIN_API, **entetes)


def test_the_api_tells_a_new_laptop_where_to_go_and_a_greeted_one_how_long_it_has(tmp_path: Path) -> None:
    """RFC 8908, with the forms that Android demands: TLS addresses, no cache but the laptop's own."""
    repondeur = Repondeur(tmp_path, nom_public="bateau1.exemple.bj")
    avant = demander_api(repondeur, HTTP_X_PIROGUE_TLS="bateau1.exemple.bj")
    repondeur.accueillir(AFI)
    repondeur.horloge.avancer(minutes=60)
    apres = demander_api(repondeur, HTTP_X_PIROGUE_TLS="bateau1.exemple.bj")

    assert avant.entetes["Content-Type"] == apres.entetes["Content-Type"] == "application/captive+json"
    assert avant.entetes["Cache-Control"] == "private"
    assert avant.corps == (
        b'{"captive": true, "user-portal-url": "https://bateau1.exemple.bj/bienvenue", '
        b'"venue-info-url": "https://bateau1.exemple.bj/"}'
    )
    assert b'"captive": false' in apres.corps
    assert b'"seconds-remaining": 39600' in apres.corps


@pytest.mark.parametrize("tls", ["", "autre.exemple.bj"])
def test_without_tls_the_api_is_a_name_like_another(tmp_path: Path, tls: str) -> None:
    """Asked in the clear, or under a name that the box does not hold: to the portal."""
    repondeur = Repondeur(tmp_path, nom_public="bateau1.exemple.bj")
    repondeur.accueillir(AFI)

    assert demander_api(repondeur, HTTP_X_PIROGUE_TLS=tls).statut == 302
    assert Repondeur(tmp_path).demander("bateau1.exemple.bj", CHEMIN_API).statut == 302

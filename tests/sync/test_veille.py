"""The watch for the quay: it calls when there is a link and a reason, and an idle boat costs next to nothing."""

import itertools
import signal
import threading
from pathlib import Path

import pytest

from equipage import Horloge
from pirogue_registre import ancres
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_sync import quatre_g, veille
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.lien import PasDeRecu
from pirogue_sync.quatre_g import Reseau
from pirogue_sync.veille import Rythme, Tour, Veille
from sync.certificats import Autorite
from sync.facade import Facade
from sync.mandataire import Jouer, Reponse
from sync.quai import Quai, vivre_une_journee
from sync.serveurs import Serveur

VIF = quatre_g.Limites(silence_s=1.0, debit_min=2000.0)


@pytest.fixture
def base_rive() -> str:
    """The shore keeps a file: the watch does not care about its engine."""
    return ""


class Poste:
    """A watch whose clock and link the test moves; it counts calls and what they cost."""

    def __init__(self, quai: Quai, url: str, *, ca: Path | None = None) -> None:
        self.heure_s = 0.0
        self.lien = True
        self.appels = 0
        self.octets: list[int] = []
        self._quai, self._url = quai, url
        self._reseau = Reseau(ca=ca, limites=VIF, essais=1, saluer=True)
        self.veille = Veille(
            quai.bord.registre, self._appeler, temps_s=lambda: self.heure_s, lien_present=lambda: self.lien
        )

    def _appeler(self) -> BilanEchange:
        self.appels += 1
        quai = self._quai
        rendu = quatre_g.echanger(
            quai.bord.registre,
            url=self._url,
            trousseau=quai.trousseau,
            instant=quai.bord.horloge(),
            reseau=self._reseau,
        )
        self.octets.append(rendu.fil_octets)
        return rendu

    def veiller(self, *, heures: float) -> list[Tour]:
        """Let time pass, turn after turn."""
        fin, tours = self.heure_s + heures * 3600, []
        while self.heure_s < fin:
            tours.append(self.veille.tour())
            self.heure_s += tours[-1].attente_s
        return tours


def test_a_day_leaves_seconds_after_the_link_stays(quai: Quai, serveur: Serveur) -> None:
    """The first look only notes the link; three seconds later the day is confirmed."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, serveur.url)
    premier, second = poste.veiller(heures=4 / 3600)

    assert (premier.bilan, premier.attente_s, premier.lien) == (None, 3.0, True)
    assert second.bilan is not None
    assert second.bilan.puce.code == "confirme"


def test_the_boat_is_at_the_quay_when_the_shore_has_answered_for_a_minute(quai: Quai, serveur: Serveur) -> None:
    """Not before, not without an answer, and no longer when the link goes."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, serveur.url)
    tours = poste.veiller(heures=70 / 3600)
    poste.lien = False
    (parti,) = poste.veiller(heures=1 / 60)

    assert [tour.a_quai for tour in tours] == [False, False, True]
    assert poste.heure_s >= 60
    assert (parti.lien, parti.a_quai) == (False, False)


def test_a_link_where_nobody_answers_is_no_quay(quai: Quai) -> None:
    """A route, an address, and no shore."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, "http://127.0.0.1:9")
    tours = poste.veiller(heures=1)

    assert [tour for tour in tours if tour.a_quai] == []
    assert all(tour.lien for tour in tours)


def test_a_link_that_flickers_is_no_new_quay(quai: Quai) -> None:
    """Up and down every twenty seconds for an hour: the calls that fail still space out."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, "http://127.0.0.1:9")
    for moitie in range(180):  # the kernel's word of each change wakes the watch
        poste.lien = moitie % 2 == 0
        poste.veille.tour()
        poste.heure_s += 10
        poste.veille.tour()
        poste.heure_s += 10

    assert 2 <= poste.appels <= 12


def test_another_quay_is_a_reason_to_call(quai: Quai, serveur: Serveur) -> None:
    """Nothing waits aboard; something may wait ashore. Not if the last call was a moment ago."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, serveur.url)
    poste.veiller(heures=0.1)
    appels = []
    for absence in (0.1, 1):
        poste.lien = False
        poste.veiller(heures=absence)
        poste.lien = True
        avant = poste.appels
        poste.veiller(heures=0.1)
        appels.append(poste.appels - avant)

    assert appels == [0, 1]


def test_without_a_link_nothing_is_spent(quai: Quai) -> None:
    """In the middle of the lake, all day."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, "http://127.0.0.1:9")
    poste.lien = False
    poste.veiller(heures=10)

    assert poste.appels == 0


def test_an_idle_boat_at_the_quay_costs_little(quai: Quai, serveur: Serveur, tmp_path: Path) -> None:
    """A day of link with nothing to say, by TLS behind nginx: four calls, some kilobytes, every header counted."""
    vivre_une_journee(quai.bord)
    autorite = Autorite(tmp_path / "autorite")
    with Facade(tmp_path / "nginx", service=serveur.port, certificat=autorite.signer()) as facade:
        poste = Poste(quai, facade.url, ca=autorite.ca)
        poste.veiller(heures=1)
        jour = len(poste.octets)
        poste.veiller(heures=24)
    oisif = poste.octets[jour:]

    assert len(oisif) == 4
    assert sum(oisif) < 30_000


def test_a_captive_portal_is_asked_less_and_less(quai: Quai) -> None:
    """Its page answers all; the calls space out to half an hour and cost a few hundred bytes each."""
    vivre_une_journee(quai.bord)
    with Jouer(Reponse("200 OK", b"<html>Payez ici</html>" * 1000)) as loin:
        poste = Poste(quai, loin.url)
        tours = poste.veiller(heures=10)

    phrases = {tour.phrase for tour in tours if tour.phrase}
    assert 18 <= poste.appels <= 32
    assert len(phrases) == 1
    assert "forfait" in phrases.pop()


def test_another_quay_is_another_chance(quai: Quai) -> None:
    """After hours of failures the link goes and comes back: the wait starts again from a minute."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, "http://127.0.0.1:9")
    poste.veiller(heures=3)
    poste.lien = False
    poste.veiller(heures=0.1)
    poste.lien = True
    avant = poste.appels
    poste.veiller(heures=0.1)

    assert poste.appels - avant >= 2


def test_a_mere_anchor_is_not_worth_a_call(quai: Quai, serveur: Serveur, horloge: Horloge) -> None:
    """The date that the receipt taught waits for the next reason."""
    vivre_une_journee(quai.bord)
    poste = Poste(quai, serveur.url)
    poste.veiller(heures=1)

    assert ancres.lire(quai.bord.registre)[horloge.boot_id].source == "rive"
    assert poste.appels == 1


def test_what_answers_the_greeting_must_know_our_shore(quai: Quai) -> None:
    """Another shore, or a page: nothing bigger is asked."""
    for corps in (b"pirogue-rive 1 ailleurs\n", b"ok", b"x" * 5000):
        with Jouer(Reponse("200 OK", corps, genre="text/plain")) as loin, pytest.raises(PasDeRecu):
            Poste(quai, loin.url)._appeler()


def test_the_loop_stops_at_once() -> None:
    """A stop during the wait does not last the wait; each turn is told."""
    arret, dits = threading.Event(), []

    def dire(tour: Tour) -> None:
        dits.append(tour.phrase)
        if len(dits) == 3:
            arret.set()

    signal.alarm(30)
    veille.veiller(lambda: Tour(0.001 if len(dits) < 2 else 3600, phrase="Rien."), dire=dire, arret=arret)
    signal.alarm(0)

    assert dits == ["Rien."] * 3


@pytest.mark.parametrize(
    ("nom", "lignes", "attendu"),
    [
        ("route", "Iface\tDestination\tGateway\neth0\t00000000\t010200C0\t0003\t0\n", True),
        ("route", "Iface\tDestination\tGateway\nwlan0\t0000A8C0\t00000000\t0001\t0\n", False),
        ("ipv6_route", "0" * 32 + " 00 " + "0" * 32 + " 00 fe80 00000400 00000003 0 00000003     eth0\n", True),
        ("ipv6_route", "0" * 32 + " 00 " + "0" * 32 + " 00 0 ffffffff 00000001 0 00200200       lo\n", False),
    ],
)
def test_a_link_is_a_way_out(tmp_path: Path, nom: str, lignes: str, *, attendu: bool) -> None:
    """The hotspot alone is none; a dongle's or a quay's default route is."""
    (tmp_path / nom).write_text(lignes, encoding="ascii")

    assert veille.route_par_defaut(tmp_path) is attendu


def test_rhythm_is_a_fact_of_the_watch(quai: Quai) -> None:
    """A quicker rhythm for a fixed kiosk: what fails is tried again within its own bounds."""
    vivre_une_journee(quai.bord)
    appels: list[float] = []
    temps = [0.0]

    def echouer() -> BilanEchange:
        appels.append(temps[0])
        raise ErreurPirogue("Non.")

    rythme = Rythme(pas_s=1, recul_min_s=2, recul_max_s=8)
    poste = Veille(quai.bord.registre, echouer, temps_s=lambda: temps[0], rythme=rythme, lien_present=lambda: True)
    for _ in range(100):
        temps[0] += poste.tour().attente_s
    ecarts = [b - a for a, b in itertools.pairwise(appels)]

    assert max(ecarts) <= 10
    assert min(ecarts[3:]) >= 6

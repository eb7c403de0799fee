"""The network's road over links that are slow, dead, cut anywhere, and with far ends that lie."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from equipage import Horloge
from pirogue_echange import cles as trousseaux
from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_registre import ancres, base, envois, reglages
from pirogue_rive import config as rives
from pirogue_rive import schema
from pirogue_sync import quatre_g
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.conversation import TYPE
from pirogue_sync.lien import PasDeRecu, RiveInjoignable
from pirogue_sync.patience import Gratuit, Limites
from pirogue_sync.prise import Prise
from pirogue_sync.quatre_g import Reseau, RiveRefuse
from sync.mandataire import Coupure, Goutte, Jouer, Mandataire, Muette, Reponse, Role, Sourde
from sync.quai import Quai, compter, sceller_par, vivre_une_journee
from sync.serveurs import Serveur, attendre_a_terre

#: The same proportions as on the water, thirty times faster.
VIF = Limites(silence_s=1.0, debit_min=2000.0)


@pytest.fixture
def base_rive() -> str:
    """The shore keeps a file: the network does not care about its engine."""
    return ""


def appeler(quai: Quai, url: str, **voulu: Any) -> BilanEchange:
    """Let the boat call, without waiting between attempts."""
    reseau = Reseau(limites=voulu.pop("limites", VIF), essais=voulu.pop("essais", 3), attendre=lambda _: None)
    ouverture = {"trousseau": quai.trousseau, "instant": quai.bord.horloge(), "reseau": reseau}
    return quatre_g.echanger(quai.bord.registre, url=url, **(ouverture | voulu))


def gros_lots(quai: Quai, nombre: int = 6) -> list[bytes]:
    """Live days until there are many lots; return them, in the order in which they leave."""
    while len(sceller_par(quai, 4)) < nombre:
        vivre_une_journee(quai.bord)
    return [lot.corps for lot in envois.a_envoyer(quai.bord.registre)]


def bords_du_corps(quai: Quai, lots: list[bytes]) -> list[int]:
    """Return one offset of each class in the boat's bytes: request, headers, lots, their edges, the last byte."""
    avec_tete = 900
    fins = [sum(len(lot) for lot in lots[: rang + 1]) for rang in range(len(lots))]
    dans_un_lot = [fins[1] + 5, fins[1] + 200, fins[1] + len(lots[2]) - 1]
    return [1, 120, 400, 620, *(avec_tete + un for un in (*fins[:2], *dans_un_lot, fins[-2]))]


@pytest.mark.parametrize("maniere", ["rst", "fin"])
def test_a_link_cut_anywhere_is_taken_up_again_in_the_same_call(quai: Quai, serveur: Serveur, maniere: str) -> None:
    """Each class of offset, one after another in one call: everything arrives, once."""
    lots = gros_lots(quai)
    coupures = [Coupure(montee=rang, maniere=maniere) for rang in bords_du_corps(quai, lots)]
    with Mandataire(serveur.port, coupures=coupures) as reseau:
        rendu = appeler(quai, reseau.url, essais=len(coupures) + 1)

    assert (rendu.restants, rendu.puce.code) == (0, "confirme")
    assert rendu.deposes == len(lots) + rendu.scelles
    with rives.ouvrir(quai.config) as rive:
        assert compter(rive, schema.lot) == len(lots) + rendu.scelles
        assert compter(rive, schema.quarantaine) == 0


@pytest.mark.parametrize("rang", [0, 1, 40, 200, 400, 700])
def test_an_answer_cut_anywhere_is_asked_again(quai: Quai, serveur: Serveur, rang: int) -> None:
    """The lots arrived and the receipt was lost on the way, at any byte: it comes with the next attempt."""
    vivre_une_journee(quai.bord)
    with Mandataire(serveur.port, coupures=[Coupure(descente=rang), Coupure(descente=900 + rang)]) as reseau:
        rendu = appeler(quai, reseau.url)

    assert (rendu.deposes, rendu.restants, rendu.puce.code) == (rendu.scelles, 0, "confirme")
    with rives.ouvrir(quai.config) as rive:
        assert compter(rive, schema.lot) == rendu.scelles


def test_after_a_cut_only_what_the_shore_lacks_leaves_again(quai: Quai, serveur: Serveur) -> None:
    """One attempt a call: the first is cut in the last lots, the second carries those alone."""
    lots = gros_lots(quai, 20)
    total = sum(len(lot) for lot in lots)
    entiers = sum(1 for rang in range(len(lots)) if sum(map(len, lots[: rang + 1])) < total * 3 // 4 - 1000)
    with Mandataire(serveur.port, coupures=[Coupure(montee=total * 3 // 4, maniere="fin")]) as reseau:
        with pytest.raises(RiveInjoignable):
            appeler(quai, reseau.url, essais=1)
        assert envois.etat_puce(quai.bord.registre).code == "a_bord"
        attendre_a_terre(quai, entiers)
        avant = reseau.montes
        rendu = appeler(quai, reseau.url, essais=1)

        assert (rendu.restants, rendu.puce.code) == (0, "confirme")
        assert reseau.montes - avant < total // 2
        assert reseau.montes < total * 1.15 + 2000


def test_a_slow_link_is_never_given_up_while_bytes_flow(quai: Quai, serveur: Serveur) -> None:
    """The sending lasts several times the limit on silence, and ends well."""
    lots = gros_lots(quai, 30)
    total = sum(len(lot) for lot in lots)
    debut = time.monotonic()
    with Mandataire(serveur.port, debit=total / 3) as reseau:
        rendu = appeler(quai, reseau.url, limites=Limites(silence_s=0.6, debit_min=2000, tampon_octets=8192), essais=1)

        assert (rendu.deposes, rendu.restants) == (len(lots), 0)
        assert time.monotonic() - debut > 3 * 0.6
        assert reseau.connexions == 1


@pytest.mark.parametrize("role", [Muette(), Sourde(), Goutte(0.01)], ids=["muette", "sourde", "goutte"])
def test_a_far_end_that_does_not_answer_is_given_up(quai: Quai, role: Role) -> None:
    """It accepts and says nothing, does not read, or drips a byte at a time for ever."""
    vivre_une_journee(quai.bord)
    debut = time.monotonic()
    with Jouer(role) as loin, pytest.raises(RiveInjoignable):
        appeler(quai, loin.url, essais=1)

    assert 0.9 < time.monotonic() - debut < 5
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def test_a_slow_card_is_no_dead_link() -> None:
    """All has come, and waits in the kernel while the boat writes for longer than the link may be silent."""
    corps = bytes(60_000)
    with Jouer(Reponse("200 OK", corps)) as loin:
        prise = Prise("127.0.0.1", loin.port, limites=replace(VIF, silence_s=0.2), compteur=Gratuit())
        prise.sendall(b"GET / HTTP/1.1\r\n\r\n")
        lu = bytearray()
        while not lu.endswith(corps):
            lu += prise.recevoir(65536)
            time.sleep(0.3)
        prise.close()

    assert lu.endswith(corps)


@pytest.mark.parametrize("rang", [450, 3000])
def test_a_link_that_dies_in_the_middle_is_noticed(quai: Quai, serveur: Serveur, rang: int) -> None:
    """No goodbye, no reset: bytes stop being acknowledged or answered, and that is enough."""
    gros_lots(quai, 20)
    debut = time.monotonic()
    with Mandataire(serveur.port, coupures=[Coupure(montee=rang, maniere="muet")]) as reseau:
        with pytest.raises(RiveInjoignable):
            appeler(quai, reseau.url, essais=1)

        assert time.monotonic() - debut < 5


def test_waits_grow_between_attempts_and_never_twice_the_same(quai: Quai) -> None:
    """A dead network is tried three times, further and further apart, then left in peace."""
    pauses: list[float] = []
    with Jouer(Reponse("503 Service Unavailable")) as loin, pytest.raises(RiveInjoignable) as refus:
        appeler(quai, loin.url, reseau=Reseau(limites=VIF, essais=4, pause_s=2.0, attendre=pauses.append))

    assert len(pauses) == 3
    assert all(2**rang <= pause <= 2 ** (rang + 1) for rang, pause in enumerate(pauses, 1))
    assert str(refus.value).endswith(".")


def incarnation(quai: Quai) -> str:
    """Return the life of the boat's register."""
    return reglages.lire(quai.bord.registre, "incarnation")


def vieux_recu(quai: Quai, **change: Any) -> bytes:
    """Return a receipt that our shore signed long ago, with some fields of another."""
    rive = trousseaux.charger(quai.config.dossier / "cles.json")
    ancien = recu.Recu(
        rive=rive.carte.id,
        relais=quai.cles.carte.id,
        inc=incarnation(quai),
        flux="activite",
        jusqua=0,
        h="00" * 32,
        ilots=(),
        serie=0,
        heure_ms=0,
    )
    return recu.sceller(replace(ancien, **change), cles=rive).octets


PAGE = b"<html>Payez ici</html>"
MENSONGES: dict[str, Callable[[Quai], Role]] = {
    "page": lambda _: Reponse("200 OK", PAGE),
    "page_deguisee": lambda _: Reponse("200 OK", PAGE, genre=TYPE),
    "vide": lambda _: Reponse("200 OK"),
    "vide_deguise": lambda _: Reponse("200 OK", genre=TYPE),
    "ailleurs": lambda _: Reponse("302 Found", entetes="Location: http://portail.operateur/\r\n"),
    "authentification": lambda _: Reponse("511 Network Authentication Required", PAGE),
    "autre_relais": lambda q: Reponse("200 OK", vieux_recu(q, relais="autre"), genre=TYPE),
    "autre_vie": lambda q: Reponse("200 OK", vieux_recu(q, inc="0" * 16), genre=TYPE),
    "abime": lambda q: Reponse("200 OK", vieux_recu(q)[:-3] + b"xx\n", genre=TYPE),
}


@pytest.mark.parametrize("mensonge", MENSONGES)
def test_what_is_not_our_receipt_is_never_success(quai: Quai, mensonge: str) -> None:
    """Captive portals and replays: nothing is noted as sent, and a French sentence says what may be wrong."""
    vivre_une_journee(quai.bord)
    with Jouer(MENSONGES[mensonge](quai)) as loin, pytest.raises(PasDeRecu) as refus:
        appeler(quai, loin.url)

    assert str(refus.value).endswith(".")
    assert "forfait" in refus.value.geste
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"
    assert quai.bord.registre.db.execute("SELECT count(*) FROM depot").fetchone()[0] == 0


def test_an_old_receipt_played_again_does_not_pass_for_todays(quai: Quai) -> None:
    """It is ours and well signed, and covers nothing of what left: the lots stay aboard, and a sentence says so."""
    vivre_une_journee(quai.bord)
    with Jouer(Reponse("200 OK", vieux_recu(quai), genre=TYPE)) as loin:
        rendu = appeler(quai, loin.url)

    assert (rendu.deposes, rendu.restants, rendu.puce.code) == (0, rendu.scelles, "a_bord")
    assert rendu.remarques == (f"La rive n'a pas pris {rendu.scelles} lot(s) : ils restent à bord.",)
    assert ancres.lire(quai.bord.registre)[quai.bord.horloge.boot_id].source == "formateur"


@pytest.mark.parametrize("statut", ["403 Forbidden", "401 Unauthorized", "413 Content Too Large"])
def test_a_refusal_is_heard_before_everything_has_left(quai: Quai, statut: str) -> None:
    """The shore says no at the first lot: the rest is not paid for."""
    gros_lots(quai, 20)
    with Jouer(Reponse(statut, b"Non.\n", genre="text/plain")) as loin, pytest.raises(RiveRefuse):
        appeler(quai, loin.url)

    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def demarrer_en_1970(quai: Quai, horloge: Horloge) -> None:
    """Switch the box on with a clock that knows nothing; Rachelle calls the roll without confirming the date."""
    horloge.redemarrer(mur_ms=0)
    quai.bord.ouvrir_seance()


def test_the_first_receipt_tells_a_box_of_1970_what_day_it_is(quai: Quai, serveur: Serveur, horloge: Horloge) -> None:
    """It covers lots that had never left: it was signed just now, so its hour is the true one."""
    demarrer_en_1970(quai, horloge)
    assert not ancres.est_confirmee(quai.bord.registre, instant=horloge())
    appeler(quai, serveur.url)
    estimee = ancres.estimer_maintenant(quai.bord.registre, instant=horloge())

    assert ancres.lire(quai.bord.registre)[horloge.boot_id].source == "rive"
    assert abs(estimee - rives_heure(quai)) < 120_000


def rives_heure(quai: Quai) -> int:
    """Return the hour of the shore's first receipt of the relay."""
    corps = quai.bord.registre.db.execute("SELECT corps FROM recu ORDER BY serie DESC LIMIT 1").fetchone()[0]
    return recu.ouvrir(corps, annuaire=annuaire_de(quai.carte_rive)).heure_ms


def test_a_receipt_that_may_be_old_tells_no_hour(quai: Quai, serveur: Serveur, horloge: Horloge) -> None:
    """The lots left yesterday and the answer was lost: today's first receipt may have been signed then."""
    demarrer_en_1970(quai, horloge)
    with Mandataire(serveur.port, coupures=[Coupure(descente=20)]) as reseau:
        with pytest.raises(RiveInjoignable):
            appeler(quai, reseau.url, essais=1)
        assert reseau.tours == 1
    horloge.redemarrer(mur_ms=0)
    rendu = appeler(quai, serveur.url)

    assert rendu.restants == 0
    assert not ancres.est_confirmee(quai.bord.registre, instant=horloge())


def test_a_person_who_is_right_is_not_corrected(quai: Quai, serveur: Serveur, horloge: Horloge) -> None:
    """Rachelle's watch and the shore agree within two minutes: no event is written for that, none is sent."""
    vivre_une_journee(quai.bord)
    appeler(quai, serveur.url)
    horloge.redemarrer(mur_ms=rives_heure(quai) + 50_000)
    ancres.confirmer_date(
        quai.bord.registre, utc_ms=horloge.mur_ms, source="formateur", instant=horloge(), auteur=quai.bord.rachelle
    )
    appeler(quai, serveur.url)

    assert ancres.lire(quai.bord.registre)[horloge.boot_id].source == "formateur"
    assert appeler(quai, serveur.url).octets == 0


def test_two_calls_at_once_are_one_sending_for_the_shore(quai: Quai, serveur: Serveur) -> None:
    """The timer and a person's press meet, in two processes' connections to the register: all is confirmed."""
    lots = gros_lots(quai, 10)
    rendus: list[BilanEchange] = []

    def presser() -> None:
        registre = base.ouvrir(quai.bord.registre.dossier)
        autre = replace(quai, bord=replace(quai.bord, registre=registre))
        rendus.append(appeler(autre, serveur.url, limites=Limites()))
        base.fermer(registre)

    fils = [threading.Thread(target=presser) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    dernier = appeler(quai, serveur.url)

    assert len(rendus) == 2
    assert (dernier.restants, dernier.puce.code) == (0, "confirme")
    with rives.ouvrir(quai.config) as rive:
        assert compter(rive, schema.lot) - len(lots) in {0, 1}
        assert compter(rive, schema.quarantaine) == 0

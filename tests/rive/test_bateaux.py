"""What boats call: lots in, receipts and downward lots out, cards."""

import io
import os
from collections.abc import Iterator

import pytest

from pirogue_echange import cles as trousseau
from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.entete import SCELLE_MAX
from pirogue_registre import reglages as reglages_bord
from pirogue_rive import arrivees, demandes, descentes, etats, mises_de_cote, reception, reglages, schema
from pirogue_rive.reception import LOTS_MAX
from pirogue_sync import descentes as descentes_bord
from pirogue_sync.lien import REPONSE_MAX
from rive.terre import MIDI, Terre, couper, genres, sceller
from sync.quai import compter, sceller_par, vivre_une_journee


def poster(terre: Terre, corps: bytes) -> tuple[int, bytes]:
    """Send lots as a boat does."""
    reponse = terre.app.test_client().post("/v1/lots", data=corps, content_type="application/x-pirogue-lot")
    return reponse.status_code, reponse.get_data()


class Fil(io.RawIOBase):
    """A body that counts what was read of it."""

    def __init__(self, octets: bytes) -> None:
        self.reste = io.BytesIO(octets)
        self.lus = 0

    def read(self, taille: int = -1) -> bytes:
        """Return some bytes, as a slow network gives them."""
        morceau = self.reste.read(min(taille, 1000) if taille > 0 else taille)
        self.lus += len(morceau)
        return morceau


def test_lots_are_taken_and_answered_with_receipts_of_both_streams(terre: Terre) -> None:
    """What the boat sealed in one day comes back as signed receipts, one per stream."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    statut, corps = poster(terre, b"".join(lots))
    lus = [recu.ouvrir(un, annuaire=annuaire_de(terre.quai.carte_rive)) for un in couper(corps)]

    assert statut == 200
    assert {un.flux for un in lus} == {"activite", "identites"}
    assert compter(terre.rive, schema.lot) == len(lots)


def test_an_unknown_relay_is_refused_at_its_first_header(terre: Terre) -> None:
    """403, and its megabyte is not read."""
    vivre_une_journee(terre.quai.bord)
    premier = sceller(terre.quai)[0]
    (terre.rive.dossier / "relais" / f"{terre.relais}.json").unlink()
    fil = Fil(premier + b"x" * 1_000_000)
    refus = ""
    try:
        reception.recevoir(terre.rive, fil, voie="4g", heure=lambda: MIDI)
    except reception.RelaisInconnu as erreur:
        refus = str(erreur)

    assert refus == "Cette rive ne connaît pas ce relais."
    assert fil.lus < 10_000
    assert poster(terre, premier)[0] == 403
    assert mises_de_cote.compter(terre.rive) == 0


def test_a_long_backlog_is_taken_in_a_few_lots_at_a_time(terre: Terre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than sixteen lots wait in memory, however many follow one another."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller_par(terre.quai, 1)
    paquets: list[int] = []
    vrai = arrivees.prendre_suite

    def compter_paquet(rive: object, suite: list[bytes], **autres: object) -> object:
        paquets.append(len(list(suite)))
        return vrai(rive, suite, **autres)  # type: ignore[arg-type]

    monkeypatch.setattr(arrivees, "prendre_suite", compter_paquet)
    pris = reception.recevoir(terre.rive, io.BytesIO(b"".join(lots)), voie="4g", heure=lambda: MIDI)

    assert len(lots) > LOTS_MAX
    assert max(paquets) == LOTS_MAX
    assert pris.compter("ingere") == len(lots)


def test_what_came_before_a_cut_stays(terre: Terre) -> None:
    """The body stops in the middle of the third lot: two are in, and receipted."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller_par(terre.quai, 5)
    statut, corps = poster(terre, lots[0] + lots[1] + lots[2][:300])

    assert statut == 200
    assert recu.ouvrir(corps, annuaire=annuaire_de(terre.quai.carte_rive)).jusqua == 10


def test_what_comes_down_is_given_to_the_relay_that_signs_alone(terre: Terre) -> None:
    """No signature, another relay's, another address: 403. A relay's affairs are its own."""
    client = terre.app.test_client()
    adresse = f"/v1/relais/{terre.relais}/descente?inc={'0' * 16}"
    autre = trousseau.faire("relais", id=terre.relais, nom="Un autre")
    sans = client.get(adresse)
    faux = terre.descente(signe_par=autre)
    rejoue = client.get(f"{adresse}&dernier=5", headers={"Pirogue-Signature": "AAAA"})

    assert [sans.status_code, faux.status_code, rejoue.status_code] == [403, 403, 403]
    assert terre.descente().status_code == 200


def test_a_relay_hears_its_receipts_then_what_it_does_not_have(terre: Terre) -> None:
    """Settings once, the receipt always; what the boat says that it has does not come again."""
    vivre_une_journee(terre.quai.bord)
    poster(terre, b"".join(sceller(terre.quai)))
    reglages.regler(terre.rive, relais=terre.relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    reglages.regler(terre.rive, relais=terre.relais, saisie={"budget_mo": "8"}, par="Estelle", instant=MIDI)
    premiere = terre.descente(config=0)
    config = couper(premiere.get_data())[-1]
    applique = descentes_bord.prendre(
        terre.quai.bord.registre,
        config,
        annuaire=annuaire_de(terre.quai.carte_rive),
        cles=terre.quai.cles,
        instant=terre.quai.bord.horloge(),
    )

    assert genres(premiere.get_data()) == ["recepisse", "recepisse", "config"]
    assert applique == (True, "")
    assert reglages_bord.lire(terre.quai.bord.registre, "budget_octets_jour") == "8000000"
    assert genres(terre.descente(config=2).get_data()) == ["recepisse", "recepisse"]


def test_a_relay_of_which_nothing_came_hears_a_receipt_for_nothing(terre: Terre) -> None:
    """The boat knows that it spoke to its own shore."""
    recus = [recu.ouvrir(un, annuaire=annuaire_de(terre.quai.carte_rive)) for un in couper(terre.descente().get_data())]

    assert [(un.relais, un.jusqua) for un in recus] == [(terre.relais, 0)]


def test_what_the_boat_says_is_still_aboard_is_kept_until_it_arrives(terre: Terre) -> None:
    """« Le plus ancien jour encore à bord » comes from the boat, and goes with the lots."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    terre.descente(dernier=10, depuis=1_741_071_600_000)
    avant = etats.lire(terre.rive, terre.relais)
    poster(terre, b"".join(lots))
    apres = etats.lire(terre.rive, terre.relais)

    assert avant.depuis_ms == 1_741_071_600_000
    assert apres.depuis_ms is None
    assert apres.dit_ms is not None


def test_a_request_of_the_wrong_form_is_refused_in_french(terre: Terre) -> None:
    """No incarnation, a number that is not one: 400, nothing is kept."""

    def statuts() -> Iterator[tuple[int, str]]:
        for suite in ("config=x", "dernier=-1", "depuis=99999999999999999999"):
            reponse = terre.descente(**dict([suite.split("=")]))
            yield reponse.status_code, reponse.get_data(as_text=True)

    assert {statut for statut, _ in statuts()} == {400}
    assert etats.lire(terre.rive, terre.relais).dit_ms is None


def test_a_greeting_weighs_less_than_a_kilobyte_and_the_card_can_be_read(terre: Terre) -> None:
    """That is how a boat knows it is at the quay, and what it compares before it believes."""
    client = terre.app.test_client()
    salut = client.get("/v1/salut")
    carte = trousseau.lire_carte(client.get("/v1/carte").get_data())

    assert salut.status_code == 200
    assert len(salut.get_data()) + len(str(salut.headers)) < 1000
    assert carte == terre.quai.carte_rive


def test_a_card_is_kept_as_a_request_and_believed_by_nobody(terre: Terre) -> None:
    """Sent twice it is one request; garbage and endless bodies are refused; a hundred wait at most."""
    client = terre.app.test_client()
    neuve = trousseau.faire("relais", id="pirogue-2", nom="Pirogue 2").carte
    statuts = [client.post("/v1/demandes", data=trousseau.ecrire_carte(neuve)).status_code for _ in range(2)]
    connue = client.post("/v1/demandes", data=trousseau.ecrire_carte(terre.quai.cles.carte)).status_code
    ordures = [client.post("/v1/demandes", data=corps).status_code for corps in (b"", b"{}", b"x" * 100_000)]
    rive = client.post("/v1/demandes", data=trousseau.ecrire_carte(terre.quai.carte_rive)).status_code
    for rang in range(demandes.ATTENTE_MAX - 1):
        une = trousseau.faire("relais", id=f"r{rang}", nom=f"Relais {rang}").carte
        demandes.noter(terre.rive, trousseau.ecrire_carte(une), voie="4g", instant=MIDI)
    trop = trousseau.faire("relais", id="trop", nom="Une de trop").carte

    assert statuts == [202, 202]
    assert connue == 200
    assert ordures == [400, 400, 400]
    assert rive == 400
    assert client.post("/v1/demandes", data=trousseau.ecrire_carte(trop)).status_code == 429
    assert "pirogue-2" not in terre.rive.annuaire()


def test_a_lot_that_announces_more_than_it_may_is_read_no_further(terre: Terre) -> None:
    """The next lot of the body is found again, or nothing is."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller_par(terre.quai, 5)
    abime = lots[0][:-4] + b"zzzz"
    statut, corps = poster(terre, abime + lots[0] + lots[1])

    assert len(abime) < SCELLE_MAX
    assert statut == 200
    assert recu.ouvrir(corps, annuaire=annuaire_de(terre.quai.carte_rive)).jusqua == 10
    assert [un.motif for un in mises_de_cote.lister(terre.rive)] == ["contenu"]


def test_an_answer_is_never_larger_than_a_boat_reads(terre: Terre) -> None:
    """A lost boat's thousands of people come down in several answers, in order, the receipts each time."""
    lignes = [{"type": "groupe_ecrit", "bruit": os.urandom(300).hex()} for _ in range(2400)]
    series = descentes.decouper(terre.rive, relais=terre.relais, lignes=lignes, instant=MIDI)
    premiere = terre.descente().get_data()
    donnees = genres(premiere).count("restauration")
    suite = terre.descente(restauration=donnees).get_data()

    assert genres(premiere)[0] == genres(suite)[0] == "recepisse"
    assert 0 < donnees < len(series)
    assert len(premiere) <= REPONSE_MAX
    assert "restauration" in genres(suite)
    assert premiere != suite

"""Keys live and die: revoked relays, relays that change keys, the shore that changes its own."""

import pytest

from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange import recu, rotation
from pirogue_echange.annuaire import Droit, annuaire_de, retirer
from pirogue_echange.cles import Cles
from pirogue_echange.descente import ouvrir as ouvrir_descente
from pirogue_echange.erreurs import SignatureFausse
from pirogue_echange.rotation import Rotation
from pirogue_registre import reglages as reglages_bord
from pirogue_rive import arrivees, cartes, cles_suivantes, descentes, mises_de_cote, recepisses, reglages
from pirogue_rive import config as rives
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import Introuvable
from rive.terre import MIDI, Terre, couper, genres, sceller
from sync.quai import Quai, sceller_par, vivre_une_journee


def sorts(rive: Rive, octets: list[bytes]) -> list[str]:
    """Take lots in by the stick; return what became of each."""
    return [un.sort for un in arrivees.prendre_suite(rive, octets, voie="cle", instant=MIDI)]


def tourner(ancienne: Cles, limites: dict[str, int]) -> tuple[Cles, bytes]:
    """Change a relay's keys; return the new ones and the lot that says so."""
    neuve = trousseau.faire("relais", id=ancienne.carte.id, nom=ancienne.carte.nom)
    tour = Rotation(carte=neuve.carte, ancienne=ancienne.carte, relais=ancienne.carte.id, serie=1, limites=limites)
    return neuve, rotation.sceller(tour, ancienne=ancienne, nouvelle=neuve, cree=0).octets


def resigner(octets: bytes, ancienne: Cles, neuve: Cles) -> bytes:
    """Return a lot of the same header and payload, signed with another key."""
    lot, charge = lots.authentifier(octets, annuaire=annuaire_de(ancienne.carte))
    return lots.assembler(lot.entete, charge=charge, signataires=[neuve]).octets


def test_what_arrived_before_a_revocation_is_good_what_comes_after_is_put_aside(rive: Rive, quai: Quai) -> None:
    """The thief's lots are kept and shown; Rachelle's lots of yesterday, brought again, are still known."""
    vivre_une_journee(quai.bord)
    suite = sceller_par(quai, 5)
    sorts(rive, suite[:2])
    limites = cartes.revoquer(rive, relais=quai.cles.carte.id, par="Estelle", instant=MIDI)

    assert limites == {f"{reglages_bord.lire(quai.bord.registre, 'incarnation')}/activite": 10}
    assert sorts(rive, suite[:2]) == ["doublon", "doublon"]
    assert set(sorts(rive, suite[2:])) == {"quarantaine"}
    assert {un.motif for un in mises_de_cote.lister(rive)} == {"revoquee"}


def test_a_revocation_may_believe_less_or_more_than_what_arrived(rive: Rive, quai: Quai) -> None:
    """The boat was stolen on a known day: the person says up to which line it was ours."""
    vivre_une_journee(quai.bord)
    suite = sceller_par(quai, 5)
    inc = reglages_bord.lire(quai.bord.registre, "incarnation")
    relais = quai.cles.carte.id
    cartes.revoquer(rive, relais=relais, par="Estelle", instant=MIDI, limites={f"{inc}/activite": 15})

    assert sorts(rive, suite[:4]) == ["ingere", "ingere", "ingere", "quarantaine"]


def test_a_revoked_relay_is_told_nothing_more(terre: Terre) -> None:
    """Who holds the stolen box learns nothing, and cannot be revoked twice."""
    cartes.revoquer(terre.rive, relais=terre.relais, par="Estelle", instant=MIDI)
    with pytest.raises(Introuvable):
        cartes.revoquer(terre.rive, relais=terre.relais, par="Estelle", instant=MIDI)
    with pytest.raises(Introuvable):
        reglages.regler(terre.rive, relais=terre.relais, saisie={"budget_mo": "5"}, par="x", instant=MIDI)

    assert terre.descente().status_code == 403


def test_the_page_revokes_only_when_the_name_was_written(terre: Terre) -> None:
    """A finger that slips revokes nothing."""
    client = terre.entrer()
    client.post(f"/relais/{terre.relais}/retirer", data={"nom": "Pirogue"})
    apres_erreur = cartes.active(terre.rive, terre.relais)
    client.post(f"/relais/{terre.relais}/retirer", data={"nom": "pirogue  1"})

    assert apres_erreur == terre.quai.cles.carte
    assert cartes.active(terre.rive, terre.relais) is None


def test_a_relay_that_changes_keys_goes_on_in_the_same_call(terre: Terre) -> None:
    """The change, then lots signed with the new key, in one body; the old key's later lots are not believed."""
    quai = terre.quai
    vivre_une_journee(quai.bord)
    suite = sceller_par(quai, 5)
    inc = reglages_bord.lire(quai.bord.registre, "incarnation")
    neuve, annonce = tourner(quai.cles, {f"{inc}/activite": 10})
    nouveaux = [resigner(un, quai.cles, neuve) for un in suite[2:4]]
    corps = b"".join([annonce, *suite[:2], *nouveaux])
    reponse = terre.app.test_client().post("/v1/lots", data=corps)
    lus = [recu.ouvrir(un, annuaire=annuaire_de(quai.carte_rive)) for un in couper(reponse.get_data())]

    assert [un.jusqua for un in lus if un.flux == "activite"] == [20]
    assert [un.etat for un in cartes.droits(terre.rive, terre.relais)] == ["active", "remplacee"]
    assert cartes.active(terre.rive, terre.relais) == neuve.carte
    assert terre.descente().status_code == 403
    assert terre.descente(signe_par=neuve).status_code == 200
    assert sorts(terre.rive, [suite[4]]) == ["quarantaine"]


def test_a_change_of_keys_brought_twice_changes_nothing(rive: Rive, quai: Quai) -> None:
    """By the stick and by the network, on two days."""
    neuve, annonce = tourner(quai.cles, {})
    premier = cartes.prendre_rotation(rive, annonce, instant=MIDI)
    avant = cartes.droits(rive, quai.cles.carte.id)
    second = cartes.prendre_rotation(rive, annonce, instant=MIDI)

    assert premier == second == quai.cles.carte.id
    assert cartes.droits(rive, quai.cles.carte.id) == avant
    assert avant[0] == Droit(neuve.carte)


def test_who_does_not_hold_the_old_key_changes_nothing(rive: Rive, quai: Quai) -> None:
    """A stranger who knows the relay's number is refused."""
    voleur = trousseau.faire("relais", id=quai.cles.carte.id, nom="Pirogue 1")
    _, annonce = tourner(voleur, {})
    with pytest.raises(SignatureFausse):
        cartes.prendre_rotation(rive, annonce, instant=MIDI)

    assert cartes.active(rive, quai.cles.carte.id) == quai.cles.carte


def test_when_the_shore_changes_keys_relays_hear_of_it_until_they_have_it(rive: Rive, quai: Quai) -> None:
    """The change comes first, signed twice; what waited is signed with the new key; old lots still open."""
    relais = quai.cles.carte.id
    vivre_une_journee(quai.bord)
    anciens = sceller_par(quai, 50)
    reglages.regler(rive, relais=relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    neuve = descentes.changer_cles(rive, par="console", instant=MIDI)
    donnes = descentes.pour(neuve, relais=relais)
    tour = rotation.ouvrir(donnes[0], annuaire=annuaire_de(quai.carte_rive))
    crus = {"rive": (Droit(tour.carte), *retirer((Droit(quai.carte_rive),), etat="remplacee", limites={}))}
    config = ouvrir_descente(donnes[1], annuaire=crus, cles=quai.cles)

    assert genres(b"".join(donnes)) == ["cles", "config"]
    assert tour.carte == neuve.cles.carte != quai.carte_rive
    assert config.lignes == ({"budget_octets_jour": 5_000_000},)
    assert genres(b"".join(descentes.pour(neuve, relais=relais, au_dela={"cles": 1}))) == ["config"]
    assert set(sorts(neuve, anciens)) == {"ingere"}
    assert recu.ouvrir(recepisses.pour(neuve, relais=relais, instant=MIDI)[0], annuaire=crus).jusqua > 30
    with rives.ouvrir(quai.config) as rouverte:
        assert rouverte.cles == neuve.cles


def test_two_changes_in_a_row_are_told_one_after_the_other(rive: Rive, quai: Quai) -> None:
    """A boat that was away for both believes the first, then the second."""
    relais = quai.cles.carte.id
    seconde = descentes.changer_cles(descentes.changer_cles(rive, par="x", instant=MIDI), par="x", instant=MIDI)
    un, deux = descentes.pour(seconde, relais=relais)
    premier = rotation.ouvrir(un, annuaire=annuaire_de(quai.carte_rive))
    dernier = rotation.ouvrir(deux, annuaire=annuaire_de(premier.carte))

    assert dernier.carte == seconde.cles.carte
    assert len(seconde.cles.anciennes) == 2


def test_the_running_service_takes_new_keys_without_a_restart(terre: Terre) -> None:
    """`pirogue rive changer-cles` runs beside it."""
    with rives.ouvrir(terre.quai.config) as autre:
        neuve = descentes.changer_cles(autre, par="console", instant=MIDI)
    reponse = terre.descente()
    sceller(terre.quai)

    assert genres(reponse.get_data()) == ["cles", "recepisse"]
    assert trousseau.lire_carte(terre.app.test_client().get("/v1/carte").get_data()) == neuve.cles.carte


def test_a_receipt_given_before_the_keys_changed_is_signed_again(rive: Rive, quai: Quai) -> None:
    """A boat told that the old keys were stolen must still hear what the shore holds, even if nothing new came."""
    vivre_une_journee(quai.bord)
    sorts(rive, sceller_par(quai, 50))
    relais = quai.cles.carte.id
    avant = recepisses.pour(rive, relais=relais, instant=MIDI)
    neuve = descentes.changer_cles(rive, par="console", instant=MIDI)
    apres = recepisses.pour(neuve, relais=relais, instant=MIDI)
    lus = [recu.ouvrir(un, annuaire=annuaire_de(neuve.cles.carte)) for un in apres]
    anciens = [recu.ouvrir(un, annuaire=annuaire_de(quai.carte_rive)) for un in avant]

    assert [un.jusqua for un in lus] == [un.jusqua for un in anciens]
    assert min(un.serie for un in lus) > max(un.serie for un in anciens)
    assert recepisses.pour(neuve, relais=relais, instant=MIDI) == apres


def test_a_change_of_keys_stopped_half_way_is_finished_or_forgotten(
    quai: Quai, rive: Rive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes after the boats were told: the next opening has the new keys. Before: nothing has changed."""
    vieille = rive.cles.carte

    def panne(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as coupure:
        coupure.setattr(descentes, "_signer_encore", panne)
        with pytest.raises(KeyboardInterrupt):
            descentes.changer_cles(rive, par="Estelle", instant=MIDI)
    with rives.ouvrir(quai.config) as rouverte:
        assert rouverte.cles.carte == vieille
        assert descentes.pour(rouverte, relais=quai.cles.carte.id) == []
    with monkeypatch.context() as coupure:
        coupure.setattr(cles_suivantes, "achever", panne)
        with pytest.raises(KeyboardInterrupt):
            descentes.changer_cles(rive, par="Estelle", instant=MIDI)
    with rives.ouvrir(quai.config) as rouverte:
        (dite,) = descentes.pour(rouverte, relais=quai.cles.carte.id)

        assert rouverte.cles.carte.cle != vieille.cle
        assert rotation.ouvrir(dite, annuaire=annuaire_de(vieille)).carte == rouverte.cles.carte
    assert not list(quai.config.dossier.glob("*suivantes*"))

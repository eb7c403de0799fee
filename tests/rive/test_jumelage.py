"""Welcoming relays: twelve letters on two screens, and a lost box that is replaced."""

import pytest

from pirogue_echange import cles as trousseau
from pirogue_echange.cles import Cles
from pirogue_rive import cartes, demandes, descentes
from pirogue_rive.config import RelaisDejaConnu, Rive
from pirogue_socle.erreurs import Introuvable
from rive.terre import MIDI, Terre, sceller, texte
from sync.quai import Quai, vivre_une_journee


def venir(rive: Rive, nom: str = "Pirogue 2", identifiant: str = "pirogue-2") -> Cles:
    """A new box asks to be welcomed."""
    cles = trousseau.faire("relais", id=identifiant, nom=nom)
    demandes.noter(rive, trousseau.ecrire_carte(cles.carte), voie="4g", instant=MIDI)
    return cles


def test_a_relay_is_believed_once_a_person_saw_the_same_letters(rive: Rive) -> None:
    """Before that it is a request, like any other."""
    neuve = venir(rive).carte
    avant = cartes.active(rive, neuve.id)
    demandes.accueillir(rive, empreinte=neuve.empreinte, par="Estelle", instant=MIDI)

    assert avant is None
    assert cartes.active(rive, neuve.id) == neuve
    assert demandes.lister(rive) == []
    assert demandes.lire(rive, neuve.empreinte).par == "Estelle"


def test_a_refused_relay_stays_refused_and_is_not_asked_about_again(rive: Rive) -> None:
    """It asks at each call; nobody is bothered twice."""
    neuve = venir(rive).carte
    demandes.refuser(rive, empreinte=neuve.empreinte, par="Estelle", instant=MIDI)
    redite = demandes.noter(rive, trousseau.ecrire_carte(neuve), voie="cle", instant=MIDI)

    assert redite.etat == "refuse"
    assert demandes.lister(rive) == []
    assert cartes.active(rive, neuve.id) is None


def test_a_second_box_under_a_known_number_is_not_believed(rive: Rive, quai: Quai) -> None:
    """Somebody who copies a relay's number does not take its place."""
    imposteur = trousseau.faire("relais", id=quai.cles.carte.id, nom="Pirogue 1").carte
    demandes.noter(rive, trousseau.ecrire_carte(imposteur), voie="4g", instant=MIDI)
    with pytest.raises(RelaisDejaConnu):
        demandes.accueillir(rive, empreinte=imposteur.empreinte, par="Estelle", instant=MIDI)

    assert cartes.active(rive, quai.cles.carte.id) == quai.cles.carte


def test_after_a_revocation_the_same_number_may_come_back_with_new_keys(rive: Rive, quai: Quai) -> None:
    """The card is replaced, the old one stays known as revoked: what it sealed before is still good."""
    relais = quai.cles.carte.id
    cartes.revoquer(rive, relais=relais, par="Estelle", instant=MIDI)
    neuve = trousseau.faire("relais", id=relais, nom="Pirogue 1").carte
    demandes.noter(rive, trousseau.ecrire_carte(neuve), voie="4g", instant=MIDI)
    demandes.accueillir(rive, empreinte=neuve.empreinte, par="Estelle", instant=MIDI)

    assert cartes.active(rive, relais) == neuve
    assert [un.etat for un in cartes.droits(rive, relais)] == ["active", "revoquee"]


def test_an_empty_request_is_nobodys(rive: Rive) -> None:
    """An address made by hand welcomes nobody."""
    with pytest.raises(Introuvable):
        demandes.accueillir(rive, empreinte="AAAA-BBBB-CCCC", par="Estelle", instant=MIDI)


def test_both_fingerprints_are_shown_large_and_one_press_welcomes(terre: Terre) -> None:
    """Estelle reads the letters to Rachelle over the telephone, and presses."""
    neuve = venir(terre.rive).carte
    client = terre.entrer()
    page = client.get("/accueillir")
    reponse = client.post(f"/accueillir/{neuve.empreinte}", data={"decision": "accueillir"}, follow_redirects=True)

    assert page.get_data(as_text=True).count('class="geante"') == 2
    assert neuve.empreinte in texte(page)
    assert terre.quai.carte_rive.empreinte in texte(page)
    assert "« Pirogue 2 » est accueilli" in texte(reponse)
    assert cartes.active(terre.rive, "pirogue-2") == neuve


def test_a_card_brought_as_a_file_waits_like_the_others(terre: Terre) -> None:
    """Choosing the wrong file is a sentence."""
    client = terre.entrer()
    neuve = trousseau.faire("relais", id="kiosque", nom="Kiosque de Vekky").carte
    fichier = terre.rive.dossier.parent / "relais.json"
    for contenu, attendu in (
        (b"une photo", "n'est pas une carte"),
        (trousseau.ecrire_carte(terre.quai.carte_rive), "n'est pas celle d'un relais"),
        (trousseau.ecrire_carte(neuve), "Kiosque de Vekky"),
    ):
        fichier.write_bytes(contenu)
        with fichier.open("rb") as ouvert:
            page = client.post("/accueillir/carte", data={"carte": (ouvert, "relais.json")}, follow_redirects=True)

        assert attendu in texte(page)
    assert cartes.active(terre.rive, "kiosque") is None


def test_a_new_box_takes_the_place_of_a_lost_one_in_one_gesture(terre: Terre) -> None:
    """The lost key is not believed any more, and the people of the lost box wait for the new one."""
    vivre_une_journee(terre.quai.bord)
    terre.app.test_client().post("/v1/lots", data=b"".join(sceller(terre.quai)))
    neuve = venir(terre.rive).carte
    client = terre.entrer()
    page = client.post(
        f"/accueillir/{neuve.empreinte}",
        data={"decision": "accueillir", "remplace": terre.relais},
        follow_redirects=True,
    )

    assert "sans leurs noms" in texte(page)
    assert cartes.active(terre.rive, terre.relais) is None
    assert [un.genre for un in descentes.lister(terre.rive, "pirogue-2")] == ["restauration"]


def test_a_wrong_key_of_names_welcomes_nobody(terre: Terre) -> None:
    """All or nothing: the new box is not half welcomed."""
    neuve = venir(terre.rive).carte
    fichier = terre.rive.dossier / "rive.json"
    client = terre.entrer()
    with fichier.open("rb") as ouvert:
        page = client.post(
            f"/accueillir/{neuve.empreinte}",
            data={"decision": "accueillir", "remplace": terre.relais, "identites": (ouvert, "rive.json")},
            follow_redirects=True,
        )

    assert "n'est pas la clé des noms" in texte(page)
    assert cartes.active(terre.rive, neuve.id) is None
    assert cartes.active(terre.rive, terre.relais) == terre.quai.cles.carte

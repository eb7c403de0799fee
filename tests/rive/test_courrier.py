"""A trainer's phone as courier: no account, no trust needed; what it brings is checked, what it takes is sealed."""

import io
from typing import Any

import pytest

from pirogue_echange import recu
from pirogue_echange.annuaire import annuaire_de
from pirogue_rive import mises_de_cote, reglages, schema
from pirogue_rive.pages import courrier as page_courrier
from pirogue_socle.horloge import Instant
from rive.terre import MIDI, Terre, couper, genres, sceller, texte
from sync.quai import compter, sceller_par, vivre_une_journee


def donner(terre: Terre, octets: bytes, nom: str = "pirogue-1.lots") -> Any:
    """Give a file on the courier's page."""
    donnees = {"lots": (io.BytesIO(octets), nom)} if nom else {}
    return terre.app.test_client().post("/courrier", data=donnees, content_type="multipart/form-data")


def jeton(reponse: Any) -> str:
    """Return the token that the page hides, empty if it offers no answer."""
    corps = reponse.get_data(as_text=True)
    return corps.partition('name="jeton" value="')[2].partition('"')[0]


def test_a_phone_brings_lots_and_takes_the_answer_back(terre: Terre) -> None:
    """« 3 lots reçus ✓ », then one file: receipts, and what waits for that boat."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    reglages.regler(terre.rive, relais=terre.relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    page = donner(terre, b"".join(lots))
    reponse = terre.app.test_client().post("/courrier/reponse", data={"jeton": jeton(page)})
    recus = [recu.ouvrir(un, annuaire=annuaire_de(terre.quai.carte_rive)) for un in couper(reponse.get_data())[:2]]

    assert f"{len(lots)} lots reçus ✓" in texte(page)
    assert genres(reponse.get_data()) == ["recepisse", "recepisse", "config"]
    assert {un.flux for un in recus} == {"activite", "identites"}
    assert "attachment" in reponse.headers["Content-Disposition"]
    assert compter(terre.rive, schema.lot) == len(lots)


def test_the_same_file_twice_counts_once_and_says_so(terre: Terre) -> None:
    """Two phones took it, or one finger pressed twice."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    donner(terre, b"".join(lots))
    seconde = texte(donner(terre, b"".join(lots)))

    assert f"{len(lots)} lots reçus ✓" in seconde
    assert "étaient déjà là" in seconde
    assert compter(terre.rive, schema.lot) == len(lots)


@pytest.mark.parametrize("octets", [b"", b"une photo de chat", b"\xff\xd8\xff" * 1000, b"pirogue-lot 1\n{}\n---\n"])
def test_a_file_that_is_not_a_boats_is_a_sentence(terre: Terre, octets: bytes) -> None:
    """Nothing is kept, no answer is offered."""
    page = donner(terre, octets)

    assert page.status_code == 400
    assert "n'est pas celui d'un bateau" in texte(page)
    assert jeton(page) == ""
    assert mises_de_cote.compter(terre.rive) == 0


def test_no_file_at_all_is_a_sentence(terre: Terre) -> None:
    """The button was pressed first."""
    assert "Choisis d'abord le fichier" in texte(donner(terre, b"", nom=""))


def test_an_unknown_boats_file_is_refused_and_kept_by_the_phone(terre: Terre) -> None:
    """The box was not welcomed yet: nothing is lost, and nothing of it fills the shore."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller(terre.quai)
    (terre.rive.dossier / "relais" / f"{terre.relais}.json").unlink()
    page = donner(terre, b"".join(lots))

    assert page.status_code == 403
    assert "garde le fichier" in texte(page)
    assert mises_de_cote.compter(terre.rive) == 0


def test_a_file_cut_by_the_telephone_gives_what_it_has(terre: Terre) -> None:
    """What is whole is taken, the rest is said; the boat still has it."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller_par(terre.quai, 10)
    page = donner(terre, lots[0] + lots[1] + b"le telephone a colle autre chose")

    assert "2 lots reçus ✓" in texte(page)
    assert "n'est pas un lot" in texte(page)
    assert jeton(page)


def test_a_forged_lot_is_not_kept_and_the_next_one_is_taken(terre: Terre) -> None:
    """Anybody may send one: the room of what is put aside is for what a key of ours signed."""
    vivre_une_journee(terre.quai.bord)
    lots = sceller_par(terre.quai, 10)
    faux = lots[0].replace(b'"cree":0', b'"cree":1', 1)
    page = donner(terre, faux + lots[1] + lots[2][:-1])

    assert faux != lots[0]
    assert "1 lot reçu ✓" in texte(page)
    assert "n'est pas signé par la boîte" in texte(page)
    assert "le dernier lot manque" in texte(page)
    assert mises_de_cote.compter(terre.rive) == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_read(terre: Terre) -> None:
    """Eight megabytes hold years of one boat."""
    genre = "multipart/form-data; boundary=x"
    page = terre.app.test_client().post("/courrier", data=b"x" * (9 * 1024 * 1024), content_type=genre)

    assert page.status_code == 413
    assert "trop gros" in texte(page)


def test_the_answer_is_only_for_who_brought_the_lots(terre: Terre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token made by hand, or of another day of the machine, gives nothing."""
    vivre_une_journee(terre.quai.bord)
    page = donner(terre, b"".join(sceller(terre.quai)))
    client = terre.app.test_client()
    faux = [client.post("/courrier/reponse", data={"jeton": un}).status_code for un in ("", "x", jeton(page)[:-2])]
    monkeypatch.setattr(page_courrier, "maintenant", lambda: Instant("autre-demarrage", 1, MIDI.mur_ms))
    vieux = client.post("/courrier/reponse", data={"jeton": jeton(page)})

    assert faux == [400, 400, 400]
    assert vieux.status_code == 400
    assert "trop longtemps" in texte(vieux)


def test_the_courier_came_and_the_coordination_sees_it(terre: Terre) -> None:
    """Which boat, when, how many lots; the relay's page says « par un téléphone »."""
    vivre_une_journee(terre.quai.bord)
    donner(terre, b"".join(sceller(terre.quai)))
    client = terre.entrer()

    assert "Pirogue 1 4" in texte(client.get("/courrier/passages"))
    assert "par un téléphone" in texte(client.get(f"/relais/{terre.relais}"))

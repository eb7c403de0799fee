"""What goes down: series that only grow, settings and lists that say all, pieces in order, the boat that applies."""

from collections.abc import Sequence

import pytest

from pirogue_echange import cles as trousseau
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.descente import ouvrir
from pirogue_echange.erreurs import CleManquante
from pirogue_registre import codes
from pirogue_rive import arrivees, demandes, descentes, etats, reglages
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_sync import descentes as descentes_bord
from rive.terre import MIDI, Terre, sceller, texte
from sync.quai import Quai


def appliquer(quai: Quai, lots: Sequence[bytes]) -> list[bool]:
    """Give downward lots to the boat; return which it applied."""
    annuaire = annuaire_de(quai.carte_rive)
    return [
        descentes_bord.prendre(quai.bord.registre, un, annuaire=annuaire, cles=quai.cles, instant=quai.bord.horloge())[
            0
        ]
        for un in lots
    ]


def remonter(quai: Quai, rive: Rive) -> None:
    """Bring to the shore what the boat has written since."""
    arrivees.prendre_suite(rive, sceller(quai), voie="cle", instant=MIDI)


def test_settings_say_all_each_time_and_only_the_last_is_given(rive: Rive, quai: Quai) -> None:
    """A lost stick is harmless: the next one says everything."""
    relais = quai.cles.carte.id
    reglages.regler(rive, relais=relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    reglages.regler(rive, relais=relais, saisie={"attente_max_min": "45", "nom": " La  Grande "}, par="E", instant=MIDI)
    donnes = descentes.pour(rive, relais=relais)
    lue = ouvrir(donnes[0], annuaire=annuaire_de(quai.carte_rive), cles=quai.cles)

    assert len(donnes) == 1
    assert (lue.genre, lue.serie) == ("config", 2)
    assert lue.lignes == ({"budget_octets_jour": 5_000_000, "attente_max_min": 45, "nom": "La Grande"},)
    assert descentes.pour(rive, relais=relais, au_dela={"config": 2}) == []


def test_a_lot_is_sealed_once(rive: Rive, quai: Quai) -> None:
    """Asked ten times, given by three roads: the same bytes."""
    reglages.regler(rive, relais=quai.cles.carte.id, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    fois = [descentes.pour(rive, relais=quai.cles.carte.id) for _ in range(3)]

    assert fois[0] == fois[1] == fois[2] != []


def test_another_relay_cannot_open_what_is_for_this_one(rive: Rive, quai: Quai) -> None:
    """It is sealed to its own key."""
    reglages.regler(rive, relais=quai.cles.carte.id, saisie={"nom": "Secret"}, par="Estelle", instant=MIDI)
    octets = descentes.pour(rive, relais=quai.cles.carte.id)[0]
    autre = trousseau.faire("relais", id="autre", nom="Autre")
    with pytest.raises(CleManquante):
        ouvrir(octets, annuaire=annuaire_de(quai.carte_rive), cles=autre)

    assert b"Secret" not in octets


@pytest.mark.parametrize(
    "saisie", [{}, {"budget_mo": "0"}, {"budget_mo": "-5"}, {"budget_mo": "5,5"}, {"nom": "x" * 61}, {"inconnu": "x"}]
)
def test_settings_of_the_wrong_form_are_not_sent(rive: Rive, quai: Quai, saisie: dict[str, str]) -> None:
    """Nothing goes down that the boat would refuse."""
    with pytest.raises(EntreeInvalide):
        reglages.regler(rive, relais=quai.cles.carte.id, saisie=saisie, par="Estelle", instant=MIDI)

    assert descentes.lister(rive, quai.cles.carte.id) == []


def test_a_choice_added_ashore_is_offered_aboard(rive: Rive, quai: Quai) -> None:
    """« Fête au village », with its code; twice the same is refused."""
    relais = quai.cles.carte.id
    for libelle in ("Fête au village", "Œuf d'été"):
        reglages.ajouter_choix(rive, relais=relais, liste="motif_absence", libelle=libelle, par="Estelle", instant=MIDI)
    with pytest.raises(EntreeInvalide):
        reglages.ajouter_choix(
            rive, relais=relais, liste="motif_absence", libelle="fête au Village", par="Estelle", instant=MIDI
        )
    with pytest.raises(EntreeInvalide):
        reglages.ajouter_choix(rive, relais=relais, liste="sexe", libelle="Autre", par="Estelle", instant=MIDI)
    appliquer(quai, descentes.pour(rive, relais=relais))
    offerts = codes.choix(quai.bord.registre, "motif_absence")

    assert offerts["fete_au_village"] == "Fête au village"
    assert offerts["oeuf_d_ete"] == "Œuf d'été"


def test_the_page_tells_what_was_applied_aboard_from_the_boats_own_words(rive: Rive, quai: Quai) -> None:
    """Sent is not applied: the boat's journal says when it is."""
    relais = quai.cles.carte.id
    reglages.regler(rive, relais=relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    reglages.regler(rive, relais=relais, saisie={"budget_mo": "8"}, par="Estelle", instant=MIDI)

    def dits() -> list[tuple[int, str]]:
        return [(un.envoi.serie, un.etat) for un in etats.lire(rive, relais).descentes]

    avant = dits()
    appliquer(quai, descentes.pour(rive, relais=relais))
    pas_encore = dits()
    remonter(quai, rive)

    assert avant == pas_encore == [(2, "attente"), (1, "remplace")]
    assert dits() == [(2, "applique"), (1, "applique")]


def test_a_restored_card_hears_again_what_it_has_forgotten(rive: Rive, quai: Quai) -> None:
    """What an older life of the register applied is not believed of the life that speaks now."""
    relais = quai.cles.carte.id
    reglages.regler(rive, relais=relais, saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)
    appliquer(quai, descentes.pour(rive, relais=relais))
    remonter(quai, rive)
    applique = descentes.pour(rive, relais=relais)
    etats.noter_annonce(
        rive, relais=relais, inc="f" * 16, dernier=3, depuis_ms=None, series={"config": 0}, instant=MIDI
    )

    assert applique == []
    assert len(descentes.pour(rive, relais=relais)) == 1


def test_a_long_restoration_is_cut_into_pieces_that_fit_and_stay_in_order(rive: Rive, quai: Quai) -> None:
    """Each piece is taken right after the one before; none is lost, none is too large."""
    lignes = [{"type": "inconnu", "rang": rang, "x": "é" * 200} for rang in range(3000)]
    series = descentes.decouper(rive, relais=quai.cles.carte.id, lignes=lignes, instant=MIDI)
    lots = descentes.pour(rive, relais=quai.cles.carte.id)
    lues = [ouvrir(un, annuaire=annuaire_de(quai.carte_rive), cles=quai.cles) for un in lots]

    assert series == list(range(1, len(series) + 1))
    assert [un.serie for un in lues] == series
    assert [ligne["rang"] for un in lues for ligne in un.lignes] == list(range(3000))
    assert len(descentes.pour(rive, relais=quai.cles.carte.id, au_dela={"restauration": 2})) == len(series) - 2


def test_nothing_is_sent_to_a_relay_that_nobody_welcomed(rive: Rive) -> None:
    """A request is not a relay."""
    neuve = trousseau.faire("relais", id="pirogue-2", nom="Pirogue 2").carte
    demandes.noter(rive, trousseau.ecrire_carte(neuve), voie="4g", instant=MIDI)
    with pytest.raises(Introuvable):
        reglages.regler(rive, relais="pirogue-2", saisie={"budget_mo": "5"}, par="Estelle", instant=MIDI)

    assert descentes.pour(rive, relais="pirogue-2") == []


def test_settings_are_written_on_the_relays_page(terre: Terre) -> None:
    """Estelle fills two boxes; a wrong one is a sentence, and nothing is sent."""
    client = terre.entrer()
    ratee = client.post(f"/relais/{terre.relais}/reglages", data={"budget_mo": "beaucoup"}, follow_redirects=True)
    bonne = client.post(f"/relais/{terre.relais}/reglages", data={"budget_mo": "5"}, follow_redirects=True)
    choix = client.post(
        f"/relais/{terre.relais}/choix",
        data={"liste": "motif_absence", "libelle": "Fête au village"},
        follow_redirects=True,
    )

    assert "Écris un nombre entier" in texte(ratee)
    assert "descendront au prochain échange" in texte(bonne)
    assert "Réglages nº 1 en attente" in texte(bonne)
    assert "Listes de choix nº 1 en attente" in texte(choix)

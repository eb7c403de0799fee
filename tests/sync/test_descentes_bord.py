"""What the shore sends down is applied once, in order, whole or not at all, and from our shore alone."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipage import Horloge
from pirogue_echange import cles as format_cles
from pirogue_echange import descente as format_descente
from pirogue_echange.cles import Cles
from pirogue_echange.descente import Descente
from pirogue_registre import base, codes, coffre, comptes, envois, flux, jeunes, journal, reglages
from pirogue_sync import arrivages, descentes
from pirogue_sync.arrivages import Arrivage
from sync.quai import Quai, sceller_par, vivre_une_journee
from sync.recus_rendus import rendre_recu


def cles_rive(quai: Quai) -> Cles:
    """Return the keys of the boat's shore."""
    return format_cles.charger(quai.config.dossier / "cles.json")


def message(quai: Quai, genre: str, serie: int, *lignes: Mapping[str, Any], cles: Cles | None = None) -> bytes:
    """Seal a downward lot to the boat."""
    dite = Descente(genre=genre, relais=quai.cles.carte.id, serie=serie, lignes=tuple(dict(un) for un in lignes))
    return format_descente.sceller(dite, relais=quai.cles.carte, cles=cles or cles_rive(quai), cree=0).octets


def prendre(quai: Quai, octets: bytes) -> Arrivage:
    """Take one lot home."""
    return arrivages.prendre(quai.bord.registre, octets, trousseau=quai.trousseau, instant=quai.bord.horloge())


def test_settings_are_written_once_and_never_go_back(quai: Quai) -> None:
    """An old stick that comes late does not bring an old budget back; unknown names are left aside and told."""
    registre = quai.bord.registre
    premier = message(quai, "config", 1, {"budget_octets_jour": 1_000_000}, {"nom": "Pirogue de Ganvié"})
    second = message(quai, "config", 2, {"budget_octets_jour": 5_000_000, "plus_tard": 1}, {"inconnu": [1]})
    suite = [prendre(quai, octets) for octets in (second, premier, second)]

    assert [un.nouveau for un in suite] == [True, False, False]
    assert "1 ligne(s)" in suite[0].remarque
    assert reglages.lire(registre, "budget_octets_jour") == "5000000"
    assert reglages.lire(registre, "nom_relais") == "Pirogue 1"
    assert descentes.series(registre) == {
        "config": 2, "listes": 0, "effacement": 0, "restauration": 0, "cles": 0,
    }  # fmt: skip


@pytest.mark.parametrize("valeur", [-1, 10**13, "5", True, None, 1.5])
def test_a_setting_out_of_its_bounds_is_not_written(quai: Quai, valeur: object) -> None:
    """The shore's page may have a fault; the boat keeps what it had."""
    prendre(quai, message(quai, "config", 1, {"budget_octets_jour": valeur}))

    assert reglages.lire(quai.bord.registre, "budget_octets_jour") == ""


def test_a_list_is_lengthened_and_an_erasure_is_carried_out(quai: Quai) -> None:
    """Both in their own series; the erased person's key is gone."""
    registre, afi = quai.bord.registre, quai.bord.afi
    prendre(quai, message(quai, "listes", 1, {"liste": "motif_absence", "code": "peche", "libelle": "À la pêche"}))
    fait = prendre(quai, message(quai, "effacement", 1, {"personne": afi}, {"personne": "f" * 32}))

    assert fait.nouveau
    assert codes.libelle(registre, "motif_absence", "peche") == "À la pêche"
    assert coffre.cle_de(registre, afi) is None
    assert [un.personne_id for un in jeunes.lister(registre, quai.bord.groupe)] == [quai.bord.koffi]


def test_another_shores_message_or_a_damaged_one_changes_nothing(quai: Quai) -> None:
    """A sentence each; one for another boat is carried without a word."""
    avant = journal.dernier(quai.bord.registre)
    autre = format_cles.faire("rive", id="autre", nom="Autre", secours=quai.carte_rive.secours)
    bon = message(quai, "config", 1, {"nom": "Volée"})
    etranger = prendre(quai, message(quai, "config", 1, {"nom": "Volée"}, cles=autre))
    abime = prendre(quai, bon[:-1] + bytes([bon[-1] ^ 1]))
    vide = prendre(quai, b"")
    ailleurs = prendre(quai, bon.replace(quai.cles.carte.id.encode(), b"0" * 32))

    assert "autre rive" in etranger.remarque
    assert "abîmé" in abime.remarque
    assert vide.remarque
    assert (ailleurs.nouveau, ailleurs.remarque) == (False, "")
    assert journal.dernier(quai.bord.registre) == avant


def test_a_message_is_applied_whole_or_not_at_all(quai: Quai, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes at the second line: nothing of the first is there, and it is applied next time."""
    octets = message(quai, "effacement", 1, {"personne": quai.bord.afi}, {"personne": quai.bord.koffi})
    vrai = descentes.APPLIQUER["effacement"]
    vues: list[int] = []

    def coupure(*arguments: Any) -> bool:
        vues.append(1)
        if len(vues) == 2:
            raise KeyboardInterrupt
        return vrai(*arguments)

    monkeypatch.setitem(descentes.APPLIQUER, "effacement", coupure)
    with pytest.raises(KeyboardInterrupt):
        prendre(quai, octets)
    monkeypatch.undo()

    assert len(jeunes.lister(quai.bord.registre, quai.bord.groupe)) == 2
    assert prendre(quai, octets).nouveau
    assert jeunes.lister(quai.bord.registre, quai.bord.groupe) == []


def lignes_perdues(quai: Quai, *, avec_cles: bool) -> list[dict[str, Any]]:
    """Return what a shore gives back of this boat, as `pirogue_rive.restauration` says it."""
    registre = quai.bord.registre
    genres = ("escale_ecrite", "groupe_ecrit", "jeune_inscrit", "identite_ecrite", "inscription_ecrite")
    lues = [json.loads(ligne) for _, ligne in journal.lignes(registre, apres=0, limite=1000)]
    champs = ("type", "personne", "valeurs", "v", "boot", "bt", "mur")
    dites = [{nom: une[nom] for nom in champs} for une in lues if une["type"] in genres]
    if not avec_cles:
        return dites
    cles = [json.loads(ligne) for _, ligne in flux.lignes(registre, flux.IDENTITES, apres=0, limite=100)]
    return [{nom: une[nom] for nom in ("type", "personne", "cle")} for une in cles] + dites


@pytest.fixture
def neuve(quai: Quai, tmp_path: Path, horloge: Horloge) -> Quai:
    """A new box that replaces the lost one, empty, welcomed by the same shore."""
    registre = base.ouvrir(tmp_path / "neuve")
    relais = reglages.creer_relais(registre, nom="Pirogue 2", type_relais="pirogue", instant=horloge())

    cles = format_cles.faire("relais", id=relais, nom="Pirogue 2")
    return Quai(bord=replace(quai.bord, registre=registre), cles=cles, carte_rive=quai.carte_rive, config=quai.config)


def test_a_lost_boats_people_come_back_with_their_names_and_pictures(quai: Quai, neuve: Quai) -> None:
    """In pieces that follow one another; a piece too early waits; twice is once."""
    lignes = lignes_perdues(quai, avec_cles=True)
    un, deux = message(neuve, "restauration", 1, *lignes[:4]), message(neuve, "restauration", 2, *lignes[4:])
    trop_tot = prendre(neuve, deux)
    suite = [prendre(neuve, octets).nouveau for octets in (un, un, deux, deux)]
    la_bas = {jeune.personne_id: jeune for jeune in jeunes.lister(quai.bord.registre, quai.bord.groupe)}
    ici = {jeune.personne_id: jeune for jeune in jeunes.lister(neuve.bord.registre, quai.bord.groupe)}
    auteurs = {qui for (qui,) in neuve.bord.registre.db.execute("SELECT DISTINCT auteur FROM evenement WHERE seq > 1")}
    base.fermer(neuve.bord.registre)

    assert "Il manque le morceau 1" in trop_tot.remarque
    assert suite == [True, False, True, False]
    assert ici == la_bas
    assert auteurs == {"restauration", "rive"}


def test_without_the_key_of_names_people_come_back_without_names(quai: Quai, neuve: Quai) -> None:
    """They are counted, and a trainer may write the name again."""
    assert prendre(neuve, message(neuve, "restauration", 1, *lignes_perdues(quai, avec_cles=False))).nouveau
    noms = [jeune.prenom for jeune in jeunes.lister(neuve.bord.registre, quai.bord.groupe)]
    nom = coffre.Identite("Afi", "Dossou", 2011, annee_estimee=False, images=("lune", "eau", "chien"))
    instant = quai.bord.horloge()
    coffre.ecrire(neuve.bord.registre, personne_id=quai.bord.afi, identite=nom, instant=instant, auteur="x")
    relue = jeunes.lire(neuve.bord.registre, quai.bord.afi).prenom
    base.fermer(neuve.bord.registre)

    assert noms == [coffre.EFFACEE.prenom] * 2
    assert relue == "Afi"


def test_an_erased_person_is_not_brought_back(quai: Quai) -> None:
    """Neither her key nor her enrolment, whatever the shore says later."""
    registre, afi = quai.bord.registre, quai.bord.afi
    lignes = lignes_perdues(quai, avec_cles=True)
    prendre(quai, message(quai, "effacement", 1, {"personne": afi}))
    prendre(quai, message(quai, "restauration", 1, *lignes))

    assert coffre.cle_de(registre, afi) is None
    assert afi not in [un.personne_id for un in jeunes.lister(registre, quai.bord.groupe)]


valeurs = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda interieur: st.lists(interieur, max_size=3) | st.dictionaries(st.text(max_size=8), interieur, max_size=3),
    max_leaves=6,
)
noms = st.sampled_from(
    ["type", "personne", "valeurs", "cle", "boot", "bt", "mur", "nom", "redemander", "renaitre", "liste", "code"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lignes=st.lists(st.dictionaries(noms, valeurs, max_size=6), max_size=4),
    genre=st.sampled_from(format_descente.GENRES),
)
def test_no_line_of_our_shore_is_ever_a_fault(quai: Quai, lignes: Sequence[dict[str, Any]], genre: str) -> None:
    """A newer shore may say anything: what is not understood is left aside, and the views still replay."""
    serie = descentes.series(quai.bord.registre)[genre] + 1
    dite = Descente(genre=genre, relais=quai.cles.carte.id, serie=serie, lignes=tuple(lignes))
    nouveau, _ = descentes.appliquer(quai.bord.registre, dite, instant=quai.bord.horloge())

    assert nouveau
    assert journal.rejouer(quai.bord.registre) == journal.dernier(quai.bord.registre)
    assert comptes.lire(quai.bord.registre, quai.bord.rachelle).nom == "Rachelle"


def test_what_the_shore_lost_is_sent_again_even_after_the_purge(quai: Quai) -> None:
    """I10: the demand forgets the receipts above a line, once; purged bodies are sealed again from the journal."""
    vivre_une_journee(quai.bord)
    registre = quai.bord.registre
    premiers = sceller_par(quai, 4)
    dernier = journal.dernier(registre)
    assert rendre_recu(quai, jusqua=dernier, serie=9)
    assert rendre_recu(quai, jusqua=3, serie=10, flux="identites")
    envois.purger(registre, garder=0)
    assert envois.compter_a_envoyer(registre) == (0, 0)
    demande = {"redemander": {"inc": reglages.lire(registre, "incarnation"), "flux": "activite", "depuis": 6}}
    prendre(quai, message(quai, "config", 1, demande))
    sceller_par(quai, 4)
    rendus = list(envois.a_envoyer(registre))
    vieux = rendre_recu(quai, jusqua=dernier, serie=9)
    assert rendre_recu(quai, jusqua=dernier, serie=11)
    prendre(quai, message(quai, "config", 2, demande, {"nom": "Pirogue 1"}))

    assert len(premiers) > 3
    assert rendus[0].premier == 5
    assert rendus[-1].dernier == dernier + 1  # with the line that says that the demand was applied
    assert not vieux
    assert envois.couvert_jusqua(registre) == dernier


def test_a_key_of_a_name_may_be_asked_again(quai: Quai) -> None:
    """The stream of names is sealed again from the safe; an erased person's line says that there is no key."""
    sceller_par(quai, 10)
    registre = quai.bord.registre
    assert rendre_recu(quai, jusqua=3, serie=1, flux="identites")
    envois.purger(registre)
    prendre(quai, message(quai, "effacement", 1, {"personne": quai.bord.koffi}))
    demande = {"inc": reglages.lire(registre, "incarnation"), "flux": "identites", "depuis": 0, "serie": 1}
    prendre(quai, message(quai, "config", 1, {"redemander": demande}))
    sceller_par(quai, 10)
    lots = [lot for lot in envois.a_envoyer(registre) if lot.flux == "identites"]

    assert [(lot.premier, lot.dernier) for lot in lots] == [(1, 1), (2, 2), (3, 3)]
    assert coffre.cle_de(registre, quai.bord.koffi) is None


def test_a_key_brought_by_a_restoration_has_the_right_length(quai: Quai) -> None:
    """Anything else than 32 bytes is left aside."""
    for cle in (base64.b64encode(os.urandom(31)).decode(), "pas du base64 !", 5):
        octets = message(
            quai,
            "restauration",
            descentes.series(quai.bord.registre)["restauration"] + 1,
            {"type": "cle_personne", "personne": "e" * 32, "cle": cle},
        )
        assert "1 ligne(s)" in prendre(quai, octets).remarque

    assert coffre.cle_de(quai.bord.registre, "e" * 32) is None

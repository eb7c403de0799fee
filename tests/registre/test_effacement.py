"""Erasing a person: her name opens no more, anywhere; what was counted stays."""

import sqlite3

import pytest

from equipage import Bord, fiche
from pirogue_registre import (
    codes,
    coffre,
    comptes,
    connexions,
    effacement,
    flux,
    jeunes,
    journal,
    presences,
    seances,
)
from pirogue_socle.erreurs import EntreeInvalide, Introuvable


def effacer(bord: Bord, personne_id: str) -> bool:
    """Rachelle erases somebody who asks for it."""
    return effacement.effacer(
        bord.registre,
        personne_id=personne_id,
        motif="demande_personne",
        instant=bord.horloge(),
        auteur=bord.rachelle,
    )


def test_her_name_is_gone_and_past_counts_stay(bord: Bord) -> None:
    """Lists, tiles and look-alikes forget her; the session she came to still counts one."""
    seance = bord.ouvrir_seance()
    connexions.ouvrir(bord.registre, seance_id=seance, personne_id=bord.afi, instant=bord.horloge())
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur=bord.rachelle)
    assert effacer(bord, bord.afi)
    lignes = presences.appel(bord.registre, seance_id=seance, instant=bord.horloge())
    venus = [ligne.jeune.nom_court for ligne in lignes if ligne.presence.etat == "present"]
    semblables = jeunes.semblables(
        bord.registre, prenom="Afi", nom="Dossou", annee_naissance=2011, groupe_id=bord.groupe
    )

    assert venus == [coffre.EFFACEE.prenom]
    assert [jeune.personne_id for jeune in jeunes.lister(bord.registre, bord.groupe)] == [bord.koffi]
    assert semblables == []
    assert presences.compter(bord.registre, seance_id=seance, groupe_id=bord.groupe)["present"] == 1


def test_no_byte_of_her_name_or_key_is_left_in_the_files(bord: Bord) -> None:
    """Not in the database, not in its log; the journal holds the ciphertext that nobody opens."""
    cle = coffre.cle_de(bord.registre, bord.koffi)
    enveloppe = bord.registre.db.execute("SELECT cle FROM coffre WHERE personne_id = ?", (bord.koffi,)).fetchone()[0]
    assert cle is not None
    effacer(bord, bord.koffi)
    effacement.nettoyer(bord.registre)
    octets = b"".join(fichier.read_bytes() for fichier in bord.registre.dossier.glob("registre.sqlite3*"))

    assert enveloppe not in octets
    assert cle not in octets
    assert b"Hounsou" not in octets
    assert coffre.cle_de(bord.registre, bord.koffi) is None


def test_erasing_twice_or_someone_unknown_writes_nothing_more(bord: Bord) -> None:
    """The second order, or an order about another boat's trainee, changes nothing."""
    assert effacer(bord, bord.afi)
    avant = journal.dernier(bord.registre)

    assert not effacer(bord, bord.afi)
    assert not effacer(bord, "f" * 32)
    assert journal.dernier(bord.registre) == avant


def test_it_cannot_be_undone(bord: Bord) -> None:
    """Neither a form left open, nor a key brought back by hand in the safe's door, nor a replay."""
    effacer(bord, bord.afi)
    journal.rejouer(bord.registre)

    with pytest.raises(Introuvable):
        jeunes.completer(
            bord.registre,
            personne_id=bord.afi,
            fiche=fiche("Afi", "Dossou"),
            instant=bord.horloge(),
            auteur=bord.rachelle,
        )
    assert jeunes.lire(bord.registre, bord.afi).prenom == coffre.EFFACEE.prenom
    assert coffre.est_effacee(bord.registre, bord.afi)
    with pytest.raises(sqlite3.IntegrityError):
        bord.registre.db.execute("DELETE FROM evenement WHERE personne_id = ?", (bord.afi,))


def test_the_line_of_her_key_says_that_there_is_none_and_keeps_its_number(bord: Bord) -> None:
    """What is not sealed yet will travel without the key; the others keep theirs."""
    avant = flux.lignes(bord.registre, flux.IDENTITES, apres=0, limite=10)
    effacer(bord, bord.afi)
    apres = flux.lignes(bord.registre, flux.IDENTITES, apres=0, limite=10)
    (rang,) = [seq for seq, ligne in apres if bord.afi.encode() in ligne]
    valeurs = bord.registre.db.execute("SELECT valeurs FROM evenement WHERE type = 'personne_effacee'").fetchone()[0]

    assert [seq for seq, _ in avant] == [seq for seq, _ in apres] == [1, 2, 3]
    assert [b'"cle":null' in ligne for _, ligne in apres] == [seq == rang for seq, _ in apres]
    assert valeurs == f'{{"identites_seq":{rang},"motif":"demande_personne"}}'


def test_a_trainer_may_be_erased_too(bord: Bord) -> None:
    """Her account, her code and her name go; what she wrote stays under a number."""
    assert effacer(bord, bord.rachelle)

    assert comptes.lister(bord.registre) == []
    assert bord.registre.db.execute("SELECT count(*) FROM secret_compte").fetchone()[0] == 0


def test_a_reason_is_needed(bord: Bord) -> None:
    """An unknown reason erases nobody."""
    with pytest.raises(EntreeInvalide):
        effacement.effacer(
            bord.registre, personne_id=bord.afi, motif="envie", instant=bord.horloge(), auteur=bord.rachelle
        )
    assert jeunes.lire(bord.registre, bord.afi).prenom == "Afi"


def test_no_name_of_the_staff_travels_in_clear(bord: Bord) -> None:
    """Rachelle's name is in the journal as ciphertext only."""
    lignes = b"".join(ligne for _, ligne in journal.lignes(bord.registre, apres=0, limite=1000))

    assert b"Rachelle" not in lignes
    assert b"compte_cree" in lignes
    assert comptes.lire(bord.registre, bord.rachelle).nom == "Rachelle"


def test_the_shore_lengthens_an_open_list_only(bord: Bord) -> None:
    """A reason of the place is offered before « Autre »; a closed list stays as it is."""
    codes.ajouter(bord.registre, liste="motif_annulation", code="panne_moteur", libelle="Moteur en panne")
    offerts = list(codes.choix(bord.registre, "motif_annulation"))
    seance = bord.ouvrir_seance()
    seances.annuler(bord.registre, seance_id=seance, motif="panne_moteur", instant=bord.horloge(), auteur=bord.rachelle)

    assert offerts[-2:] == ["panne_moteur", "autre"]
    assert codes.libelle(bord.registre, "motif_annulation", "panne_moteur") == "Moteur en panne"
    assert seances.lire(bord.registre, seance).motif_annulation == "panne_moteur"
    for liste, code in (("sexe", "x"), ("motif_annulation", "meteo"), ("motif_annulation", "É")):
        with pytest.raises(EntreeInvalide):
            codes.ajouter(bord.registre, liste=liste, code=code, libelle="Non")

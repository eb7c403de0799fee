"""Copies of the register: made while a class is held, never bringing an erased name back, put back by a person only."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bord.arbre_machine import abimer
from equipage import Bord, Horloge
from pirogue_bord import guerir, guerir_registre
from pirogue_bord.guerir_registre import FICHIER, RegistreSain
from pirogue_registre import ancres, base, coffre, effacement, journal, reglages
from pirogue_registre.coffre import EFFACEE


def garder(bord: Bord) -> guerir.Copie:
    """Do what the hourly unit does."""
    return guerir_registre.garder(bord.registre.dossier, instant=bord.horloge())


def ouvrir_copie(copie: guerir.Copie, dossier: Path, bord: Bord) -> base.Registre:
    """Open a copy as a register of its own, with the key of the box's safe."""
    dossier.mkdir(parents=True)
    shutil.copy(copie.fichier, dossier / FICHIER)
    shutil.copy(bord.registre.dossier / coffre.NOM_CLE, dossier)
    return base.ouvrir(dossier)


def test_a_copy_made_while_a_class_writes_is_whole(bord: Bord, tmp_path: Path) -> None:
    """A snapshot of one instant: sound, numbers without a hole, views that its journal makes again."""
    horloge, assez, ecrits = Horloge(), threading.Event(), 0

    def ecrire() -> None:
        nonlocal ecrits
        autre = base.ouvrir(bord.registre.dossier)
        while not assez.is_set():
            instant = horloge()
            ancres.confirmer_date(autre, utc_ms=instant.mur_ms, source="ntp", instant=instant, auteur="pirogue")
            ecrits += 1
        base.fermer(autre)

    fil = threading.Thread(target=ecrire)
    debut = journal.dernier(bord.registre)
    fil.start()
    copies = []
    try:
        while len({un.fichier for un in copies}) < 4:
            bord.horloge.avancer(minutes=60)
            copies.append(garder(bord))
    finally:
        assez.set()
        fil.join()
    bord.horloge.avancer(minutes=60)
    derniere = garder(bord)
    registre = ouvrir_copie(derniere, tmp_path / "copie", bord)
    lignes = journal.rejouer(registre)
    ancre = registre.db.execute("SELECT count(*) FROM ancre").fetchone()[0]
    base.fermer(registre)

    assert (lignes, ancre) == (debut + ecrits, ecrits)
    assert [guerir.examiner(un.fichier) for un in guerir.lister(bord.registre.dossier / FICHIER)] == [""] * 3


def test_nothing_is_written_for_a_boat_that_rests_nor_more_than_the_card_is_given(bord: Bord) -> None:
    """The same copy for the same register; a young one is not made again in the same start."""
    premiere = garder(bord)
    bord.horloge.avancer(minutes=24 * 60)
    tranquille = garder(bord)
    bord.ouvrir_seance()
    suivante = garder(bord)
    attente_h = suivante.octets / guerir.DEBIT_OCTETS_H
    journal.ecrire(bord.registre, type="ancre", valeurs=ANCRE, instant=bord.horloge(), auteur="pirogue")
    trop_tot = garder(bord)
    bord.horloge.redemarrer()
    au_demarrage = garder(bord)

    assert tranquille == premiere
    assert suivante.fichier != premiere.fichier
    assert attente_h > 0.01
    assert trop_tot == suivante
    assert au_demarrage.fichier != suivante.fichier


ANCRE = {"utc_ms": 1_741_071_600_000, "source": "ntp", "incertitude_ms": 1000}


def test_whoever_was_erased_is_erased_from_the_copies(bord: Bord, tmp_path: Path) -> None:
    """Afi's family asks; a copy of before is put beside the box's own key: no name comes back, Koffi's does."""
    avant = garder(bord)
    nom = coffre.lire(ouvrir_copie(avant, tmp_path / "avant", bord), bord.afi).prenom
    effacement.effacer(
        bord.registre, personne_id=bord.afi, motif="demande_personne", instant=bord.horloge(), auteur=bord.rachelle
    )
    enveloppe = sqlite3.connect(avant.fichier).execute("SELECT cle FROM coffre WHERE personne_id = ?", (bord.afi,))
    cle = bytes(enveloppe.fetchone()[0])
    enveloppe.connection.close()
    garder(bord)
    registre = ouvrir_copie(avant, tmp_path / "apres", bord)
    afi, koffi = coffre.lire(registre, bord.afi), coffre.lire(registre, bord.koffi)
    base.fermer(registre)

    assert nom == "Afi"
    assert afi == EFFACEE
    assert koffi.prenom == "Koffi"
    assert cle not in avant.fichier.read_bytes()


def test_kolibri_put_back_from_a_copy_forgets_them_again_and_once(bord: Bord) -> None:
    """Her account was in that copy: the portal is to tell Kolibri again."""
    effacement.effacer(
        bord.registre, personne_id=bord.afi, motif="demande_personne", instant=bord.horloge(), auteur=bord.rachelle
    )
    effacement.noter_kolibri_efface(bord.registre, [bord.afi])
    dossier = bord.registre.dossier
    rien = guerir_registre.redire_a_kolibri(dossier, soin="")
    une = guerir_registre.redire_a_kolibri(dossier, soin="boot:1")
    a_dire = effacement.a_effacer_de_kolibri(bord.registre)
    effacement.noter_kolibri_efface(bord.registre, [bord.afi])
    encore = guerir_registre.redire_a_kolibri(dossier, soin="boot:1")

    assert (rien, une, encore) == (0, 1, 0)
    assert a_dire == [bord.afi]
    assert effacement.a_effacer_de_kolibri(bord.registre) == []


def test_a_sound_register_is_not_replaced(bord: Bord) -> None:
    """A tired person types the command: nothing is lost."""
    garder(bord)
    bord.ouvrir_seance()
    lignes = journal.dernier(bord.registre)

    with pytest.raises(RegistreSain):
        guerir_registre.remettre(bord.registre.dossier, instant=bord.horloge())
    assert journal.dernier(bord.registre) == lignes


def test_a_torn_register_put_back_begins_another_life_and_keeps_the_torn_one(bord: Bord) -> None:
    """What the copy held is there, under a new incarnation; what was damaged lies whole in its shelter."""
    dossier = bord.registre.dossier
    vie, lignes = reglages.lire(bord.registre, "incarnation"), journal.dernier(bord.registre)
    garder(bord)
    bord.ouvrir_seance()
    base.fermer(bord.registre)
    abimer(dossier / FICHIER)
    octets = (dossier / FICHIER).read_bytes()
    guerir_registre.remettre(dossier, instant=bord.horloge())
    remis = base.ouvrir(dossier)
    fin = remis.db.execute("SELECT type, valeurs FROM evenement ORDER BY seq DESC LIMIT 1").fetchone()
    etat = (journal.rejouer(remis), reglages.lire(remis, "incarnation"))
    base.fermer(remis)

    assert etat[0] == lignes + 1
    assert etat[1] != vie
    assert fin["type"] == "incarnation_nouvelle"
    assert vie in fin["valeurs"]
    assert (dossier / "copies/abime-0001" / FICHIER).read_bytes() == octets
    assert not (dossier / guerir_registre.REMISE).exists()


def test_a_copy_that_is_torn_too_is_passed_over_and_without_any_nothing_is_touched(bord: Bord) -> None:
    """The newest sound one; when none is left, the damaged register stays as it is."""
    dossier = bord.registre.dossier
    ancienne = garder(bord)
    bord.ouvrir_seance()
    bord.horloge.redemarrer()
    recente = garder(bord)
    base.fermer(bord.registre)
    abimer(dossier / FICHIER)
    octets = (dossier / FICHIER).read_bytes()
    abimer(recente.fichier)
    remise = guerir_registre.remettre(dossier, instant=bord.horloge())
    abimer(ancienne.fichier)
    (dossier / FICHIER).write_bytes(octets)

    assert remise.fichier == ancienne.fichier
    with pytest.raises(guerir.AucuneCopie):
        guerir_registre.remettre(dossier, instant=bord.horloge())
    assert (dossier / FICHIER).read_bytes() == octets


COUPER = """
import os, shutil, sys
from pathlib import Path
from pirogue_bord import guerir, guerir_registre
from pirogue_registre import base, reglages
from pirogue_socle.horloge import Instant
modele, essai, vie = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
GESTES = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect"}
fichier = essai / guerir_registre.FICHIER

def remettre():
    guerir_registre.remettre(essai, instant=Instant("b", 1, 1))

def voir():
    if not fichier.exists() or not fichier.stat().st_size:
        return "vide"
    if guerir.examiner(fichier):
        return "abime"
    registre = base.ouvrir(essai)
    lue = reglages.lire(registre, "incarnation")
    base.fermer(registre)
    return "ancienne vie" if lue == vie else "remis"

for coupure in range(1, 1000):
    shutil.rmtree(essai, ignore_errors=True)
    shutil.copytree(modele, essai)
    enfant = os.fork()
    if enfant == 0:
        compte = 0
        def compter(evenement, arguments):
            global compte
            if evenement in GESTES:
                compte += 1
                if compte == coupure:
                    os._exit(9)
        sys.addaudithook(compter)
        remettre()
        os._exit(0)
    fini = os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1]) == 0
    entre = voir()
    if entre == "abime":
        remettre()
    abris = len(list((essai / "copies").glob("abime-*")))
    print(coupure, fini, entre, voir(), abris, sep="|")
    if fini:
        break
"""


def test_a_putting_back_cut_anywhere_leaves_the_torn_one_or_the_new_life_and_never_an_empty_register(
    bord: Bord, tmp_path: Path
) -> None:
    """Killed before each gesture on the disk in turn: no instant at which a portal would begin from nothing."""
    dossier = bord.registre.dossier
    vie = reglages.lire(bord.registre, "incarnation")
    garder(bord)
    bord.ouvrir_seance()
    base.fermer(bord.registre)
    abimer(dossier / FICHIER)
    mots = [sys.executable, "-c", COUPER, str(dossier), str(tmp_path / "essai"), vie]
    fait = subprocess.run(mots, capture_output=True, text=True, check=False)
    lignes = [ligne.split("|") for ligne in fait.stdout.splitlines()]

    assert fait.returncode == 0, fait.stderr
    assert len(lignes) > 20
    assert lignes[-1][1] == "True"
    assert {ligne[2] for ligne in lignes} == {"abime", "remis"}
    assert {(ligne[3], ligne[4]) for ligne in lignes} == {("remis", "1")}


def test_the_command_says_what_it_found_in_words(bord: Bord, tmp_path: Path) -> None:
    """What the unit runs each hour, and what a coordinator types: sentences, an exit code each."""
    donnees = bord.registre.dossier.parent
    (tmp_path / "pirogue.toml").write_text(f'donnees = "{donnees}"\nterre = "{tmp_path}"\n')

    def pirogue(*mots: str) -> tuple[int, str]:
        fait = subprocess.run(
            [sys.executable, "-m", "pirogue_cli", *mots],
            env=os.environ | {"PIROGUE_CONFIG": str(tmp_path / "pirogue.toml")},
            capture_output=True,
            text=True,
            check=False,
        )
        return fait.returncode, fait.stdout + fait.stderr

    saine = pirogue("registre", "garder")
    refus = pirogue("registre", "remettre", "--oui")
    base.fermer(bord.registre)
    abimer(bord.registre.dossier / FICHIER)
    abime = pirogue("registre", "garder")
    remise = pirogue("registre", "remettre", "--oui")
    verifie = pirogue("registre", "verifier")

    assert saine[0] == 0
    assert "Registre sain : registre-000001.sqlite3" in saine[1]
    assert (refus[0], "n'est pas abîmé" in refus[1]) == (96, True)
    assert (abime[0], "Ne débranche rien" in abime[1]) == (22, True)
    assert (remise[0], "Remise : registre-000001.sqlite3" in remise[1]) == (0, True)
    assert (verifie[0], "Registre sain" in verifie[1]) == (0, True)


def test_a_torn_copy_in_the_making_is_never_taken_for_one(bord: Bord) -> None:
    """The current goes while it is written: a file without its card is not a copy, and its number is not used twice."""
    copie = garder(bord)
    (copie.fichier.with_name("registre-000002.sqlite3")).write_bytes(b"SQLite format 3\0 coupe")
    bord.ouvrir_seance()
    bord.horloge.redemarrer()
    suivante = garder(bord)

    assert suivante.fichier.name == "registre-000003.sqlite3"
    assert [un.fichier.name for un in guerir.lister(bord.registre.dossier / FICHIER)] == [
        "registre-000003.sqlite3",
        "registre-000001.sqlite3",
    ]
    assert not copie.fichier.with_name("registre-000002.sqlite3").exists()
    with closing(sqlite3.connect(suivante.fichier)) as db:
        assert db.execute("SELECT count(*) FROM seance").fetchone() == (1,)
    assert replace(suivante) == suivante

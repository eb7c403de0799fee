"""Progress comes home from a real Kolibri: once per change, for both of the pair, never backwards."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from equipage import Bord
from kolibri_essai import KolibriEssai, Navigateur, Serveurs
from pirogue_contenus.catalogue import Parcours, Ressource
from pirogue_contenus.kolibri_erreurs import KolibriAbsent, KolibriChange
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_contenus.kolibri_progres import SCHEMA, lire, relever
from pirogue_registre import connexions, jeunes, journal, progres
from pirogue_registre.progres import Progres


@dataclass
class Classe:
    """A boat's register, a Kolibri, and one shared laptop between the two."""

    bord: Bord
    essai: KolibriEssai
    parcours: Parcours
    portable: Navigateur

    def entrer(self, personne_id: str, *, role: str = "learner") -> None:
        """Bring a person of the register into Kolibri."""
        nom = jeunes.lire(self.bord.registre, personne_id).nom_court if role == "learner" else "Rachelle"
        personne = PersonneKolibri(sub=personne_id, nom=nom, code="", role=role, classes=("4e A",))
        assert self.portable.lire(self.essai.lien(personne)).statut == 302

    def travailler(self, ressource: Ressource, *, avance: float, justes: tuple[bool, ...] = ()) -> None:
        """Read a lesson or take a quiz as the one who is signed in."""
        self.portable.travailler(self.essai.base, self.parcours.canal_id, ressource, avance=avance, justes=justes)

    def relever(self) -> int:
        """Bring the progress home."""
        return relever(
            self.bord.registre, maison=self.essai.maison, parcours=self.parcours, instant=self.bord.horloge()
        )

    def connu(self, personne_id: str) -> list[Progres]:
        """What the register knows of one trainee."""
        return progres.lire(self.bord.registre, personne_id)


@pytest.fixture
def classe(bord: Bord, kolibri: KolibriEssai, parcours: Parcours, portable: Navigateur) -> Classe:
    """The class at work, over the shared Kolibri."""
    return Classe(bord, kolibri, parcours, portable)


@pytest.fixture
def lecon(parcours: Parcours) -> Ressource:
    """The first lesson of S01."""
    return parcours.modules[0].ressources[0]


@pytest.fixture
def quiz(parcours: Parcours) -> Ressource:
    """The quiz of S01."""
    return next(une for une in parcours.modules[0].ressources if une.genre == "quiz")


def test_a_lesson_read_to_its_end_is_noted_once(classe: Classe, lecon: Ressource) -> None:
    """Reading again what has not moved writes nothing; what moves is written again."""
    afi = classe.bord.afi
    classe.entrer(afi)
    classe.travailler(lecon, avance=0.5)

    ecrits = [classe.relever(), classe.relever()]
    classe.travailler(lecon, avance=1.0)
    ecrits += [classe.relever(), classe.relever()]

    assert ecrits == [1, 0, 1, 0]
    assert classe.connu(afi) == [Progres(afi, lecon.contenu_id, "S01", "lecon", 1.0, 60, None, None, True, "kolibri")]


def test_a_quiz_brings_its_right_answers(classe: Classe, quiz: Ressource) -> None:
    """Of the finished try, out of the questions the quiz has."""
    classe.entrer(classe.bord.afi)
    classe.travailler(quiz, avance=1.0, justes=(True, False, True))

    classe.relever()

    (connu,) = classe.connu(classe.bord.afi)
    assert (connu.genre, connu.acheve, connu.justes) == ("quiz", True, 2)
    assert connu.questions is not None
    assert connu.questions >= 3


def test_the_pair_gets_the_same_trace(classe: Classe, lecon: Ressource, quiz: Ressource) -> None:
    """Koffi sits with Afi: he has what they did together, and not what she had done alone before."""
    afi, koffi = classe.bord.afi, classe.bord.koffi
    seance = classe.bord.ouvrir_seance()
    classe.entrer(afi)
    classe.travailler(lecon, avance=1.0)
    classe.relever()
    ouverte = connexions.ouvrir(classe.bord.registre, seance_id=seance, personne_id=afi, instant=classe.bord.horloge())
    connexions.rejoindre(
        classe.bord.registre, connexion_id=ouverte.connexion_id, personne_id=koffi, instant=classe.bord.horloge()
    )
    classe.travailler(quiz, avance=1.0, justes=(True, True))

    classe.relever()

    assert [un.contenu_id for un in classe.connu(koffi)] == [quiz.contenu_id]
    assert {un.contenu_id for un in classe.connu(afi)} == {lecon.contenu_id, quiz.contenu_id}


def test_progress_never_goes_back(classe: Classe, lecon: Ressource) -> None:
    """Koffi finished the lesson with Afi; when he opens it alone later, it stays finished."""
    koffi = classe.bord.koffi
    fini = Progres(koffi, lecon.contenu_id, "S01", "lecon", 1.0, 400, None, None, True, "kolibri")
    progres.noter(classe.bord.registre, progres=fini, instant=classe.bord.horloge())
    classe.entrer(koffi)
    classe.travailler(lecon, avance=0.1)

    assert classe.relever() == 0
    assert classe.connu(koffi) == [fini]


def test_visitors_trainers_and_other_channels_leave_no_trace(classe: Classe, lecon: Ressource) -> None:
    """Only trainees of this register, only our course: nothing else reaches the journal."""
    avant = journal.dernier(classe.bord.registre)
    classe.portable.lire(classe.essai.lien(PersonneKolibri("visite", "Visite", "", "learner", ())))
    classe.travailler(lecon, avance=1.0)
    classe.entrer(classe.bord.rachelle, role="coach")
    classe.travailler(lecon, avance=1.0)
    ailleurs = Parcours(
        **{champ: getattr(classe.parcours, champ) for champ in classe.parcours.__slots__} | {"modules": ()}
    )
    classe.entrer(classe.bord.afi)
    classe.travailler(lecon, avance=1.0)

    rien = relever(classe.bord.registre, maison=classe.essai.maison, parcours=ailleurs, instant=classe.bord.horloge())

    assert rien == 0
    assert journal.dernier(classe.bord.registre) == avant
    assert classe.relever() == 1


def test_a_page_only_opened_is_no_progress(classe: Classe, lecon: Ressource) -> None:
    """Kolibri makes a row as soon as a page is opened; the register waits for something to be done."""
    classe.entrer(classe.bord.afi)
    classe.portable.travailler(classe.essai.base, classe.parcours.canal_id, lecon, avance=0, duree_s=0)

    assert classe.relever() == 0


def test_progress_is_read_while_kolibri_is_down(
    bord: Bord, maison: Path, serveurs: Serveurs, parcours: Parcours, portable: Navigateur, lecon: Ressource
) -> None:
    """Kolibri has lost its power with everything still in its write-ahead log: nothing is lost."""
    classe = Classe(bord, serveurs.servir(maison), parcours, portable)
    classe.entrer(bord.afi)
    classe.travailler(lecon, avance=1.0)

    serveurs.arreter(maison)

    assert classe.relever() == 1
    assert [un.acheve for un in classe.connu(bord.afi)] == [True]


@pytest.mark.parametrize(("table", "colonne"), [(table, sorted(colonnes)[0]) for table, colonnes in SCHEMA.items()])
def test_a_changed_kolibri_is_refused_politely(
    table: str, colonne: str, tmp_path: Path, maison_modele: Path, bord: Bord, parcours: Parcours
) -> None:
    """A renamed column stops the reading with a sentence that names it; the register is left alone."""
    shutil.copy(maison_modele / "db.sqlite3", tmp_path / "db.sqlite3")
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as db:
        db.execute("PRAGMA legacy_alter_table = ON")
        db.execute(f"ALTER TABLE {table} RENAME TO ancienne")
        autres = [ligne[1] for ligne in db.execute("PRAGMA table_info(ancienne)") if ligne[1] != colonne]
        db.execute(f"CREATE TABLE {table} AS SELECT {', '.join(autres)}, 1 AS rebaptisee FROM ancienne")

    with pytest.raises(KolibriChange, match=f"{table}.{colonne}"):
        relever(bord.registre, maison=tmp_path, parcours=parcours, instant=bord.horloge())


def test_the_installed_kolibri_has_the_columns_that_we_read(maison_modele: Path) -> None:
    """The fingerprint holds for the version that the box carries."""
    assert lire(maison_modele) == []


def test_no_kolibri_is_said_in_a_sentence(tmp_path: Path) -> None:
    """Before the preparation, or with a damaged database."""
    with pytest.raises(KolibriAbsent):
        lire(tmp_path)
    (tmp_path / "db.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(KolibriAbsent):
        lire(tmp_path)

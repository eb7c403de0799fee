"""
Two years of one boat, seeded: the same seed gives the same journal, line for line.

300 youths in classes of 24, two sessions a day from Monday to Saturday, 20 youths pointed at each, about 200 progress
events a day, over 626 working days: some 152 000 events. They are written by the register's own `journal.ecrire`, so
they are real lines whatever the register becomes; only what is random (ids, keys of names) is drawn from the seed.
"""

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from pirogue_registre import base, coffre, comptes, journal, reglages
from pirogue_registre.base import Registre
from pirogue_socle.horloge import Instant

JOURS, JEUNES, CLASSE, POINTES = 626, 300, 24, 20
#: Monday 6 January 2025, 07:00 UTC: eight in the morning in Sô-Ava.
PREMIER_LUNDI_MS = 1_736_146_800_000
JOUR_MS, HEURE_MS = 86_400_000, 3_600_000
GRAINE = 2026
MODULES, CONTENUS_PAR_MODULE = 14, 6
PRENOMS = ("Afi", "Koffi", "Sèna", "Jules", "Ablawa", "Kossi", "Mèdéssè", "Codjo", "Adjoa", "Bossou")
NOMS = ("Dossou", "Hounsou", "Agossou", "Zinsou", "Kpossou", "Ahouansou", "Tossou", "Gbaguidi")
#: Folders that `modele` made.
_MODELES: list[Path] = []


@dataclass
class Bateau:
    """
    A boat that lives on, from one seed.

    Attributes:
        registre: the open register that it writes into.
        hasard: where every draw comes from.
        jour: number of the next working day.
        avances: how far each youth is in each content: (steps done, seconds spent).
    """

    registre: Registre
    hasard: random.Random
    jour: int = 0
    rachelle: str = ""
    classes: list[tuple[str, list[str]]] = field(default_factory=list)
    contenus: list[tuple[str, str, str]] = field(default_factory=list)
    avances: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _boot: str = ""
    _mur_ms: int = 0
    _bt_ns: int = 0

    def identifiant(self) -> str:
        """Draw an id with the form of `nouvel_id`."""
        return f"{self.hasard.getrandbits(128):032x}"

    def allumer(self, mur_ms: int) -> None:
        """Start the boat's computer: a new boot, some seconds of it gone."""
        self._boot = self.identifiant()
        self._mur_ms = mur_ms
        self._bt_ns = self.hasard.randrange(20_000_000_000, 60_000_000_000)

    def attendre(self, duree_ms: float) -> None:
        """Let time pass, with the odd nanoseconds of a real clock."""
        ns = int(duree_ms * 1_000_000) + self.hasard.randrange(1_000_000)
        self._bt_ns += ns
        self._mur_ms += ns // 1_000_000

    def aller_a(self, mur_ms: int) -> None:
        """Let time pass until a moment, if it is not past."""
        self.attendre(max(0, mur_ms - self._mur_ms))

    def ecrire(self, type_: str, valeurs: dict[str, Any], **sujets: str) -> None:
        """Append one event now."""
        instant = Instant(self._boot, self._bt_ns, self._mur_ms)
        sujets.setdefault("auteur", self.rachelle)
        journal.ecrire(self.registre, type=type_, valeurs=valeurs, instant=instant, **sujets)

    def commencer(self) -> None:
        """Give the boat its identity, its trainer, its stops, classes and youths."""
        self.allumer(PREMIER_LUNDI_MS - JOUR_MS)
        with self._semer():
            instant = Instant(self._boot, self._bt_ns, self._mur_ms)
            reglages.creer_relais(self.registre, nom="Pirogue 1", type_relais="pirogue", instant=instant)
            rachelle = {"nom": "Rachelle", "role": "formateur", "pin": "246810"}
            self.rachelle = comptes.creer(self.registre, **rachelle, instant=instant, auteur="pirogue").compte_id
            self._ancrer()
            for module in range(MODULES):
                genres = ["lecon"] * (CONTENUS_PAR_MODULE - 1) + ["quiz"]
                self.contenus += [(self.identifiant(), f"S{module + 1:02d}", genre) for genre in genres]
            for rang in range(0, JEUNES, CLASSE):
                self._inscrire_classe(rang // CLASSE, min(CLASSE, JEUNES - rang))

    def reprendre(self) -> None:
        """Take over a boat that was lived before: its trainer, its classes; every youth is at the first step again."""
        db = self.registre.db
        self.rachelle = str(db.execute("SELECT compte_id FROM compte").fetchone()[0])
        for (groupe,) in db.execute("SELECT groupe_id FROM groupe ORDER BY groupe_id").fetchall():
            requete = "SELECT personne_id FROM inscription WHERE groupe_id = ? ORDER BY personne_id"
            self.classes.append((groupe, [jeune for (jeune,) in db.execute(requete, (groupe,))]))
        self.contenus = [
            tuple(un) for un in db.execute("SELECT DISTINCT contenu_id, module, genre FROM progres ORDER BY 1, 2, 3")
        ]

    def vivre(self, seances: int = 2) -> None:
        """Live one working day, Monday to Saturday, in one transaction: its first session, or both."""
        semaine, jour = divmod(self.jour, 6)
        matin = PREMIER_LUNDI_MS + (7 * semaine + jour) * JOUR_MS
        self.jour += 1
        with self._semer():
            self.allumer(matin - HEURE_MS // 4)
            self.attendre(self.hasard.randrange(60_000))
            self._ancrer()
            for rang in range(seances):
                self.aller_a(matin + 6 * rang * HEURE_MS)
                self._seance(*self.hasard.choice(self.classes))

    def _semer(self) -> ExitStack:
        """Draw the register's ids from the seed, and write all that follows in one transaction."""
        pile = ExitStack()
        for module in (journal, reglages, comptes):
            pile.enter_context(mock.patch.object(module, "nouvel_id", self.identifiant))
        pile.enter_context(mock.patch.object(coffre.secrets, "token_bytes", self.hasard.randbytes))
        pile.enter_context(base.transaction(self.registre))
        return pile

    def _ancrer(self) -> None:
        self.ecrire("ancre", {"utc_ms": self._mur_ms, "source": "formateur"})

    def _inscrire_classe(self, rang: int, effectif: int) -> None:
        escale, groupe = self.identifiant(), self.identifiant()
        lieu = f"CEG {rang + 1}"
        champs = {"nom": lieu, "type": "college", "arrondissement": "030506", "couverture_4g": "faible"}
        self.ecrire("escale_ecrite", {"escale_id": escale} | champs)
        champs = {"libelle": f"4e A – {lieu}", "etablissement": lieu, "escale_id": escale, "parcours": "premiers_pas"}
        self.ecrire("groupe_ecrit", {"groupe_id": groupe, "capacite": CLASSE} | champs)
        jeunes = [self.identifiant() for _ in range(effectif)]
        for rang_jeune, jeune in enumerate(jeunes):
            self.attendre(90_000)
            self._inscrire(jeune, groupe, code=f"{rang:02d}{rang_jeune:04d}")
        self.classes.append((groupe, jeunes))

    def _inscrire(self, jeune: str, groupe: str, *, code: str) -> None:
        nom = coffre.Identite(
            prenom=self.hasard.choice(PRENOMS),
            nom=self.hasard.choice(NOMS),
            annee_naissance=self.hasard.randrange(2008, 2014),
            annee_estimee=False,
            images=("lune", "poisson", "fleur"),
        )
        instant = Instant(self._boot, self._bt_ns, self._mur_ms)
        coffre.ecrire(self.registre, personne_id=jeune, identite=nom, instant=instant, auteur=self.rachelle)
        fiche = {
            "code_jeune": code,
            "sexe": self.hasard.choice("FM"),
            "tranche_age_inscription": self.hasard.choice(("10_14", "15_17", "18_24")),
            "territoire": "030506-vekky",
            "situation": "eleve_college",
            "niveau_scolaire": "college",
            "animal": "tortue",
            "complet": True,
        }
        self.ecrire("jeune_inscrit", fiche, personne_id=jeune)
        for finalite in ("suivi", "statistiques"):
            accord = {"valeur": "oui", "forme": "oral", "par": "parent", "lien": "mere", "version_notice": "2026-11"}
            self.ecrire("consentement_donne", {"finalite": finalite} | accord, personne_id=jeune)
        inscription = {"groupe_id": groupe, "parcours": "premiers_pas", "statut": "actif", "motif_sortie": None}
        self.ecrire("inscription_ecrite", inscription, personne_id=jeune)

    def _seance(self, groupe: str, jeunes: list[str]) -> None:
        seance, debut = self.identifiant(), self._mur_ms
        ouverture = {"type_seance": "atelier_initiation", "groupe_id": groupe, "escale_id": None}
        module = f"S{1 + min(self.jour * MODULES // (JOURS + 1), MODULES - 1):02d}"
        ouverture |= {"module": module, "formateur": self.rachelle, "postes_utilisables": 12}
        self.ecrire("seance_ouverte", ouverture, seance_id=seance)
        venus = self.hasard.sample(jeunes, min(POINTES, len(jeunes)))
        for jeune in venus:
            self.attendre(self.hasard.randrange(800, 9_000))
            self._pointer(seance, jeune)
        self.ecrire("tetes_comptees", {"tetes": len(venus)}, seance_id=seance)
        portables = [venus[rang : rang + 2] for rang in range(0, len(venus), 2)]
        for _ in range(49):
            self.attendre(self.hasard.randrange(60_000, 200_000))
            self._avancer(module, self.hasard.choice(portables))
        self.aller_a(debut + 2 * HEURE_MS)
        self.ecrire("seance_cloturee", {"fin_heure": None}, seance_id=seance)

    def _pointer(self, seance: str, jeune: str) -> None:
        etat = self.hasard.choices(("present", "retard", "absent", "excuse"), (88, 6, 4, 2))[0]
        valeurs = {
            "etat": etat,
            "source": "appel",
            "arrivee_heure": f"08:{self.hasard.randrange(10, 40)}" if etat == "retard" else None,
            "depart_heure": None,
            "motif_absence": "maladie" if etat == "excuse" else None,
        }
        self.ecrire("presence_pointee", valeurs, personne_id=jeune, seance_id=seance)

    def _avancer(self, module: str, portable: list[str]) -> None:
        """Let a laptop go one step further in a content of the day's module; both of the pair get the same trace."""
        contenu, _, genre = self.hasard.choice([un for un in self.contenus if un[1] == module])
        pas, temps_s = self.avances.get((portable[0], contenu), (0, 0))
        pas, temps_s = min(pas + 1, 8), temps_s + self.hasard.randrange(20, 400)
        quiz = genre == "quiz"
        valeurs = {
            "contenu_id": contenu,
            "module": module,
            "genre": genre,
            "progression": pas / 8,
            "temps_s": temps_s,
            "justes": self.hasard.randrange(9) if quiz else None,
            "questions": 8 if quiz else None,
            "acheve": pas == 8,
            "source": "kolibri",
            "poids": 1 / len(portable),
        }
        for jeune in portable:
            self.avances[(jeune, contenu)] = (pas, temps_s)
            self.ecrire("progres_note", valeurs, personne_id=jeune, auteur="portail")


def embarquer(dossier: Path, *, graine: int = GRAINE) -> Bateau:
    """Make a boat in an empty folder, its youths enrolled, before its first day."""
    bateau = Bateau(registre=base.ouvrir(dossier), hasard=random.Random(graine))
    bateau.commencer()
    return bateau


def vivre_jusqu_a(bateau: Bateau, jour: int) -> Iterator[int]:
    """Live until `jour` days are past, giving the number of each day after it."""
    while bateau.jour < jour:
        bateau.vivre()
        yield bateau.jour


@cache
def modele(jours: int = JOURS) -> Path:
    """Return a folder that holds a boat of so many days; made once per run, to be copied with `copier`."""
    dossier = Path(tempfile.mkdtemp(prefix="pirogue-deux-ans-")) / "registre"
    _MODELES.append(dossier.parent)
    bateau = embarquer(dossier)
    for _ in vivre_jusqu_a(bateau, jours):
        pass
    bateau.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.fermer(bateau.registre)
    return dossier


def oublier_modeles() -> None:
    """Remove the folders that `modele` made."""
    for dossier in _MODELES:
        shutil.rmtree(dossier, ignore_errors=True)
    _MODELES.clear()
    modele.cache_clear()


def copier(source: Path, vers: Path) -> Path:
    """Copy a whole register into a new folder, by SQLite's own backup, with the key of its safe; return it."""
    vers.mkdir(parents=True)
    shutil.copy(source / coffre.NOM_CLE, vers)
    with (
        closing(sqlite3.connect(source / "registre.sqlite3")) as depart,
        closing(sqlite3.connect(vers / "registre.sqlite3")) as arrivee,
    ):
        depart.backup(arrivee)
    return vers

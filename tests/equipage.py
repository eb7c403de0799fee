"""The named cast and the boat that every test starts from. Real SQLite on disk, real instants."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from pirogue_registre import base, comptes, jeunes, lieux, reglages, seances
from pirogue_registre.base import Registre
from pirogue_registre.fiches import FicheJeune
from pirogue_socle.horloge import Instant

#: 4 March 2025, 07:00 UTC: eight in the morning in Sô-Ava.
HUIT_HEURES_MS = 1_741_071_600_000


class Horloge:
    """A clock that the test moves: one boot, a boot time, a wall that may lie."""

    def __init__(self) -> None:
        self._boots = itertools.count(1)
        self.mur_ms = HUIT_HEURES_MS
        self.redemarrer()

    def redemarrer(self, *, mur_ms: int | None = None) -> None:
        """Start a new boot; the wall clock says `mur_ms`, or goes on."""
        self.boot_id = f"boot{next(self._boots):028d}"
        self.bt_ns = 10_000_000_000
        if mur_ms is not None:
            self.mur_ms = mur_ms

    def avancer(self, *, minutes: float = 0, secondes: float = 0) -> None:
        """Let time pass, on both clocks."""
        duree_ms = int((minutes * 60 + secondes) * 1000)
        self.bt_ns += duree_ms * 1_000_000
        self.mur_ms += duree_ms

    def sauter(self, *, jours: float) -> None:
        """Move the wall clock alone."""
        self.mur_ms += int(jours * 86_400_000)

    def __call__(self) -> Instant:
        """Return the present instant, a millisecond after the last one."""
        self.avancer(secondes=0.001)
        return Instant(self.boot_id, self.bt_ns, self.mur_ms)


@dataclass(frozen=True)
class Bord:
    """A boat ready for its day: a register, a trainer, a group of 4e with Afi and Koffi."""

    registre: Registre
    horloge: Horloge
    rachelle: str
    groupe: str
    afi: str
    koffi: str

    def ouvrir_seance(self, module: str = "S01") -> str:
        """Open a session and return its id."""
        return seances.ouvrir(
            self.registre,
            module=module,
            groupe_id=self.groupe,
            formateur=self.rachelle,
            postes_utilisables=11,
            instant=self.horloge(),
            auteur=self.rachelle,
        ).seance_id


def fiche(prenom: str, nom: str, *, sexe: str = "F", annee: str = "2011") -> FicheJeune:
    """Return a complete record for one of the cast."""
    return FicheJeune(
        prenom=prenom,
        nom=nom,
        annee_naissance=annee,
        sexe=sexe,
        territoire="030506-vekky",
        situation="eleve_college",
        niveau_scolaire="college",
        consentement_suivi="oui",
        statistiques="oui",
    )


def preparer_bord(dossier: Path, horloge: Horloge) -> Bord:
    """Make a boat in an empty folder."""
    registre = base.ouvrir(dossier)
    reglages.creer_relais(registre, nom="Pirogue 1", type_relais="pirogue", instant=horloge())
    rachelle = comptes.creer(
        registre, nom="Rachelle", role="formateur", pin="246810", instant=horloge(), auteur="pirogue"
    ).compte_id
    escale = lieux.ecrire_escale(
        registre,
        lieux.Escale("", "CEG Gbessou", "college", "030506", "faible"),
        instant=horloge(),
        auteur=rachelle,
    )
    groupe = lieux.ecrire_groupe(
        registre,
        lieux.Groupe("", "4e A – Gbessou", "CEG Gbessou", escale.escale_id, 24, "premiers_pas"),
        instant=horloge(),
        auteur=rachelle,
    ).groupe_id
    ids = [
        jeunes.inscrire(registre, fiche=f, groupe_id=groupe, instant=horloge(), auteur=rachelle).personne_id
        for f in (fiche("Afi", "Dossou"), fiche("Koffi", "Hounsou", sexe="M"))
    ]
    return Bord(registre, horloge, rachelle, groupe, ids[0], ids[1])

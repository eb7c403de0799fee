"""Where and with whom: stops (`escale`) and groups (`groupe`)."""

from dataclasses import asdict, dataclass

from pirogue_registre import journal
from pirogue_registre.base import Registre
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

TYPES_ESCALE = ("college", "embarcadere", "marche", "ecole", "centre", "quai_base")
COUVERTURES_4G = ("bonne", "faible", "aucune")
PARCOURS = ("premiers_pas", "mon_projet", "atelier_thematique")


@dataclass(frozen=True, slots=True)
class Escale:
    """A stop of the boat; `arrondissement` is an INSAE code of territoires.csv."""

    escale_id: str
    nom: str
    type: str
    arrondissement: str | None
    couverture_4g: str


@dataclass(frozen=True, slots=True)
class Groupe:
    """A class that comes aboard together; `capacite` in persons (12 laptops, two on each)."""

    groupe_id: str
    libelle: str
    etablissement: str
    escale_id: str | None
    capacite: int
    parcours: str


def ecrire_escale(registre: Registre, escale: Escale, *, instant: Instant, auteur: str) -> Escale:
    """
    Create or replace a stop (a new id where `escale_id` is empty); return it.

    Raises:
        EntreeInvalide: empty name, unknown type, arrondissement or coverage; nothing is written.
    """
    nom = propre(escale.nom, quoi="Le nom de l'escale")
    if escale.type not in TYPES_ESCALE or escale.couverture_4g not in COUVERTURES_4G:
        raise EntreeInvalide("Escale : ce choix n'est pas dans la liste.")
    if escale.arrondissement is not None and escale.arrondissement not in listes.arrondissements():
        raise EntreeInvalide("Arrondissement : ce choix n'est pas dans la liste.")
    garde = Escale(escale.escale_id or nouvel_id(), nom, escale.type, escale.arrondissement, escale.couverture_4g)
    journal.ecrire(registre, type="escale_ecrite", valeurs=asdict(garde), instant=instant, auteur=auteur)
    return garde


def lister_escales(registre: Registre) -> list[Escale]:
    """Return the stops, by name."""
    return [Escale(**dict(rangee)) for rangee in registre.db.execute("SELECT * FROM escale ORDER BY nom")]


def ecrire_groupe(registre: Registre, groupe: Groupe, *, instant: Instant, auteur: str) -> Groupe:
    """
    Create or replace a group (a new id where `groupe_id` is empty); return it.

    Raises:
        EntreeInvalide: empty label, capacity outside 1 to 99, unknown parcours; nothing is written.
    """
    libelle = propre(groupe.libelle, quoi="Le nom du groupe")
    lieu = propre(groupe.etablissement, quoi="Le nom de l'école", longueur=80) if groupe.etablissement.strip() else ""
    if groupe.parcours not in PARCOURS:
        raise EntreeInvalide("Parcours : ce choix n'est pas dans la liste.")
    if not 1 <= groupe.capacite <= 99:
        raise EntreeInvalide("Un groupe a de 1 à 99 places.")
    garde = Groupe(
        groupe.groupe_id or nouvel_id(),
        libelle,
        lieu,
        groupe.escale_id,
        groupe.capacite,
        groupe.parcours,
    )
    journal.ecrire(registre, type="groupe_ecrit", valeurs=asdict(garde), instant=instant, auteur=auteur)
    return garde


def lister_groupes(registre: Registre) -> list[Groupe]:
    """Return the groups, by label."""
    return [Groupe(**dict(rangee)) for rangee in registre.db.execute("SELECT * FROM groupe ORDER BY libelle")]


def lire_groupe(registre: Registre, groupe_id: str) -> Groupe:
    """Return one group; raises Introuvable."""
    rangee = registre.db.execute("SELECT * FROM groupe WHERE groupe_id = ?", (groupe_id,)).fetchone()
    if rangee is None:
        raise Introuvable("Ce groupe n'existe pas.")
    return Groupe(**dict(rangee))


def propre(texte: str, *, quoi: str, longueur: int = 60) -> str:
    """Return a short text with its spaces tidied; raises EntreeInvalide when empty, too long or with controls."""
    texte = " ".join(texte.split())
    if not texte:
        raise EntreeInvalide(f"{quoi} manque.")
    if len(texte) > longueur:
        raise EntreeInvalide(f"{quoi} est trop long ({longueur} signes au plus).")
    if not texte.isprintable():
        raise EntreeInvalide(f"{quoi} contient un signe qu'on ne peut pas garder.")
    return texte

"""The rows of the views while they are folded in memory: the columns of `schema` after `relais` and `inc`, in order."""

from typing import NamedTuple

from sqlalchemy import Table

from pirogue_rive import schema


class Relais(NamedTuple):
    """What a relay is called."""

    nom: str
    type_relais: str


class Incarnation(NamedTuple):
    """Which life of the register this one follows, and up to where they are one."""

    ancienne: str
    jusqua: int
    seq: int


class Ancre(NamedTuple):
    """A point of a boot whose true time is known."""

    seq: int
    boot_id: str
    source: str
    bt_ns: int
    utc_ms: int


class Escale(NamedTuple):
    """A place where the boat stops."""

    escale_id: str
    nom: str
    type: str
    couverture_4g: str
    arrondissement: str | None


class Groupe(NamedTuple):
    """A class that comes together."""

    groupe_id: str
    libelle: str
    etablissement: str
    parcours: str
    escale_id: str | None
    capacite: int


class Jeune(NamedTuple):
    """A trainee, without a name."""

    personne_id: str
    sexe: str
    tranche_age_inscription: str
    territoire: str
    situation: str
    niveau_scolaire: str
    code_jeune: str | None
    animal: str | None
    complet: int
    dernier_seq: int


class Inscription(NamedTuple):
    """A trainee in a group."""

    personne_id: str
    groupe_id: str
    parcours: str
    statut: str
    motif_sortie: str | None
    dernier_seq: int


class Consentement(NamedTuple):
    """An answer for one purpose."""

    personne_id: str
    finalite: str
    valeur: str
    version_notice: str
    forme: str | None
    par: str | None
    lien: str | None
    dernier_seq: int


class Seance(NamedTuple):
    """A session."""

    seance_id: str
    type_seance: str
    module: str
    groupe_id: str
    formateur: str
    statut: str
    debut_boot_id: str
    escale_id: str | None
    motif_annulation: str | None
    fin_heure: str | None
    fin_boot_id: str | None
    postes_utilisables: int
    debut_bt_ns: int
    debut_mur_ms: int
    dernier_seq: int
    tetes: int | None = None
    fin_bt_ns: int | None = None
    fin_mur_ms: int | None = None


class Presence(NamedTuple):
    """A trainee in a session."""

    seance_id: str
    personne_id: str
    etat: str
    source: str
    arrivee_heure: str | None
    depart_heure: str | None
    motif_absence: str | None
    arrivee_boot_id: str | None
    dernier_seq: int
    arrivee_bt_ns: int | None
    arrivee_mur_ms: int | None


class Correction(NamedTuple):
    """A mark changed with its reason."""

    seq: int
    seance_id: str
    personne_id: str
    ancien: str
    nouveau: str
    motif_correction: str
    apres_cloture: int


class Progres(NamedTuple):
    """How far a trainee is in a content."""

    personne_id: str
    contenu_id: str
    module: str
    genre: str
    temps_s: int
    acheve: int
    dernier_seq: int
    justes: int | None
    questions: int | None
    progression: float


class Effacee(NamedTuple):
    """A person whose name was erased."""

    personne_id: str
    motif: str
    seq: int
    identites_seq: int | None


class Appliquee(NamedTuple):
    """A downward lot that the relay has applied."""

    genre: str
    serie: int
    seq: int


#: Which rows a view holds.
RANGEES: dict[Table, type[NamedTuple]] = {
    schema.relais: Relais,
    schema.incarnation: Incarnation,
    schema.ancre: Ancre,
    schema.escale: Escale,
    schema.groupe: Groupe,
    schema.jeune: Jeune,
    schema.inscription: Inscription,
    schema.consentement: Consentement,
    schema.seance: Seance,
    schema.presence: Presence,
    schema.presence_correction: Correction,
    schema.progres: Progres,
    schema.effacee: Effacee,
    schema.appliquee: Appliquee,
}

"""From events to the shore's views: one function per event type; replaying gives the same views."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, func, select

from pirogue_rive import schema
from pirogue_rive.evenements import Evenement, ValeursInattendues
from pirogue_rive.schema import poser


@dataclass(frozen=True, slots=True)
class Journal:
    """Which journal: a relay, and one life of its register."""

    relais: str
    inc: str

    @property
    def cle(self) -> dict[str, str]:
        """Return the columns that name it."""
        return {"relais": self.relais, "inc": self.inc}


def appliquer(db: Connection, journal: Journal, e: Evenement) -> bool:
    """
    Bring the views up to date with one event, in the caller's transaction.

    Returns:
        False if the type is known and its values could not be read (they stay in `evenement`, to be projected by a
        later version); True otherwise, also for a type that this version does not know.
    """
    projection = PROJECTIONS.get(e.type)
    if projection is None:
        return True
    try:
        projection(db, journal, e)
    except ValeursInattendues:
        return False
    return True


def _relais(db: Connection, j: Journal, e: Evenement) -> None:
    poser(db, schema.relais, **j.cle, nom=e.texte("nom"), type_relais=e.texte("type_relais"))


def _ancre(db: Connection, j: Journal, e: Evenement) -> None:
    instant = {"boot_id": e.instant.boot_id, "bt_ns": e.instant.bt_ns}
    poser(db, schema.ancre, **j.cle, seq=e.seq, **instant, utc_ms=e.entier("utc_ms"), source=e.texte("source"))


def _escale(db: Connection, j: Journal, e: Evenement) -> None:
    champs = {nom: e.texte(nom) for nom in ("escale_id", "nom", "type", "couverture_4g")}
    poser(db, schema.escale, **j.cle, **champs, arrondissement=e.texte_ou_vide("arrondissement"))


def _groupe(db: Connection, j: Journal, e: Evenement) -> None:
    champs = {nom: e.texte(nom) for nom in ("groupe_id", "libelle", "etablissement", "parcours")}
    autres = {"escale_id": e.texte_ou_vide("escale_id"), "capacite": e.entier("capacite")}
    poser(db, schema.groupe, **j.cle, **champs, **autres)


def _jeune(db: Connection, j: Journal, e: Evenement) -> None:
    noms = ("sexe", "tranche_age_inscription", "territoire", "situation", "niveau_scolaire")
    poser(db, schema.jeune, **j.cle, personne_id=e.personne(), **{nom: e.texte(nom) for nom in noms})


def _seance_ouverte(db: Connection, j: Journal, e: Evenement) -> None:
    poser(
        db,
        schema.seance,
        **j.cle,
        seance_id=e.seance(),
        **{nom: e.texte(nom) for nom in ("type_seance", "module", "groupe_id", "formateur")},
        escale_id=e.texte_ou_vide("escale_id"),
        postes_utilisables=e.entier("postes_utilisables"),
        statut="ouverte",
        debut_boot_id=e.instant.boot_id,
        debut_bt_ns=e.instant.bt_ns,
        debut_mur_ms=e.instant.mur_ms,
    )


def _seance_cloturee(db: Connection, j: Journal, e: Evenement) -> None:
    _finir(db, j, e, statut="cloturee", motif=None, fin_heure=e.texte_ou_vide("fin_heure"))


def _seance_annulee(db: Connection, j: Journal, e: Evenement) -> None:
    """A session may be cancelled before it ever opened: the event then carries the whole session."""
    t = schema.seance
    connue = db.execute(select(t.c.statut).where(*_ou(t, j), t.c.seance_id == e.seance())).first()
    motif = e.texte("motif_annulation")
    if connue is None and "module" in e.valeurs:
        _seance_ouverte(db, j, e)
    _finir(db, j, e, statut="annulee", motif=motif)


def _finir(
    db: Connection, j: Journal, e: Evenement, *, statut: str, motif: str | None, fin_heure: str | None = None
) -> None:
    fin = {"fin_boot_id": e.instant.boot_id, "fin_bt_ns": e.instant.bt_ns, "fin_mur_ms": e.instant.mur_ms}
    _changer_seance(db, j, e, statut=statut, motif_annulation=motif, fin_heure=fin_heure, **fin)


def _tetes(db: Connection, j: Journal, e: Evenement) -> None:
    _changer_seance(db, j, e, tetes=e.entier("tetes"))


def _changer_seance(db: Connection, j: Journal, e: Evenement, **colonnes: object) -> None:
    t = schema.seance
    db.execute(t.update().where(*_ou(t, j), t.c.seance_id == e.seance()).values(**colonnes))


def _pointee(db: Connection, j: Journal, e: Evenement) -> None:
    _presence(db, j, e, etat=e.texte("etat"), source=e.texte("source"))


def _corrigee(db: Connection, j: Journal, e: Evenement) -> None:
    poser(
        db,
        schema.presence_correction,
        **j.cle,
        seq=e.seq,
        seance_id=e.seance(),
        personne_id=e.personne(),
        **{nom: e.texte(nom) for nom in ("ancien", "nouveau", "motif_correction")},
        apres_cloture=e.entier("apres_cloture"),
    )
    _presence(db, j, e, etat=e.texte("nouveau"), source="correction")


def _presence(db: Connection, j: Journal, e: Evenement, *, etat: str, source: str) -> None:
    poser(
        db,
        schema.presence,
        **j.cle,
        seance_id=e.seance(),
        personne_id=e.personne(),
        etat=etat,
        source=source,
        **{nom: e.texte_ou_vide(nom) for nom in ("arrivee_heure", "depart_heure", "motif_absence")},
    )


def _venue(db: Connection, j: Journal, e: Evenement) -> None:
    """A sign-in proposes « present »; it never overrides what a trainer marked, and keeps the first arrival."""
    t = schema.presence
    arrivee = {
        "arrivee_boot_id": e.instant.boot_id,
        "arrivee_bt_ns": e.instant.bt_ns,
        "arrivee_mur_ms": e.instant.mur_ms,
    }
    ligne = {"seance_id": e.seance(), "personne_id": e.personne(), "etat": "present", "source": "connexion"}
    requete = schema.inserer(db, t)
    premiere = {nom: func.coalesce(t.c[nom], requete.excluded[nom]) for nom in arrivee}
    db.execute(
        requete.on_conflict_do_update(index_elements=list(t.primary_key), set_=premiere), j.cle | ligne | arrivee
    )


def _progres(db: Connection, j: Journal, e: Evenement) -> None:
    poser(
        db,
        schema.progres,
        **j.cle,
        personne_id=e.personne(),
        **{nom: e.texte(nom) for nom in ("contenu_id", "module", "genre")},
        progression=e.nombre("progression"),
        temps_s=e.entier("temps_s"),
        justes=e.entier_ou_vide("justes"),
        questions=e.entier_ou_vide("questions"),
        acheve=e.entier("acheve"),
    )


def _ou(table: Table, j: Journal) -> tuple[ColumnElement[bool], ...]:
    return (table.c.relais == j.relais, table.c.inc == j.inc)


PROJECTIONS: dict[str, Callable[[Connection, Journal, Evenement], None]] = {
    "relais_cree": _relais,
    "ancre": _ancre,
    "escale_ecrite": _escale,
    "groupe_ecrit": _groupe,
    "jeune_inscrit": _jeune,
    "seance_ouverte": _seance_ouverte,
    "seance_cloturee": _seance_cloturee,
    "seance_annulee": _seance_annulee,
    "tetes_comptees": _tetes,
    "presence_pointee": _pointee,
    "presence_corrigee": _corrigee,
    "connexion_ouverte": _venue,
    "connexion_rejointe": _venue,
    "progres_note": _progres,
}

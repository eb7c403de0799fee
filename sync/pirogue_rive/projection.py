"""
From events to the shore's views: one function per event type; replaying gives the same views.

Events are folded in memory over the rows that they touch (`Tampon`): those rows are read once, and each that changed
is written once, however many events changed it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from pirogue_rive import base, rangees, schema
from pirogue_rive.evenements import Evenement, ValeursInattendues
from pirogue_rive.rangees import RANGEES, Inscription, Jeune, Presence, Seance

#: Most ids in one question to the database.
_CLES_MAX = 5000
#: What an erased trainee's enrolment becomes, aboard and here.
EFFACE = "efface"


@dataclass(frozen=True, slots=True)
class Journal:
    """Which journal: a relay, and one life of its register."""

    relais: str
    inc: str

    @property
    def cle(self) -> dict[str, str]:
        """Return the columns that name it."""
        return {"relais": self.relais, "inc": self.inc}


@dataclass(slots=True)
class Tampon:
    """
    Rows of one journal's views, in memory: those that were there, and those that changed.

    Attributes:
        journal: whose.
        lues: rows of the database, per view, by their key after `relais` and `inc`.
        ecrites: rows that changed.
    """

    journal: Journal
    lues: dict[Table, dict[Any, Any]] = field(default_factory=lambda: {vue: {} for vue in schema.VUES})
    ecrites: dict[Table, dict[Any, Any]] = field(default_factory=lambda: {vue: {} for vue in schema.VUES})

    def lire(self, vue: Table, cle: object) -> Any:
        """Return a row as it is now, None if there is none."""
        ecrites = self.ecrites[vue]
        return ecrites[cle] if cle in ecrites else self.lues[vue].get(cle)

    def charger(self, db: Connection, evenements: Sequence[Evenement]) -> None:
        """Read the rows that events may change in part."""
        seances = {e.seance_id for e in evenements if e.seance_id and e.type in PROJECTIONS}
        personnes = {e.personne_id for e in evenements if e.type == "personne_effacee" and e.personne_id}
        self._charger(db, schema.seance, "seance_id", seances, cle=lambda r: r[0])
        self._charger(db, schema.presence, "seance_id", seances, cle=lambda r: r[:2])
        self._charger(db, schema.jeune, "personne_id", personnes, cle=lambda r: r[0])
        self._charger(db, schema.inscription, "personne_id", personnes, cle=lambda r: r[:2])

    def _charger(self, db: Connection, vue: Table, colonne: str, ids: set[str], cle: Callable[[Any], Any]) -> None:
        tries = sorted(un for un in ids if "\0" not in un)
        genre: Any = RANGEES[vue]
        requete = select(*list(vue.columns)[2:]).where(
            vue.c.relais == self.journal.relais, vue.c.inc == self.journal.inc
        )
        for rang in range(0, len(tries), _CLES_MAX):
            for rangee in db.execute(requete.where(vue.c[colonne].in_(tries[rang : rang + _CLES_MAX]))):
                lue = genre._make(rangee)
                self.lues[vue][cle(lue)] = lue

    def ranger(self, db: Connection) -> None:
        """Write every row that changed."""
        journal = (self.journal.relais, self.journal.inc)
        for vue, lignes in self.ecrites.items():
            base.poser_tous(db, vue, [(*journal, *ligne) for ligne in lignes.values()])


def projeter(db: Connection, journal: Journal, evenements: Sequence[Evenement]) -> int:
    """
    Bring the views up to date with the events that follow, in the caller's transaction.

    Returns:
        The number of events whose type is known and whose values, or version, this version cannot read: they stay in
        their lots, to be projected by a later one. Unknown types are not among them.
    """
    tampon = Tampon(journal)
    tampon.charger(db, evenements)
    illisibles = 0
    for e in evenements:
        projection = PROJECTIONS.get(e.type)
        if projection is None:
            continue
        if e.version > VERSIONS.get(e.type, 1):
            illisibles += 1
            continue
        try:
            projection(tampon, e)
        except ValeursInattendues:
            illisibles += 1
    tampon.ranger(db)
    return illisibles


def _relais(t: Tampon, e: Evenement) -> None:
    t.ecrites[schema.relais][()] = rangees.Relais(e.texte("nom"), e.texte("type_relais"))


def _incarnation(t: Tampon, e: Evenement) -> None:
    t.ecrites[schema.incarnation][()] = rangees.Incarnation(e.cle("ancienne"), e.entier("jusqua"), e.seq)


def _ancre(t: Tampon, e: Evenement) -> None:
    t.ecrites[schema.ancre][e.seq] = rangees.Ancre(e.seq, e.boot(), e.texte("source"), e.bt_ns, e.entier("utc_ms"))


def _escale(t: Tampon, e: Evenement) -> None:
    autres = (e.texte("nom"), e.texte("type"), e.texte("couverture_4g"), e.texte_ou_vide("arrondissement"))
    ligne = rangees.Escale(e.cle("escale_id"), *autres)
    t.ecrites[schema.escale][ligne.escale_id] = ligne


def _groupe(t: Tampon, e: Evenement) -> None:
    textes = (e.texte("libelle"), e.texte("etablissement"), e.texte("parcours"))
    ligne = rangees.Groupe(e.cle("groupe_id"), *textes, e.texte_ou_vide("escale_id"), e.entier("capacite"))
    t.ecrites[schema.groupe][ligne.groupe_id] = ligne


def _jeune(t: Tampon, e: Evenement) -> None:
    qui = e.personne()
    t.ecrites[schema.jeune][qui] = Jeune(
        personne_id=qui,
        sexe=e.texte("sexe"),
        tranche_age_inscription=e.texte("tranche_age_inscription"),
        territoire=e.texte("territoire"),
        situation=e.texte("situation"),
        niveau_scolaire=e.texte("niveau_scolaire"),
        code_jeune=e.texte_ou_vide("code_jeune"),
        animal=e.texte_ou_vide("animal"),
        complet=e.entier_ou_vide("complet") or 0,
        dernier_seq=e.seq,
    )


def _inscription(t: Tampon, e: Evenement) -> None:
    qui, groupe = e.personne(), e.cle("groupe_id")
    ligne = Inscription(qui, groupe, e.texte("parcours"), e.texte("statut"), e.texte_ou_vide("motif_sortie"), e.seq)
    t.ecrites[schema.inscription][(qui, groupe)] = ligne


def _consentement(t: Tampon, e: Evenement) -> None:
    qui, finalite = e.personne(), e.cle("finalite")
    vides = (e.texte_ou_vide("forme"), e.texte_ou_vide("par"), e.texte_ou_vide("lien"))
    ligne = rangees.Consentement(qui, finalite, e.texte("valeur"), e.texte("version_notice"), *vides, e.seq)
    t.ecrites[schema.consentement][(qui, finalite)] = ligne


def _seance_ouverte(t: Tampon, e: Evenement) -> None:
    """A session that was there keeps what this event does not say: heads, end."""
    _ouvrir(t, e)


def _ouvrir(t: Tampon, e: Evenement) -> Seance:
    qui = e.seance()
    dite = Seance(
        seance_id=qui,
        type_seance=e.texte("type_seance"),
        module=e.texte("module"),
        groupe_id=e.texte("groupe_id"),
        formateur=e.texte("formateur"),
        statut="ouverte",
        debut_boot_id=e.boot(),
        escale_id=e.texte_ou_vide("escale_id"),
        motif_annulation=None,
        fin_heure=None,
        fin_boot_id=None,
        postes_utilisables=e.entier("postes_utilisables"),
        debut_bt_ns=e.bt_ns,
        debut_mur_ms=e.mur_ms,
        dernier_seq=e.seq,
    )
    avant: Seance | None = t.lire(schema.seance, qui)
    if avant is not None:
        gardes = ("motif_annulation", "fin_heure", "fin_boot_id", "tetes", "fin_bt_ns", "fin_mur_ms")
        dite = dite._replace(**{nom: getattr(avant, nom) for nom in gardes})
    t.ecrites[schema.seance][qui] = dite
    return dite


def _seance_cloturee(t: Tampon, e: Evenement) -> None:
    _finir(t, e, t.lire(schema.seance, e.seance()), statut="cloturee", fin_heure=e.texte_ou_vide("fin_heure"))


def _seance_annulee(t: Tampon, e: Evenement) -> None:
    """A session may be cancelled before it ever opened: the event then carries the whole session."""
    connue: Seance | None = t.lire(schema.seance, e.seance())
    motif = e.texte("motif_annulation")
    if connue is None and "module" in e.valeurs:
        connue = _ouvrir(t, e)
    _finir(t, e, connue, statut="annulee", motif_annulation=motif, fin_heure=None)


def _finir(t: Tampon, e: Evenement, connue: Seance | None, **colonnes: Any) -> None:
    colonnes.setdefault("motif_annulation", None)
    _changer_seance(t, e, connue, fin_boot_id=e.boot(), fin_bt_ns=e.bt_ns, fin_mur_ms=e.mur_ms, **colonnes)


def _tetes(t: Tampon, e: Evenement) -> None:
    _changer_seance(t, e, t.lire(schema.seance, e.seance()), tetes=e.entier("tetes"))


def _changer_seance(t: Tampon, e: Evenement, connue: Seance | None, **colonnes: Any) -> None:
    if connue is not None:
        t.ecrites[schema.seance][connue.seance_id] = connue._replace(dernier_seq=e.seq, **colonnes)


def _pointee(t: Tampon, e: Evenement) -> None:
    _presence(t, e, etat=e.texte("etat"), source=e.texte("source"))


def _corrigee(t: Tampon, e: Evenement) -> None:
    correction = rangees.Correction(
        seq=e.seq,
        seance_id=e.seance(),
        personne_id=e.personne(),
        ancien=e.texte("ancien"),
        nouveau=e.texte("nouveau"),
        motif_correction=e.texte("motif_correction"),
        apres_cloture=e.entier("apres_cloture"),
    )
    _presence(t, e, etat=correction.nouveau, source="correction")
    t.ecrites[schema.presence_correction][e.seq] = correction


def _presence(t: Tampon, e: Evenement, *, etat: str, source: str) -> None:
    cle = (e.seance(), e.personne())
    dits = (e.texte_ou_vide("arrivee_heure"), e.texte_ou_vide("depart_heure"), e.texte_ou_vide("motif_absence"))
    avant: Presence | None = t.lire(schema.presence, cle)
    arrivee = (None, None, None) if avant is None else avant[7:8] + avant[9:]
    if etat == "retard" and dits[0] is None:  # late at the instant of the mark
        arrivee = (e.boot(), e.bt_ns, e.mur_ms)
    ligne = Presence(*cle, etat, source, *dits, arrivee[0], e.seq, *arrivee[1:])
    t.ecrites[schema.presence][cle] = ligne


def _venue(t: Tampon, e: Evenement) -> None:
    """A sign-in proposes « present »; it never overrides what a trainer marked, and keeps the first arrival."""
    cle = (e.seance(), e.personne())
    avant: Presence | None = t.lire(schema.presence, cle)
    venue = Presence(*cle, "present", "connexion", None, None, None, e.boot(), e.seq, e.bt_ns, e.mur_ms)
    if avant is not None:
        venue = (
            avant
            if avant.arrivee_boot_id is not None
            else avant._replace(arrivee_boot_id=venue.arrivee_boot_id, arrivee_bt_ns=e.bt_ns, arrivee_mur_ms=e.mur_ms)
        )
        venue = venue._replace(dernier_seq=e.seq)
    t.ecrites[schema.presence][cle] = venue


def _progres(t: Tampon, e: Evenement) -> None:
    qui, contenu = e.personne(), e.cle("contenu_id")
    t.ecrites[schema.progres][(qui, contenu)] = rangees.Progres(
        qui,
        contenu,
        e.texte("module"),
        e.texte("genre"),
        e.entier("temps_s"),
        e.entier("acheve"),
        e.seq,
        e.entier_ou_vide("justes"),
        e.entier_ou_vide("questions"),
        e.nombre("progression"),
    )


def _effacee(t: Tampon, e: Evenement) -> None:
    """What could lead to her name goes; what was counted stays under her number."""
    ligne = rangees.Effacee(e.personne(), e.texte("motif"), e.seq, e.entier_ou_vide("identites_seq"))
    t.ecrites[schema.effacee][ligne.personne_id] = ligne
    connu: Jeune | None = t.lire(schema.jeune, ligne.personne_id)
    if connu is not None:
        t.ecrites[schema.jeune][ligne.personne_id] = connu._replace(code_jeune=None, animal=None, dernier_seq=e.seq)
    inscriptions = t.lues[schema.inscription] | t.ecrites[schema.inscription]
    for cle, une in inscriptions.items():
        if cle[0] == ligne.personne_id:
            t.ecrites[schema.inscription][cle] = une._replace(statut=EFFACE, dernier_seq=e.seq)


def _appliquee(t: Tampon, e: Evenement) -> None:
    ligne = rangees.Appliquee(e.cle("genre"), e.entier("serie"), e.seq)
    t.ecrites[schema.appliquee][(ligne.genre, ligne.serie)] = ligne


Projection = Callable[[Tampon, Evenement], None]

PROJECTIONS: dict[str, Projection] = {
    "relais_cree": _relais,
    "incarnation_nouvelle": _incarnation,
    "ancre": _ancre,
    "escale_ecrite": _escale,
    "groupe_ecrit": _groupe,
    "jeune_inscrit": _jeune,
    "inscription_ecrite": _inscription,
    "consentement_donne": _consentement,
    "seance_ouverte": _seance_ouverte,
    "seance_cloturee": _seance_cloturee,
    "seance_annulee": _seance_annulee,
    "tetes_comptees": _tetes,
    "presence_pointee": _pointee,
    "presence_corrigee": _corrigee,
    "connexion_ouverte": _venue,
    "connexion_rejointe": _venue,
    "progres_note": _progres,
    "personne_effacee": _effacee,
    "descente_appliquee": _appliquee,
}
#: The newest version of a type that is read here; 1 where nothing is said.
VERSIONS: dict[str, int] = {}

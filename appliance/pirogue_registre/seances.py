"""Sessions: opened, closed, cancelled with a reason. One is open at a time aboard."""

import re
import sqlite3
from dataclasses import dataclass

from pirogue_registre import ancres, codes, journal
from pirogue_registre.base import Registre, transaction
from pirogue_registre.lieux import lire_groupe
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant, duree_ms, estimer
from pirogue_socle.ids import nouvel_id
from pirogue_socle.regles import SEANCE_MAX_MS, fin_retenue, placer_heure

#: A module of the course, or a session without a lesson of ours.
MODULE = re.compile(r"[A-Z]\d\d|autre")
HEURE = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class SeanceDejaOuverte(ErreurPirogue):
    """Another session is open: attendance would go to the wrong one."""

    geste = "Clôture d'abord la séance en cours."
    code = 34


class SeanceClose(ErreurPirogue):
    """The session is closed or cancelled; nothing is written."""

    geste = "Pour changer l'appel d'une séance terminée, utilise « Corriger »."
    code = 35


class HeureFinManque(ErreurPirogue):
    """The session was left open too long to be one: when did it end? Nothing is written."""

    geste = "Écris l'heure où la séance s'est vraiment terminée."
    code = 37


@dataclass(frozen=True, slots=True)
class Seance:
    """
    A session of about two hours with one group.

    `statut` is a code of the list `statut_seance`; `tetes` is the trainer's head count; `fin` is when it was closed
    (None while open), and `fin_heure` the local civil hour of its real end when she had left it open.
    """

    seance_id: str
    type_seance: str
    module: str
    groupe_id: str
    escale_id: str | None
    formateur: str
    postes_utilisables: int
    statut: str
    motif_annulation: str | None
    tetes: int | None
    debut: Instant
    fin: Instant | None
    fin_heure: str | None


def ouvrir(  # noqa: PLR0913 - the fields of a session
    registre: Registre,
    *,
    module: str,
    groupe_id: str,
    formateur: str,
    postes_utilisables: int,
    instant: Instant,
    auteur: str,
    type_seance: str = "atelier_initiation",
) -> Seance:
    """
    Open a session for a group; the stop is the group's usual one.

    Raises:
        SeanceDejaOuverte: one is open. Introuvable: no such group. EntreeInvalide: module, type, laptops not 0 to 99.
    """
    _exiger_module(module)
    listes.exiger("type_seance", type_seance, quoi="Type de séance")
    if not 0 <= postes_utilisables <= 99:
        raise EntreeInvalide("Le nombre d'ordinateurs va de 0 à 99.")
    groupe = lire_groupe(registre, groupe_id)
    seance_id = nouvel_id()
    with transaction(registre):
        if en_cours(registre) is not None:
            raise SeanceDejaOuverte("Une séance est déjà ouverte.")
        journal.ecrire(
            registre,
            type="seance_ouverte",
            valeurs={
                "type_seance": type_seance,
                "module": module,
                "groupe_id": groupe_id,
                "escale_id": groupe.escale_id,
                "formateur": formateur,
                "postes_utilisables": postes_utilisables,
            },
            instant=instant,
            auteur=auteur,
            seance_id=seance_id,
        )
    return lire(registre, seance_id)


def cloturer(
    registre: Registre, *, seance_id: str, instant: Instant, auteur: str, fin_heure: str | None = None
) -> None:
    """
    Close a session: everyone is signed out.

    Args:
        fin_heure: local civil hour of its real end, for a session that was left open.

    Raises:
        HeureFinManque: it has been open for more than six hours, and `fin_heure` is not given.
        EntreeInvalide: `fin_heure` is not an hour of the session. SeanceClose, Introuvable. Nothing is written.
    """
    with transaction(registre):
        seance = exiger_ouverte(registre, seance_id)
        debut, fin = debut_ms(registre, seance), fin_ms(registre, seance, instant=instant)
        if fin_heure is not None:
            placee = placer_heure(exiger_heure(fin_heure), debut_ms=debut, fin_ms=fin)
            if not debut <= placee <= fin:
                raise EntreeInvalide("Cette heure n'est pas pendant la séance.")
        elif fin - debut > SEANCE_MAX_MS:
            raise HeureFinManque("Cette séance est restée ouverte longtemps.")
        journal.ecrire(
            registre,
            type="seance_cloturee",
            valeurs={"fin_heure": fin_heure},
            instant=instant,
            auteur=auteur,
            seance_id=seance_id,
        )


def annuler(registre: Registre, *, seance_id: str, motif: str, instant: Instant, auteur: str) -> None:
    """
    Cancel an open session, with a reason of the list `motif_annulation`: it never counts against a youth.

    Raises:
        EntreeInvalide, SeanceClose, Introuvable: nothing is written.
    """
    codes.exiger(registre, "motif_annulation", motif, quoi="Raison")
    with transaction(registre):
        exiger_ouverte(registre, seance_id)
        journal.ecrire(
            registre,
            type="seance_annulee",
            valeurs={"motif_annulation": motif},
            instant=instant,
            auteur=auteur,
            seance_id=seance_id,
        )


def annuler_prevue(  # noqa: PLR0913 - the fields of a session
    registre: Registre,
    *,
    module: str,
    groupe_id: str,
    formateur: str,
    motif: str,
    instant: Instant,
    auteur: str,
    seance_id: str = "",
) -> Seance:
    """
    Record that a session that should have been held today was not (flood, no fuel…), with its reason.

    Args:
        seance_id: the id that the form was given when it was shown; sent twice, it cancels once. New when empty.

    Raises:
        EntreeInvalide, Introuvable: nothing is written.
    """
    codes.exiger(registre, "motif_annulation", motif, quoi="Raison")
    _exiger_module(module)
    groupe = lire_groupe(registre, groupe_id)
    seance_id = seance_id or nouvel_id()
    with transaction(registre):
        if registre.db.execute("SELECT 1 FROM seance WHERE seance_id = ?", (seance_id,)).fetchone() is None:
            journal.ecrire(
                registre,
                type="seance_annulee",
                valeurs={
                    "motif_annulation": motif,
                    "type_seance": "atelier_initiation",
                    "module": module,
                    "groupe_id": groupe_id,
                    "escale_id": groupe.escale_id,
                    "formateur": formateur,
                    "postes_utilisables": 0,
                },
                instant=instant,
                auteur=auteur,
                seance_id=seance_id,
            )
        return lire(registre, seance_id)


def en_cours(registre: Registre) -> Seance | None:
    """Return the open session, if there is one."""
    rangee = registre.db.execute("SELECT * FROM seance WHERE statut = 'ouverte'").fetchone()
    return _seance(rangee) if rangee else None


def lire(registre: Registre, seance_id: str) -> Seance:
    """Return one session; raises Introuvable."""
    rangee = registre.db.execute("SELECT * FROM seance WHERE seance_id = ?", (seance_id,)).fetchone()
    if rangee is None:
        raise Introuvable("Cette séance n'existe pas.")
    return _seance(rangee)


def lister(registre: Registre, limite: int = 50) -> list[Seance]:
    """Return the latest sessions, newest first (in the order of the journal)."""
    rangees = registre.db.execute("SELECT * FROM seance ORDER BY seq DESC LIMIT ?", (limite,))
    return [_seance(rangee) for rangee in rangees]


def tenues(registre: Registre, groupe_id: str, limite: int = 50) -> list[Seance]:
    """Return the latest sessions of a group that were not cancelled, newest first."""
    requete = "SELECT * FROM seance WHERE groupe_id = ? AND statut <> 'annulee' ORDER BY seq DESC LIMIT ?"
    return [_seance(rangee) for rangee in registre.db.execute(requete, (groupe_id, limite))]


def debut_ms(registre: Registre, seance: Seance) -> int:
    """Return the estimated start, milliseconds since 1970 UTC."""
    return estimer(seance.debut, ancres.lire(registre))


def fin_ms(registre: Registre, seance: Seance, *, instant: Instant) -> int:
    """
    Return the estimated end (the present `instant` while it is open), milliseconds since 1970 UTC.

    Counted from the start with the duration of `horloge.duree_ms`, so it is never before it; the hour that the
    trainer said when she had left it open goes first.
    """
    connues = ancres.lire(registre)
    debut = estimer(seance.debut, connues)
    cloture = debut + duree_ms(seance.debut, seance.fin or instant, connues)
    return fin_retenue(debut_ms=debut, cloture_ms=cloture, fin_heure=seance.fin_heure)


def _exiger_module(module: str) -> None:
    if not MODULE.fullmatch(module):
        raise EntreeInvalide("Module : ce choix n'est pas dans la liste.")


def exiger_heure(heure: str) -> str:
    """Return a civil hour such as `09:20` if it is one; raises EntreeInvalide."""
    if not HEURE.fullmatch(heure):
        raise EntreeInvalide("L'heure s'écrit avec deux nombres, par exemple 09:20.")
    return heure


def exiger_ouverte(registre: Registre, seance_id: str) -> Seance:
    """Return the session if it is open; raises SeanceClose, Introuvable."""
    seance = lire(registre, seance_id)
    if seance.statut != "ouverte":
        raise SeanceClose("Cette séance est terminée.")
    return seance


def _seance(rangee: sqlite3.Row) -> Seance:
    fin = None
    if rangee["fin_boot_id"] is not None:
        fin = Instant(rangee["fin_boot_id"], rangee["fin_bt_ns"], rangee["fin_mur_ms"])
    return Seance(
        seance_id=rangee["seance_id"],
        type_seance=rangee["type_seance"],
        module=rangee["module"],
        groupe_id=rangee["groupe_id"],
        escale_id=rangee["escale_id"],
        formateur=rangee["formateur"],
        postes_utilisables=rangee["postes_utilisables"],
        statut=rangee["statut"],
        motif_annulation=rangee["motif_annulation"],
        tetes=rangee["tetes"],
        debut=Instant(rangee["debut_boot_id"], rangee["debut_bt_ns"], rangee["debut_mur_ms"]),
        fin=fin,
        fin_heure=rangee["fin_heure"],
    )

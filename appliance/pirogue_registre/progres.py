"""Progress: what a trainee did in a lesson or a quiz, written once per change."""

import sqlite3
from dataclasses import asdict, dataclass, replace

from pirogue_registre import journal
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant


@dataclass(frozen=True, slots=True)
class Progres:
    """
    How far a trainee is in one resource.

    Attributes:
        personne_id, contenu_id, module: who, which resource (it survives renames and moves), of which module.
        genre: `lecon` or `quiz`.
        progression: 0 to 1.
        temps_s: seconds spent.
        justes, questions: right answers of the best try, for a quiz; None for a lesson.
        acheve: finished.
        source: `kolibri` or `portail`.
    """

    personne_id: str
    contenu_id: str
    module: str
    genre: str
    progression: float
    temps_s: int
    justes: int | None
    questions: int | None
    acheve: bool
    source: str


def noter(registre: Registre, *, progres: Progres, instant: Instant, binome_avec: str | None = None) -> bool:
    """
    Write a progress if it differs from what is known; the partner of a pair gets the same trace.

    The trace of a pair weighs half for skills and one for exposure (`poids`, domain page §2.2). A partner who is
    already further keeps her own.

    Returns:
        True if something was written.

    Raises:
        EntreeInvalide: progression outside 0 to 1.
    """
    if not 0 <= progres.progression <= 1:
        raise EntreeInvalide("Une progression va de 0 à 1.")
    ecrit = False
    with transaction(registre):
        for personne_id in filter(None, (progres.personne_id, binome_avec)):
            voulu = replace(progres, personne_id=personne_id)
            connu = _lire(registre, personne_id, progres.contenu_id)
            partenaire_devant = connu is not None and personne_id == binome_avec and not _avance(connu, voulu)
            if connu == voulu or partenaire_devant:
                continue
            valeurs = asdict(voulu) | {"poids": 0.5 if binome_avec else 1.0}
            del valeurs["personne_id"]
            journal.ecrire(
                registre,
                type="progres_note",
                valeurs=valeurs,
                instant=instant,
                auteur="portail",
                personne_id=personne_id,
            )
            ecrit = True
    return ecrit


def lire(registre: Registre, personne_id: str) -> list[Progres]:
    """Return everything known of a trainee's progress."""
    requete = "SELECT * FROM progres WHERE personne_id = ? ORDER BY module, contenu_id"
    return [_progres(rangee) for rangee in registre.db.execute(requete, (personne_id,))]


def _avance(connu: Progres, voulu: Progres) -> bool:
    return (voulu.acheve, voulu.progression, voulu.temps_s) > (connu.acheve, connu.progression, connu.temps_s)


def _lire(registre: Registre, personne_id: str, contenu_id: str) -> Progres | None:
    rangee = registre.db.execute(
        "SELECT * FROM progres WHERE personne_id = ? AND contenu_id = ?", (personne_id, contenu_id)
    ).fetchone()
    return _progres(rangee) if rangee else None


def _progres(rangee: sqlite3.Row) -> Progres:
    return Progres(**dict(rangee) | {"acheve": bool(rangee["acheve"])})

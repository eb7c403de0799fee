"""
Read back what Kolibri knows of everybody's progress, straight from its database, read only.

Kolibri has no stable interface for it; its tables have not moved for years. So we look at the columns before each
reading (`exiger_schema`) and refuse politely when one is missing. Everything is read every time and compared with
the register: watermarks on dates would break on a machine whose clock jumps.

Kolibri writes in WAL mode and removes its side files at its last close: who reads then needs the right to write
in the folder (the boxes' services share a group), or gets `KolibriAbsent`.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pirogue_contenus.catalogue import Parcours, Ressource
from pirogue_contenus.kolibri_erreurs import KolibriAbsent, KolibriChange
from pirogue_registre import connexions, jeunes, progres, seances
from pirogue_registre.base import Registre
from pirogue_registre.progres import Progres
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant

#: What `pirogue_kolibri.personnes` writes before our id.
PREFIXE = "pirogue-"

#: The tables and columns that we read.
SCHEMA = {
    "kolibriauth_facilityuser": {"id", "_morango_source_id", "date_deleted"},
    "logger_contentsummarylog": {"id", "user_id", "content_id", "progress", "time_spent", "completion_timestamp"},
    "logger_masterylog": {"id", "summarylog_id", "complete", "mastery_criterion"},
    "logger_attemptlog": {"masterylog_id", "item", "correct"},
    "content_contentnode": {"id", "content_id"},
    "content_assessmentmetadata": {"contentnode_id", "number_of_assessments"},
}

_RESUMES = """
SELECT u.id, substr(u._morango_source_id, :longueur + 1) AS sub, s.id AS resume, s.content_id, s.progress, s.time_spent,
       s.completion_timestamp IS NOT NULL AS acheve
FROM logger_contentsummarylog s JOIN kolibriauth_facilityuser u ON u.id = s.user_id
WHERE substr(u._morango_source_id, 1, :longueur) = :prefixe AND u.date_deleted IS NULL
ORDER BY sub, s.content_id
"""

# Best finished try of each quiz. An item that was tried again within one try counts once.
_ESSAIS = """
SELECT resume, max(justes) FROM (
    SELECT m.summarylog_id AS resume, count(DISTINCT CASE WHEN a.correct = 1 THEN a.item END) AS justes
    FROM logger_masterylog m LEFT JOIN logger_attemptlog a ON a.masterylog_id = m.id
    WHERE m.complete = 1 AND m.mastery_criterion LIKE '%"quiz"%'
    GROUP BY m.id
) GROUP BY resume
"""

_QUESTIONS = """
SELECT n.content_id, max(a.number_of_assessments)
FROM content_assessmentmetadata a JOIN content_contentnode n ON n.id = a.contentnode_id GROUP BY n.content_id
"""


@dataclass(frozen=True, slots=True)
class ProgresKolibri:
    """
    One person's progress in one resource, as Kolibri keeps it.

    Attributes:
        kolibri_user_id: Kolibri's id of the person.
        sub: ours.
        contenu_id: the resource; survives renames and moves.
        progression: 0 to 1.
        temps_s: seconds spent.
        acheve: Kolibri has noted a completion.
        justes, questions: of the best finished try, for a quiz; None otherwise.
    """

    kolibri_user_id: str
    sub: str
    contenu_id: str
    progression: float
    temps_s: int
    acheve: bool
    justes: int | None
    questions: int | None


def lire(maison: Path) -> list[ProgresKolibri]:
    """
    Return everybody's progress, in a fixed order; works while Kolibri runs and while it does not.

    Raises:
        KolibriAbsent: there is no database, or it cannot be read just now.
        KolibriChange: Kolibri's tables are not those we know.
    """
    base = maison / "db.sqlite3"
    if not base.exists():
        raise KolibriAbsent("Kolibri n'est pas encore préparé.")
    try:
        with closing(sqlite3.connect(f"file:{base}?mode=ro", uri=True, timeout=2)) as db:
            db.execute("BEGIN")  # one view of all the tables
            exiger_schema(db)
            return _lire(db)
    except sqlite3.Error as erreur:
        raise KolibriAbsent("Les progrès ne peuvent pas être lus pour le moment.") from erreur


def exiger_schema(db: sqlite3.Connection) -> None:
    """
    Check that every column that we read is there.

    Raises:
        KolibriChange: a table or a column is missing; the sentence names the first.
    """
    for table, voulues in sorted(SCHEMA.items()):
        presentes = {ligne[1] for ligne in db.execute(f"PRAGMA table_info({table})")}
        for colonne in sorted(voulues - presentes):
            raise KolibriChange(f"Kolibri a changé : {table}.{colonne} n'existe plus.")


def relever(registre: Registre, *, maison: Path, parcours: Parcours, instant: Instant) -> int:
    """
    Write into the register what has moved on since the last time; return how many traces were written.

    Only resources of our course and trainees of this register count (visitors and trainers leave nothing). A
    progress never goes back. Whoever sits with the trainee at that moment gets the same trace, so this is to be
    called before a sign-in is closed.

    Raises:
        KolibriAbsent, KolibriChange: nothing is written.
    """
    binomes = _binomes(registre)
    ressources = {une.contenu_id: une for une in parcours.ressources()}
    connus: dict[str, dict[str, Progres]] = {}
    ecrits = 0
    for ligne in lire(maison):
        ressource = ressources.get(ligne.contenu_id)
        if ressource is None or not _est_jeune(registre, ligne.sub, connus):
            continue
        connu = connus[ligne.sub].get(ligne.contenu_id)
        nouveau = _fusionner(ligne, ressource, connu)
        if nouveau is None:
            continue
        ecrits += progres.noter(registre, progres=nouveau, instant=instant, binome_avec=binomes.get(ligne.sub))
    return ecrits


def _lire(db: sqlite3.Connection) -> list[ProgresKolibri]:
    """Put the three questions to Kolibri's database."""
    justes = dict(db.execute(_ESSAIS).fetchall())
    questions = dict(db.execute(_QUESTIONS).fetchall())
    return [
        ProgresKolibri(
            kolibri_user_id=utilisateur,
            sub=sub,
            contenu_id=contenu.replace("-", ""),
            progression=min(1.0, max(0.0, round(progression, 4))),
            temps_s=max(0, round(temps)),
            acheve=bool(acheve),
            justes=justes.get(resume),
            questions=questions.get(contenu) if resume in justes else None,
        )
        for utilisateur, sub, resume, contenu, progression, temps, acheve in db.execute(
            _RESUMES, {"prefixe": PREFIXE, "longueur": len(PREFIXE)}
        )
    ]


def _binomes(registre: Registre) -> dict[str, str]:
    """Return who sits with whom right now, both ways."""
    seance = seances.en_cours(registre)
    paires: dict[str, str] = {}
    for connexion in connexions.ouvertes(registre, seance.seance_id) if seance else ():
        if connexion.binome_avec is not None:
            paires[connexion.personne_id] = connexion.binome_avec
            paires[connexion.binome_avec] = connexion.personne_id
    return paires


def _est_jeune(registre: Registre, sub: str, connus: dict[str, dict[str, Progres]]) -> bool:
    """Tell whether `sub` is a trainee of this register; put what is known of her progress in `connus`."""
    if sub not in connus:
        try:
            jeunes.lire(registre, sub)
        except Introuvable:
            return False
        connus[sub] = {un.contenu_id: un for un in progres.lire(registre, sub)}
    return True


def _fusionner(ligne: ProgresKolibri, ressource: Ressource, connu: Progres | None) -> Progres | None:
    """Return the progress to write, never behind what is known; None when there is nothing new."""
    lu = Progres(
        personne_id=ligne.sub,
        contenu_id=ligne.contenu_id,
        module=ressource.module,
        genre="quiz" if ressource.genre == "quiz" else "lecon",
        progression=ligne.progression,
        temps_s=ligne.temps_s,
        justes=ligne.justes,
        questions=ligne.questions,
        acheve=ligne.acheve,
        source="kolibri",
    )
    if connu is None:
        return lu if lu.progression > 0 or lu.temps_s > 0 or lu.acheve else None
    meilleur = connu.justes is not None and (lu.justes is None or connu.justes > lu.justes)
    fusion = Progres(
        personne_id=lu.personne_id,
        contenu_id=lu.contenu_id,
        module=lu.module,
        genre=lu.genre,
        progression=max(lu.progression, connu.progression),
        temps_s=max(lu.temps_s, connu.temps_s),
        justes=connu.justes if meilleur else lu.justes,
        questions=connu.questions if meilleur else lu.questions,
        acheve=lu.acheve or connu.acheve,
        source=connu.source,
    )
    return None if fusion == connu else fusion

"""The bench's two years are real journals: ours to replay, the shore's to project, the same from the same seed."""

import itertools
from pathlib import Path

from sqlalchemy import select

from echange import deux_ans
from pirogue_echange import cles as trousseau
from pirogue_registre import base, envois, journal, reglages
from pirogue_registre.base import Registre
from pirogue_registre.vues import VUES
from pirogue_rive import arrivees, schema
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive
from pirogue_socle.horloge import Instant
from pirogue_sync import scellement

INSTANT = Instant("boot", 1, deux_ans.PREMIER_LUNDI_MS)


def cinq_jours(dossier: Path, *, graine: int = deux_ans.GRAINE) -> tuple[Registre, list[int]]:
    """Make a boat of five days; return its register and the number of events of each day."""
    bateau = deux_ans.embarquer(dossier, graine=graine)
    fins = [journal.dernier(bateau.registre)]
    fins += [journal.dernier(bateau.registre) for _ in deux_ans.vivre_jusqu_a(bateau, 5)]
    return bateau.registre, [fin - debut for debut, fin in itertools.pairwise(fins)]


def contenu(registre: Registre) -> dict[str, list[tuple[object, ...]]]:
    """Return every view, in a form that can be compared."""
    return {vue: sorted(map(tuple, registre.db.execute(f"SELECT * FROM {vue}")), key=repr) for vue in VUES}


def test_the_same_seed_lives_the_same_days(tmp_path: Path) -> None:
    """A figure of the bench can be measured again; another seed is another boat."""
    lignes = []
    for nom, graine in (("a", 1), ("b", 1), ("c", 2)):
        registre, _ = cinq_jours(tmp_path / nom, graine=graine)
        lignes.append([ligne for _, ligne in journal.lignes(registre, apres=0, limite=10_000)])
        base.fermer(registre)

    assert lignes[0] == lignes[1]
    assert lignes[0] != lignes[2]


def test_a_bench_day_has_the_size_of_the_programmes_day(tmp_path: Path) -> None:
    """Two sessions of twenty youths and about two hundred steps: what the figures are said about."""
    registre, jours = cinq_jours(tmp_path / "bord")
    effectif = registre.db.execute("SELECT count(*) FROM jeune").fetchone()[0]
    base.fermer(registre)

    assert effectif == 300
    assert all(200 <= jour <= 280 for jour in jours), jours


def test_the_benchs_journal_replays_to_the_same_views(tmp_path: Path) -> None:
    """Its events are those that the register knows, in an order that can happen."""
    registre, _ = cinq_jours(tmp_path / "bord")
    avant = contenu(registre)
    rejoues = journal.rejouer(registre)
    apres = contenu(registre)
    ecrits = journal.dernier(registre)
    base.fermer(registre)

    assert rejoues == ecrits
    assert avant == apres
    assert len(apres["presence"]) == 5 * 2 * deux_ans.POINTES


def test_the_shore_projects_every_event_of_the_bench(tmp_path: Path) -> None:
    """No event of the bench is a shape that the shore would put aside."""
    registre, _ = cinq_jours(tmp_path / "bord")
    carte_rive = rives.installer(tmp_path / "rive")
    cles = trousseau.faire("relais", id=reglages.lire(registre, "relais"), nom="Pirogue 1")
    rives.accueillir(tmp_path / "rive", trousseau.ecrire_carte(cles.carte))
    scellement.sceller(registre, cles=cles, rive=carte_rive, instant=INSTANT)
    lots = [lot.corps for lot in envois.a_envoyer(registre)]
    pointees = registre.db.execute("SELECT count(*) FROM presence").fetchone()[0]
    with rives.ouvrir(ConfigRive(tmp_path / "rive")) as rive:
        sorts = {arrivees.prendre(rive, corps, voie="cle", instant=INSTANT).sort for corps in lots}
        with rive.moteur.begin() as db:
            illisibles = db.scalars(select(schema.avancee.c.illisibles)).all()
            presences = db.execute(select(schema.presence)).all()
    base.fermer(registre)

    assert sorts == {"ingere"}
    assert set(illisibles) == {0}
    assert len(presences) == pointees

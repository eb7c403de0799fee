"""The shore's database on its two engines: the same tables, two roads at once, values that nobody expected."""

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

import postgresql
from pirogue_rive import arrivees, base, projection, rangees, recepisses, schema, schema_gestion
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive, Rive, RiveIllisible
from pirogue_socle.horloge import Instant
from sync.plume import Dit, lignes, sceller
from sync.quai import Quai, nouvelle_rive, sceller_par, vivre_une_journee, vues
from sync.test_journaux import JOURNEE

MIDI = Instant("rive", 1, 1_741_086_000_000)
MOTEURS = ("sqlite", "postgresql")

COURSE = """
import sys
from pathlib import Path
from pirogue_rive import arrivees, config
from pirogue_socle.horloge import maintenant
with config.ouvrir(config.ConfigRive(Path(sys.argv[1]), base=sys.argv[2])) as rive:
    print("prêt", flush=True)
    sys.stdin.readline()
    octets = [chemin.read_bytes() for chemin in sorted(Path(sys.argv[3]).iterdir(), reverse=sys.argv[4] == "4g")]
    sorts = [un.sort for un in arrivees.prendre_suite(rive, octets, voie=sys.argv[4], instant=maintenant())]
    print(*sorts, flush=True)
"""


def base_vide(moteur: str, dossier: Path) -> str:
    """Return the URL of a database without tables."""
    return postgresql.base_vide() if moteur == "postgresql" else f"sqlite:///{dossier / 'vide.sqlite3'}"


@pytest.mark.parametrize("moteur", MOTEURS)
def test_the_revisions_lead_to_the_tables_that_the_code_knows(moteur: str, tmp_path: Path) -> None:
    """A database made years ago and one made today hold the same tables, column for column."""
    ouvert = base.ouvrir_moteur(base_vide(moteur, tmp_path))
    with base.lire(ouvert) as db:
        ecarts = compare_metadata(MigrationContext.configure(db), schema.metadata)
        tables = set(schema.metadata.tables)
    ouvert.dispose()

    assert schema_gestion.compte_rive.name in tables
    assert ecarts == []


def test_the_newest_revision_is_the_one_that_a_start_looks_for() -> None:
    """Opening compares one name, so the files' names must tell the truth."""
    pages = ScriptDirectory(Path(base.__file__).with_name("migrations"))

    assert pages.get_current_head() == base.revision_courante()
    assert all(page.revision == Path(page.path).name[1:5] for page in pages.walk_revisions())


@pytest.mark.parametrize("moteur", MOTEURS)
def test_two_processes_open_a_new_database_at_once(moteur: str, tmp_path: Path) -> None:
    """The service and the command line start together on the first day: the tables are made once."""
    url, erreurs = base_vide(moteur, tmp_path), list[BaseException]()

    def ouvrir() -> None:
        try:
            base.ouvrir_moteur(url).dispose()
        except BaseException as erreur:  # noqa: BLE001 - carried to the test's own thread
            erreurs.append(erreur)

    fils = [threading.Thread(target=ouvrir) for _ in range(4)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    moteur_ = base.ouvrir_moteur(url)
    with base.lire(moteur_) as db:
        revisions = db.scalars(text("SELECT version_num FROM alembic_version")).all()
    moteur_.dispose()

    assert erreurs == []
    assert list(revisions) == [base.revision_courante()]


def test_two_roads_bring_the_same_lots_at_once(quai: Quai, tmp_path: Path) -> None:
    """Dossou's stick and the network, two processes, the same second: each lot is taken in once, by one of them."""
    vivre_une_journee(quai.bord)
    (tmp_path / "lots").mkdir()
    octets = sceller_par(quai, 3)
    for rang, un in enumerate(octets):
        (tmp_path / f"lots/{rang:03d}").write_bytes(un)
    with rives.ouvrir(nouvelle_rive(quai.config, tmp_path / "temoin")) as temoin:
        arrivees.prendre_suite(temoin, octets, voie="cle", instant=MIDI)
        attendu = vues(temoin)
    commande = [sys.executable, "-c", COURSE, str(quai.config.dossier), quai.config.base, str(tmp_path / "lots")]
    courses = [
        subprocess.Popen([*commande, voie], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for voie in ("cle", "4g")
    ]
    for course in courses:
        assert course.stdout is not None
        assert course.stdout.readline() == "prêt\n"
    for course in courses:
        assert course.stdin is not None
        course.stdin.write("\n")
        course.stdin.flush()
    sorts = [mot for course in courses for mot in course.communicate(timeout=60)[0].split()]
    with rives.ouvrir(quai.config) as rive:
        obtenu = vues(rive)
        recus = recepisses.pour(rive, relais=quai.cles.carte.id, instant=MIDI)

    assert (sorts.count("ingere"), sorts.count("doublon")) == (len(octets), len(octets))
    assert obtenu == attendu
    assert len(recus) == 1


def test_a_database_that_does_not_open_is_said_in_french(quai: Quai) -> None:
    """A wrong address, a server that is not there: a sentence, not a trace."""
    for adresse in ("n'importe quoi", "postgresql+psycopg://pirogue@/rien?host=/nulle/part", "martien://x"):
        with (
            pytest.raises(RiveIllisible, match=r"base|registre"),
            rives.ouvrir(ConfigRive(quai.config.dossier, base=adresse)),
        ):
            pass


def test_every_row_in_memory_has_the_columns_of_its_view() -> None:
    """A row is written by the order of its columns: a swapped pair would put names of groups in states."""
    for vue, genre in rangees.RANGEES.items():
        colonnes = [colonne.name for colonne in vue.columns][2:]

        assert list(genre._fields) == colonnes, vue.name
    assert set(rangees.RANGEES) == set(schema.VUES)


VALEURS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["\0", "a\0b", "x" * 5000, "é" * 200, "ꙮ", "", "'; DROP TABLE lot; --", "\\N", "\t"]),
    st.lists(st.integers(), max_size=2),
)
NOMS = [
    "nom",
    "type_relais",
    "ancienne",
    "jusqua",
    "utc_ms",
    "source",
    "escale_id",
    "type",
    "couverture_4g",
    "arrondissement",
    "libelle",
    "etablissement",
    "parcours",
    "capacite",
    "groupe_id",
    "sexe",
    "tranche_age_inscription",
    "territoire",
    "situation",
    "niveau_scolaire",
    "code_jeune",
    "animal",
    "complet",
    "statut",
    "motif_sortie",
    "finalite",
    "valeur",
    "version_notice",
    "forme",
    "par",
    "lien",
    "type_seance",
    "module",
    "formateur",
    "postes_utilisables",
    "fin_heure",
    "motif_annulation",
    "tetes",
    "etat",
    "arrivee_heure",
    "depart_heure",
    "motif_absence",
    "ancien",
    "nouveau",
    "motif_correction",
    "apres_cloture",
    "contenu_id",
    "genre",
    "temps_s",
    "acheve",
    "justes",
    "questions",
    "progression",
    "motif",
    "identites_seq",
    "serie",
]
NOMBRES = [
    "jusqua",
    "utc_ms",
    "capacite",
    "complet",
    "postes_utilisables",
    "tetes",
    "apres_cloture",
    "temps_s",
    "acheve",
    "justes",
    "questions",
    "progression",
    "identites_seq",
    "serie",
]
IDS = st.one_of(st.none(), st.sampled_from(["p1", "p2"]), st.text(max_size=4), st.just("\0"), st.just("y" * 3000))
DITS = st.builds(
    Dit,
    st.sampled_from(sorted(projection.PROJECTIONS)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(NOMS, VALEURS)),
    personne=IDS,
    seance=IDS,
)
#: Values that every projection accepts, where Hypothesis then changes a few.
BONNES = dict.fromkeys(NOMS, "x") | dict.fromkeys(NOMBRES, 1)
PRESQUE = st.builds(
    lambda nom, change, personne, seance: Dit(nom, BONNES | change, personne=personne, seance=seance),
    st.sampled_from(sorted(projection.PROJECTIONS)),
    st.dictionaries(st.sampled_from(NOMS), VALEURS, max_size=2),
    IDS,
    IDS,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dits=st.lists(st.one_of(DITS, PRESQUE), min_size=1, max_size=12))
def test_no_value_stops_a_journal(quai: Quai, rive: Rive, dits: list[Dit]) -> None:
    """A boat that writes nonsense is kept and counted as unread: its journal goes on, on both engines, and replays."""
    inc = hashlib.sha256(repr(dits).encode(errors="replace")).hexdigest()[:16]
    octets = sceller(quai, lignes([*dits, *JOURNEE]), inc=inc)
    sort = arrivees.prendre(rive, octets, voie="cle", instant=MIDI).sort
    avant = vues(rive)
    arrivees.rejouer(rive)
    with base.lire(rive.moteur) as db:
        jusqua = db.scalar(select(schema.avancee.c.jusqua).where(schema.avancee.c.inc == inc))

    assert sort in {"ingere", "doublon"}
    assert jusqua == len(dits) + len(JOURNEE)
    assert vues(rive) == avant

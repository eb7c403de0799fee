"""
The power is cut while the class works: the box starts again, and nothing that was promised is missing.

Two ways. Exact: every write of the card is logged, and the card is rebuilt as it was at instants drawn at random, of
what was not flushed only a half. Real: QEMU is killed, and the box started again. A control that keeps SQLite's usual
setting must lose rows that it had acknowledged: else the cuts prove nothing.
"""

import json
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from image import coupures
from image.coupures import Journal, Rejeu
from image.machine import Machine
from image.premier import Premier
from image.reglages import Amorce, Reglages
from image.salle import ICI as TESTS
from image.salle import OUTILS, PYTHON, Salle

pytestmark = pytest.mark.timeout(3600)
#: Each writer's channel in the empty slot, and where it writes.
REGISTRE, TEMOIN, KOLIBRI = range(3)
DUREE_S = 20


@dataclass(frozen=True)
class Course:
    """
    A run of the box that ended with a cut, and all that its card was told meanwhile.

    Attributes:
        journal: the writes.
        avant: number of the register's last event, and of Kolibri's sessions, before the run.
        amorce: how the card is started.
        graine: where the instants come from; `IMAGE_GRAINE` does the same again.
    """

    journal: Journal
    avant: tuple[int, int]
    amorce: Amorce
    graine: int


@pytest.fixture(scope="module")
def course(premier: Premier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """Three writers at once under load, then no power."""
    dossier = tmp_path_factory.mktemp("course")
    machine = Machine(premier.amorce, dossier / "m", Reglages(journal=dossier / "ecritures"))
    try:
        machine.allumer()
        salle = Salle(machine)
        salle.preparer()
        machine.poser(f"{OUTILS}/ecrivain.py", (TESTS / "ecrivain.py").read_bytes())
        salle.attendre_page("/cours/")
        avant = (int(salle.a_bord("dernier")), _compter_kolibri_a_bord(salle))
        ecrivains = [
            machine.lancer(f"cd / && {PYTHON} {OUTILS}/ecrivain.py {qui} {DUREE_S}")
            for qui in ("registre", "temoin", "kolibri")
        ]
        rendus = [machine.rendre(ecrivain) for ecrivain in ecrivains]
        assert [rendu.rc for rendu in rendus] == [0, 0, 0], rendus
        machine.couper()
        journal = Journal(dossier / "ecritures", dossier / "m" / "depart.raw")
        graine = int(os.environ.get("IMAGE_GRAINE") or random.SystemRandom().randrange(10**6))
        yield Course(journal, avant, premier.amorce, graine)
        journal.fermer()
    finally:
        machine.couper()
        for fichier in (dossier / "ecritures", *(dossier / "m").glob("*.raw")):
            fichier.unlink(missing_ok=True)


def _compter_kolibri_a_bord(salle: Salle) -> int:
    """Return how many sessions Kolibri's database holds now."""
    compter = "import sqlite3; print(sqlite3.connect('file:/data/pirogue/kolibri/db.sqlite3?mode=ro', uri=True)"
    requete = ".execute('SELECT count(*) FROM logger_contentsessionlog').fetchone()[0])"
    return int(salle.machine.executer(f'{PYTHON} -I -c "{compter}{requete}"'))


@dataclass(frozen=True)
class Constat:
    """One cut: what had been promised, what is found, by channel; the control may be found empty."""

    rang: int
    promis: tuple[int, ...]
    trouve: tuple[int, ...]


def rejouer(course: Course, combien: int, dossier: Path) -> list[Constat]:
    """Cut at so many instants; every file system is repaired, every database of ours sound."""
    hasard = random.Random(course.graine)
    debut = max(course.journal.premier_acquis(canal) for canal in (REGISTRE, KOLIBRI))
    rejeu = Rejeu(course.journal, dossier, hasard)
    constats = []
    for rang in sorted(hasard.sample(range(debut + 1, len(course.journal.ecritures) + 1), combien)):
        coupee = rejeu.couper(rang)
        coupures.reparer(coupee)
        trouve = (
            lire_registre(coupures.sortir(coupee, "/pirogue/registre", dossier / "registre")),
            _lire(coupures.sortir(coupee, "/systeme/temoin", dossier / "temoin") / "essai.db", "SELECT max(i) FROM t"),
            lire_kolibri(coupures.sortir(coupee, "/pirogue/kolibri", dossier / "kolibri")) - course.avant[1],
        )
        promis = tuple(course.journal.acquis(rang, canal) for canal in range(3))
        constats.append(Constat(rang, promis, trouve))
        coupee.unlink()
    return constats


def lire_registre(dossier: Path) -> int:
    """Return the register's last event, after having verified that it is sound and that no number is missing."""
    with closing(sqlite3.connect(dossier / "registre.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        premier, dernier, combien = db.execute("SELECT min(seq), max(seq), count(*) FROM evenement").fetchone()
        assert (premier, combien) == (1, dernier)
        for (valeurs,) in db.execute("SELECT valeurs FROM evenement"):
            json.loads(valeurs)
        return int(dernier)


def lire_kolibri(dossier: Path) -> int:
    """Return how many sessions Kolibri holds, after having verified that its database is sound."""
    with closing(sqlite3.connect(dossier / "db.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return _lire(dossier / "db.sqlite3", "SELECT count(*) FROM logger_contentsessionlog")


def _lire(base: Path, requete: str) -> int:
    if not base.exists():
        return 0
    with closing(sqlite3.connect(base)) as db:
        try:
            return int(db.execute(requete).fetchone()[0] or 0)
        except sqlite3.OperationalError:  # the control's table had not reached the card
            return 0


def juger(constats: list[Constat], course: Course) -> None:
    """Nothing promised is missing from the register nor from Kolibri; the control has lost."""
    perdus = [un for un in constats if any(un.trouve[canal] < un.promis[canal] for canal in (REGISTRE, KOLIBRI))]
    assert perdus == [], f"IMAGE_GRAINE={course.graine}"
    assert any(un.trouve[TEMOIN] < un.promis[TEMOIN] for un in constats), "the cuts are too kind to prove anything"


def test_cut_at_sixty_instants_nothing_promised_is_lost(course: Course, tmp_path: Path) -> None:
    """Register and Kolibri whole, each acknowledged line there; the control, set as usual, loses."""
    constats = rejouer(course, 60, tmp_path)

    assert len(constats) == 60
    juger(constats, course)


@pytest.mark.long
def test_cut_at_four_hundred_instants_nothing_promised_is_lost(course: Course, tmp_path: Path) -> None:
    """The same, for as long as one likes."""
    constats = rejouer(course, 400, tmp_path)

    assert len(constats) == 400
    juger(constats, course)


def test_killed_while_it_writes_the_box_starts_again_with_all_it_promised(premier: Premier, tmp_path: Path) -> None:
    """SIGKILL under load: the portal answers again, each promised event is there."""
    machine = Machine(premier.amorce, tmp_path / "m")
    try:
        salle = _tuer(machine, fois=1)
        promis, dernier = _promis(machine), int(salle.a_bord("dernier"))
    finally:
        machine.couper()

    assert promis > 20
    assert dernier >= promis


@pytest.mark.long
def test_killed_three_times_running_it_comes_up_whole(premier: Premier, tmp_path: Path) -> None:
    """The same again and again; then Kolibri too answers, and nothing has failed."""
    machine = Machine(premier.amorce, tmp_path / "m")
    try:
        salle = _tuer(machine, fois=3)
        promis, dernier = _promis(machine), int(salle.a_bord("dernier"))
        etat, echecs = _finir(salle)
    finally:
        machine.couper()

    assert promis > 20
    assert dernier >= promis
    assert (etat, echecs) == ("running", [])


def _tuer(machine: Machine, *, fois: int) -> Salle:
    """Kill the box so many times while it writes, start it once more, and return it once the portal answers."""
    for _ in range(fois):
        _ouvrir(machine)
        machine.poser(f"{OUTILS}/ecrivain.py", (TESTS / "ecrivain.py").read_bytes())
        avant = _promis(machine)
        machine.lancer(f"cd / && {PYTHON} {OUTILS}/ecrivain.py registre 600")
        machine.attendre_que(f'test $({PYTHON} -I -c "{_PROMIS}") -gt {avant + 20}')
        machine.laisser_faire(random.uniform(0.0, 3.0))
        machine.couper()
    return _ouvrir(machine)


def _ouvrir(machine: Machine) -> Salle:
    """Switch the box on and wait for its portal."""
    machine.allumer()
    salle = Salle(machine)
    salle.preparer()
    salle.attendre_page("/")
    return salle


def _promis(machine: Machine) -> int:
    """Return the last event that the writer was promised."""
    return int(machine.executer(f'{PYTHON} -I -c "{_PROMIS}"'))


def _finir(salle: Salle) -> tuple[str, list[str]]:
    """Wait until Kolibri answers and nothing starts any more; return what systemd says, and what has failed."""
    salle.attendre_page("/cours/")
    return salle.finir_de_demarrer(), salle.echecs()


@pytest.mark.long
def test_a_kernel_that_hangs_is_started_again_by_the_machine_s_watchdog(premier: Premier, tmp_path: Path) -> None:
    """No panic that restarts by itself, nobody at the switch: after fifteen seconds the board does it."""
    machine = Machine(premier.amorce, tmp_path / "m")
    try:
        machine.allumer()
        machine.attendre_que("grep -q '^active$' /sys/class/watchdog/watchdog0/state")
        machine.redemarrer("sysctl -qw kernel.panic=0 kernel.sysrq=1; echo c >/proc/sysrq-trigger")
        salle = Salle(machine)
        salle.preparer()
        salle.attendre_page("/")
        machine.qmp("query-status")  # what QEMU had to say is heard with the next answer
        chiens = [un for un in machine.evenements if un["event"] == "WATCHDOG"]
        etat, echecs = _finir(salle)
    finally:
        machine.couper()

    assert [un["data"]["action"] for un in chiens] == ["reset"]
    assert (etat, echecs) == ("running", [])


#: The last number that the writer of the register wrote in the empty slot.
_PROMIS = "import struct; print(struct.unpack('<QQQ', open('/dev/vda3', 'rb').read(24))[1])"

"""Several processes open one new file at once: none of them is refused."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pirogue_socle import wal

OUVRIR = """
import sys
from pathlib import Path
from pirogue_registre import base
print("prêt", flush=True)
sys.stdin.readline()
base.fermer(base.ouvrir(Path(sys.argv[1])))
"""


@pytest.fixture
def lecteur(tmp_path: Path) -> sqlite3.Connection:
    """Somebody who reads a file that is not in write-ahead mode yet: the mode cannot change until he ends."""
    db = sqlite3.connect(tmp_path / "neuf.sqlite3", isolation_level=None)
    db.execute("CREATE TABLE t (a)")
    db.execute("BEGIN")
    db.execute("SELECT * FROM t").fetchall()
    return db


def test_the_second_to_open_a_new_file_waits(
    tmp_path: Path, lecteur: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends while we wait."""
    db = sqlite3.connect(tmp_path / "neuf.sqlite3", isolation_level=None)
    monkeypatch.setattr(wal.time, "sleep", lambda _: lecteur.execute("COMMIT") if lecteur.in_transaction else None)

    wal.passer_en_wal(db, attente_s=10)

    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_waiting_ends(tmp_path: Path, lecteur: sqlite3.Connection) -> None:
    """A reader who never leaves is an error, not a wait for ever."""
    db = sqlite3.connect(tmp_path / "neuf.sqlite3", isolation_level=None, timeout=0)

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        wal.passer_en_wal(db, attente_s=0.05)
    assert lecteur.in_transaction


def test_another_fault_is_not_waited_for(tmp_path: Path) -> None:
    """A damaged file stays damaged."""
    (tmp_path / "abime.sqlite3").write_bytes(b"pas une base" * 1000)
    db = sqlite3.connect(tmp_path / "abime.sqlite3", isolation_level=None)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        wal.passer_en_wal(db, attente_s=10)


def test_portal_courier_and_command_line_open_the_first_register_together(tmp_path: Path) -> None:
    """On the first day four processes make the register at the same instant: one time in ten, one was refused."""
    for essai in range(5):
        dossier = tmp_path / str(essai)
        ouvreurs = [
            subprocess.Popen(
                [sys.executable, "-c", OUVRIR, str(dossier)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for ouvreur in ouvreurs:
            assert ouvreur.stdout is not None
            assert ouvreur.stdout.readline() == "prêt\n"
        fins = []
        for ouvreur in ouvreurs:
            assert ouvreur.stdin is not None
            ouvreur.stdin.write("\n")
            ouvreur.stdin.flush()
        for ouvreur in ouvreurs:
            plainte = ouvreur.communicate(timeout=60)[1]
            fins.append((ouvreur.returncode, plainte))

        assert fins == [(0, "")] * 4

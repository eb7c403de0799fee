"""The shore's disk or database fails: a sentence and a status for whoever asks, nothing believed that is not kept."""

import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import postgresql
from equipage import Bord
from pirogue_rive import archive, arrivees, base, schema
from pirogue_rive import config as rives
from pirogue_rive.archive import Brut
from pirogue_rive.config import Rive
from pirogue_rive.disque import RiveIllisible, RiveOccupee, RivePleine
from pirogue_socle.erreurs import ErreurPirogue
from rive.terre import MIDI, Terre, sceller, texte
from sync.quai import compter, preparer_quai, vivre_une_journee

REFUS = """
CREATE FUNCTION refuser() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'le disque' USING ERRCODE = '{}'; END $$;
CREATE TRIGGER refus BEFORE INSERT ON lot EXECUTE FUNCTION refuser();
"""


def remplir(rive: Rive) -> None:
    """Leave the file of a shore no room for one more page."""
    with base.lire(rive.moteur) as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
        db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_shore_says_so_to_the_boat_and_gives_no_receipt(terre: Terre) -> None:
    """A month at once: 507 and a sentence; with room again, the same request comes to its receipts."""
    for _ in range(30):
        vivre_une_journee(terre.quai.bord)
        terre.quai.bord.horloge.redemarrer()
    corps = b"".join(sceller(terre.quai))
    remplir(terre.rive)
    plein = terre.app.test_client().post("/v1/lots", data=corps)
    gardes = [compter(terre.rive, table) for table in (schema.lot, schema.recepisse)]
    terre.rive.moteur.dispose()
    refait = terre.app.test_client().post("/v1/lots", data=corps)

    assert (plein.status_code, plein.mimetype) == (507, "text/plain")
    assert "Le disque de la rive est plein" in texte(plein)
    assert gardes == [0, 0]
    assert refait.status_code == 200
    assert compter(terre.rive, schema.recepisse) > 0


def test_a_page_over_a_damaged_database_is_a_sentence_without_a_menu(terre: Terre) -> None:
    """Estelle looks at the figures while the file is not a database any more: 503, and what to do."""
    client = terre.entrer()
    terre.rive.moteur.dispose()
    fichier = terre.rive.dossier / "rive.sqlite3"
    bon = fichier.read_bytes()
    fichier.write_bytes(b"pas une base " * 1000)
    page = client.get("/")
    terre.rive.moteur.dispose()
    fichier.write_bytes(bon)

    assert page.status_code == 503
    assert "Le registre de la rive ne peut pas être lu" in texte(page)
    assert RiveIllisible.geste in texte(page)
    assert "Sortir" not in texte(page)
    assert "Sortir" in texte(client.get("/"))


def test_a_shore_that_another_work_holds_says_to_wait(
    bord: Bord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long work holds the file: a sentence in the end, nothing of the lots is noted, and they may come again."""
    monkeypatch.setattr(base, "ATTENTE_S", 0.05)
    quai = preparer_quai(bord, tmp_path / "rive")
    vivre_une_journee(bord)
    lots = sceller(quai)
    with rives.ouvrir(quai.config) as rive:
        with rive.moteur.begin(), pytest.raises(RiveOccupee, match="occupée"):
            arrivees.prendre_suite(rive, lots, voie="cle", instant=MIDI)
        notes = compter(rive, schema.lot)
        repris = arrivees.rattraper(rive, instant=MIDI)

    assert notes == 0
    assert repris == len(lots)


@pytest.mark.parametrize(
    ("etat", "attendu"),
    [("53100", RivePleine), ("58030", RiveIllisible), ("55P03", RiveOccupee), ("57P02", RiveIllisible)],
)
def test_what_postgresql_says_of_its_disk_is_said_in_french(
    bord: Bord, tmp_path: Path, etat: str, attendu: type[ErreurPirogue]
) -> None:
    """The server's own codes for a full or failing disk, a lock, a stop; once it is well again all goes on."""
    quai = preparer_quai(bord, tmp_path / "rive", base=postgresql.base_neuve())
    vivre_une_journee(bord)
    lots = sceller(quai)
    with rives.ouvrir(quai.config) as rive:
        with rive.moteur.begin() as db:
            db.exec_driver_sql(REFUS.format(etat))
        with pytest.raises(attendu, match="rive"):
            arrivees.prendre_suite(rive, lots, voie="cle", instant=MIDI)
        with rive.moteur.begin() as db:
            db.exec_driver_sql("DROP TRIGGER refus ON lot")
        sorts = {un.sort for un in arrivees.prendre_suite(rive, lots, voie="cle", instant=MIDI)}

    assert sorts == {"ingere"}


def test_a_server_that_leaves_in_the_middle_is_said_and_called_again(bord: Bord, tmp_path: Path) -> None:
    """PostgreSQL is restarted under a request: that one says so, the next one works."""
    quai = preparer_quai(bord, tmp_path / "rive", base=postgresql.base_neuve())
    with rives.ouvrir(quai.config) as rive:
        with pytest.raises(RiveIllisible, match="registre"), rive.moteur.begin() as db:
            numero = db.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with rive.moteur.begin() as autre:
                autre.execute(text("SELECT pg_terminate_backend(:numero, 5000)"), {"numero": numero})
            db.exec_driver_sql("SELECT 1")

        assert compter(rive, schema.lot) == 0


def test_a_fault_of_ours_is_not_blamed_on_the_disk(rive: Rive) -> None:
    """A wrong request stays a fault that goes up, on PostgreSQL; SQLite has one class for both, told by its code."""
    with pytest.raises(Exception, match="martien") as prise, rive.moteur.begin() as db:
        db.execute(text("SELECT * FROM martien"))

    assert not isinstance(prise.value, ErreurPirogue)
    assert rive.moteur.dialect.name == "sqlite" or isinstance(prise.value, ProgrammingError)


@pytest.mark.parametrize(("numero", "attendu"), [(errno.ENOSPC, RivePleine), (errno.EIO, RiveIllisible)])
@pytest.mark.parametrize("rang", [1, 2, 3])
def test_an_archive_that_fails_leaves_nothing_half_and_syncs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rang: int, numero: int, attendu: type[ErreurPirogue]
) -> None:
    """A name whose folder could not be synced is not believed: the next time, the folder is synced before all else."""
    syncs: list[bool] = []
    vraie = os.fsync

    def fsync(fd: int) -> None:
        syncs.append(Path(f"/proc/self/fd/{fd}").is_dir())
        if len(syncs) == rang:
            raise OSError(numero, os.strerror(numero))
        vraie(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    lot = Brut("pirogue-1", "0" * 32, b"des octets")
    with pytest.raises(attendu, match="disque de la rive"):
        archive.ranger(tmp_path, [lot])
    restes = [chemin.name for chemin in tmp_path.rglob("*.tmp")]
    syncs.clear()
    syncs.extend([False] * 10)
    archive.ranger(tmp_path, [lot])

    assert restes == []
    assert syncs[-1]
    assert archive.lire(tmp_path, relais=lot.relais, lot_id=lot.id) == lot.octets


def test_a_call_by_another_name_is_refused_in_one_line(terre: Terre) -> None:
    """A page of ours under somebody else's name is how a browser is fooled: 400, no link, no trace."""
    client = terre.app.test_client()
    refus = [
        client.get(adresse, headers={"Host": "ailleurs.example"}) for adresse in ("/", "/entree", "/rien", "/v1/salut")
    ]
    refus.append(client.post("/entree", data={}, headers={"Host": "ailleurs.example"}))

    assert {un.status_code for un in refus} == {400}
    assert {texte(un) for un in refus} == {"Cette rive ne s'appelle pas ainsi : vérifie l'adresse."}
    assert client.get("/entree", headers={"Host": "localhost"}).status_code == 200

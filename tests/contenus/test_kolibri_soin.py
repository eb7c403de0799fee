"""Kolibri after a power cut: what it acknowledged is on the card, and a torn database is put back before it starts."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from equipage import Horloge
from kolibri_essai import Navigateur, Serveurs
from pirogue_bord import guerir, guerir_kolibri
from pirogue_contenus import kolibri_boite
from pirogue_contenus.kolibri_jeton import PersonneKolibri

PRAGMES = """
import json
import kolibri  # puts its own Django on the path
from django.db.backends.signals import connection_created
def relacher(connection, **_):
    connection.cursor().execute("PRAGMA synchronous = NORMAL")
connection_created.connect(relacher, weak=False)
from kolibri.utils.main import initialize
initialize()
from django.db import connections
def lire(lien):
    with lien.cursor() as curseur:
        return [curseur.execute(f"PRAGMA {nom}").fetchone()[0] for nom in ("synchronous", "journal_mode")]
print(json.dumps({lien.alias: lire(lien) for lien in connections.all()}))
"""
FULL = 2
ADRESSE = "http://127.0.0.1:9"


def abimer(fichier: Path) -> None:
    """Tear the middle of a SQLite file, as a card that lost a block does."""
    with closing(sqlite3.connect(fichier)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with fichier.open("r+b") as flux:
        flux.seek(fichier.stat().st_size // 8192 * 4096)
        flux.write(os.urandom(4096 * 6))


def soigner(
    maison: Path, horloge: Horloge, *, adresse: str = ADRESSE, contenu: Path | None = None
) -> guerir_kolibri.Soin | None:
    """Do what the unit does first."""
    return guerir_kolibri.soigner(
        maison, instant=horloge(), adresse=adresse, modele=None, contenu=contenu, dire=lambda _: None
    )


def test_kolibri_has_on_the_card_what_it_acknowledged(maison: Path) -> None:
    """In all its databases, even where SQLite was built to promise less."""
    fait = subprocess.run(
        [sys.executable, "-c", PRAGMES],
        env=os.environ | kolibri_boite.environnement(maison),
        capture_output=True,
        text=True,
        check=False,
    )
    lus = json.loads(fait.stdout.splitlines()[-1])

    assert set(lus) == {"default", *guerir_kolibri.ANNEXES}
    assert {nom: lu for nom, lu in lus.items() if lu != [FULL, "wal"]} == {}


def test_a_torn_database_comes_back_from_its_copy_with_what_was_done_before_it(  # noqa: PLR0917 - fixtures
    maison: Path,
    serveurs: Serveurs,
    afi: PersonneKolibri,
    koffi: PersonneKolibri,
    portable: Navigateur,
    horloge: Horloge,
    reglages_kolibri: kolibri_boite.Reglages,
    canal: Path,
) -> None:
    """Afi signs in, a copy is made while Kolibri runs, Koffi signs in, the current goes and a block with it."""
    essai = serveurs.servir(maison)
    portable.lire(essai.lien(afi))
    copie = guerir_kolibri.garder(maison, instant=horloge())
    Navigateur().lire(essai.lien(koffi))
    with pytest.raises(guerir_kolibri.KolibriTourne):
        abimer_puis_soigner(maison, horloge, essai.base)
    serveurs.arreter(maison)
    abimer(maison / "db.sqlite3")
    soin = soigner(maison, horloge)
    kolibri_boite.preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None)
    essai = serveurs.servir(maison)
    portable = Navigateur()
    portable.lire(essai.lien(afi))
    with closing(sqlite3.connect(maison / "db.sqlite3")) as db:
        noms = {nom for (nom,) in db.execute("SELECT full_name FROM kolibriauth_facilityuser")}

    assert soin is not None
    assert (soin.quoi, soin.copie_bt_ns) == ("copie", copie.bt_ns)
    assert "Afi D." in noms
    assert "Koffi A." not in noms
    assert portable.qui(essai.base) == "Afi D."
    assert (maison / "copies/abime-0001/db.sqlite3").read_bytes()[:15] == b"SQLite format 3"


def abimer_puis_soigner(maison: Path, horloge: Horloge, adresse: str) -> None:
    """Lose a queue of a Kolibri that runs, and try to heal under its feet."""
    fichier = maison / "networklocation.sqlite3"
    gardes = fichier.read_bytes()
    fichier.write_bytes(b"x" * len(gardes))
    try:
        soigner(maison, horloge, adresse=adresse)
    finally:
        fichier.write_bytes(gardes)


def test_without_a_copy_a_new_home_is_made_and_the_torn_one_is_kept(  # noqa: PLR0917 - fixtures
    maison: Path,
    serveurs: Serveurs,
    portable: Navigateur,
    afi: PersonneKolibri,
    horloge: Horloge,
    reglages_kolibri: kolibri_boite.Reglages,
    canal: Path,
) -> None:
    """The first day of a box: lessons at once, and nothing thrown away."""
    abimer(maison / "db.sqlite3")
    octets = (maison / "db.sqlite3").read_bytes()
    soin = soigner(maison, horloge)
    kolibri_boite.preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None)
    essai = serveurs.servir(maison)
    portable.lire(essai.lien(afi))
    ensuite = soigner(maison, horloge, adresse=essai.base)

    assert soin is not None
    assert soin.quoi == "neuve"
    assert portable.qui(essai.base) == "Afi D."
    assert ensuite is None
    abris = [un.read_bytes() for un in (maison / "copies").glob("abime-*/db.sqlite3")]
    assert abris == [octets]


@pytest.mark.parametrize("annexe", guerir_kolibri.ANNEXES)
def test_a_torn_queue_is_replaced_by_kolibris_own_empty_one(maison: Path, horloge: Horloge, annexe: str) -> None:
    """Sessions and queues hold nobody's work: the main database is not touched, and the tables are all there."""
    base = maison / "db.sqlite3"
    avant = base.read_bytes()
    fichier = maison / f"{annexe}.sqlite3"
    tables = lister_tables(fichier)
    fichier.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    soin = soigner(maison, horloge)

    assert soin is not None
    assert soin.quoi == "annexes"
    assert lister_tables(fichier) == tables
    assert base.read_bytes() == avant
    assert soigner(maison, horloge) is None


def test_torn_lessons_come_back_from_the_system(maison: Path, canal: Path, horloge: Horloge) -> None:
    """A channel's own database: the image has the same one."""
    (source,) = (canal / "content/databases").glob("*.sqlite3")
    cible = maison / "content/databases" / source.name
    abimer(cible)
    abime = guerir.examiner(cible)
    soin = soigner(maison, horloge, contenu=canal)

    assert abime
    assert soin is not None
    assert soin.quoi == "annexes"
    assert cible.read_bytes() == source.read_bytes()
    assert soigner(maison, horloge, contenu=canal) is None


def lister_tables(fichier: Path) -> set[str]:
    """Return the tables of a database."""
    with closing(sqlite3.connect(fichier)) as db:
        return {nom for (nom,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_sound_home_is_left_alone_and_a_new_box_has_nothing_to_heal(
    maison: Path, tmp_path: Path, horloge: Horloge
) -> None:
    """Most starts; and the very first, before any home was made."""
    avant = {un: un.read_bytes() for un in maison.glob("*.sqlite3")}
    (tmp_path / "vide").mkdir()

    assert soigner(maison, horloge) is None
    assert soigner(tmp_path / "vide", horloge) is None
    assert {un: un.read_bytes() for un in maison.glob("*.sqlite3")} == avant
    assert list((tmp_path / "vide").iterdir()) == []


def test_a_healing_is_told_for_three_starts_then_forgotten(maison: Path, horloge: Horloge) -> None:
    """A trainer who was not there the first time still sees it."""
    guerir_kolibri.garder(maison, instant=horloge())
    abimer(maison / "db.sqlite3")
    soigner(maison, horloge)
    dits = []
    for _ in range(5):
        soin = guerir_kolibri.lire_soin(maison)
        assert soin is not None
        dits.append(soin.dit)
        soigner(maison, horloge)

    assert dits == [True, True, True, False, False]


COUPER = """
import os, shutil, sys
from pathlib import Path
from pirogue_bord import guerir_kolibri
from pirogue_socle.horloge import Instant
modele, essai = Path(sys.argv[1]), Path(sys.argv[2])
GESTES = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.truncate", "shutil.copyfile", "sqlite3.connect"}

def soigner():
    return guerir_kolibri.soigner(
        essai, instant=Instant("b", 1, 1), adresse="http://127.0.0.1:9", modele=None, contenu=None, dire=lambda _: None
    )

for coupure in range(1, 1000):
    shutil.rmtree(essai, ignore_errors=True)
    shutil.copytree(modele, essai)
    enfant = os.fork()
    if enfant == 0:
        compte = 0
        def compter(evenement, arguments):
            global compte
            if evenement in GESTES:
                compte += 1
                if compte == coupure:
                    os._exit(9)
        sys.addaudithook(compter)
        soigner()
        os._exit(0)
    fini = os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1]) == 0
    soin = None if fini else soigner()
    reproche = guerir_kolibri.guerir.examiner(essai / "db.sqlite3")
    dit = guerir_kolibri.lire_soin(essai)
    abris = sum(un.stat().st_size for un in (essai / "copies").glob("abime-*/db.sqlite3"))
    print(coupure, fini, repr(reproche), dit.quoi if dit else None, abris)
    if fini:
        break
"""


def test_a_healing_cut_anywhere_ends_the_same(maison: Path, tmp_path: Path, horloge: Horloge) -> None:
    """The current goes again while the copy is being put back: killed before each gesture on the disk in turn."""
    for reste in ("content", "process_cache", "pirogue_langue"):
        shutil.rmtree(maison / reste, ignore_errors=True)
    guerir_kolibri.garder(maison, instant=horloge())
    abimer(maison / "db.sqlite3")
    taille = (maison / "db.sqlite3").stat().st_size
    fait = subprocess.run(
        [sys.executable, "-c", COUPER, str(maison), str(tmp_path / "essai")],
        capture_output=True,
        text=True,
        check=False,
    )
    lignes = [ligne.split(" ", 2) for ligne in fait.stdout.splitlines()]

    assert fait.returncode == 0, fait.stderr
    assert len(lignes) > 20
    assert lignes[-1][1] == "True"
    assert {suite for _, _, suite in lignes} == {f"'' copie {taille}"}


def test_three_copies_are_kept_and_none_is_made_when_nothing_changed(maison: Path, horloge: Horloge) -> None:
    """A class an hour, then a quiet one."""
    base = maison / "db.sqlite3"
    for rang in range(5):
        with closing(sqlite3.connect(base)) as db:
            db.execute(f"PRAGMA user_version = {rang + 1}")
        horloge.avancer(minutes=24 * 60)
        guerir_kolibri.garder(maison, instant=horloge())
    tranquille = guerir_kolibri.garder(maison, instant=horloge())
    copies = guerir.lister(base)

    assert [lire_version(un.fichier) for un in copies] == [5, 4, 3]
    assert tranquille == replace(copies[0])


def lire_version(fichier: Path) -> int:
    """Return the number that a test wrote in a database."""
    with closing(sqlite3.connect(fichier)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])

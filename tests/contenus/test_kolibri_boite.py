"""Preparing the box's Kolibri without anybody: twice, after a kill, with newer lessons."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kolibri_essai import KolibriEssai, Navigateur, Serveurs
from pirogue_contenus import chaine, kolibri_boite, kolibri_modele
from pirogue_contenus.catalogue import Parcours
from pirogue_contenus.kolibri_boite import Reglages, preparer
from pirogue_contenus.kolibri_erreurs import KolibriNonPret
from pirogue_contenus.kolibri_jeton import PersonneKolibri
from pirogue_contenus.kolibri_progres import lire
from pirogue_contenus.livre import parcours_livre

#: What an unprepared run says, in order: where a kill may fall.
ETAPES = ("copie", "base de données", "leçons, version")

PREPARER = """
import sys
from pathlib import Path
from pirogue_contenus.kolibri_boite import Reglages, preparer
reglages = Reglages(nom="Pirogue d'essai", base_portail="http://portail.essai:5000", port=8080, port_zip=8081)
preparer(reglages, maison=Path(sys.argv[1]), contenu=Path(sys.argv[2]), progres=lambda etape: print(etape, flush=True))
"""


def etat(maison: Path) -> dict[str, tuple[int, int]]:
    """Return what would change if anything were written: time and size of every file."""
    return {
        str(f.relative_to(maison)): (f.stat().st_mtime_ns, f.stat().st_size) for f in maison.rglob("*") if f.is_file()
    }


def titres(maison: Path) -> list[tuple[str, int]]:
    """Return the channels' names and versions that Kolibri shows."""
    with closing(sqlite3.connect(f"file:{maison}/db.sqlite3?mode=ro", uri=True)) as db:
        requete = """SELECT n.title, c.version FROM content_channelmetadata c
                     JOIN content_contentnode n ON n.id = c.root_id WHERE n.available = 1"""
        return db.execute(requete).fetchall()


def visibles(maison: Path) -> int:
    """Return the number of lessons and quizzes that Kolibri can show."""
    with closing(sqlite3.connect(f"file:{maison}/db.sqlite3?mode=ro", uri=True)) as db:
        requete = "SELECT count(*) FROM content_contentnode WHERE available = 1 AND kind <> 'topic'"
        return int(db.execute(requete).fetchone()[0])


def tuer_a(etape: str, maison: Path, canal: Path) -> None:
    """Run a preparation and kill -9 it as soon as it says that it begins a step."""
    with subprocess.Popen(
        [sys.executable, "-c", PREPARER, str(maison), str(canal)], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as processus:
        assert processus.stdout is not None
        assert any(etape in ligne for ligne in processus.stdout)
        os.kill(processus.pid, signal.SIGKILL)
        processus.stdout.close()


def test_a_second_preparation_changes_nothing(maison: Path, canal: Path, reglages_kolibri: Reglages) -> None:
    """No step is told, no file is written."""
    avant = etat(maison)
    dits: list[str] = []

    resultat = preparer(reglages_kolibri, maison=maison, contenu=canal, progres=dits.append)

    assert not resultat.change
    assert dits == []
    assert {nom for nom, valeur in etat(maison).items() if avant.get(nom) != valeur} <= {
        "pirogue_verrou",
        "db.sqlite3-shm",
        "db.sqlite3-wal",
    }


def test_the_box_keeps_its_secrets_to_itself(maison_modele: Path) -> None:
    """Django's secret and the administrator's password for Kolibri alone; the entry key for the shared group."""
    droits = {
        nom: oct((maison_modele / nom).stat().st_mode & 0o777)
        for nom in ("cle_django", "mot_de_passe_admin", "cle_entree")
    }

    assert droits == {"cle_django": "0o600", "mot_de_passe_admin": "0o600", "cle_entree": "0o640"}
    assert len((maison_modele / "cle_django").read_text(encoding="ascii").strip()) >= 60


def test_the_prepared_home_shows_our_course(maison_modele: Path, parcours: Parcours) -> None:
    """Every lesson and quiz of the modules that are ready; the trainers' notes are the portal's."""
    assert titres(maison_modele) == [(parcours.titre, parcours.version)]
    assert visibles(maison_modele) == sum(len(module.pour("jeune")) for module in parcours.modules)


def test_the_administrator_enters_with_the_password_of_this_box(kolibri: KolibriEssai, portable: Navigateur) -> None:
    """Random, drawn once, kept in a file of the home."""
    corps = {
        "username": kolibri_boite.ADMIN,
        "password": (kolibri.maison / "mot_de_passe_admin").read_text(encoding="ascii").strip(),
        "facility": portable.lire(f"{kolibri.base}/api/auth/facility/").json[0]["id"],
    }

    assert portable.demander("POST", f"{kolibri.base}/api/auth/session/", corps).statut == 200


@pytest.mark.parametrize("etape", ETAPES)
def test_a_killed_preparation_is_mended_by_the_next(
    etape: str, tmp_path: Path, canal: Path, reglages_kolibri: Reglages, parcours: Parcours
) -> None:
    """The power goes at any step of the very first start: nothing can be served, and the next start ends well."""
    maison = tmp_path / "kolibri"
    tuer_a(etape, maison, canal)
    with pytest.raises(KolibriNonPret):
        kolibri_boite.commande(maison)

    resultat = preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None)

    assert resultat.change
    assert titres(maison) == [(parcours.titre, parcours.version)]
    assert visibles(maison) == sum(len(module.pour("jeune")) for module in parcours.modules)
    assert kolibri_boite.commande(maison)
    assert not preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None).change


def test_half_written_files_of_the_first_start_are_mended(
    tmp_path: Path, canal: Path, reglages_kolibri: Reglages, parcours: Parcours
) -> None:
    """Kolibri copies its databases in place: a kill in the middle leaves half of one."""
    maison = tmp_path / "kolibri"
    tuer_a("réglages", maison, canal)
    for abime in ("db.sqlite3", "plugins.json", "sessions.sqlite3", "job_storage.sqlite3"):
        (maison / abime).write_bytes((maison / abime).read_bytes()[:700])

    preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None)

    assert visibles(maison) == sum(len(module.pour("jeune")) for module in parcours.modules)


def test_newer_lessons_replace_the_old_and_keep_the_progress(
    maison: Path,
    tmp_path: Path,
    parcours: Parcours,
    reglages_kolibri: Reglages,
    serveurs: Serveurs,
    afi: PersonneKolibri,
) -> None:
    """A stick brings version 2, is cut off in the middle, comes back; then an old stick brings version 1 again."""
    essai, portable = serveurs.servir(maison), Navigateur()
    portable.lire(essai.lien(afi))
    portable.travailler(essai.base, parcours.canal_id, parcours.ressources()[0], avance=1.0)
    avant = lire(maison)
    serveurs.arreter(maison)
    neuf, vieux = tmp_path / "neuf", tmp_path / "vieux"
    chaine.construire(parcours_livre(), neuf, version=parcours.version + 1)
    chaine.construire(parcours_livre(), vieux, version=parcours.version)

    tuer_a("leçons, version", maison, neuf)
    preparer(reglages_kolibri, maison=maison, contenu=neuf, progres=lambda _: None)
    apres_neuf = titres(maison)
    resultat = preparer(reglages_kolibri, maison=maison, contenu=vieux, progres=lambda _: None)

    assert apres_neuf == titres(maison) == [(parcours.titre, parcours.version + 1)]
    assert not resultat.change
    assert visibles(maison) == sum(len(module.pour("jeune")) for module in parcours.modules)
    assert lire(maison) == avant
    assert [ligne.acheve for ligne in avant] == [True]


def test_new_settings_are_taken_and_the_secrets_stay(maison: Path, canal: Path, reglages_kolibri: Reglages) -> None:
    """Another port, another name: the same people, the same keys."""
    cles = [(maison / nom).read_bytes() for nom in ("cle_django", "cle_entree", "mot_de_passe_admin")]
    autres = replace(reglages_kolibri, nom="Kiosque de Ganvié", port=9090, prefixe="cours")

    resultat = preparer(autres, maison=maison, contenu=canal, progres=lambda _: None)

    options = (maison / "options.ini").read_text(encoding="utf-8")
    with closing(sqlite3.connect(f"file:{maison}/db.sqlite3?mode=ro", uri=True)) as db:
        noms = db.execute("SELECT name FROM kolibriauth_collection WHERE kind = 'facility'").fetchall()
    assert resultat.change
    assert "HTTP_PORT = 9090\n" in options
    assert "URL_PATH_PREFIX = cours/\n" in options
    assert noms == [("Kiosque de Ganvié",)]
    assert cles == [(maison / nom).read_bytes() for nom in ("cle_django", "cle_entree", "mot_de_passe_admin")]


def test_damaged_or_missing_lessons_are_said_in_a_sentence(
    maison: Path, tmp_path: Path, canal: Path, reglages_kolibri: Reglages
) -> None:
    """A stick pulled out too early must not break the lessons that are there."""
    abime = Path(shutil.copytree(canal, tmp_path / "abime"))
    for base in (abime / "content/databases").iterdir():
        base.write_bytes(base.read_bytes()[:2000])

    for mauvais in (abime, tmp_path / "vide"):
        with pytest.raises(KolibriNonPret):
            preparer(reglages_kolibri, maison=maison, contenu=mauvais, progres=lambda _: None)

    assert not preparer(reglages_kolibri, maison=maison, contenu=canal, progres=lambda _: None).change


def test_a_first_start_may_begin_from_what_the_image_brings(
    tmp_path: Path, canal: Path, reglages_kolibri: Reglages, maison_modele: Path
) -> None:
    """The copy ends as a home made from nothing does; the rights of the image's folders stay in the image."""
    modele, maison = tmp_path / "modele", tmp_path / "maison"
    kolibri_modele.modeler(canal, modele, progres=lambda _: None)
    for dossier in (modele, *(un for un in modele.rglob("*") if un.is_dir())):
        dossier.chmod(0o755)
    maison.mkdir()
    maison.chmod(0o2770)
    dits: list[str] = []
    fait = preparer(reglages_kolibri, maison=maison, contenu=canal, progres=dits.append, modele=modele)

    assert fait.change
    assert any("image" in dit for dit in dits)
    assert visibles(maison) == visibles(maison_modele) > 0
    assert maison.stat().st_mode & 0o7777 == 0o2770
    assert not preparer(reglages_kolibri, maison=maison, contenu=canal, progres=dits.append, modele=modele).change


def test_what_the_image_brings_is_nobody_s(tmp_path: Path, canal: Path) -> None:
    """No key, no password, no account, no number of a machine: two boxes must draw each its own."""
    modele = tmp_path / "modele"
    kolibri_modele.modeler(canal, modele, progres=lambda _: None)
    with closing(sqlite3.connect(f"file:{modele}/db.sqlite3?mode=ro", uri=True)) as db:
        comptes = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (
                "morango_instanceidmodel",
                "morango_databaseidmodel",
                "morango_certificate",
                "kolibriauth_facilityuser",
                "device_devicesettings",
            )
        }
    restes = {un.name for un in modele.iterdir()} & {"cle_django", "cle_entree", "mot_de_passe_admin", "options.ini"}

    assert set(comptes.values()) == {0}
    assert restes == set()
    assert b"PRIVATE KEY" not in (modele / "db.sqlite3").read_bytes()

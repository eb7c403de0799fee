"""Two systems, one register: it changes its shape for a confirmed system only, and no older one writes to it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import commun
import confirmer
import creneau
import eprouver
import pytest
import verdict
from click.testing import CliRunner
from creneau import CONFIRME, ESSAIS, FICHIERS, NEUF, Etat, ecrire, lire, sceller

import pirogue_portail
from equipage import Bord
from pirogue_cli import maj
from pirogue_registre import base, epreuve, forme, journal, schema
from registre.test_migration import ancien_registre


@pytest.fixture
def en_essai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A box that was started from one of its two systems; the file returned gives the right to migrate."""
    ligne, droit = tmp_path / "cmdline", tmp_path / "migrer"
    ligne.write_text("root=PARTUUID=50495247-03 ro rauc.slot=B\n")
    monkeypatch.setattr(forme, "LIGNE_NOYAU", ligne)
    monkeypatch.setattr(forme, "DROIT", droit)
    return droit


def formes(dossier: Path) -> list[str]:
    """Return the migrations that a register has been through."""
    db = sqlite3.connect(dossier / "registre.sqlite3")
    try:
        return [nom for (nom,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid")]
    finally:
        db.close()


def test_a_system_on_trial_leaves_the_register_as_the_former_one_knows_it(tmp_path: Path, en_essai: Path) -> None:
    """Three migrations before, three after; the person is told to wait, not that something is broken."""
    ancien_registre(tmp_path / "registre")

    with pytest.raises(forme.RegistreEnEssai) as vu:
        base.ouvrir(tmp_path / "registre")
    assert len(formes(tmp_path / "registre")) == 3
    assert "quelques minutes" in vu.value.geste


def test_once_confirmed_the_register_takes_its_new_shape_and_keeps_every_line(tmp_path: Path, en_essai: Path) -> None:
    """The right is a file in memory: the next opening migrates."""
    ancien_registre(tmp_path / "registre")
    en_essai.touch()
    registre = base.ouvrir(tmp_path / "registre")
    try:
        lignes = journal.rejouer(registre)
    finally:
        base.fermer(registre)

    assert lignes == 3
    assert formes(tmp_path / "registre") == list(schema.TOUTES)


def test_a_box_on_trial_that_needs_no_migration_works_as_always(bord: Bord, en_essai: Path) -> None:
    """Most updates change no table: the class is held during the trial."""
    registre = base.ouvrir(bord.registre.dossier)
    try:
        lignes = journal.dernier(registre)
    finally:
        base.fermer(registre)

    assert lignes == journal.dernier(bord.registre)


def test_a_new_box_makes_its_register_even_on_trial(tmp_path: Path, en_essai: Path) -> None:
    """Nothing is there that a former system would miss."""
    base.fermer(base.ouvrir(tmp_path / "registre"))

    assert formes(tmp_path / "registre") == list(schema.TOUTES)


def test_an_older_system_writes_nothing_to_a_newer_register(bord: Bord) -> None:
    """It cannot know what a table it never saw stands for."""
    bord.registre.db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'registre', 'm0099_demain', '')")
    avant = (bord.registre.dossier / "registre.sqlite3").stat().st_mtime_ns

    with pytest.raises(forme.RegistreTropNeuf, match="m0099_demain"):
        base.ouvrir(bord.registre.dossier)
    assert (bord.registre.dossier / "registre.sqlite3").stat().st_mtime_ns == avant


def test_the_trial_on_a_copy_changes_nothing_of_the_register(tmp_path: Path, en_essai: Path) -> None:
    """The copy gets the new shape and is gone afterwards; the register has not one octet more."""
    ancien_registre(tmp_path / "registre")
    avant = (tmp_path / "registre/registre.sqlite3").read_bytes()
    with epreuve.copie_migree(tmp_path / "registre") as copie:
        lignes = journal.dernier(copie)
        vues = formes(copie.dossier)

    assert (lignes, vues) == (3, list(schema.TOUTES))
    assert (tmp_path / "registre/registre.sqlite3").read_bytes() == avant
    assert not (tmp_path / "registre" / epreuve.DOSSIER).exists()


def test_a_version_that_cannot_migrate_this_register_says_so_before_it_touches_it(
    tmp_path: Path, en_essai: Path
) -> None:
    """A register with a table in the way, as some other box may have."""
    ancien_registre(tmp_path / "registre")
    db = sqlite3.connect(tmp_path / "registre/registre.sqlite3")
    db.execute("CREATE TABLE cle_personne (autre TEXT)")
    db.close()

    with (
        pytest.raises(base.RegistreIllisible, match="ne sait pas reprendre"),
        epreuve.copie_migree(tmp_path / "registre"),
    ):
        pytest.fail("the copy must not open")
    assert len(formes(tmp_path / "registre")) == 3


def configurer(dossier: Path, registre: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the command line where this boat's register is."""
    fichier = dossier / "pirogue.toml"
    fichier.write_text(f'donnees = "{registre.parent}"\nterre = "{dossier}/terre"\n')
    monkeypatch.setenv("PIROGUE_CONFIG", str(fichier))


def test_the_portal_shows_its_pages_on_the_copy(
    tmp_path: Path, en_essai: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pirogue maj eprouver`: the youths' first page and the trainers', standing on the new shape."""
    ancien_registre(tmp_path / "registre")
    configurer(tmp_path, tmp_path / "registre", monkeypatch)
    vu = CliRunner().invoke(maj.commande, ["eprouver"], catch_exceptions=False)

    assert vu.exit_code == 0
    assert "sait reprendre" in vu.output
    assert len(formes(tmp_path / "registre")) == 3


@pytest.mark.parametrize("page", ["", "jeune/visite.py", "formateur/bilan.py", "formateur/inscrire.py"])
def test_a_version_with_a_page_that_cannot_be_read_is_not_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The portal reads a page when somebody asks for it: on the trial they are all read, whoever asks (0017)."""
    ancien_registre(tmp_path / "registre")
    configurer(tmp_path, tmp_path / "registre", monkeypatch)
    version = tmp_path / "version" / "pirogue_portail"
    shutil.copytree(Path(pirogue_portail.__file__).parent, version)
    if page:
        assert (version / page).is_file()
        (version / page).write_text("from pirogue_portail import ce_qui_n_existe_pas\n")
    mots = [sys.executable, "-c", "from pirogue_cli.entree import main; main()", "maj", "eprouver"]
    chemins = os.pathsep.join([str(version.parent), *sys.path])
    vu = subprocess.run(mots, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": chemins})

    assert (vu.returncode == 0) == (page == ""), vu.stderr
    assert ("ce_qui_n_existe_pas" in vu.stderr) == (page != "")


def test_the_box_is_not_free_while_a_class_is_open(bord: Bord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rachelle's class is not cut by an update; one that she forgot to close holds it back for three hours."""
    configurer(tmp_path, bord.registre.dossier, monkeypatch)
    monkeypatch.setattr(maj.horloge, "maintenant", bord.horloge)
    avant = CliRunner().invoke(maj.commande, ["libre"])
    bord.ouvrir_seance()
    pendant = CliRunner().invoke(maj.commande, ["libre"])
    bord.horloge.avancer(minutes=181)
    oubliee = CliRunner().invoke(maj.commande, ["libre"])

    assert (avant.exit_code, oubliee.exit_code) == (0, 0)
    assert isinstance(pendant.exception, maj.ClasseEnCours)


@pytest.mark.parametrize(
    ("connues", "attendu"),
    [
        (schema.TOUTES, eprouver.A_JOUR),
        ((*schema.TOUTES, "m0099_demain"), eprouver.A_MIGRER),
        (schema.TOUTES[:-1], eprouver.TROP_NEUF),
    ],
)
def test_a_system_knows_how_it_stands_to_the_register(bord: Bord, connues: tuple[str, ...], attendu: int) -> None:
    """The same, newer, older; asked before anything of the house opens it."""
    assert eprouver.comparer(bord.registre.dossier / "registre.sqlite3", connues) == attendu


def test_a_box_without_a_register_or_with_a_damaged_one_is_told_apart(tmp_path: Path) -> None:
    """A first start is no fault; a damaged file is left to those who can say so."""
    (tmp_path / "abime").write_bytes(b"x" * 8192)

    assert eprouver.comparer(tmp_path / "absent", schema.TOUTES) == eprouver.A_JOUR
    assert eprouver.comparer(tmp_path / "abime", schema.TOUTES) == eprouver.ILLISIBLE


@pytest.mark.parametrize(
    ("code", "disque", "attendu"),
    [
        (0, "bon", ""),
        (0, "attention", ""),
        (0, "panne", "en panne : disque"),
        (92, "bon", "elle n'a pas su reprendre le registre"),
    ],
)
def test_the_health_checks_come_before_a_shape_that_cannot_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, disque: str, attendu: str
) -> None:
    """What was broken before the update is no reproach; what breaks with it is, however well the copy did."""
    constats = [{"code": "carte", "etat": "panne"}, {"code": "disque", "etat": disque}]
    etat = {"boot_id": confirmer.boot_id(), "bt_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME), "constats": constats}
    (tmp_path / "etat.json").write_text(json.dumps(etat))
    (tmp_path / "dernier.json").write_text(json.dumps({"pannes": ["carte"]}))
    monkeypatch.setattr(confirmer, "ETAT_BORD", tmp_path / "etat.json")
    monkeypatch.setattr(confirmer, "DELAI_S", 0.0)
    monkeypatch.setattr(commun, "DEPOT", tmp_path)
    monkeypatch.setattr(commun, "demander_a", lambda *_, **__: code)

    assert eprouver.reproche(()) == attendu


@pytest.mark.parametrize(("debout", "attendu"), [("nginx nftables", "tous ses programmes ne tournent pas"), ("", "")])
def test_every_unit_must_be_up_not_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, debout: str, attendu: str
) -> None:
    """The real `systemctl is-active` is content with one of several."""
    (tmp_path / "systemctl").write_text(
        '#!/bin/sh\nshift 2\nfor un; do case " $DEBOUT " in *" $un "*) exit 0;; esac; done\nexit 3\n'
    )
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("DEBOUT", debout or "nginx nftables pirogue-actions")
    monkeypatch.setattr(eprouver, "PATIENCE_S", 0.05)
    monkeypatch.setattr(eprouver, "PAUSE_S", 0.01)
    monkeypatch.setattr(commun, "demander_a", lambda *_, **__: 0)

    assert eprouver.reproche(("nginx", "nftables", "pirogue-actions"), mal_portant=str) == attendu


def test_a_body_that_says_nothing_is_waited_for_and_then_reproached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No round of this start: the system that cannot say how it is does not get the register."""
    monkeypatch.setattr(confirmer, "ETAT_BORD", tmp_path / "etat.json")
    monkeypatch.setattr(confirmer, "DELAI_S", time.clock_gettime(time.CLOCK_BOOTTIME) + 0.2)
    monkeypatch.setattr(commun, "DEPOT", tmp_path)
    monkeypatch.setattr(commun, "demander_a", lambda *_, **__: 0)
    monkeypatch.setattr(eprouver, "PAUSE_S", 0.05)

    assert "n'a pas encore dit" in eprouver.reproche(())


@pytest.fixture
def amorce(tmp_path: Path) -> Path:
    """The boot partition of a box that tries its second system, two starts from giving up."""
    dossier = tmp_path / "amorce"
    dossier.mkdir()
    for nom in FICHIERS:
        (dossier / nom).write_bytes(sceller(NEUF))
    ecrire(Etat("BA", {"A": CONFIRME, "B": 2}), dossier)
    return dossier


def rauc(amorce: Path, ici: str) -> Callable[[str, str], None]:
    """Stand for RAUC's service: the same words, asked of the real backend."""

    def marquer(quoi: str, lequel: str) -> None:
        qui = ici if lequel == "booted" else creneau.autre(ici)
        mots = ["set-primary", qui] if quoi == "active" else ["set-state", qui, quoi]
        creneau.repondre(mots, amorce=amorce, ici=lambda: ici)

    return marquer


def test_an_older_system_gives_way_twice_and_then_stays(tmp_path: Path, amorce: Path) -> None:
    """The newer one could not start: back and forth for ever would be worse than a page that says what to do."""
    creneau.repondre(["set-state", "B", "bad"], amorce=amorce)
    vus = [eprouver.avancer(depot=tmp_path / "depot", marquer=rauc(amorce, "A")) for _ in range(3)]

    assert vus == [True, True, False]
    assert (lire(amorce).ordre, lire(amorce).reste["B"]) == ("BA", ESSAIS)


def test_a_rejected_system_gives_its_place_back_and_its_version_is_remembered(
    tmp_path: Path, amorce: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stick that brought it may come again: the box does not try it twice."""
    monkeypatch.setattr(commun, "version_presente", lambda: "0.1.13")
    parti: list[str] = []
    verdict.rejeter(
        "le portail ne répond pas",
        depot=tmp_path / "depot",
        marquer=rauc(amorce, "B"),
        redemarrer=lambda: parti.append("oui"),
    )

    assert lire(amorce).reste == {"A": CONFIRME, "B": 0}
    assert commun.refusees(tmp_path / "depot") == ("0.1.13",)
    assert parti == ["oui"]


def test_an_accepted_system_may_shape_the_register_and_starts_without_trial(tmp_path: Path, amorce: Path) -> None:
    """One write on the boot partition, one file in memory."""
    (tmp_path / "depot").mkdir()
    verdict.accepter(depot=tmp_path / "depot", ephemere=tmp_path / "memoire", marquer=rauc(amorce, "B"))

    assert lire(amorce).reste["B"] == CONFIRME
    assert (tmp_path / "memoire" / verdict.DROIT).exists()


def test_when_both_copies_are_lost_the_running_system_is_the_one_that_is_kept(amorce: Path) -> None:
    """It runs, so it starts; of the other nothing is known. The next write mends the copies."""
    for nom in FICHIERS:
        (amorce / nom).write_bytes(b"?")
    avant = creneau.repondre(["get-primary"], amorce=amorce, ici=lambda: "B")
    rauc(amorce, "B")("good", "booted")

    assert avant == "B"
    assert (lire(amorce).ordre, lire(amorce).reste) == ("BA", {"A": 0, "B": CONFIRME})

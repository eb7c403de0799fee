"""Two commands and whatever may happen to them: real processes, real signals, a disk that is really full."""

import contextlib
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from threading import Event

import click
import psutil
import pytest

from embarcadere import (
    PIROGUE,
    RACINE,
    Demo,
    arreter,
    attendre,
    demarrer,
    disque,
    est_libre,
    lancer,
    pirogue,
    port_libre,
    restes,
)
from pirogue_cli import entree
from pirogue_registre import base, comptes, jeunes, journal, lieux
from pirogue_socle.erreurs import ErreurPirogue

PORTS = (0, 1, 2, 10)


@pytest.fixture(scope="module")
def modele(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the demo was prepared once."""
    dossier = tmp_path_factory.mktemp("modele")
    finir_bien(lancer(dossier, port_libre()))
    return dossier


@pytest.fixture
def dossier(modele: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    shutil.copytree(modele, tmp_path / "boite")
    return tmp_path / "boite"


def finir_bien(demo: Demo) -> str:
    """Assert that a demo stands, press Ctrl-C, assert that nothing is left; return what it said last."""
    assert "Tout répond" in demo.ecran, demo.ecran
    dit = arreter(demo)
    assert restes(demo.dossier) == []
    return dit


def refus(demo: Demo, code: int) -> str:
    """Assert that a start ended with a sentence, what to do, and its code; return what the terminal shows."""
    demo.ecran += demo.processus.communicate(timeout=30)[0]
    assert demo.processus.returncode == code, demo.ecran
    assert re.search(r"^✗ .+\n→ .+", demo.ecran, re.M | re.S), demo.ecran
    assert "Traceback" not in demo.ecran
    assert restes(demo.dossier) == []
    return demo.ecran


def dernier(dossier: Path) -> int:
    """Return the number of the register's last event."""
    registre = base.ouvrir(dossier / ".demo/bord/registre")
    try:
        return journal.dernier(registre)
    finally:
        base.fermer(registre)


def test_the_first_start_says_what_it_does_and_the_second_keeps_everything(tmp_path: Path) -> None:
    """Six steps, three addresses, the one-time code and password, what to try; then the same boat again, sooner."""
    debut = time.monotonic()
    un = lancer(tmp_path, port_libre())
    duree_un = time.monotonic() - debut
    dit = finir_bien(un)
    journal_un, debut = dernier(tmp_path), time.monotonic()
    deux = lancer(tmp_path, un.port)
    duree_deux = time.monotonic() - debut
    finir_bien(deux)

    assert re.findall(r"^  (\d)/6  ", un.ecran, re.M) == list("123456")
    for adresse in (f"{un.portail}/\n", f"{un.portail}/formateur/ ", f"{un.rive}/ ", "À essayer"):
        assert adresse in un.ecran
    assert len(un.images) == 4
    assert "Arrêté" in dit
    assert (deux.code, deux.secret, deux.images) == (un.code, un.secret, un.images)
    assert dernier(tmp_path) == journal_un
    assert "Kolibri : base de données" in un.ecran
    assert "Kolibri : " not in deux.ecran
    assert duree_deux < duree_un


@pytest.mark.parametrize("fin", ["make", "deux fois", "TERM", "HUP", "KILL"])
def test_whatever_ends_the_demo_leaves_no_process_and_frees_the_ports(dossier: Path, fin: str) -> None:
    """Ctrl-C through make, an impatient double Ctrl-C, a kill, a closed terminal, kill -9; a browser is connected."""
    port = port_libre()
    commande: list[object] = []
    if fin == "make":
        for nom in ("Makefile", "appliance", ".venv"):
            (dossier / nom).symlink_to(RACINE / nom)
        commande = ["make", "demo", f"PORT={port}", "PYTHON=true"]
    demo = lancer(dossier, port, commande)
    assert "Tout répond" in demo.ecran, demo.ecran
    connexion = http.client.HTTPConnection("localhost", port)
    connexion.request("GET", "/")
    assert connexion.getresponse().status == 200
    if fin in ("make", "deux fois"):
        os.killpg(demo.processus.pid, signal.SIGINT)
    if fin == "deux fois":
        assert demo.processus.stdout is not None
        assert any("J'arrête" in ligne for ligne in demo.processus.stdout)
        os.killpg(demo.processus.pid, signal.SIGINT)
    if fin in ("TERM", "HUP", "KILL"):
        demo.processus.send_signal(signal.Signals[f"SIG{fin}"])
    demo.processus.communicate(timeout=30)
    attendre(lambda: not restes(dossier))
    connexion.close()

    assert [port + plus for plus in PORTS if not est_libre(port + plus)] == []


def test_a_killed_demo_starts_again_at_once(dossier: Path) -> None:
    """Kill -9, arrow up, Enter: ports being let go are waited for, a configuration cut short is written again."""
    demo = lancer(dossier, port_libre())
    connexion = http.client.HTTPConnection("localhost", demo.port)
    connexion.request("GET", "/")
    connexion.getresponse().read()
    demo.processus.kill()
    demo.processus.communicate()
    (dossier / ".demo/pirogue.toml").write_text("[[[")
    encore = lancer(dossier, demo.port)
    connexion.close()

    finir_bien(encore)


def test_a_port_in_use_is_named_and_the_next_start_works(dossier: Path) -> None:
    """Another program listens where the shore should."""
    port = port_libre()
    with socket.create_server(("127.0.0.1", port + 10)):
        ecran = refus(lancer(dossier, port), 46)
    propose = re.search(r"make demo PORT=(\d+)", ecran)
    assert propose is not None, ecran
    finir_bien(lancer(dossier, int(propose.group(1))))

    assert f"Le port {port + 10} est déjà utilisé" in ecran


def test_a_second_demo_is_refused_and_a_dead_portal_stops_everything(dossier: Path) -> None:
    """The second terminal gets a sentence, the first goes on; then its portal dies, and that is said too."""
    demo = lancer(dossier, port_libre())
    encore = lancer(dossier, port_libre())
    dit = encore.processus.communicate(timeout=30)[0]
    assert (encore.processus.returncode, demo.processus.poll()) == (47, None)
    assert "La démo tourne déjà dans ce dossier" in encore.ecran + dit
    portail = next(un for un in psutil.Process(demo.processus.pid).children() if "portail" in un.cmdline())
    portail.kill()

    assert "« portail » s'est arrêté" in refus(demo, 49)


@pytest.mark.parametrize("coups", [(0.3, 1.2, 2.5), (0.8, 1.8, 3.2)])
def test_a_first_start_killed_at_any_moment_is_taken_up_by_the_next(tmp_path: Path, coups: tuple[float, ...]) -> None:
    """Kill -9 three times in the middle of the preparation; then one trainer, six youths, a sound journal."""
    port = port_libre()
    for coup in coups:
        processus = demarrer(tmp_path, port)
        Event().wait(coup * random.uniform(0.6, 1.3))
        processus.kill()
        processus.communicate(timeout=30)
    finir_bien(lancer(tmp_path, port))
    registre = base.ouvrir(tmp_path / ".demo/bord/registre")
    try:
        groupes = lieux.lister_groupes(registre)
        assert len(comptes.lister(registre)) == len(groupes) == 1
        assert len(jeunes.lister(registre, groupes[0].groupe_id)) == 6
    finally:
        base.fermer(registre)

    assert "sain" in pirogue(tmp_path, "registre", "verifier").stdout


def test_a_full_disk_is_a_sentence_wherever_it_strikes(tmp_path: Path) -> None:
    """Too small, read-only, out of files at every stage of the preparation, out of room in the middle; then room."""
    boite, port = tmp_path / "boite", port_libre()
    with disque(boite, "size=50m") as remonter:
        trop_petit = refus(lancer(boite, port), 48)
        remonter("size=450m,ro")
        protege = refus(lancer(boite, port), 43)
        for fichiers in (6, 12, 20, 28, 60, 90):
            remonter(f"rw,nr_inodes={fichiers}")
            assert "Le disque est plein" in refus(lancer(boite, port), 48)
        remonter("nr_inodes=100000")
        plein_en_route = remplir_pendant(boite, port)
        (boite / "bouchon").unlink()
        finir_bien(lancer(boite, port))
        sain = pirogue(boite, "registre", "verifier").stdout

    assert "presque plein" in trop_petit
    assert "ne peut pas être écrit" in protege
    assert "Le disque est plein" in plein_en_route
    assert "sain" in sain


def remplir_pendant(boite: Path, port: int) -> str:
    """Fill the disk to its last byte while the lessons are being prepared; return what the terminal said."""
    bouchon = (boite / "bouchon").open("wb", buffering=0)
    processus = demarrer(boite, port)
    assert processus.stdout is not None
    ecran = ""
    for ligne in processus.stdout:
        ecran += ligne
        if "Je construis les leçons" in ligne:
            break
    with bouchon, contextlib.suppress(OSError):
        while True:
            os.posix_fallocate(bouchon.fileno(), bouchon.seek(0, os.SEEK_END), 1 << 16)
    return refus(Demo(boite, port, processus, ecran), 48)


@pytest.mark.parametrize(
    ("fichier", "mots", "code"),
    [("pirogue.toml", ["sync", "4g"], 13), ("bord/registre/registre.sqlite3", ["registre", "verifier"], 22)],
)
def test_a_damaged_file_is_a_sentence(dossier: Path, fichier: str, mots: list[str], code: int) -> None:
    """The card was worn: which file, and what to do."""
    (dossier / ".demo" / fichier).write_bytes(b"\x00\xff n'importe quoi" * 300)
    fait = pirogue(dossier, *mots)

    assert fait.returncode == code, fait.stderr
    assert re.fullmatch(r"✗ .+\n→ .+\n", fait.stderr)


def test_a_wrong_destination_is_a_sentence_and_nothing_is_lost(dossier: Path, tmp_path: Path) -> None:
    """No stick, a file for a stick, a shore that is down; then a good stick takes everything."""
    fichier, cle = tmp_path / "fichier", tmp_path / "cle"
    fichier.write_text("pas une clé")
    cle.mkdir()
    avant = dernier(dossier)
    faits = [
        pirogue(dossier, "sync", "cle", "/nonexistent"),
        pirogue(dossier, "sync", "cle", str(fichier)),
        pirogue(dossier, "sync", "4g"),
        pirogue(dossier, "rive", "cle", "/nonexistent"),
    ]
    bon = pirogue(dossier, "sync", "cle", str(cle))

    assert [fait.returncode for fait in faits] == [70, 70, 74, 70]
    for fait in faits:
        assert re.search(r"^✗ .+\n→ .+\n$", fait.stderr, re.M), fait.stderr
    assert "toujours à bord" in faits[2].stderr
    assert fichier.read_text() == "pas une clé"
    assert bon.returncode == 0, bon.stderr
    assert "Sur la clé" in bon.stdout
    assert dernier(dossier) == avant


def test_a_box_without_configuration_says_what_to_do_first(tmp_path: Path) -> None:
    """The wrong folder: every verb that needs the box says so."""
    for mots in (["portail", "servir"], ["rive", "servir"], ["kolibri", "servir"], ["sync", "4g"]):
        fait = pirogue(tmp_path, *mots)

        assert (fait.returncode, fait.stderr.count("\n")) == (13, 2), fait.stderr
        assert "make demo" in fait.stderr


@pytest.mark.parametrize(
    ("mots", "phrase"),
    [
        ("plouf", "« pirogue plouf » n'existe pas."),
        ("sync plouf", "« pirogue sync plouf » n'existe pas."),
        ("sync cle", "Il manque DOSSIER"),
        ("sync 4g encore", "« pirogue sync 4g » ne s'utilise pas ainsi."),
        ("demo --prot 8080", "« --prot » n'existe pas"),
        ("demo --port cent", "La valeur donnée pour --port n'est pas bonne."),
        ("demo --port 99999", "La valeur donnée pour --port n'est pas bonne."),
        ("demo --port", "« --port » ne s'utilise pas ainsi."),
    ],
)
def test_a_wrong_command_is_answered_in_french(tmp_path: Path, mots: str, phrase: str) -> None:
    """No « Usage: », no « No such command »; what exists is one command away."""
    fait = pirogue(tmp_path, *mots.split())

    assert fait.returncode == 2
    assert phrase in fait.stderr
    assert re.search(r"→ Pour voir ce qui existe : pirogue.* --aide\n$", fait.stderr)
    assert not re.search(r"Usage:|Error|such|Try|Invalid|Missing", fait.stdout + fait.stderr)


def test_every_expected_error_is_printed_with_its_gesture_and_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever fact stops a command."""
    for verbe in entree.VERBES:
        entree.pirogue.get_command(click.Context(entree.pirogue), verbe)
    classes = [un for un in toutes(ErreurPirogue) if un.__module__.startswith("pirogue_")]
    for classe in classes:

        def faillir(classe: type[ErreurPirogue] = classe, **_: object) -> None:
            raise classe("La pirogue est au sec.")

        monkeypatch.setattr(entree, "pirogue", faillir)
        with pytest.raises(SystemExit) as sortie:
            entree.main()

        assert sortie.value.code == classe.code
        assert capsys.readouterr().err == f"✗ La pirogue est au sec.\n→ {classe.geste}\n"
    assert len(classes) > 30


def toutes(classe: type[ErreurPirogue]) -> list[type[ErreurPirogue]]:
    """Return every error below a class."""
    return [sous for directe in classe.__subclasses__() for sous in (directe, *toutes(directe))]


def test_the_help_is_in_french(tmp_path: Path) -> None:
    """Every word of it."""
    for mots in ([], ["--aide"], ["sync", "--aide"], ["demo", "-h"], ["rive", "cle", "--help"]):
        fait = pirogue(tmp_path, *mots)
        page = fait.stdout + fait.stderr

        assert "Usage :" in page
        assert not re.search(r"Usage:|Commands|Show|COMMAND|INTEGER|default", page), page


def test_the_command_of_the_readme_is_the_one_that_is_tested() -> None:
    """`make demo` runs `pirogue demo` of the project's environment."""
    vu = subprocess.run(
        ["make", "-n", "demo", "PORT=9000"], cwd=RACINE, capture_output=True, text=True, check=True
    ).stdout

    assert ".venv/bin/pirogue demo --port 9000" in vu
    assert PIROGUE.name == "pirogue"

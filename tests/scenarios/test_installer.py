"""The very first command on a machine that lacks something: a sentence, and a next start that works."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embarcadere import RACINE, attendre, disque, restes

#: A project that installs without any registry: what is measured here is the way to it, not the downloads.
PROJET = """
[build-system]
requires = []
build-backend = "fabrique"
backend-path = ["."]
[project]
name = "copie"
version = "1"
"""
FABRIQUE = """
import zipfile
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    nom = "copie-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{nom}", "w") as roue:
        roue.writestr("copie-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: copie\\nVersion: 1\\n")
        roue.writestr("copie-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        roue.writestr("copie-1.dist-info/entry_points.txt", "[console_scripts]\\npirogue = copie:main\\n")
        roue.writestr("copie-1.dist-info/RECORD", "")
    return nom
def get_requires_for_build_editable(config_settings=None):
    return []
"""


@pytest.fixture
def copie(tmp_path: Path) -> Path:
    """A copy of the project as far as the installer looks, with nothing to download."""
    return copier(tmp_path / "copie")


def copier(dossier: Path) -> Path:
    """Make that copy in a folder."""
    (dossier / "appliance").mkdir(parents=True)
    (dossier / "requirements").mkdir()
    shutil.copy(RACINE / "appliance/installer.py", dossier / "appliance")
    (dossier / "pyproject.toml").write_text(PROJET)
    (dossier / "fabrique.py").write_text(FABRIQUE)
    for genre in ("demo", "dev"):
        (dossier / f"requirements/{genre}.txt").write_text("# nothing\n")
    return dossier


def commande(copie: Path, genre: str = "demo", *options: str) -> list[str]:
    """Return the command that make runs."""
    return [sys.executable, str(copie / "appliance/installer.py"), genre, *options]


def installer(
    copie: Path, *options: str, environnement: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installer on a copy."""
    return subprocess.run(
        commande(copie, "demo", *options),
        cwd=copie,
        env=os.environ | {"PIP_NO_INDEX": "1"} | (environnement or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refus(fait: subprocess.CompletedProcess[str]) -> str:
    """Assert that it stopped with a sentence and what to do, and left no mark; return what it said."""
    assert fait.returncode == 1, fait.stdout + fait.stderr
    assert re.search(r"\n  ✗ .+\n    → .+\n", fait.stderr), fait.stderr
    assert "Traceback" not in fait.stderr, fait.stderr
    return fait.stderr


@pytest.fixture
def sans_ensurepip(tmp_path: Path) -> dict[str, str]:
    """A Debian without python3-venv: `import ensurepip` fails."""
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian/ensurepip.py").write_text("raise ImportError('python3-venv is not installed')\n")
    return {"PYTHONPATH": str(tmp_path / "debian")}


@pytest.fixture
def outils(tmp_path: Path) -> Path:
    """The only folder of programs of a bare machine."""
    dossier = tmp_path / "outils"
    dossier.mkdir()
    return dossier


def poser(outils: Path, nom: str, texte: str) -> None:
    """Put a program there."""
    (outils / nom).write_text(f"#!/bin/sh\n{texte}\n")
    (outils / nom).chmod(0o755)


def feindre(copie: Path, mensonge: str, **environnement: str) -> subprocess.CompletedProcess[str]:
    """Run the installer on a machine of which one fact is told otherwise."""
    debut = f"import os, runpy, sys; sys.argv = ['installer.py', 'demo']; {mensonge}"
    return subprocess.run(
        [sys.executable, "-c", f"{debut}; runpy.run_path('appliance/installer.py', run_name='__main__')"],
        cwd=copie,
        env=os.environ | environnement,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_apt_is_told_what_it_lacks(copie: Path, sans_ensurepip: dict[str, str], outils: Path) -> None:
    """Not a Debian: the package is named, and nothing was half made."""
    dit = refus(installer(copie, environnement=sans_ensurepip | {"PATH": str(outils)}))

    assert "Il manque python3-venv" in dit
    assert "n'a pas apt" in dit
    assert not (copie / ".venv").exists()


def test_apt_that_fails_is_told(copie: Path, sans_ensurepip: dict[str, str], outils: Path) -> None:
    """No network: what apt said, then what to do by hand."""
    poser(outils, "apt-get", "echo 'E: no network' >&2; exit 100")
    dit = refus(installer(copie, environnement=sans_ensurepip | {"PATH": str(outils)}))

    assert "E: no network" in dit
    assert "sudo apt install python3-venv" in dit


def test_someone_who_may_not_install_is_told_whom_to_ask(
    copie: Path, sans_ensurepip: dict[str, str], outils: Path
) -> None:
    """Not root, no sudo."""
    poser(outils, "apt-get", "exit 0")
    dit = refus(feindre(copie, "os.geteuid = lambda: 1000", PATH=str(outils), **sans_ensurepip))

    assert "Demande à un administrateur : apt install python3-venv" in dit


def test_tools_for_the_tests_are_named_together(copie: Path, outils: Path) -> None:
    """One sentence for all that is missing, and why."""
    source = copie / "appliance/installer.py"
    source.write_text(source.read_text(encoding="utf-8").replace('"usr/bin/', '"absent/'), encoding="utf-8")
    dit = refus(installer(copie, "--navigateur", environnement={"PATH": str(outils)}))

    assert (
        "Il manque chromium age zstd openssl strace qemu-system-x86 mtools f3 bind9-dnsutils xvfb xdotool imagemagick "
        "poppler-utils zbar-tools wrk dbus-bin dbus-daemon openssh-client (pour les tests)" in dit
    )


def test_an_old_python_comes_as_far_as_the_sentence(copie: Path) -> None:
    """Debian 11 has 3.9."""
    dit = refus(feindre(copie, "sys.version_info = (3, 9, 2); sys.version = '3.9.2 (Debian)'"))

    assert "Python 3.9.2 est trop ancien" in dit


def test_a_first_install_then_nothing_to_do(copie: Path) -> None:
    """The second run does nothing; a lost program is put back."""
    un = installer(copie)
    deux = installer(copie)
    (copie / ".venv/bin/pirogue").unlink()
    trois = installer(copie)

    assert (un.returncode, deux.returncode, trois.returncode) == (0, 0, 0), un.stderr + trois.stderr
    assert "Je prépare un environnement" in un.stdout
    assert deux.stdout == deux.stderr == ""
    assert (copie / ".venv/bin/pirogue").exists()


def test_an_install_that_fails_or_is_cut_is_taken_up_by_the_next(copie: Path) -> None:
    """No registry, then Ctrl-C, then kill -9 in the middle, a broken environment; then all is well."""
    (copie / "requirements/demo.txt").write_text("click==8.5.0 --hash=sha256:" + "0" * 64 + "\n")
    sans_reseau = refus(installer(copie))
    marques = list((copie / ".venv").glob("installe-*"))
    (copie / "requirements/demo.txt").write_text("# nothing\n")
    coupe = interrompre(copie, signal.SIGINT)
    interrompre(copie, signal.SIGKILL)
    for pip in (copie / ".venv").glob("lib/python3*/site-packages/pip"):
        shutil.rmtree(pip)
    fini = installer(copie)

    assert "Les bibliothèques n'ont pas pu être installées" in sans_reseau
    assert "Vérifie la connexion" in sans_reseau
    assert marques == []
    assert "✗ Arrêté." in coupe
    assert fini.returncode == 0, fini.stderr
    assert (copie / ".venv/bin/pirogue").exists()


def interrompre(copie: Path, lequel: signal.Signals) -> str:
    """Remove the environment, start the installer, send it a signal while it makes another; return what it said."""
    shutil.rmtree(copie / ".venv")
    processus = subprocess.Popen(
        commande(copie), cwd=copie, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )
    attendre((copie / ".venv/pyvenv.cfg").exists)
    if lequel == signal.SIGKILL:
        processus.kill()
    os.killpg(processus.pid, lequel)
    dit = processus.communicate(timeout=30)[1]
    attendre(lambda: not restes(copie))
    return dit


def test_a_full_disk_and_a_protected_folder_are_sentences(tmp_path: Path) -> None:
    """Too small, read-only, full in the middle; then large enough."""
    lieu = tmp_path / "lieu"
    with disque(lieu, "size=20m") as remonter:
        copie = copier(lieu / "copie")
        trop_petit = refus(installer(copie))
        remonter("size=1600m,nr_inodes=60")
        sans_fichiers = refus(installer(copie))
        remonter("nr_inodes=100000,ro")
        protege = refus(installer(copie))
        remonter("rw")
        fini = installer(copie)

    assert "Le disque est presque plein" in trop_petit
    assert "n'a pas pu être créé" in sans_fichiers
    assert "n'a pas pu être créé" in protege
    assert fini.returncode == 0, fini.stderr

"""The machine that builds: what it is given by itself, so that a bare Debian 12 makes the image."""

import fcntl
import importlib.util
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from image.construction import RACINE


@pytest.fixture(scope="module")
def hote() -> ModuleType:
    """The builder's module, which is no package's."""
    return _prendre("hote")


def test_the_mirror_of_the_builder_is_the_one_that_apt_is_set_to(hote: ModuleType) -> None:
    """Whoever builds behind a mirror of his own must not be sent elsewhere."""
    connus = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=True
    ).stdout

    assert f"{hote.miroir()}/" in connus
    assert f"{hote.miroir(securite=True)}/" in connus
    assert hote.miroir() != hote.miroir(securite=True)


def test_this_machine_runs_programs_of_the_box(hote: ModuleType, tmp_path: Path) -> None:
    """Registered twice, as after each start of the machine, it still does."""
    hote.inscrire_arm64()
    hote.inscrire_arm64()
    programme = tmp_path / "rien"
    (tmp_path / "rien.c").write_text('void _start(void) { __asm__("mov x8, 93\\n mov x0, 7\\n svc 0"); }')
    mots = ["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-o", programme, tmp_path / "rien.c"]
    subprocess.run(mots, check=True, capture_output=True)

    assert subprocess.run([programme], check=False).returncode == 7


def test_what_the_installer_needs_to_know_comes_from_the_standard_library(hote: ModuleType) -> None:
    """It is called before anything of ours is installed."""
    vu = subprocess.run(
        [
            "/usr/bin/python3",
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(Path(hote.__file__).parent)!r}); import hote",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert vu.returncode == 0, vu.stderr
    assert hote.outils_presents()


def test_a_tree_under_work_never_sees_the_builder_s_own_devices(tmp_path: Path) -> None:
    """Packages' scripts speak to udev: one tried to write in /sys of the machine that builds."""
    accelerer = _prendre("accelerer")
    for nom in ("proc", "dev", "run", "tmp", "sys"):
        (tmp_path / nom).mkdir()
    with accelerer.habite(tmp_path):
        dedans = {nom: sorted(un.name for un in (tmp_path / nom).iterdir()) for nom in ("sys", "dev", "run")}

    assert dedans["sys"] == dedans["run"] == []
    assert dedans["dev"] == ["fd", "full", "null", "random", "shm", "tty", "urandom", "zero"]


def test_apt_waits_for_whoever_holds_its_lock(hote: ModuleType) -> None:
    """A machine that was just started updates itself: the builder does not fail for that."""
    with Path("/var/lib/dpkg/lock-frontend").open("w") as verrou:
        fcntl.lockf(verrou, fcntl.LOCK_EX)
        minuterie = threading.Timer(3.0, lambda: fcntl.lockf(verrou, fcntl.LOCK_UN))
        debut = time.monotonic()
        minuterie.start()
        try:
            hote._apt("install", "-y", "--no-install-recommends", "--no-upgrade", "mtools")
            duree_s = time.monotonic() - debut
        finally:
            minuterie.cancel()
            minuterie.join()

    assert duree_s > 2.5


def test_a_kept_base_serves_a_list_that_only_names_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that names a package which had come as a dependency costs no new base; one that brings a new one does."""
    amorcer = _prendre("amorcer")
    monkeypatch.setattr(amorcer, "CACHE", tmp_path)
    ancienne = tmp_path / "base-stable-1.tar"
    ancienne.write_bytes(b"base")
    amorcer._noter(amorcer.Base(("systemd",), "stable"), "etats", ancienne, ["dbus", "systemd"])
    neuve = tmp_path / "base-stable-2.tar"

    assert not amorcer._reprendre(amorcer.Base(("nginx", "systemd"), "stable"), "etats", neuve)
    assert not amorcer._reprendre(amorcer.Base(("dbus",), "stable"), "etats", neuve)
    assert not amorcer._reprendre(amorcer.Base(("dbus", "systemd"), "stable"), "autres", neuve)
    assert amorcer._reprendre(amorcer.Base(("dbus", "systemd"), "stable"), "etats", neuve)
    assert neuve.read_bytes() == b"base"
    assert not ancienne.exists()


def _prendre(nom: str) -> ModuleType:
    """Import a module of the builder's room."""
    dossier = RACINE / "image-build"
    sys.path.insert(0, str(dossier))
    try:
        spec = importlib.util.spec_from_file_location(nom, dossier / f"{nom}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(dossier))
    return module

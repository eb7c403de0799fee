"""The script that sets a laptop up: what it writes, twice the same, and no more taken back than was given."""

import itertools
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from postes.regler import installer
from reseau.juges.lancement import RACINE

POSTES = RACINE / "appliance/postes"
FIREFOX = ("etc/firefox-esr/policies/policies.json", "etc/firefox/policies/policies.json")
CHROMIUM = (
    "etc/chromium/policies/managed/pirogue.json",
    "etc/chromium-browser/policies/managed/pirogue.json",
    "etc/opt/chrome/policies/managed/pirogue.json",
)
PROFIL = "etc/NetworkManager/system-connections/pirogue.nmconnection"


@pytest.fixture
def racine(tmp_path: Path) -> Path:
    """A laptop that has lived: rules of its own, folders that are empty and must stay."""
    laptop = tmp_path / "poste"
    for dossier in ("etc/firefox/policies", "etc/opt", "etc/NetworkManager/system-connections", "var/lib"):
        (laptop / dossier).mkdir(parents=True)
    (laptop / FIREFOX[1]).write_text('{"policies": {"DisablePocket": true}}')
    (laptop / "etc/hostname").write_text("poste-7\n")
    return laptop


def photo(racine: Path) -> dict[str, bytes | None]:
    """Return every path below a folder, with what the files hold."""
    return {
        str(chemin.relative_to(racine)): chemin.read_bytes() if chemin.is_file() else None
        for chemin in racine.rglob("*")
    }


def relire_par_networkmanager(racine: Path) -> str:
    """Return our Wi-Fi profile as NetworkManager's own reader understands it."""
    return subprocess.run(
        ["nmcli", "--offline", "connection", "modify", "connection.autoconnect", "yes"],
        input=(racine / PROFIL).read_text(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def lire_octets(ssid: str) -> bytes:
    """Return a network's name from either form that NetworkManager writes: numbers, or text with its `;` escaped."""
    if ssid.endswith(";"):
        return bytes(int(octet) for octet in ssid.split(";") if octet)
    return ssid.replace("\\\\;", ";").encode()


def test_every_browser_finds_our_rules_where_it_looks(racine: Path) -> None:
    """One command, whichever browser Dossou's second-hand laptops came with."""
    fait = installer(racine)

    assert (fait.returncode, fait.stderr) == (0, "")
    assert {(racine / nom).read_bytes() for nom in FIREFOX} == {(POSTES / "firefox/policies.json").read_bytes()}
    assert {(racine / nom).read_bytes() for nom in CHROMIUM} == {(POSTES / "chromium/pirogue.json").read_bytes()}
    assert {(racine / nom).stat().st_mode & 0o777 for nom in (*FIREFOX, *CHROMIUM)} == {0o644}
    assert not (racine / PROFIL).exists()


def test_running_the_script_twice_changes_nothing(racine: Path) -> None:
    """Nobody remembers which laptops were done."""
    installer(racine, "--wifi", "Pirogue 1", cle="pagaie mangue lac tortue\n")
    avant = photo(racine)
    fait = installer(racine, "--wifi", "Pirogue 1", cle="pagaie mangue lac tortue\n")

    assert photo(racine) == avant
    assert "écrit" not in fait.stdout


def test_taking_it_back_leaves_the_laptop_as_it_was(racine: Path) -> None:
    """Its old rules come back, the folders that were empty stay, ours are gone."""
    avant = photo(racine)
    installer(racine, "--wifi", "Pirogue 1", cle="pagaie mangue lac tortue\n")
    installer(racine)
    fait = installer(racine, "--retirer")

    assert fait.returncode == 0
    assert photo(racine) == avant


def test_a_file_that_somebody_changed_since_is_left_alone(racine: Path) -> None:
    """What Estelle's technician wrote over ours is hers."""
    installer(racine)
    (racine / CHROMIUM[0]).write_text('{"HomepageLocation": "http://exemple.bj/"}')
    fait = installer(racine, "--retirer")

    assert f"laissé : /{CHROMIUM[0]}" in fait.stdout
    assert json.loads((racine / CHROMIUM[0]).read_text()) == {"HomepageLocation": "http://exemple.bj/"}


def test_new_rules_replace_ours_and_the_laptop_s_own_still_come_back(racine: Path, tmp_path: Path) -> None:
    """An older edition of ours is not mistaken for what was there before us."""
    avant = photo(racine)
    ancienne = tmp_path / "ancienne"
    subprocess.run(["cp", "-r", str(POSTES), str(ancienne)], check=True)
    (ancienne / "firefox/policies.json").write_text('{"policies": {"CaptivePortal": false}}')
    subprocess.run(
        ["sh", str(ancienne / "installer-poste.sh"), "--racine", str(racine)], check=True, capture_output=True
    )
    installer(racine)
    nouvelles = (racine / FIREFOX[1]).read_bytes()
    installer(racine, "--retirer")

    assert nouvelles == (POSTES / "firefox/policies.json").read_bytes()
    assert photo(racine) == avant


@pytest.mark.parametrize("encore", [True, False])
def test_cut_at_any_moment_the_laptop_can_still_be_taken_back(racine: Path, tmp_path: Path, *, encore: bool) -> None:
    """The battery is dead, the cable is pulled: whether she starts again or gives up, nothing of hers is lost."""
    neuf = photo(racine)
    outils, compte = tmp_path / "outils", tmp_path / "compte"
    outils.mkdir()
    for nom in ("mkdir", "install", "cp", "mv"):
        vrai = shutil.which(nom)
        (outils / nom).write_text(
            f"#!/bin/sh\nn=$(($(cat {compte}) - 1))\necho $n >{compte}\n"
            f'[ $n -ne 0 ] || kill -9 $PPID\nexec {vrai} "$@"\n'
        )
        (outils / nom).chmod(0o755)
    coupe = {"PATH": f"{outils}:/usr/bin:/bin"}
    for moment in itertools.count(1):
        compte.write_text(f"{moment}\n")
        fait = installer(racine, env=coupe)
        if fait.returncode == 0:
            break
        assert fait.returncode == -signal.SIGKILL, fait.stderr
        if encore:
            assert installer(racine).returncode == 0
        installer(racine, "--retirer")
        assert photo(racine) == neuf, moment

    assert moment > 20


@pytest.mark.parametrize(
    ("nom", "cle"),
    [
        ("Pirogue 1", "pagaie mangue lac tortue"),
        ("Pirogue d'Hêvié; quai nord", " commence par une espace"),
        ("#1", r"antislash \n \\ et ; puis # et $HOME"),
        ("12;34", "tout juste"),
    ],
)
def test_the_wifi_profile_is_read_back_by_networkmanager_itself(racine: Path, nom: str, cle: str) -> None:
    """Whatever the name and the key hold; only root may read the key."""
    fait = installer(racine, "--wifi", nom, cle=f"{cle}\n")
    lu = relire_par_networkmanager(racine)
    champs = dict(ligne.split("=", 1) for ligne in lu.splitlines() if "=" in ligne)

    assert fait.returncode == 0, fait.stderr
    assert (racine / PROFIL).stat().st_mode & 0o777 == 0o600
    assert champs["key-mgmt"] == "wpa-psk"
    assert champs["psk"].replace("\\s", " ").replace("\\\\", "\\") == cle
    assert lire_octets(champs["ssid"]) == nom.encode()
    assert cle not in fait.stdout + fait.stderr


@pytest.mark.parametrize(
    ("nom", "cle", "phrase"),
    [
        ("Pirogue 1", "court", "de 8 à 63 caractères"),
        ("Pirogue 1", "x" * 64, "de 8 à 63 caractères"),
        ("Pirogue 1", "clé accentuée", "accentuée"),
        ("P" * 33, "pagaie mangue", "trop long"),
    ],
)
def test_a_wifi_that_cannot_be_is_refused_with_a_gesture(racine: Path, nom: str, cle: str, phrase: str) -> None:
    """Better now, in French, than on the boat with a network that never comes."""
    fait = installer(racine, "--wifi", nom, cle=f"{cle}\n")

    assert fait.returncode == 1
    assert phrase in fait.stderr
    assert "→" in fait.stderr
    assert not (racine / PROFIL).exists()


def test_the_script_holds_no_trap_that_shellcheck_knows() -> None:
    """It runs as root on somebody else's laptop."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    fait = subprocess.run([shellcheck, POSTES / "installer-poste.sh"], capture_output=True, text=True, check=False)

    assert (fait.returncode, fait.stdout) == (0, "")


def test_without_being_administrator_it_says_so() -> None:
    """Rachelle forgets « sudo »: one sentence, one gesture."""
    personne = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with (POSTES / "installer-poste.sh").open("rb") as script:  # nobody may not walk down to our folders
        fait = subprocess.run([*personne, "sh"], stdin=script, capture_output=True, text=True, check=False, cwd="/")

    assert fait.returncode == 1
    assert "sudo" in fait.stderr
    assert fait.stdout == ""

"""How much harm could each unit do: systemd's own measure, over every unit of every role."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reseau.rendu import ROLES
from roles.machine import DEPOT

#: systemd's exposure, in tenths, that a unit may reach: a naked one is at 92.
SEUILS = {
    "nginx.service": 30,
    "pirogue-portail.service": 15,
    "pirogue-captif.service": 15,
    "pirogue-sync.service": 20,
    "pirogue-actions.service": 25,
    "pirogue-actions-cle.service": 25,
    "pirogue-bord.service": 25,
    "pirogue-sync-cle@.service": 20,
    "pirogue-usb.service": 25,
    "pirogue-forfaits.service": 25,
    "pirogue-forfaits-sauver.service": 25,
    "pirogue-forfaits-remettre@.service": 25,
    "pirogue-certificat.service": 25,
    "pirogue-dnsmasq@.service": 25,
    "pirogue-heure.service": 25,
    "pirogue-heure-rtc.service": 25,
    "pirogue-ntp.service": 25,
    "pirogue-modem.service": 25,
    "kolibri.service": 30,
    "pirogue-registre-garder.service": 15,
    "pirogue-kolibri-garder.service": 15,
    "pirogue-maj-eprouver.service": 20,
    "pirogue-maj-confirmer.service": 20,
    "pirogue-maj-installer.service": 20,
    "pirogue-maj-prendre.service": 20,
    "pirogue-premier.service": 25,
    "pirogue-premier-attendre.service": 15,
    "pirogue-registre.service": 15,
    "pirogue-cles.service": 15,
    "pirogue-fiche.service": 20,
    "pirogue-agrandir.service": 50,
}
#: Of the image and of no role: before any mount, few of systemd's walls stand.
IMAGE = DEPOT / "image-build/arbre/etc/systemd/system"
UNITES = sorted(
    chemin.name.removesuffix(".j2")
    for chemin in (*ROLES.glob("*/templates/etc/systemd/system/*.service.j2"), *IMAGE.glob("*.service"))
)


def test_every_unit_of_ours_has_a_threshold() -> None:
    """A service added without one would be judged by nobody."""
    assert sorted(SEUILS) == UNITES


@pytest.mark.parametrize("unite", UNITES)
def test_a_unit_could_do_little_harm(rendus: Path, unite: str) -> None:
    """The measure of `systemd-analyze security`, without a running systemd."""
    fichier = IMAGE / unite if (IMAGE / unite).exists() else rendus / "etc/systemd/system" / unite
    mots = ["systemd-analyze", "security", "--offline=true", f"--threshold={SEUILS[unite]}", str(fichier)]
    mesure = subprocess.run(mots, capture_output=True, text=True, check=False)

    assert "Overall exposure level" in mesure.stdout
    assert mesure.returncode == 0, mesure.stdout.splitlines()[-1]


def test_the_measure_does_refuse_a_naked_unit(tmp_path: Path) -> None:
    """The thresholds above are not idle."""
    nue = tmp_path / "nue.service"
    nue.write_text("[Service]\nExecStart=/usr/bin/true\n")
    mots = ["systemd-analyze", "security", "--offline=true", f"--threshold={max(SEUILS.values())}", str(nue)]

    assert subprocess.run(mots, capture_output=True, check=False).returncode != 0


def test_systemd_reads_every_unit_without_a_complaint(rendus: Path, tmp_path: Path) -> None:
    """A misspelt setting protects nothing: `systemd-analyze verify`, the programs being there."""
    racine = tmp_path / "racine"
    shutil.copytree(rendus / "etc/systemd/system", racine / "etc/systemd/system")
    shutil.copytree(IMAGE, racine / "etc/systemd/system", dirs_exist_ok=True, symlinks=True)
    shutil.copytree("/lib/systemd/system", racine / "lib/systemd/system", symlinks=True)
    for unite in UNITES:
        texte = (racine / "etc/systemd/system" / unite).read_text(encoding="utf-8")
        for programme in re.findall(r"^Exec\w+=(/\S+)", texte, re.MULTILINE):
            faux = racine / programme.lstrip("/")
            faux.parent.mkdir(parents=True, exist_ok=True)
            faux.touch(mode=0o755)
    nommees = {chemin.name.removesuffix(".j2") for chemin in ROLES.glob("*/templates/etc/systemd/system/*.j2")}
    nommees |= set(UNITES)
    unites = [str(racine / "etc/systemd/system" / nom) for nom in sorted(nommees)]
    unites = [chemin.replace("@.", "@capture.") for chemin in unites]
    mots = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={racine}", *unites]
    lu = subprocess.run(mots, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"})

    assert [ligne for ligne in lu.stderr.splitlines() if "pirogue" in ligne or "kolibri" in ligne] == []
    assert len(unites) > 10

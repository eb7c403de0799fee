"""`pirogue etat`: the body's last round in words or for a machine, a round of its own when there is none."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pirogue_socle import constats
from pirogue_socle.constats import Constat
from pirogue_socle.horloge import maintenant

BON = Constat("carte", "Carte mémoire", "bon", "La carte mémoire n'a fait aucune faute.", "", {"erreurs": 0})
MINUTE_NS = 60_000_000_000


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine of its own: data, the folder where its body tells, its configuration."""
    (tmp_path / "bord").mkdir()
    (tmp_path / "donnees").mkdir()
    (tmp_path / "pirogue.toml").write_text('donnees = "donnees"\nterre = "terre"\nbord = "bord"\n')
    return tmp_path


def pirogue(machine: Path, *mots: str) -> subprocess.CompletedProcess[str]:
    """Type a command."""
    return subprocess.run(
        [sys.executable, "-m", "pirogue_cli", *mots],
        env=os.environ | {"PIROGUE_CONFIG": str(machine / "pirogue.toml")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("etat", "code"), [("bon", 0), ("inconnu", 0), ("attention", 1), ("panne", 2)])
def test_the_exit_code_tells_how_the_boat_is(machine: Path, etat: str, code: int) -> None:
    """For a script that looks after ten boxes; what cannot be seen is no fault."""
    vu = Constat("essai", "Essai", etat, "Une phrase.", "Un geste.", {"nombre": 3})
    constats.ecrire(machine / "bord/etat.json", [BON, vu], instant=maintenant())
    dit = pirogue(machine, "etat", "--json")

    assert dit.returncode == code, dit.stderr
    lu = json.loads(dit.stdout)
    assert lu["etat"] == etat
    assert lu["constats"][1] == {
        "code": "essai",
        "titre": "Essai",
        "etat": etat,
        "phrase": "Une phrase.",
        "geste": "Un geste.",
        "mesures": {"nombre": 3},
    }


def test_in_words_the_worst_comes_first_with_what_to_do(machine: Path) -> None:
    """Read by Dossou over a cable."""
    chaud = Constat("temperature", "Chaleur", "attention", "La boîte a chaud : 78 °C.", "Mets-la à l'ombre.", {})
    constats.ecrire(machine / "bord/etat.json", [BON, chaud], instant=maintenant())
    lignes = pirogue(machine, "etat").stdout.splitlines()

    assert lignes[0].startswith("! Le bateau : à surveiller (vu il y a ")
    assert lignes[2].startswith("! Chaleur")
    assert lignes[3].strip() == "→ Mets-la à l'ombre."
    assert lignes[4].startswith("✓ Carte mémoire")


def test_a_body_that_looks_no_more_is_not_believed(machine: Path) -> None:
    """An old round, then none: the command looks by itself, at everything."""
    present = maintenant()
    constats.ecrire(machine / "bord/etat.json", [BON], instant=replace(present, bt_ns=present.bt_ns - 10 * MINUTE_NS))
    vieux = json.loads(pirogue(machine, "etat", "--json").stdout)
    (machine / "bord/etat.json").unlink()
    aucun = json.loads(pirogue(machine, "etat", "--json").stdout)

    assert vieux["age_s"] == aucun["age_s"] == 0
    assert [un["code"] for un in vieux["constats"]] == [un["code"] for un in aucun["constats"]]
    assert {"disque", "registre", "kolibri", "unites"} <= {un["code"] for un in vieux["constats"]}
    assert len(vieux["constats"]) == 15


def test_looking_makes_nothing_on_a_machine_without_a_register(machine: Path) -> None:
    """The command is typed before the first start is over."""
    pirogue(machine, "etat")
    garder = pirogue(machine, "registre", "garder")

    assert list((machine / "donnees").iterdir()) == []
    assert garder.returncode == 0, garder.stderr

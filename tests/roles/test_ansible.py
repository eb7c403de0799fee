"""The real Ansible over our roles: read, documented, tied together. That they are applied: `test_livraison.py`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reseau.rendu import ROLES, variables

NOMS = sorted(chemin.name for chemin in ROLES.iterdir())
ANSIBLE = Path(sys.executable).parent
#: The variable that chooses, and the table that it chooses in: the only two of no role.
PROFIL = {"profil", "profils"}
ECRIVENT = {"ansible.builtin.template", "ansible.builtin.copy", "ansible.builtin.file"}


def lire(chemin: Path) -> Any:
    """Read a YAML file."""
    return yaml.safe_load(chemin.read_text(encoding="utf-8"))


def toutes_les_taches(taches: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the tasks, those in blocks included."""
    for tache in taches:
        yield from toutes_les_taches(tache.get("block", [])) if "block" in tache else [tache]


def test_ansible_reads_the_whole_play(tmp_path: Path) -> None:
    """The site, its roles, the example inventory."""
    mots = [str(ANSIBLE / "ansible-playbook"), "-i", "inventaire.exemple.yml", "site.yml", "--syntax-check"]
    env = os.environ | {"ANSIBLE_LOCAL_TEMP": str(tmp_path), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    lu = subprocess.run(mots, cwd=ROLES.parent, env=env, capture_output=True, text=True, check=False)

    assert lu.returncode == 0, lu.stderr
    assert "WARNING" not in lu.stderr


def test_every_role_is_in_the_play(jeu: dict[str, Any]) -> None:
    """A role that nobody applies lays nothing down."""
    assert sorted(jeu["roles"]) == NOMS


def test_what_the_play_ties_are_variables_that_exist(jeu: dict[str, Any]) -> None:
    """A misspelt name would tie nothing."""
    connues = {nom for role in NOMS for nom in lire(ROLES / role / "defaults/main.yml")}
    valeurs = [valeur for nom, valeur in jeu["vars"].items() if nom not in PROFIL]
    nommees = {nom for valeur in valeurs for nom in re.findall(r"[a-z]+_[a-z_]+", valeur)}

    assert jeu["vars"].keys() - connues == PROFIL
    assert nommees - connues == set()


@pytest.mark.parametrize("role", NOMS)
def test_every_variable_has_a_default_a_type_and_a_line(role: str) -> None:
    """The documentation is exactly the defaults; where it gives a value, it is the same."""
    defauts = lire(ROLES / role / "defaults/main.yml")
    options = lire(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    muettes = [nom for nom, option in options.items() if not option.get("description") or not option.get("type")]
    autres = [nom for nom, option in options.items() if "default" in option and option["default"] != defauts[nom]]

    assert options.keys() == defauts.keys()
    assert [nom for nom in defauts if not nom.startswith(f"{role}_")] == []
    assert muettes == []
    assert autres == []


@pytest.mark.parametrize("role", NOMS)
def test_tasks_are_named_and_modules_are_whole(role: str) -> None:
    """Full module names, a sentence for each task, no shell, modes quoted."""
    taches = [
        tache
        for fichier in sorted((ROLES / role).glob("tasks/*.yml")) + sorted((ROLES / role).glob("handlers/*.yml"))
        for tache in toutes_les_taches(lire(fichier) or [])
    ]
    modules = {cle for tache in taches for cle in tache if "." in cle}
    modes = [tache[module].get("mode") for tache in taches for module in ECRIVENT & tache.keys()]

    assert [tache for tache in taches if not tache.get("name")] == []
    assert [tache["name"] for tache in taches if not any("." in cle for cle in tache)] == []
    assert "ansible.builtin.shell" not in modules
    assert [mode for mode in modes if mode is not None and not isinstance(mode, str)] == []


def test_no_two_handlers_share_a_name() -> None:
    """Of two, Ansible runs the last, last: nginx was once restarted before systemd had read what it needs."""
    noms = [tache["name"] for fichier in sorted(ROLES.glob("*/handlers/main.yml")) for tache in lire(fichier) or []]
    demandes = {
        nom
        for role in NOMS
        for fichier in (ROLES / role / "tasks").glob("*.yml")
        for tache in toutes_les_taches(lire(fichier))
        for nom in (tache["notify"] if isinstance(tache.get("notify"), list) else [tache.get("notify")])
    }

    assert sorted(noms) == sorted(set(noms))
    assert demandes - {None} <= set(noms)


def test_the_play_ties_the_roles_together(jeu: dict[str, Any]) -> None:
    """An access point on Ethernet: root's helper and the trainer's page follow, without a word."""
    valeurs = variables(*jeu["roles"], reglages=jeu["vars"] | {"point_acces_radio": "externe"})

    assert valeurs["actions_interface"] == valeurs["point_acces_interface"] == "eth0"
    assert int(str(valeurs["portail_stations_max"])) == int(str(valeurs["actions_stations_max"])) == 231


def test_one_variable_makes_another_relay(jeu: dict[str, Any]) -> None:
    """A kiosk, a cooperative: each is one of the programme's kinds, has its own network, and says so in its files."""
    boites = {
        profil: variables(*jeu["roles"], reglages=jeu["vars"] | {"profil": profil}) for profil in jeu["vars"]["profils"]
    }

    assert boites.keys() == {"pirogue", "kiosque", "cooperative"}
    assert all(boite["portail_relais_type"] == profil for profil, boite in boites.items())
    assert len({boite["portail_wifi_nom"] for boite in boites.values()}) == 3
    assert [boite["portail_kolibri_actif"] for boite in boites.values()] == [True, True, False]


def test_an_inventory_s_own_word_is_stronger_than_the_profile(tmp_path: Path) -> None:
    """The kind of relay is one box's business, and so is any setting of it."""
    hotes = {
        "boites": {"hosts": {"k1": {"ansible_connection": "local", "profil": "kiosque", "point_acces_nom": "Vekky"}}}
    }
    inventaire = tmp_path / "inventaire.yml"
    inventaire.write_text(yaml.safe_dump(hotes), encoding="utf-8")
    mots = ["ansible", "-i", str(inventaire), "--playbook-dir", str(ROLES.parent), "k1", "-m", "ansible.builtin.debug"]
    env = os.environ | {"ANSIBLE_LOCAL_TEMP": str(tmp_path), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    mots = [str(ANSIBLE / mots[0]), *mots[1:], "-a", "msg={{ point_acces_nom }}/{{ portail_relais_nom }}"]
    dit = subprocess.run(mots, env=env, capture_output=True, text=True, check=False)

    assert '"msg": "Vekky/Kiosque 1"' in dit.stdout, dit.stderr

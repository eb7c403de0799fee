"""What must stay true of the whole repository."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from pirogue_cli import entree
from pirogue_socle.erreurs import ErreurPirogue

RACINE = Path(__file__).parents[2]
PROJET = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))
PAQUETS = sorted(chemin.parent for chemin in RACINE.glob("*/pirogue_*/__init__.py") if ".venv" not in chemin.parts)


def importer_tout() -> None:
    """Import every module of ours that may be (the Kolibri plugin only runs inside Kolibri)."""
    for paquet in PAQUETS:
        if paquet.name == "pirogue_kolibri":
            continue
        for fichier in paquet.rglob("*.py"):
            if fichier.name != "__main__.py":
                nom = ".".join(fichier.relative_to(paquet.parent).with_suffix("").parts)
                __import__(nom.removesuffix(".__init__"))


def familles(classe: type[ErreurPirogue]) -> list[type[ErreurPirogue]]:
    """Return every error below a class."""
    return [sous for directe in classe.__subclasses__() for sous in (directe, *familles(directe))]


def test_every_error_has_its_own_code_a_gesture_and_a_docstring() -> None:
    """The exit code tells which fact it was."""
    importer_tout()
    erreurs = [e for e in familles(ErreurPirogue) if e.__module__.startswith("pirogue_")]
    codes: dict[int, list[str]] = {}
    for erreur in erreurs:
        if "code" in vars(erreur):
            codes.setdefault(erreur.code, []).append(erreur.__qualname__)

    assert len(erreurs) > 20
    assert {code: noms for code, noms in codes.items() if len(noms) > 1} == {}
    assert [e.__qualname__ for e in erreurs if not e.__doc__ or not e.geste.strip()] == []
    assert [code for code in codes if not 10 <= code <= 120] == []


def test_the_packages_on_disk_are_those_of_the_build_and_of_the_contracts() -> None:
    """A room added in one place only would be installed, or guarded, nowhere."""
    disque = {f"{paquet.parent.name}/{paquet.name}" for paquet in PAQUETS}
    roues = set(PROJET["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    gardes = set(PROJET["tool"]["importlinter"]["root_packages"])

    assert disque == roues
    assert {nom.split("/")[1] for nom in disque} == gardes


def test_the_arrows_hold_and_a_planted_violation_is_caught(tmp_path: Path) -> None:
    """A portal that imported the shore would be refused, with the file's name."""
    copie = tmp_path / "maison"
    copie.mkdir()
    shutil.copy(RACINE / "pyproject.toml", copie)
    for paquet in PAQUETS:
        shutil.copytree(paquet, copie / paquet.parent.name / paquet.name)
    lieux = {str(copie / paquet.parent.name) for paquet in PAQUETS}
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]

    def linter() -> subprocess.CompletedProcess[str]:
        chemins = ":".join(sorted(lieux))
        return subprocess.run(
            lint, cwd=copie, env={"PYTHONPATH": chemins, "PATH": ""}, capture_output=True, text=True, check=False
        )

    sain = linter()
    (copie / "portail/pirogue_portail/faute.py").write_text("import pirogue_rive\n")
    fautif = linter()

    assert sain.returncode == 0, sain.stdout + sain.stderr
    assert fautif.returncode == 1
    assert "pirogue_portail.faute -> pirogue_rive" in fautif.stdout


def test_every_table_and_column_is_in_the_glossary() -> None:
    """One word per thing, explained once."""
    from pirogue_registre import schema
    from pirogue_rive import schema as schema_rive

    mots = set(re.findall(r"`([a-z_0-9]+)`", (RACINE / "docs/glossaire.md").read_text(encoding="utf-8")))
    ddl = schema.JOURNAL + schema.VUES + schema.HORS_JOURNAL + schema.ECHANGE + schema.VUES_ECHANGE
    noms = set(re.findall(r"CREATE TABLE (\w+)", ddl))
    noms |= set(re.findall(r"(?:[(,]\s*)(\w+) (?:TEXT|INTEGER|REAL|BLOB)", ddl))
    for table in schema_rive.metadata.tables.values():
        noms |= {table.name, *(colonne.name for colonne in table.columns)}

    assert len(noms) > 60
    assert sorted(noms - mots) == []


def test_every_command_has_its_line_in_the_documentation() -> None:
    """Nobody should have to guess."""
    page = (RACINE / "docs/commandes.md").read_text(encoding="utf-8")
    contexte = click.Context(entree.pirogue)
    attendues = []
    for verbe in entree.VERBES:
        commande = entree.pirogue.get_command(contexte, verbe)
        assert commande is not None
        sous = list(commande.commands) if isinstance(commande, click.Group) else [""]
        attendues += [f"pirogue {verbe} {nom}".strip() for nom in sous]

    assert [nom for nom in attendues if f"`{nom}" not in page] == []


@pytest.mark.parametrize("dossier", ["appliance", "contenus", "portail", "sync", "tests", "docs", "bench"])
def test_every_room_says_what_it_is(dossier: str) -> None:
    """A newcomer opens a folder and reads a few lines."""
    lisez = (RACINE / dossier / "README.md").read_text(encoding="utf-8").splitlines()

    assert 3 <= len(lisez) <= 40


def test_every_public_function_is_documented_and_typed() -> None:
    """In the product's own packages."""
    manquants = []
    for paquet in PAQUETS:
        for fichier in paquet.rglob("*.py"):
            module = ast.parse(fichier.read_text(encoding="utf-8"))
            classes = [noeud for noeud in module.body if isinstance(noeud, ast.ClassDef)]
            for noeud in [*module.body, *(n for classe in classes for n in classe.body)]:
                if isinstance(noeud, ast.FunctionDef) and not noeud.name.startswith("_"):
                    typee = noeud.returns is not None or paquet.name == "pirogue_kolibri"
                    if ast.get_docstring(noeud) is None or not typee:
                        manquants.append(f"{fichier.relative_to(RACINE)}:{noeud.name}")

    assert manquants == []


def test_no_module_is_too_long_to_say_one_thing() -> None:
    """Three hundred lines is what we aim at (conventions); four hundred is where the build stops."""
    longs = {
        str(fichier.relative_to(RACINE)): len(fichier.read_text(encoding="utf-8").splitlines())
        for paquet in PAQUETS
        for fichier in paquet.rglob("*.py")
    }

    assert {nom: lignes for nom, lignes in longs.items() if lignes > 400} == {}

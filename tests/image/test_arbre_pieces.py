"""What is handed out with the card: the list of its parts, the sums, and a Kolibri that still runs once pruned."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from playwright.sync_api import sync_playwright

from image.construction import Construction
from kolibri_essai import KolibriEssai, Serveurs
from pirogue_contenus import kolibri_boite
from pirogue_contenus.kolibri_jeton import PersonneKolibri


def test_the_sums_are_those_of_what_is_handed_out(construction: Construction) -> None:
    """Who downloads the card checks it before flashing it."""
    dossier = construction.image.parent
    fait = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dossier, capture_output=True, text=True, check=False
    )
    sommes = (dossier / "SHA256SUMS").read_text(encoding="utf-8")

    assert fait.returncode == 0, fait.stdout + fait.stderr
    for nom in (construction.image.name, f"{construction.image.name}.zst", "pirogue.cdx.json", "manifeste.txt"):
        assert f"  {nom}\n" in sommes


def test_the_list_of_parts_is_one_that_others_read(construction: Construction) -> None:
    """CycloneDX 1.6, strictly: tools that watch for flaws take it as it is."""
    texte = (construction.image.parent / "pirogue.cdx.json").read_text(encoding="utf-8")

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(texte) is None


def test_the_list_names_debians_parts_pips_and_those_inside_kolibri(construction: Construction) -> None:
    """Kolibri carries a Django of its own: the part that a list made from pip would not show."""
    dit = json.loads((construction.image.parent / "pirogue.cdx.json").read_text(encoding="utf-8"))
    purls = {un["purl"].split("@")[0] for un in dit["components"]}
    manifeste = (construction.image.parent / "manifeste.txt").read_text(encoding="utf-8")

    assert {"pkg:deb/debian/systemd", "pkg:pypi/flask", "pkg:pypi/kolibri", "pkg:pypi/django"} <= purls
    assert len(dit["components"]) == sum(not ligne.startswith("#") for ligne in manifeste.splitlines())
    assert re.search(r"^pypi Django \S+ opt/pirogue/.*/kolibri/dist$", manifeste, re.MULTILINE)


@pytest.fixture(scope="module")
def kolibri_elague(racine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KolibriEssai]:
    """The card's Kolibri, which is Python alone, run by this machine on a home that begins from the card's own."""
    dossier = tmp_path_factory.mktemp("elague")
    (dossier / "chemin").mkdir()
    (dossier / "chemin/kolibri").symlink_to(racine / "opt/pirogue/lib/python3.13/site-packages/kolibri")
    partage, serveurs = racine / "usr/share/pirogue", Serveurs()
    with pytest.MonkeyPatch.context() as env:
        env.setenv("PYTHONPATH", str(dossier / "chemin"))
        env.setenv("PYTHONDONTWRITEBYTECODE", "1")
        kolibri_boite.preparer(
            kolibri_boite.Reglages(nom="Pirogue 1", base_portail="http://portail.essai/", port=8080, port_zip=8081),
            maison=dossier / "maison",
            contenu=partage / "contenu",
            modele=partage / "kolibri-neuf",
            progres=lambda _: None,
        )
        try:
            yield serveurs.servir(dossier / "maison")
        finally:
            serveurs.tout_arreter()


def test_the_kolibri_judged_here_is_the_cards(kolibri_elague: KolibriEssai, racine: Path) -> None:
    """Without this the next test might judge the Kolibri of this machine."""
    chemin = kolibri_elague.maison.parent / "chemin"
    vu = subprocess.run(
        [sys.executable, "-c", "import kolibri; print(kolibri.__path__[0])"],
        env=os.environ | {"PYTHONPATH": str(chemin)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert Path(vu.stdout.strip()).resolve().is_relative_to(racine)
    assert not (Path(vu.stdout.strip()) / "dist/cext").exists()


def test_afi_opens_a_lesson_in_the_pruned_kolibri_and_nothing_is_missing(kolibri_elague: KolibriEssai) -> None:
    """What was pruned must not be what a page asks for: its scripts, its styles, its letters, its French."""
    afi = PersonneKolibri(sub=os.urandom(16).hex(), nom="Afi D.", code="", role="learner", classes=("4e A",))
    manques: list[str] = []
    with sync_playwright() as moteur:
        chromium = moteur.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_page(locale="fr-FR")
        page.on("response", lambda rep: manques.append(f"{rep.status} {rep.url}") if rep.status >= 400 else None)
        page.on("pageerror", lambda erreur: manques.append(str(erreur)))
        page.goto(kolibri_elague.lien(afi, "/fr-fr/learn/"))
        page.get_by_text("Bibliothèque").first.wait_for(timeout=90_000)
        page.goto(f"{kolibri_elague.base}/fr-fr/learn/#/library")
        page.get_by_text("Pirogue").first.wait_for(timeout=60_000)
        chromium.close()

    assert manques == []

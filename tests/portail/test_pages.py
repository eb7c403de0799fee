"""The plans of the pages: each leads to a view, and the first page comes before the rest is even read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from pirogue_portail import pages

#: Makes the portal, asks for one page, says which of our modules that took; then what the rest takes.
PREMIERE = """
import json, sys
from pathlib import Path
from pirogue_contenus.livre import parcours_livre
from pirogue_portail import pages
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
config = ConfigPortail(registre=Path("/nulle-part"), secret=b"s" * 32, kolibri_base="http://localhost:9/",
    kolibri_maison=None, cle_kolibri=None, parcours=parcours_livre(), hotes=("localhost",),
    portail_base="http://localhost/")
app = create_app(config)
statut = app.test_client().get(sys.argv[1]).status_code
avant = [nom for nom in sys.modules if nom.startswith("pirogue_")]
pages.tout_importer()
print(json.dumps([statut, avant, [nom for nom in sys.modules if nom.startswith("pirogue_")]]))
"""


@pytest.mark.parametrize("adresse", ["/", "/bienvenue"])
def test_the_first_page_waits_for_its_own_code_only(adresse: str) -> None:
    """In a process of its own: no register, no lesson, no trainers' page; all of them once they are asked for."""
    dit = subprocess.run([sys.executable, "-c", PREMIERE, adresse], check=True, capture_output=True, text=True)
    statut, avant, apres = json.loads(dit.stdout)

    assert statut == 200
    assert [nom for nom in avant if nom.startswith(("pirogue_registre", "pirogue_portail.cours"))] == []
    assert [nom for nom in avant if nom.startswith("pirogue_portail.formateur.")] == ["pirogue_portail.formateur.plan"]
    assert {"pirogue_registre.journal", "pirogue_portail.cours", "pirogue_portail.formateur.appel"} <= set(apres)


def test_every_line_of_the_plans_leads_to_a_view(app: Flask) -> None:
    """A name that leads nowhere would be seen by the person who touches that button."""
    pages.tout_importer()

    for regle in app.url_map.iter_rules():
        vue = app.view_functions[regle.endpoint]
        assert vue.__name__ == regle.endpoint.rpartition(".")[2] or regle.endpoint == "static"


def test_addresses_are_compiled_when_a_page_leads_there(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Werkzeug would compile them all before the first page; it would again, unseen, if it renamed what we override."""
    compiles: list[str] = []
    compiler = Rule._compile_builder

    def noter(regle: Rule, append_unknown: bool = True) -> Any:
        compiles.append(regle.endpoint)
        return compiler(regle, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noter)
    page = client.get("/").get_data(as_text=True)

    assert 'href="/formateur/"' in page
    assert set(compiles) == {
        "static",
        "jeune.accueil",
        "jeune.qui",
        "jeune.visite",
        "jeune.credits_page",
        "formateur.qui",
    }


def test_no_view_is_forgotten_by_the_plans(app: Flask) -> None:
    """Every module beside a plan is reached from it, or by a module that is."""
    pages.tout_importer()
    rangees = Path(pages.__file__).parent

    for salle in ("jeune", "formateur"):
        for fichier in (rangees / salle).glob("*.py"):
            if fichier.stem != "__init__":
                assert f"pirogue_portail.{salle}.{fichier.stem}" in sys.modules


def test_a_page_that_is_not_there_says_so_when_it_is_asked_for(client: FlaskClient, app: Flask) -> None:
    """A wrong line of a plan breaks that page, not the portal's start."""
    from pirogue_portail.jeune.plan import blueprint

    app.add_url_rule("/mal-ecrite", "mal_ecrite", pages.differer(blueprint, "accueil.nulle_part"))
    try:
        reponse = client.get("/mal-ecrite")
    finally:
        pages._differees.pop()

    assert reponse.status_code == 500
    assert "souci" in reponse.get_data(as_text=True)

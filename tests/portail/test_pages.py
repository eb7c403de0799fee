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

from equipage import Bord
from pirogue_portail import pages

FAIRE = """
import json, sys, threading
from pathlib import Path
from pirogue_contenus.livre import parcours_livre
from pirogue_portail import pages
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail
config = ConfigPortail(registre=Path(sys.argv[1]), secret=b"s" * 32, kolibri_base="http://localhost:9/",
    kolibri_maison=None, cle_kolibri=None, parcours=parcours_livre(), hotes=("localhost",),
    portail_base="http://localhost/")
app = create_app(config)
"""
#: Asks for one page, says which of our modules that took; then what the rest takes.
PREMIERE = f"""{FAIRE}
statut = app.test_client().get(sys.argv[2]).status_code
avant = [nom for nom in sys.modules if nom.startswith("pirogue_")]
pages.tout_importer()
print(json.dumps([statut, avant, [nom for nom in sys.modules if nom.startswith("pirogue_")]]))
"""
#: Each address by a thread of its own, all at once, while the rest is imported too.
ENSEMBLE = f"""{FAIRE}
adresses, statuts = sys.argv[2:], {{}}
depart = threading.Barrier(len(adresses) + 1)
def demander(adresse):
    depart.wait()
    statuts[adresse] = app.test_client().get(adresse).status_code
fils = [threading.Thread(target=demander, args=(une,)) for une in adresses]
for fil in fils:
    fil.start()
depart.wait()
pages.tout_importer()
for fil in fils:
    fil.join()
print(json.dumps(statuts))
"""


@pytest.mark.parametrize("adresse", ["/", "/bienvenue"])
def test_the_first_page_waits_for_its_own_code_only(adresse: str) -> None:
    """In a process of its own: no register, no lesson, no trainers' page; all of them once they are asked for."""
    statut, avant, apres = _dans_un_processus(PREMIERE, "/nulle-part", adresse)

    assert statut == 200
    assert [nom for nom in avant if nom.startswith(("pirogue_registre", "pirogue_portail.cours"))] == []
    assert [nom for nom in avant if nom.startswith("pirogue_portail.formateur.")] == ["pirogue_portail.formateur.plan"]
    assert {"pirogue_registre.journal", "pirogue_portail.cours", "pirogue_portail.formateur.appel"} <= set(apres)


@pytest.mark.parametrize("_fois", range(3))
def test_many_laptops_at_once_wait_for_the_same_code(bord: Bord, seance: str, _fois: int) -> None:
    """Threads import what others import at that instant; each gets its page."""
    pages_vues = ["/", "/qui", "/visite", "/visite/S01", "/credits", "/formateur/", "/aide-reseau", "/bienvenue"]

    assert _dans_un_processus(ENSEMBLE, str(bord.registre.dossier), *pages_vues) == dict.fromkeys(pages_vues, 200)


def _dans_un_processus(programme: str, *mots: str) -> Any:
    dit = subprocess.run([sys.executable, "-c", programme, *mots], check=True, capture_output=True, text=True)
    return json.loads(dit.stdout)


@pytest.mark.usefixtures("app")
def test_every_line_of_the_plans_leads_to_a_view() -> None:
    """A name that leads nowhere would be seen by the person who touches that button."""
    pages.tout_importer()


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


def test_no_module_is_forgotten_by_the_plans() -> None:
    """Every module beside a plan is reached from it, or by a module that is; in a process where no test imported it."""
    _, _, apres = _dans_un_processus(PREMIERE, "/nulle-part", "/")
    portail = Path(pages.__file__).parent
    ranges = {
        f"pirogue_portail.{salle}.{fichier.stem}"
        for salle in ("jeune", "formateur")
        for fichier in (portail / salle).glob("*.py")
        if fichier.stem != "__init__"
    }

    assert ranges - set(apres) == set()


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

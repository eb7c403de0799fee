"""Systems that fail later than at the start, and two that would shape the register anew: hours of a boat."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from image.construction import Construction
from image.machine import Machine, MachineMuette
from image.mise_a_jour import Atelier
from image.mises_a_jour_vues import apporter, attendre_etape, attendre_redemarrage, lire_lignes, voir
from image.salle import Salle

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

#: What the boot script says of the system that it starts.
DEPART_B = "PIROGUE slot B "
PAQUETS = "opt/pirogue/lib/python3.13/site-packages/pirogue_registre"
CONTROLE = "opt/pirogue/lib/python3.13/site-packages/pirogue_bord/sante/controles/essai.py"
DERNIER = "/data/systeme/maj/dernier.json"
CONFIRMER = "usr/lib/pirogue/maj/confirmer.py"
FORMES = (
    "setpriv --reuid=pirogue-portail --regid=pirogue-portail --init-groups /opt/pirogue/bin/python -c "
    "\"import sqlite3; d = sqlite3.connect('/data/pirogue/registre/registre.sqlite3'); "
    "print([un for (un,) in d.execute('SELECT name FROM _sqlite_migrations')][-1])\""
)


@dataclass
class Suite:
    """What was seen after each of the four updates, and after somebody insisted on the older system."""

    panique: dict[str, Any] = field(default_factory=dict)
    malade: dict[str, Any] = field(default_factory=dict)
    souffrante: dict[str, Any] = field(default_factory=dict)
    formee: dict[str, Any] = field(default_factory=dict)
    insiste: dict[str, Any] = field(default_factory=dict)
    cede: bool = False
    raison: str = ""
    formes: tuple[str, str, str] = ("", "", "")
    lignes: tuple[list[list[Any]], list[list[Any]]] = ((), ())  # type: ignore[assignment]


def malade(atelier: Atelier, version: str) -> dict[str, str]:
    """Return the files of a system whose portal never answers, and that is judged after two minutes."""
    portail = "[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n"
    return {"etc/systemd/system/pirogue-portail.service": portail} | vite_juge(atelier, delai_s=120.0)


def vite_juge(atelier: Atelier, *, delai_s: float) -> dict[str, str]:
    """Return the file of a system that is judged after some minutes, not fifteen."""
    assert "DELAI_S = 900.0" in atelier.lire(CONFIRMER)
    return {CONFIRMER: atelier.lire(CONFIRMER).replace("DELAI_S = 900.0", f"DELAI_S = {delai_s}")}


def forme(atelier: Atelier) -> dict[str, str]:
    """Return the files of a system that knows one migration more."""
    schema, migrations = (f"{PAQUETS}/{nom}.py" for nom in ("schema", "migrations"))
    neuve = '\n\n@migrations()\ndef m9000_demain(db: Database) -> None:\n    """Tomorrow\'s table."""\n'
    neuve += '    db.executescript("CREATE TABLE demain (id TEXT PRIMARY KEY) STRICT;")\n'
    return {
        schema: atelier.lire(schema) + '\nTOUTES = (*TOUTES, "m9000_demain")\n',
        migrations: atelier.lire(migrations) + neuve,
    }


def souffrante(atelier: Atelier) -> dict[str, str]:
    """Return the files of a system that would shape the register, and has one health check in the red."""
    controle = 'from pirogue_bord.sante.lectures import Vu\nTITRE = "Essai"\n'
    controle += 'def regarder(config, *, instant, racine):\n    return Vu("panne", "Cassé.")\n'
    return forme(atelier) | vite_juge(atelier, delai_s=240.0) | {CONTROLE: controle}


@pytest.fixture(scope="module")
def suite(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Bring the four, one after the other."""
    dossier = tmp_path_factory.mktemp("atelier")
    atelier, vue = Atelier(construction, dossier), Suite()
    un, deux, trois, quatre = (atelier.suivante(pas) for pas in (1, 2, 3, 4))
    machine = Machine(construction.amorce_uboot, tmp_path_factory.mktemp("machine"))
    try:
        machine.allumer()
        attendre_etape(machine, "repos")
        Salle(machine).attendre_page("/")
        avant = lire_lignes(machine)
        apporter(machine, atelier, "panique", atelier.emballer(atelier.creux("panique", noyau=True), un))
        attendre_redemarrage(machine)
        attendre_etape(machine, "revenue")
        vue.panique = voir(machine)
        apporter(machine, atelier, "malade", atelier.emballer(atelier.systeme(deux, malade(atelier, deux)), deux))
        for _ in range(2):
            attendre_redemarrage(machine, patience_s=900)
        attendre_etape(machine, "revenue")
        vue.malade = voir(machine)
        ancienne = machine.executer(FORMES)
        bundle = atelier.emballer(atelier.systeme(trois, souffrante(atelier)), trois)
        apporter(machine, atelier, "souffrante", bundle)
        for _ in range(2):
            attendre_redemarrage(machine, patience_s=900)
        attendre_etape(machine, "revenue")
        vue.souffrante, vue.raison = voir(machine), json.loads(machine.executer(f"cat {DERNIER}"))["raison"]
        intacte = machine.executer(FORMES)
        apporter(machine, atelier, "forme", atelier.emballer(atelier.systeme(quatre, forme(atelier)), quatre))
        attendre_redemarrage(machine)
        attendre_etape(machine, "confirmee", "repos")
        Salle(machine).attendre_page("/")
        # Whoever opens the register next gives it its shape; the first page does without.
        machine.attendre_que(f"{FORMES} | grep -vq {ancienne}")
        vue.formee, vue.formes = voir(machine), (ancienne, intacte, machine.executer(FORMES))
        # The older system may give way before the tests' hand is there: U-Boot's words are counted, not its starts.
        departs = machine.console(tout=True).count(DEPART_B)
        machine.lancer("rauc status mark-active other && systemctl reboot")
        machine.attendre(lambda: machine.console(tout=True).count(DEPART_B) > departs, "the newer system to come back")
        entre = machine.console(tout=True).rpartition(DEPART_B)[0].rpartition(DEPART_B)[2]
        vue.cede = "PIROGUE slot A " in entre
        attendre_etape(machine, "confirmee", "repos")
        vue.insiste, vue.lignes = voir(machine), (avant, lire_lignes(machine))
    except MachineMuette as muette:
        raise MachineMuette(f"{vue}\n{muette}") from muette
    finally:
        machine.couper()
        for fichier in (*dossier.glob("*.ext4"), *dossier.glob("*.raucb"), *dossier.glob("*.usb")):
            fichier.unlink()
    return vue


def test_a_system_that_panics_three_times_gives_its_place_back(suite: Suite) -> None:
    """Its kernel starts, finds nothing to run, starts again; nobody is there to help."""
    assert (suite.panique["creneau"], suite.panique["reste"]) == ("A", {"A": 9, "B": 0})


def test_a_system_whose_portal_never_answers_gives_its_place_back(suite: Suite) -> None:
    """It started, it was not well, it said so itself; the box says it in French."""
    assert (suite.malade["creneau"], suite.malade["reste"]["B"]) == ("A", 0)
    assert "n'a pas tenu" in suite.malade["histoire"]["phrase"]


def test_a_system_that_wants_another_shape_and_is_not_well_leaves_the_register_alone(suite: Suite) -> None:
    """Its copy and its pages were good; a health check was not. Nothing had changed shape: nothing to undo."""
    assert (suite.souffrante["creneau"], suite.souffrante["reste"]["B"]) == ("A", 0)
    assert "essai" in suite.raison
    assert suite.formes[1] == suite.formes[0]


def test_a_system_that_wants_another_shape_gives_it_once_confirmed(suite: Suite) -> None:
    """Tried on a copy, its health checks good, the system was confirmed; then the register migrated."""
    assert suite.formee["creneau"] == "B"
    assert suite.formes[0] != suite.formes[2] == "m9000_demain"


def test_the_older_system_gives_way_to_the_one_that_knows_the_register(suite: Suite) -> None:
    """Somebody started it by hand: it wrote nothing, and the box came back by itself."""
    assert suite.cede
    assert suite.insiste["creneau"] == "B"
    assert suite.lignes[0]
    assert suite.lignes[1][: len(suite.lignes[0])] == suite.lignes[0]

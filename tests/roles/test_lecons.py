"""The lessons aboard: Kolibri in its sandbox behind the real front server, sharing its home with the portal alone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pirogue_contenus import chaine, kolibri_modele
from pirogue_contenus.catalogue import charger
from pirogue_contenus.livre import parcours_livre
from reseau.rendu import rendre
from roles.machine import Machine, allumer

PYTHON = "/opt/pirogue/bin/python"
MAISON = "/data/pirogue/kolibri"
#: One request as a laptop sends it: under our name, to our address. Printed: status, headers, size, beginning.
DEMANDER = """
import http.client, json, sys
lien = http.client.HTTPConnection("10.10.10.10", 80, timeout=60)
lien.request("GET", sys.argv[2], headers={"Host": sys.argv[1], "Accept-Encoding": "gzip"} | json.loads(sys.argv[3]))
rendu = lien.getresponse()
corps = rendu.read()
print(json.dumps({"statut": rendu.status, "entetes": {n.lower(): v for n, v in rendu.getheaders()},
    "taille": len(corps), "debut": corps[:4000].decode("latin-1")}))
"""
#: The portal's own reading of everybody's progress.
LIRE = """
from pathlib import Path
from pirogue_contenus import kolibri_progres
print(kolibri_progres.lire(Path("/data/pirogue/kolibri")))
"""
#: The portal's own link for Afi, signed with the key that it reads.
LIEN = """
from pathlib import Path
from pirogue_contenus.kolibri_jeton import PersonneKolibri, lien_entree, lire_cle
from pirogue_socle.horloge import maintenant
afi = PersonneKolibri(sub="afi", nom="Afi D.", code="", role="learner", classes=("4e A",))
print(lien_entree(base="http://pirogue.internal/cours/", cle=lire_cle(Path("/data/pirogue/kolibri")), personne=afi,
    suite="/", instant=maintenant()))
"""


@pytest.fixture(scope="module")
def machine(jeu: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The booted box, with what an image brings; portal and front server are asked for before the lessons."""
    dossier = tmp_path_factory.mktemp("machine")
    roles = dossier / "roles"
    rendre(roles, *jeu["roles"], reglages=jeu["vars"])
    apporte = roles / "usr/share/pirogue"
    chaine.construire(parcours_livre(), apporte / "contenu", version=charger(parcours_livre()).version)
    kolibri_modele.modeler(apporte / "contenu", apporte / "kolibri-neuf", progres=lambda _: None)
    with allumer(dossier, roles) as allumee:
        yield allumee


@pytest.fixture(scope="module")
def eveillee(machine: Machine) -> tuple[Machine, dict[str, Any], dict[str, Any]]:
    """The box once Kolibri answers; what the portal and the lessons answered while it was being prepared."""
    machine.systemctl("start", "pirogue-portail.service", "nginx.service")
    portail, lecons = demander(machine, "/"), demander(machine, "/cours/")
    machine.systemctl("start", "kolibri.service")
    return machine, portail, lecons


def demander(machine: Machine, chemin: str, *, hote: str = "pirogue.internal", cookie: str = "") -> dict[str, Any]:
    """Send one request through the front server."""
    entetes = json.dumps({"Cookie": cookie} if cookie else {})
    rendu: dict[str, Any] = json.loads(machine.lancer(PYTHON, "-c", DEMANDER, hote, chemin, entetes).stdout)
    return rendu


def test_the_portal_answers_before_the_lessons_do(eveillee: tuple[Machine, dict[str, Any], dict[str, Any]]) -> None:
    """Roll-call waits for nobody; who asks for a lesson too early is told so, on a page that comes back by itself."""
    machine, portail, lecons = eveillee

    assert portail["statut"] in (200, 302, 303)
    assert lecons["statut"] == 503
    assert "Les leçons se préparent".encode().decode("latin-1") in lecons["debut"]
    assert machine.systemctl("show", "-P", "NRestarts", "kolibri.service").strip() == "0"
    assert machine.systemctl("is-active", "kolibri.service").strip() == "active"


def test_a_laptop_reaches_the_lessons_through_the_front_server(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]],
) -> None:
    """Kolibri's page under our own name, its looks asked of it once, a lesson's file given without it."""
    machine = eveillee[0]
    page = demander(machine, "/cours/fr-fr/auth/")
    apparence = next(mot for mot in page["debut"].split('"') if mot.startswith("/cours/static/"))
    premiere, seconde = demander(machine, apparence), demander(machine, apparence)
    fichier = machine.lancer("sh", "-c", "cd /usr/share/pirogue/contenu/content/storage && ls */*/* | head -1").stdout
    machine.systemctl("kill", "-s", "STOP", "kolibri.service")
    lecon, gardee = demander(machine, f"/cours/content/storage/{fichier.strip()}"), demander(machine, apparence)
    machine.systemctl("kill", "-s", "CONT", "kolibri.service")

    assert page["statut"] == 200
    assert (premiere["statut"], premiere["taille"]) == (seconde["statut"], seconde["taille"]) == (200, gardee["taille"])
    assert lecon["statut"] == 200
    assert "immutable" in lecon["entetes"]["cache-control"]


def test_packed_pages_stand_on_a_name_of_their_own(eveillee: tuple[Machine, dict[str, Any], dict[str, Any]]) -> None:
    """What a packed page may read there is nothing of the portal's; Kolibri's pages may frame that name alone."""
    machine = eveillee[0]
    politique = demander(machine, "/cours/fr-fr/auth/")["entetes"]["content-security-policy"]
    paquet = demander(machine, "/hashi/", hote="contenu.pirogue.internal")
    portail = demander(machine, "/formateur/", hote="contenu.pirogue.internal")

    assert "http://contenu.pirogue.internal" in politique
    assert portail["statut"] == 404
    assert "formateur" not in portail["debut"].replace("pirogue.internal/formateur", "")
    assert paquet["statut"] in (200, 404)


def test_the_portal_signs_a_youth_in_across_two_users(eveillee: tuple[Machine, dict[str, Any], dict[str, Any]]) -> None:
    """The portal's user reads the shared key; Kolibri's user believes what it signed, and only once."""
    machine = eveillee[0]
    lien = machine.comme("pirogue-portail", PYTHON, "-c", LIEN).stdout.strip().removeprefix("http://pirogue.internal")
    entree, rejouee = demander(machine, lien), demander(machine, lien)

    assert entree["statut"] == 302
    assert entree["entetes"]["location"].startswith(("/cours/", "http://pirogue.internal/cours/"))
    assert "kolibri=" in entree["entetes"]["set-cookie"]
    assert rejouee["statut"] == 403


def test_two_users_share_the_databases_whoever_comes_first(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]],
) -> None:
    """
    The portal reads while Kolibri runs, and while it does not; what SQLite then leaves beside does not stop Kolibri.

    Its side files take the rights of the database: were that not the group's to write, Kolibri would find files of the
    portal's that it may not open.
    """
    machine = eveillee[0]
    pendant = machine.comme("pirogue-portail", PYTHON, "-c", LIRE).stdout
    machine.systemctl("stop", "kolibri.service")
    apres = machine.comme("pirogue-portail", PYTHON, "-c", LIRE).stdout
    laisses = machine.lancer("sh", "-c", f"stat -c '%U %G %a %n' {MAISON}/db.sqlite3*").stdout
    machine.systemctl("start", "kolibri.service")
    lien = machine.comme("pirogue-portail", PYTHON, "-c", LIEN).stdout.strip().removeprefix("http://pirogue.internal")

    assert pendant == apres == "[]\n"
    assert {ligne.split()[2] for ligne in laisses.splitlines()} == {"660"}
    assert {ligne.split()[1] for ligne in laisses.splitlines()} == {"pirogue-kolibri"}
    assert demander(machine, lien)["statut"] == 302


@pytest.mark.parametrize(
    ("utilisateur", "fichier", "lisible"),
    [
        ("pirogue-portail", "cle_entree", True),
        ("pirogue-portail", "cle_django", False),
        ("pirogue-portail", "mot_de_passe_admin", False),
        ("www-data", "cle_entree", False),
        ("pirogue-sync", "db.sqlite3", False),
        ("pirogue-captif", "db.sqlite3", False),
    ],
)
def test_a_secret_of_the_lessons_has_few_readers(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]], utilisateur: str, fichier: str, lisible: bool
) -> None:
    """The entry key for the portal, the rest for Kolibri alone."""
    mots = ["setpriv", "--reuid", utilisateur, "--regid", utilisateur, "--init-groups", "cat", f"{MAISON}/{fichier}"]
    fait = eveillee[0].lancer(*mots, attendu=None)

    assert (fait.returncode == 0) == lisible


def test_kolibri_writes_in_its_home_and_nowhere_else(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]],
) -> None:
    """Nor may it enter the register."""
    machine = eveillee[0]
    pid = machine.systemctl("show", "-P", "MainPID", "kolibri.service").strip()
    essais = {
        ou: machine.lancer(
            *("nsenter", "-t", pid, "-m", "setpriv", "--reuid", "kolibri", "--regid", "kolibri", "--init-groups"),
            *("touch", f"{ou}/essai"),
            attendu=None,
        ).returncode
        for ou in (MAISON, "/data/pirogue/registre", "/data/pirogue", "/etc", "/usr/share/pirogue/contenu")
    }

    assert essais.pop(MAISON) == 0
    assert 0 not in essais.values()


def test_short_of_memory_the_lessons_go_before_the_roll(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]],
) -> None:
    """Kolibri volunteers to the kernel; the portal asks to be last (which a machine without that power ignores)."""
    machine = eveillee[0]
    pid = machine.systemctl("show", "-P", "MainPID", "kolibri.service").strip()
    note = int(machine.lancer("cat", f"/proc/{pid}/oom_score_adj").stdout)
    portail = int(machine.systemctl("show", "-P", "OOMScoreAdjust", "pirogue-portail.service"))

    assert note > 500
    assert portail < -500
    assert machine.systemctl("show", "-P", "MemoryMax", "kolibri.service").strip() == str(700 * 1024 * 1024)


def test_the_front_server_reads_its_files_again_without_stopping(
    eveillee: tuple[Machine, dict[str, Any], dict[str, Any]],
) -> None:
    """A renewed certificate: in its sandbox, the one that listens goes on, and those who answered are replaced."""
    machine = eveillee[0]
    maitre = machine.systemctl("show", "-P", "MainPID", "nginx.service").strip()

    def ouvriers() -> set[str]:
        return set(machine.lancer("pgrep", "-P", maitre).stdout.split())

    avant = ouvriers()
    machine.systemctl("reload", "nginx.service")
    machine.attendre(lambda: bool(ouvriers()) and not ouvriers() & avant, quoi="the same ones answer")

    assert machine.systemctl("show", "-P", "MainPID", "nginx.service").strip() == maitre
    assert demander(machine, "/")["statut"] in (200, 302, 303)

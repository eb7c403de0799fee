"""The pages that tell how the exchange goes: one relay, and what was put aside."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from equipage import HUIT_HEURES_MS
from pirogue_echange import canonique
from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_rive import arrivees, demandes, mises_de_cote
from rive.terre import MIDI, MOT_DE_PASSE, Terre, sceller, texte
from sync.quai import sceller_par, vivre_une_journee


def autre_histoire(terre: Terre, octets: bytes) -> bytes:
    """Return a lot of the same numbers, well signed, that tells something else: a copied memory card."""
    tete = lots.authentifier(octets, annuaire=terre.rive.annuaire())[0].entete
    ligne = {"type": "ancre", "v": 1, "personne": None, "seance": None, "valeurs": {}, "auteur": "x", "boot": "b"}
    lignes = [
        canonique.ecrire(ligne | {"seq": seq, "id": f"x{seq}", "bt": 1, "mur": 1, "qualite": "mur"})
        for seq in range(tete.premier, tete.dernier + 1)
    ]
    return lots.sceller(
        lignes,
        premier=tete.premier,
        avant=bytes.fromhex(tete.avant),
        inc=tete.inc,
        cles=terre.quai.cles,
        rive=terre.quai.carte_rive,
        cree=0,
    ).octets


def test_the_relays_page_says_what_came_by_which_road_and_what_is_missing(terre: Terre) -> None:
    """Three roads, a gap in the middle, the oldest day still aboard."""
    vivre_une_journee(terre.quai.bord)
    suite = sceller_par(terre.quai, 5)
    arrivees.prendre_suite(terre.rive, suite[:2], voie="cle", instant=MIDI)
    arrivees.prendre(terre.rive, suite[3], voie="telephone", instant=MIDI)
    terre.descente(dernier=10_000, depuis=HUIT_HEURES_MS)
    page = texte(terre.entrer().get(f"/relais/{terre.relais}"))

    assert "par la clé 2 10" in page
    assert "par un téléphone 1 5" in page
    assert "Il manque les lignes 11 à 15 (journal)" in page
    assert "Le plus ancien jour encore à bord : mardi 4 mars 2025" in page
    assert terre.quai.cles.carte.empreinte in page


def test_a_fork_is_shown_side_by_side_until_a_person_has_looked(terre: Terre) -> None:
    """Both histories with their chains; « J'ai regardé » says who and when, and the first one stays."""
    vivre_une_journee(terre.quai.bord)
    bon = sceller_par(terre.quai, 10)[0]
    arrivees.prendre(terre.rive, bon, voie="cle", instant=MIDI)
    arrivees.prendre(terre.rive, autre_histoire(terre, bon), voie="4g", instant=MIDI)
    fourche = mises_de_cote.lister(terre.rive)[0]
    client = terre.entrer()
    avant = texte(client.get("/mises-de-cote"))
    client.post(f"/mises-de-cote/{fourche.sha256}/vu", data={"suite": "/mises-de-cote"})
    autre = terre.entrer("technique", nom="Ulrich")
    autre.post(f"/mises-de-cote/{fourche.sha256}/vu")
    apres = texte(client.get("/mises-de-cote"))
    octets = autre.get(f"/mises-de-cote/{fourche.sha256}.bin")

    assert fourche.ici is not None
    assert fourche.gardes[0].apres[:12] in avant
    assert fourche.ici.apres[:12] in avant
    assert fourche.ici.apres != fourche.gardes[0].apres
    assert "Deux histoires" in avant
    assert "Vu par Estelle" in apres
    assert mises_de_cote.compter(terre.rive) == 0
    assert mises_de_cote.lister(terre.rive)[0].sha256 == fourche.sha256
    assert hashlib.sha256(octets.get_data()).hexdigest() == fourche.sha256
    assert client.get(f"/mises-de-cote/{fourche.sha256}.bin").status_code == 403


def test_a_relay_that_is_not_known_is_a_sentence_and_a_404(terre: Terre) -> None:
    """Also when the address was made by hand."""
    client = terre.entrer()
    page = client.get("/relais/inconnu")

    assert page.status_code == 404
    assert "ne connaît pas ce relais" in texte(page)
    assert client.post("/mises-de-cote/aaaa/vu", follow_redirects=True).status_code == 200
    assert client.get("/relais/..%2f..%2fcles").status_code == 404


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with sync_playwright() as jeu:
        navigateur = jeu.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield navigateur
        navigateur.close()


@pytest.fixture
def adresse(terre: Terre) -> Iterator[str]:
    """The shore, serving."""
    serveur = make_server("127.0.0.1", 0, terre.app, threaded=True)
    fil = Thread(target=serveur.serve_forever)
    fil.start()
    yield f"http://127.0.0.1:{serveur.port}"
    serveur.shutdown()
    fil.join()
    serveur.server_close()


def tenir_sur_le_telephone(page: Page) -> None:
    """Check that a page is not wider than the telephone, and that what is pressed is large enough for a thumb."""
    tailles = page.locator("main button:visible, nav a:visible").evaluate_all(
        "tous => tous.map(un => un.getBoundingClientRect().height)"
    )

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(hauteur >= 40 for hauteur in tailles)


def test_everything_is_done_on_a_telephone(terre: Terre, chromium: Browser, adresse: str, tmp_path: Path) -> None:
    """Come in, read, look at a fork, welcome a boat, open names, bring the courier: no page is wider than 390 px."""
    quai = terre.quai
    vivre_une_journee(quai.bord)
    octets = sceller(quai)
    arrivees.prendre_suite(terre.rive, octets, voie="cle", instant=MIDI)
    arrivees.prendre(terre.rive, autre_histoire(terre, octets[0]), voie="4g", instant=MIDI)
    neuve = trousseau.faire("relais", id="pirogue-2", nom="Pirogue 2").carte
    demandes.noter(terre.rive, trousseau.ecrire_carte(neuve), voie="4g", instant=MIDI)
    terre.entrer()
    (tmp_path / "bateau.lots").write_bytes(b"".join(octets))
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    page.goto(adresse)
    page.get_by_label("Ton nom").fill("Estelle")
    page.get_by_label("Ton mot de passe").fill(MOT_DE_PASSE)
    tenir_sur_le_telephone(page)
    page.get_by_role("button", name="Entrer").click()
    for chemin in ("/", f"/relais/{terre.relais}", "/mises-de-cote", "/accueillir", "/effacer", "/gestes", "/noms"):
        page.goto(adresse + chemin)
        tenir_sur_le_telephone(page)
    page.get_by_label("Le fichier de la clé des noms").set_input_files(terre.rive.dossier / "identites.txt")
    page.get_by_role("button", name="Montrer les noms").click()
    noms = page.get_by_role("table").inner_text()
    page.goto(f"{adresse}/accueillir")
    page.get_by_role("button", name="Ce sont les mêmes lettres").click()
    accueil = page.get_by_role("status").inner_text()
    page.goto(f"{adresse}/courrier")
    page.get_by_label("Le fichier du bateau").set_input_files(tmp_path / "bateau.lots")
    page.get_by_role("button", name="Donner ce fichier").click()
    tenir_sur_le_telephone(page)
    dit = page.locator(".grand-mot").inner_text()
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Prendre la réponse").click()
    page.close()

    assert "Koffi" in noms
    assert "« Pirogue 2 » est accueilli" in accueil
    assert dit == f"{len(octets)} lots reçus ✓"
    assert telechargement.value.suggested_filename == "pour-le-bateau.lots"

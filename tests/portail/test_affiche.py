"""The Wi-Fi poster: what a telephone reads in its squares is what is written beside them, whatever the key."""

import re
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from equipage import Bord, Horloge
from gestes_formateur import entrer, regler
from gestes_jeune import texte
from pirogue_cli.entree import pirogue
from pirogue_portail import affiche as affiches
from pirogue_portail import affiche_pdf
from pirogue_portail.affiche import Affiche, AfficheImpossible
from pirogue_portail.app import create_app
from pirogue_portail.config import ConfigPortail

BASE, IP = "http://pirogue.internal/", "10.10.10.10"
#: (network, key): a plain one, accents, what a «WIFI:» line gives a meaning to, letters of Fon, the longest.
RESEAUX = [
    ("Pirogue 1", "lagune jaune piroguier mangue"),
    ("Pirogue Sô-Ava", "marée été forêt à bord"),
    ('a;b:c,d"e\\f', 'WIFI:T:;P:"\\,:;;\\'),
    ("Ɖɔxɔ́ Gbé", "ɖɔkpɔ́ ɛnɛ atɔn"),
    ("N" * 32, "0123456789abcdef" * 4),
    ("12345678", "12345678"),
]


def lire_carres(image: Path) -> set[str]:
    """Return what a reader of QR codes sees in a picture."""
    lu = subprocess.run(["zbarimg", "-q", "--raw", str(image)], capture_output=True, check=True)
    return set(lu.stdout.decode().splitlines())


def comprendre(code: str) -> tuple[str, str]:
    """Return the network and the key of a «WIFI:» line, read as the telephones do: a backslash frees one sign."""
    genre, reste = re.fullmatch(r"WIFI:T:(\w+);(.*);", code, re.DOTALL).groups()  # type: ignore[union-attr]
    champs = dict(re.findall(r"([SP]):((?:\\.|[^;\\])*);", reste, re.DOTALL))
    assert genre == "WPA"
    nom, cle = (re.sub(r"\\(.)", r"\1", champs[lettre], flags=re.DOTALL) for lettre in "SP")
    return nom, cle


def ecrire_cle(dossier: Path, cle: str) -> Path:
    """Write a key as hostapd reads it."""
    fichier = dossier / "wifi.cle"
    fichier.write_text(f"# une remarque\n00:00:00:00:00:00 {cle}\n", encoding="utf-8")
    return fichier


@pytest.fixture
def config(config: ConfigPortail, tmp_path: Path) -> ConfigPortail:
    """A boat with its network."""
    cle = ecrire_cle(tmp_path, RESEAUX[1][1])
    return replace(config, portail_base=BASE, adresse=IP, wifi_nom=RESEAUX[1][0], wifi_cle=cle)


@pytest.fixture
def rachelle(client: FlaskClient, bord: Bord, horloge: Horloge, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Rachelle's laptop, signed in."""
    regler(monkeypatch, horloge)
    entrer(client, bord)
    return client


@given(nom=st.text(min_size=1, max_size=32), cle=st.text(min_size=8, max_size=63))
def test_a_telephone_understands_any_network_and_key(nom: str, cle: str) -> None:
    """Whatever signs they hold, the line of the square gives them back."""
    code = affiches.code_wifi(Affiche(nom, cle, BASE, IP))

    assert comprendre(code) == (nom, cle)


@pytest.mark.parametrize(("nom", "cle"), RESEAUX)
def test_the_printed_sheet_is_read_by_a_telephone(tmp_path: Path, nom: str, cle: str) -> None:
    """One sheet; both squares read in a picture of it; the words beside them are the same."""
    feuille = tmp_path / "affiche.pdf"
    feuille.write_bytes(
        affiche_pdf.imprimer(affiches.composer(nom, ecrire_cle(tmp_path, cle), base=BASE, adresse_ip=IP))
    )
    subprocess.run(["pdftoppm", "-r", "90", "-png", str(feuille), str(tmp_path / "page")], check=True)
    mots = subprocess.run(["pdftotext", "-layout", str(feuille), "-"], capture_output=True, check=True).stdout.decode()
    images = sorted(tmp_path.glob("page*.png"))
    carres = lire_carres(images[0])

    assert len(images) == 1
    assert BASE in carres
    assert {comprendre(un) for un in carres - {BASE}} == {(nom, cle)}
    assert "".join(nom.split()) in "".join(mots.split())
    assert "".join(cle.split()) in "".join(mots.split())
    assert "pirogue.internal" in mots
    assert f"ou bien {IP}" in " ".join(mots.split())


def test_the_page_shows_what_must_be_typed_and_both_squares(rachelle: FlaskClient) -> None:
    """Network, key, address in letters and figures; nothing is kept by the browser."""
    page = rachelle.get("/formateur/affiche")

    assert all(mot in texte(page) for mot in (*RESEAUX[1], "pirogue.internal", IP))
    assert page.text.count("<svg") == 2
    assert "style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_sheet_is_taken_from_the_page(rachelle: FlaskClient, tmp_path: Path) -> None:
    """Made by a process of its own, whose command line does not hold the key."""
    reponse = rachelle.get("/formateur/affiche.pdf")
    (tmp_path / "a.pdf").write_bytes(reponse.data)
    subprocess.run(["pdftoppm", "-r", "90", "-png", "-singlefile", "a.pdf", "a"], cwd=tmp_path, check=True)

    assert reponse.mimetype == "application/pdf"
    assert reponse.headers["Content-Disposition"] == 'attachment; filename="affiche-wifi.pdf"'
    assert {comprendre(un) for un in lire_carres(tmp_path / "a.png") - {BASE}} == {RESEAUX[1]}


def test_a_visitor_never_sees_the_key(client: FlaskClient) -> None:
    """Neither on the page nor on the sheet, nor on any page that needs no code."""
    vues = [
        client.get(adresse, follow_redirects=True).text
        for adresse in (
            "/",
            "/bienvenue",
            "/aide-reseau",
            "/formateur/",
            "/formateur/affiche",
            "/formateur/affiche.pdf",
        )
    ]

    assert [vue for vue in vues if RESEAUX[1][1] in vue] == []


@pytest.mark.parametrize("contenu", ["", "00:00:00:00:00:00 court\n", "aa:bb:cc:dd:ee:ff pour un seul poste\n", "\xff"])
def test_a_key_that_cannot_be_read_is_a_sentence(
    config: ConfigPortail, bord: Bord, horloge: Horloge, monkeypatch: pytest.MonkeyPatch, contenu: str
) -> None:
    """Empty, too short, another laptop's own, not text: page and sheet say it."""
    regler(monkeypatch, horloge)
    assert config.wifi_cle is not None
    config.wifi_cle.write_bytes(contenu.encode("latin-1"))
    client = create_app(config).test_client()
    entrer(client, bord)
    page, feuille = client.get("/formateur/affiche"), client.get("/formateur/affiche.pdf")

    assert page.status_code == 200
    assert "La clé du Wi-Fi" in texte(page)
    assert feuille.status_code == 400
    assert "La clé du Wi-Fi" in texte(feuille)


def test_a_machine_without_a_network_has_no_poster(
    config: ConfigPortail, bord: Bord, horloge: Horloge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo: a sentence instead of an empty sheet."""
    regler(monkeypatch, horloge)
    client = create_app(replace(config, wifi_nom="", wifi_cle=None)).test_client()
    entrer(client, bord)

    assert "n'a pas de réseau Wi-Fi à elle" in texte(client.get("/formateur/affiche"))


def test_a_sheet_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies: the page can still be printed."""
    monkeypatch.setattr(affiche_pdf.sys, "executable", "/bin/false")

    with pytest.raises(AfficheImpossible) as erreur:
        affiche_pdf.imprimer_a_part(Affiche("n", "c" * 8, BASE, IP))
    assert erreur.value.geste == "Imprime plutôt la page."


def test_sheets_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rachelle presses again while the first one is being made: a sentence, then her turn comes."""
    monkeypatch.setattr(affiche_pdf, "TOUR_S", 0)
    une = Affiche("n", "c" * 8, BASE, IP)
    with affiche_pdf.TOUR, pytest.raises(AfficheImpossible) as erreur:
        affiche_pdf.imprimer_a_part(une)
    feuilles = [affiche_pdf.imprimer_a_part(une) for _ in range(2)]

    assert str(erreur.value) == "Une affiche est déjà en train de se faire."
    assert all(feuille.startswith(b"%PDF-") for feuille in feuilles)


def test_the_command_writes_the_sheet_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At first boot, before any screen: a file that only its owner reads."""
    cle = ecrire_cle(tmp_path, "lagune jaune piroguier mangue")
    toml = tmp_path / "pirogue.toml"
    toml.write_text(
        f'donnees = "d"\nterre = "t"\nportail_base = "{BASE}"\nwifi_nom = "Pirogue 7"\nwifi_cle = "{cle}"\n'
    )
    monkeypatch.setenv("PIROGUE_CONFIG", str(toml))
    feuille = tmp_path / "f.pdf"
    feuille.write_bytes(b"ancienne")
    feuille.chmod(0o644)
    rendu = CliRunner().invoke(pirogue, ["affiche", "--sortie", str(feuille)], catch_exceptions=False)

    assert "L'affiche du réseau « Pirogue 7 »" in rendu.output
    assert feuille.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(feuille.stat().st_mode) == 0o600

"""What a screen must be for a girl of 14 in full sun on an old laptop: light, legible, spoken, without scripts."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gestes_jeune import embarquer
from pirogue_portail import actifs
from pirogue_registre.jeunes import ANIMAUX, IMAGES, Jeune

TEMPLATES = Path(actifs.__file__).parent / "templates"
CSS = (actifs.DOSSIER / "pirogue.css").read_text(encoding="utf-8")

#: Every text colour on every ground it stands on, by the names of the style sheet.
PAIRES = (
    *[("encre", fond) for fond in ("blanc", "sable", "brume", "eau", "soleil")],
    *[("lagune", fond) for fond in ("blanc", "sable", "brume", "soleil")],
    *[("blanc", fond) for fond in ("lagune", "encre", "absent")],
    *[(etat, f"{etat}-clair") for etat in ("present", "retard", "absent", "excuse")],
    ("excuse", "blanc"),
    ("excuse", "brume"),
)
VOIX = [
    "bienvenue",
    "qui",
    "qui_deux",
    "images",
    "toi",
    "deux",
    "chemin",
    "module",
    "aide",
    "aide_reseau",
    "toujours",
    "fermee",
    "visite",
]


def couleurs() -> dict[str, tuple[float, float, float]]:
    """Return the colours of the sheet: name → red, green, blue from 0 to 1."""
    return {
        nom: tuple(int(hexa[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[misc]
        for nom, hexa in re.findall(r"--([a-z-]+): #([0-9a-f]{6});", CSS)
    }


def luminance(rvb: tuple[float, float, float]) -> float:
    """Return the relative luminance of WCAG 2.2."""
    lin = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rvb]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


def poids(client: FlaskClient, adresse: str) -> tuple[int, str]:
    """Return the octets of an answer with its headers, as an ordinary browser asks for it, and its body."""
    with client.get(adresse, headers={"Accept-Encoding": "gzip"}) as reponse:
        corps = reponse.get_data()
        entetes = sum(len(nom) + len(valeur) + 4 for nom, valeur in reponse.headers.items())
    assert reponse.status_code == 200, adresse
    return len(corps) + entetes, "" if reponse.content_encoding == "gzip" else corps.decode("utf-8", "replace")


@pytest.mark.parametrize(("texte", "fond"), PAIRES)
def test_every_text_is_legible_in_full_sun(texte: str, fond: str) -> None:
    """Contrast of 7:1 or more, computed from the sheet itself."""
    palette = couleurs()
    claire, sombre = sorted((luminance(palette[texte]), luminance(palette[fond])), reverse=True)

    assert (claire + 0.05) / (sombre + 0.05) >= 7


def test_no_colour_escapes_the_palette() -> None:
    """A colour written elsewhere than in the variables would escape the measure above."""
    regles = CSS[CSS.index("--cible") :]

    assert re.findall(r"(?<!-)\b(?:color|background): #(?!fff;)\w+", regles) == []


def test_the_first_page_weighs_under_sixty_kilobytes(client: FlaskClient) -> None:
    """Page, style, script, letters and pictures: what a browser asks for, counted from real answers."""
    total, page = poids(client, "/")
    adresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    sons = {adresse for adresse in adresses if ".opus" in adresse}
    lettres = {f"/static/polices/andika-latin-{graisse}-normal.woff2" for graisse in (400, 700)}
    total += sum(poids(client, adresse.replace("&amp;", "&"))[0] for adresse in (adresses - sons) | lettres)

    assert len(adresses - sons) >= 5
    assert 'preload="none"' in page
    assert total <= 60_000, total


def test_the_first_page_needs_only_the_first_letters(client: FlaskClient) -> None:
    """No character of the welcome screen falls in the heavy extended set of letters."""
    page = client.get("/").get_data(as_text=True)

    assert [lettre for lettre in page if "\u0100" <= lettre <= "\u1eff" and lettre not in "œŒ"] == []


def test_the_style_sheet_is_one_small_file(client: FlaskClient) -> None:
    """Less than 12 kB in transit; nothing is fetched from elsewhere."""
    assert poids(client, "/static/pirogue.css")[0] < 12_000
    assert "http" not in CSS
    assert "@import" not in CSS


@pytest.mark.parametrize("fichier", sorted(TEMPLATES.rglob("*.html")), ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_no_page_has_a_script_or_a_style_inside(fichier: Path) -> None:
    """The security policy would refuse them; every page works without JavaScript."""
    source = fichier.read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]*\bsrc=)", source) == []
    assert re.findall(r"<style|\bstyle=|\bon\w+=|javascript:", source) == []


def test_every_picture_a_trainee_may_have_is_drawn() -> None:
    """Twelve pictures to sign in, thirty animals to be told apart."""
    manquantes = [nom for nom in IMAGES if not (actifs.DOSSIER / f"images/choix/{nom}.svg").is_file()]
    manquants = [nom for nom in ANIMAUX if not (actifs.DOSSIER / f"images/animaux/{nom}.svg").is_file()]

    assert manquantes == []
    assert manquants == []


@pytest.mark.parametrize("cle", VOIX)
def test_every_screen_of_the_way_has_its_voice(cle: str) -> None:
    """A recording of 15 kB at most, until people lend theirs."""
    fichier = actifs.DOSSIER / f"audio/fra/{cle}.opus"

    assert fichier.read_bytes()[:4] == b"OggS"
    assert fichier.stat().st_size <= 15_000


def test_a_missing_voice_hides_its_button(client: FlaskClient) -> None:
    """No button that says nothing."""
    assert "<audio" in client.get("/").get_data(as_text=True)
    assert "<audio" not in client.get("/credits").get_data(as_text=True)


def test_a_voice_can_be_heard_from_its_middle(client: FlaskClient) -> None:
    """Browsers ask for pieces of a recording."""
    with client.get("/static/audio/fra/qui.opus", headers={"Range": "bytes=100-199"}) as reponse:
        taille = len(reponse.get_data())

    assert reponse.status_code == 206
    assert taille == 100


def test_assets_are_kept_a_year_under_their_fingerprint(client: FlaskClient) -> None:
    """A new version has a new address; the bare address is asked again."""
    page = client.get("/").get_data(as_text=True)
    adresse = re.findall(r'href="(/static/pirogue\.css\?v=[0-9a-f]{10})"', page)[0]
    with client.get(adresse) as garde, client.get("/static/pirogue.css") as redemande:
        entetes = garde.headers["Cache-Control"], redemande.headers["Cache-Control"]

    assert entetes == ("public, max-age=31536000, immutable", "no-cache")


def test_every_page_of_the_way_is_french_and_says_where_it_is(client: FlaskClient, seance: str, afi: Jeune) -> None:
    """One title, one heading, the language, labelled pictures, a link past the header."""
    embarquer(client, afi)
    for adresse in ("/chemin", "/chemin/S01", "/chemin/S01/s01-souris", "/toujours", "/aide", "/visite", "/credits"):
        page = client.get(adresse).get_data(as_text=True)

        assert '<html lang="fr">' in page
        assert page.count("<h1") == 1
        assert re.findall(r"<img(?![^>]*\balt=)", page) == []
        assert 'href="#contenu"' in page

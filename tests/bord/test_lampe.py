"""The light, the button, the attached screen: what each says, and that the page for people says the same."""

import re
from pathlib import Path

import pytest

from pirogue_bord import ecran, lampe
from pirogue_bord.bouton import Bouton
from pirogue_socle import histoires
from pirogue_socle.histoires import ABSENTE, Histoire

PAGE = Path(__file__).parents[2] / "docs/lampe.md"
S = 1_000_000_000


def lire(code: str, *, duree_ms: int = 20_000) -> list[tuple[bool, int]]:
    """Return what an eye sees of a code: lit or dark, and for how long, milliseconds."""
    vus: list[tuple[bool, int]] = []
    ici = 0
    while ici < duree_ms:
        allumee, reste = lampe.jouer(code, ici)
        if vus and vus[-1][0] == allumee:
            vus[-1] = (allumee, vus[-1][1] + reste)
        else:
            vus.append((allumee, reste))
        ici += reste
    return vus


def eclats(code: str) -> int:
    """Return how many flashes come between two long darknesses."""
    noirs = [duree for allumee, duree in lire(code) if not allumee]
    motif = "".join("L" if duree == max(noirs) else "c" for duree in noirs)
    return len(re.findall(r"L(c*)L", motif)[0]) + 1


def test_no_two_codes_look_alike() -> None:
    """Somebody in the sun must tell them apart."""
    vus = {code: tuple(lire(code)[:6]) for code in lampe.CODES}

    assert len(set(vus.values())) == len(lampe.CODES)


def test_fast_is_do_not_pull_and_slow_is_an_exchange() -> None:
    """Four times a second; once every two seconds."""
    assert lire("cle_au_travail")[:2] == [(True, 125), (False, 125)]
    assert lire("echange")[:2] == [(True, 1000), (False, 1000)]


def test_two_flashes_are_pull_it_and_three_are_look_at_the_screen() -> None:
    """Success and failure are counted on the fingers."""
    assert eclats("cle_a_retirer") == 2
    assert eclats("cle_en_echec") == 3


def test_the_class_may_begin_with_a_steady_light() -> None:
    """Steady when ready, dark before."""
    assert lire("prete") == [(True, 60_000)]
    assert lire("eteinte") == [(False, 60_000)]


@pytest.mark.parametrize("etape", histoires.ETAPES)
def test_every_step_of_a_stick_has_its_light(etape: str) -> None:
    """Whatever else goes on, a stick in use says so; it must not be pulled while the box stops."""
    histoire = Histoire(etape, "…")
    vue = lampe.choisir(histoire, sante="panne", echange=True, arret=True)

    assert (vue == "cle_au_travail") == histoire.au_travail
    assert lampe.choisir(histoire, sante="bon", echange=False, arret=False) in lampe.CODES


@pytest.mark.parametrize(
    ("sante", "code"),
    [("", "eteinte"), ("bon", "prete"), ("inconnu", "prete"), ("attention", "prete"), ("panne", "a_voir")],
)
def test_without_a_stick_the_light_says_whether_the_class_may_begin(sante: str, code: str) -> None:
    """A fault blinks out now and then: look at the page."""
    assert lampe.choisir(ABSENTE, sante=sante, echange=False, arret=False) == code


def test_the_page_for_people_has_every_code_and_no_other() -> None:
    """One page, taped under the lid."""
    lus = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(lus) == sorted(lampe.CODES)


def test_a_button_held_three_seconds_stops_the_box() -> None:
    """Held, and still down."""
    bouton = Bouton()
    bouton.bouger(presse=True, bt_ns=10 * S)

    assert not bouton.est_tenu(12 * S)
    assert bouton.est_tenu(13 * S)


def test_a_button_let_go_too_soon_does_nothing() -> None:
    """A child's push, ten times."""
    bouton = Bouton()
    tenus = [
        bouton.bouger(presse=presse, bt_ns=(10 * coup + 2 * (not presse)) * S)
        for coup in range(10)
        for presse in (True, False)
    ]

    assert not any(tenus)
    assert not bouton.est_tenu(1000 * S)


def test_a_release_that_is_read_late_still_counts() -> None:
    """The loop was busy: it finds both edges at once, after the button was up again."""
    bouton = Bouton()
    bouton.bouger(presse=True, bt_ns=10 * S)

    assert bouton.bouger(presse=False, bt_ns=14 * S)
    assert not bouton.est_tenu(20 * S)


def test_a_button_stuck_since_the_start_never_stops_the_box() -> None:
    """Nobody saw it go down."""
    bouton = Bouton()

    assert not bouton.est_tenu(1000 * S)
    assert not bouton.bouger(presse=False, bt_ns=1000 * S)


@pytest.mark.parametrize("etape", histoires.ETAPES)
def test_the_screen_says_each_step_in_big_words(etape: str) -> None:
    """Capitals, spaced; « NE RETIRE PAS » while it works and never otherwise."""
    histoire = Histoire(etape, "Une phrase.", "Un geste.", fait=3, total=12)
    texte = ecran.composer(histoire, nom="Pirogue 1", adresse="http://pirogue.internal/")

    assert ecran.espacer(histoires.TITRES[etape]) in texte
    assert "Une phrase." in texte
    assert "Un geste." in texte
    assert ("NE RETIRE PAS" in texte) == histoire.au_travail


def test_the_screen_counts_the_copy() -> None:
    """Copie 3/12."""
    texte = ecran.composer(Histoire("copie", "Je copie.", fait=3, total=12), nom="Pirogue 1", adresse="")

    assert "C o p i e".upper() + "  3 / 1 2" in texte


def test_every_line_fits_the_smallest_console() -> None:
    """Eighty columns, twenty-five lines; the long titles too."""
    for etape in histoires.ETAPES:
        histoire = Histoire(etape, "Une phrase.", "Un geste.", fait=99, total=99, remarques=("Une remarque.",) * 5)
        texte = re.sub(r"\033\[[0-9;]*[A-Za-z]", "", ecran.composer(histoire, nom="Pirogue 1", adresse="http://a/"))

        assert max(len(ligne) for ligne in texte.split("\r\n")) <= 80
        assert texte.count("\r\n") <= 25


def test_a_machine_without_a_screen_is_silent(tmp_path: Path) -> None:
    """No such console, or one that may not be opened."""
    ecran.montrer("bonjour", tmp_path / "tty1")

    assert not (tmp_path / "tty1").exists()

"""The real Chromium, on a screen, a fresh profile, `https first`: the boat's address typed by hand in the bar."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from reseau.juges.chromium import Chromium, Refus, ouvrir_chromium
from reseau.juges.ecran import Ecran, allumer
from reseau.juges.lancement import IMAGES, PasVenu, attendre
from reseau.lac import Lac

#: What every Chrome does of itself since version 154: https first, a warning page where there is none.
HTTPS_D_ABORD = "--enable-features=HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable"
#: The page as it stands: its address, its title, its words; a warning's address is Chromium's own.
LIRE = "JSON.stringify([location.href, document.title, document.body ? document.body.innerText : ''])"

#: True once what is there has been painted twice.
PEINT = """new Promise(peint => requestAnimationFrame(() => requestAnimationFrame(
    () => peint(document.readyState === "complete"))))"""


@pytest.fixture
def ecran(tmp_path: Path) -> Iterator[Ecran]:
    """A screen and a keyboard."""
    with allumer(tmp_path) as allume:
        yield allume


def lire(chromium: Chromium) -> str:
    """Return what the page is now; nothing while it changes."""
    with contextlib.suppress(Refus):
        return str(chromium.executer(LIRE))
    return ""


def ecrire_adresse(ecran: Ecran, chromium: Chromium, adresse: str) -> None:
    """Do as a person does: the bar, the address, Enter; again when a busy machine lost a key."""
    fenetre = attendre("la fenêtre", lambda: ecran.chercher("Chromium"))[-1]
    for _ in range(3):
        ecran.taper("windowfocus", "--sync", fenetre)
        ecran.taper("key", "ctrl+l")
        ecran.taper("type", adresse)
        ecran.taper("key", "Return")
        with contextlib.suppress(PasVenu):
            attendre("une autre page", lambda: (lu := lire(chromium)) and "about:blank" not in lu, delai_s=15)
            return


@pytest.mark.parametrize(
    ("adresse", "arrivee"),
    [("pirogue.internal", "http://pirogue.internal/"), ("10.10.10.10", "http://10.10.10.10/")],
)
def test_the_address_of_the_poster_typed_in_chromium_opens_the_boat(
    lac: Lac, tmp_path: Path, ecran: Ecran, adresse: str, arrivee: str
) -> None:
    """No search page, no «this site is not secure»: the boat, at once, by its name and by its number."""
    poste = lac.poste(f"c-{adresse.replace('.', '')}")
    with ouvrir_chromium(
        poste.espace, tmp_path, mots=[HTTPS_D_ABORD, "--window-size=1366,768", "about:blank"], env=ecran.env
    ) as chromium:
        ecrire_adresse(ecran, chromium, adresse)
        page = attendre("une page", lambda: "about:blank" not in (lu := lire(chromium)) and "Bienvenue" in lu and lu)
        attendre("la page est peinte", lambda: chromium.executer(PEINT))
        ecran.photographier(IMAGES / f"chromium-{adresse}.png")

    assert str(page).startswith(f'["{arrivee}","Bienvenue à bord')


@pytest.mark.parametrize(
    ("mot", "debut"),
    [
        (HTTPS_D_ABORD, '["chrome-error://chromewebdata/"'),
        (HTTPS_D_ABORD.replace("enable", "disable", 1), '["http://pirogue.internal/bienvenue","Bienvenue à bord'),
    ],
)
def test_a_name_that_is_not_internal_would_have_frightened_everybody(
    lac: Lac, tmp_path: Path, ecran: Ecran, mot: str, debut: str
) -> None:
    """The same judge, the same boat, another name: `https first` stops there, so its silence above means something."""
    poste = lac.poste(f"c-temoin-{mot[2:8]}")
    with ouvrir_chromium(poste.espace, tmp_path, mots=[mot, "about:blank"], env=ecran.env) as chromium:
        ecrire_adresse(ecran, chromium, "pirogue.home.arpa")
        page = attendre("autre chose", lambda: (lu := lire(chromium)).startswith(debut) and lu)
        ecran.photographier(IMAGES / f"chromium-temoin-{mot[2:8]}.png")

    assert page

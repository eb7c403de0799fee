"""What the light and the attached screen show of an update: the body reads the story that root's programs tell."""

from pathlib import Path

import commun
import pytest

from equipage import Horloge
from pirogue_bord import mises_a_jour
from pirogue_bord.corps import Corps
from pirogue_bord.mises_a_jour import RIEN
from pirogue_socle.config import Config


class Fils:
    """The light's wire; nobody touches the button."""

    def __init__(self) -> None:
        self.allumages: list[bool] = []

    def lire(self) -> list[object]:
        """Return what the button did."""
        return []

    def allumer(self, *, oui: bool) -> None:
        """Light it, or not."""
        self.allumages.append(oui)

    def fermer(self) -> None:
        """Let go."""


def test_people_see_that_nothing_may_be_unplugged_while_a_system_is_written(tmp_path: Path) -> None:
    """The screen says how far it is; the light blinks fast, then burns steadily again."""
    horloge, fils, ecran = Horloge(), Fils(), tmp_path / "ecran"
    ecran.touch()
    config = Config(donnees=tmp_path, terre=tmp_path, bord=tmp_path, nom_relais="Pirogue 1")
    corps = Corps(
        config, None, tmp_path / "recit", broches=fils, console=ecran, maj=tmp_path / "histoire.json", sante="bon"
    )  # type: ignore[arg-type]
    commun.raconter("installation", dossier=tmp_path, vers="0.1.13", fraction=0.42)
    for _ in range(16):
        corps.tour(horloge())
        horloge.avancer(secondes=0.125)
    pendant, dit = list(fils.allumages), ecran.read_text()
    commun.raconter("repos", dossier=tmp_path, version="0.1.13")
    for _ in range(40):
        corps.tour(horloge())
        horloge.avancer(secondes=0.125)

    assert "NE DÉBRANCHE RIEN" in dit
    assert "4 2" in dit
    assert len(pendant) >= 8
    assert fils.allumages[-1]
    assert len(fils.allumages) < len(pendant) + 40


@pytest.mark.parametrize(
    "contenu", ["", "[]", '{"etape": 1}', "\x00", '{"etape": "copie", "phrase": "", "fraction": "x"}']
)
def test_a_story_that_cannot_be_understood_is_no_story(tmp_path: Path, contenu: str) -> None:
    """Half a file, another form: the body goes on."""
    (tmp_path / "histoire.json").write_text(contenu)

    assert mises_a_jour.lire(tmp_path / "histoire.json") == RIEN

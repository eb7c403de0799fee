"""What the real exchange tells, step by step, when somebody listens."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from equipage import Bord
from pirogue_cli import recits
from pirogue_echange import cles as trousseau
from pirogue_echange.support import SupportAbsent, SupportDefaillant, SupportPlein, SupportProtege
from pirogue_registre import base
from pirogue_socle import histoires
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import maintenant
from pirogue_sync import cle as voie_cle
from sync.quai import Quai, preparer_quai, sceller_par, vivre_une_journee


@pytest.fixture
def quai(bord: Bord, tmp_path: Path) -> Quai:
    """A boat with a day behind it, and its shore."""
    vivre_une_journee(bord)
    return preparer_quai(bord, tmp_path / "rive")


@pytest.fixture
def cle(tmp_path: Path) -> Path:
    """A folder that stands for a stick."""
    (tmp_path / "cle").mkdir()
    return tmp_path / "cle"


@pytest.fixture
def env(quai: Quai, bord: Bord, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The box's command line: its register, its keys, its shore's card."""
    donnees = tmp_path / "donnees"
    (donnees / "sync").mkdir(parents=True)
    bord.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (donnees / "registre").symlink_to(bord.registre.dossier)
    trousseau.enregistrer(quai.cles, donnees / "sync/relais.cles")
    (donnees / "sync/rive.json").write_bytes(trousseau.ecrire_carte(quai.carte_rive))
    (tmp_path / "pirogue.toml").write_text(f'donnees = "{donnees}"\nterre = "terre"\n', encoding="utf-8")
    base.fermer(bord.registre)
    yield os.environ | {"PIROGUE_CONFIG": str(tmp_path / "pirogue.toml")}
    bord.registre.db.close()


def echanger(env: dict[str, str], cle: Path, recit: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command as its unit does."""
    mots = [sys.executable, "-m", "pirogue_cli", "sync", "cle", str(cle), "--recit", str(recit)]
    return subprocess.run(mots, env=env, capture_output=True, text=True, check=False)


def test_the_copy_is_counted_and_the_end_is_told(quai: Quai, cle: Path) -> None:
    """Read, copied 0/n … , verified n/n."""
    lots = len(sceller_par(quai, 5))
    contees: list[Histoire] = []
    voie_cle.echanger(
        quai.bord.registre,
        dossier=cle,
        trousseau=quai.trousseau,
        instant=quai.bord.horloge(),
        suivre=contees.append,
    )
    copies = [un for un in contees if un.etape == "copie"]

    assert contees[0].etape == "lecture"
    assert len(copies) >= lots > 2
    assert [un.fait for un in copies] == list(range(len(copies)))
    assert {un.total for un in copies} == {len(copies)}
    assert (contees[-1].etape, contees[-1].fait) == ("verification", len(copies))


def test_the_command_tells_the_end_in_its_file(env: dict[str, str], cle: Path, tmp_path: Path) -> None:
    """The last word is « retirez », for whoever reads the file; the screen of the command says it too."""
    fait = echanger(env, cle, tmp_path / "recit.json")
    fin = histoires.lire(tmp_path / "recit.json", instant=maintenant())

    assert fait.returncode == 0, fait.stderr
    assert fin.etape == "retirez"
    assert fin.fait == fin.total > 0


def test_a_stick_that_is_not_there_any_more_is_told_as_pulled(env: dict[str, str], tmp_path: Path) -> None:
    """With what to do, and the command's own exit code."""
    fait = echanger(env, tmp_path / "partie", tmp_path / "recit.json")
    fin = histoires.lire(tmp_path / "recit.json", instant=maintenant())

    assert fait.returncode == SupportAbsent.code
    assert (fin.etape, fin.geste) == ("retiree_trop_tot", SupportAbsent.geste)


@pytest.mark.parametrize(
    ("erreur", "etape"),
    [
        (SupportPlein("La clé est pleine."), "pleine"),
        (SupportProtege("La clé est protégée."), "protegee"),
        (SupportDefaillant("La clé ne répond pas bien."), "illisible"),
        (ErreurPirogue("Le registre est occupé."), "echec"),
    ],
)
def test_each_thing_that_stops_an_exchange_has_its_own_end(tmp_path: Path, erreur: ErreurPirogue, etape: str) -> None:
    """Full, protected, unreadable, something of ours: the sentence and the gesture are the error's."""

    def essayer() -> None:
        with recits.tenir(tmp_path / "recit.json") as conteur:
            conteur.suivre(Histoire("copie", "Je copie.", fait=2, total=5))
            raise erreur

    with pytest.raises(type(erreur)):
        essayer()

    fin = histoires.lire(tmp_path / "recit.json", instant=maintenant())
    assert fin == Histoire(etape, str(erreur), erreur.geste, fait=2, total=5)


def test_what_another_stick_told_before_is_not_believed(tmp_path: Path) -> None:
    """The file is kept between two sticks."""
    histoires.ecrire(tmp_path / "recit.json", Histoire("retirez", "C'est fini."), instant=maintenant())

    assert histoires.lire(tmp_path / "recit.json", instant=maintenant(), depuis_ns=maintenant().bt_ns) == (
        histoires.ABSENTE
    )

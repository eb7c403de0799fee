"""A bundle that the courier fetched at the quay: root takes or refuses it, and empties a folder it does not believe."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import commun
import paquet
import prendre
import pytest
from commun import MajRefusee
from hypothesis import given
from hypothesis import strategies as st

from pirogue_echange import offre

PRESENTE = "0.1.12"
Faire = Callable[..., Path]


@pytest.fixture
def quai(tmp_path: Path) -> Path:
    """The folder that stands for a stick."""
    (tmp_path / "quai/PIROGUE/maj").mkdir(parents=True)
    return tmp_path / "quai"


@pytest.fixture
def lancer(
    quai: Path, depot: Path, cle: paquet.Cle, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, object]]:
    """Run the program as its unit does; return the story that people are shown."""
    memoire = depot.parent / "memoire"
    monkeypatch.setattr(sys, "argv", ["prendre.py", str(quai)])
    monkeypatch.setattr(commun, "DEPOT", depot)
    monkeypatch.setattr(commun, "EPHEMERE", memoire)
    monkeypatch.setattr(commun, "CLES", cle.certificat)
    monkeypatch.setattr(commun, "version_presente", lambda: PRESENTE)
    monkeypatch.setattr(commun.raconter, "__kwdefaults__", {"dossier": memoire})

    def courir() -> dict[str, object]:
        prendre.main()
        return commun.relire(memoire / "histoire.json")

    return courir


def test_a_bundle_from_the_quay_is_taken_and_its_folder_emptied(
    quai: Path, depot: Path, faire: Faire, lancer: Callable[[], dict[str, object]]
) -> None:
    """It waits for the end of the class, as one from a stick; what the courier keeps beside it stays."""
    dossier = quai / "PIROGUE/maj"
    contenu = faire(dossier / "0123-0.1.13.raucb", "0.1.13").read_bytes()
    (dossier / "remises.json").write_text("{}")
    histoire = lancer()

    assert histoire["etape"] == "attente"
    assert (depot / prendre.ARRIVEE).read_bytes() == contenu
    assert [un.name for un in dossier.iterdir()] == ["remises.json"]


@pytest.mark.parametrize("cas", ["autre cle", "pas un paquet", "vieille", "vide"])
def test_a_bundle_that_is_refused_is_removed_too(
    tmp_path: Path,
    quai: Path,
    depot: Path,
    faire: Faire,
    lancer: Callable[[], dict[str, object]],
    cas: str,
) -> None:
    """Else root would judge it again and again. Nothing of it reaches root's own folder."""
    venu = quai / "PIROGUE/maj/0123-0.1.13.raucb"
    if cas == "autre cle":
        faire(venu, "0.1.13", signe=paquet.fabriquer_cle(tmp_path / "autre", "autre"))
    elif cas == "vieille":
        faire(venu, PRESENTE)
    else:
        venu.write_bytes(b"" if cas == "vide" else b"hsqs" * 1000)
    histoire = lancer()

    assert histoire.get("etape") == (None if cas == "vide" else "refusee")
    assert list(venu.parent.iterdir()) == []
    assert list(depot.iterdir()) == []


@pytest.mark.parametrize("forme", ["lien", "lien mort", "tube", "dossier"])
def test_what_only_has_the_name_of_a_bundle_is_neither_read_nor_followed(
    tmp_path: Path, quai: Path, depot: Path, faire: Faire, lancer: Callable[[], dict[str, object]], forme: str
) -> None:
    """A courier that somebody holds: a link to a file of root's, a pipe that would hold it for ever, a folder."""
    vrai = faire(tmp_path / "a-root.raucb", "0.1.13")
    piege = quai / "PIROGUE/maj/piege.raucb"
    if forme.startswith("lien"):
        piege.symlink_to(vrai if forme == "lien" else tmp_path / "rien")
    elif forme == "tube":
        os.mkfifo(piege)
    else:
        (piege / "dedans").mkdir(parents=True)
        (piege / "dedans/lien").symlink_to(vrai)
    histoire = lancer()

    assert histoire == {}
    assert list(depot.iterdir()) == []
    assert list(piege.parent.iterdir()) == []
    assert vrai.exists()


@pytest.mark.parametrize("etape", ["PIROGUE", "PIROGUE/maj"])
def test_a_link_on_the_way_is_not_followed(
    tmp_path: Path, quai: Path, depot: Path, faire: Faire, lancer: Callable[[], dict[str, object]], etape: str
) -> None:
    """The folder itself leads elsewhere: nothing there is taken, and above all nothing is removed."""
    ailleurs = tmp_path / "ailleurs"
    shutil.move(quai / etape, ailleurs)
    (quai / etape).symlink_to(ailleurs)
    vrai = faire((ailleurs if etape.endswith("maj") else ailleurs / "maj") / "x.raucb", "0.1.13")
    histoire = lancer()

    assert histoire == {}
    assert list(depot.iterdir()) == []
    assert vrai.exists()


def test_what_was_opened_is_what_is_judged(quai: Path, depot: Path, cle: paquet.Cle, faire: Faire) -> None:
    """The name changes hands between the two looks: root goes on with the file that it opened, or refuses it."""
    venu = faire(quai / "PIROGUE/maj/x.raucb", "0.1.13")
    contenu = venu.read_bytes()
    with prendre.ouvrir(quai) as (ouvert,):
        venu.unlink()
        venu.symlink_to("/etc/shadow")
        juge = commun.examiner(ouvert, presente=PRESENTE, cles=cle.certificat)
        prendre.copier(ouvert, depot / "copie", avancer=lambda _: None)

    assert juge.version == "0.1.13"
    assert (depot / "copie").read_bytes() == contenu


def test_a_bundle_that_changes_after_it_was_judged_is_refused(
    quai: Path, depot: Path, cle: paquet.Cle, faire: Faire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The courier writes into the very file that root has open: root's own copy is judged again."""
    venu = faire(quai / "PIROGUE/maj/x.raucb", "0.1.13")
    vraie = prendre.copier

    def abimer(source: Path, but: Path, **avancer: Callable[[float], None]) -> None:
        with venu.open("r+b") as ecrit:
            ecrit.seek(-200, os.SEEK_END)
            ecrit.write(b"\0" * 100)
        vraie(source, but, **avancer)

    monkeypatch.setattr(prendre, "copier", abimer)

    with pytest.raises(MajRefusee, match="pas signée"):
        prendre.prendre(quai, depot=depot, ephemere=depot.parent / "m", cles=cle.certificat, presente=PRESENTE)
    assert not (depot / prendre.ARRIVEE).exists()


def test_root_without_its_powers_takes_from_the_courier_s_folder(
    tmp_path: Path, quai: Path, cle: paquet.Cle, faire: Faire
) -> None:
    """As its unit runs it: no capability, the courier's group, and nothing else of the folder is open to it."""
    courrier = 64_123
    dossier = quai / "PIROGUE/maj"
    venu = faire(dossier / "x.raucb", "0.1.13")
    venu.chmod(0o640)
    for un in (dossier, venu):
        os.chown(un, courrier, courrier)
    dossier.chmod(0o770)
    for un in (tmp_path, *tmp_path.parents[:2]):
        un.chmod(un.stat().st_mode | 0o011)
    course = tmp_path / "course.py"
    course.write_text(
        "import sys\nfrom pathlib import Path\nimport commun, prendre\n"
        "commun.version_presente = lambda: '0.1.12'\n"
        f"commun.DEPOT, commun.EPHEMERE = Path('{tmp_path}/depot'), Path('{tmp_path}/m')\n"
        f"commun.CLES = Path('{cle.certificat}')\n"
        "commun.raconter.__kwdefaults__['dossier'] = commun.EPHEMERE\n"
        f"sys.argv = ['prendre.py', '{quai}']\nprendre.main()\n"
    )
    (tmp_path / "depot").mkdir()
    mots = ["setpriv", f"--groups={courrier}", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    programme = [sys.executable, str(course)]
    env = os.environ | {"PYTHONPATH": str(Path(prendre.__file__).parent)}
    fait = subprocess.run([*mots, *programme], capture_output=True, text=True, check=False, env=env)

    assert fait.returncode == 0, fait.stderr
    assert (tmp_path / "depot" / prendre.ARRIVEE).exists(), fait.stderr
    assert list(dossier.iterdir()) == []


@given(st.text("0123456789.-gabc ", max_size=20))
def test_ship_and_root_order_versions_alike(version: str) -> None:
    """Else the courier would fetch what root refuses."""
    assert offre.numeroter(version) == commun.numeroter(version)

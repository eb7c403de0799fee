"""kill -9 at every durable step of boat and shore: nothing acknowledged is lost, nothing is doubled."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pirogue_echange import cles as trousseau
from pirogue_registre import base, envois, journal
from pirogue_rive import arrivees
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive
from pirogue_socle.horloge import Instant
from pirogue_sync import cle as cle_bord
from pirogue_sync import recus
from sync.quai import Quai, nouvelle_rive, sceller_par, vivre_une_journee, vues

MIDI = Instant("rive", 1, 1_741_086_000_000)
#: The calls after which something is durable, or visible to others.
APPELS = ("fsync", "fdatasync", "rename", "renameat", "unlinkat")

COURSE_RIVE = """
import sys
from pathlib import Path
from pirogue_rive import arrivees, cle, config
from pirogue_socle.horloge import maintenant
with config.ouvrir(config.ConfigRive(Path(sys.argv[1]))) as rive:
    arrivees.rattraper(rive, instant=maintenant())
    cle.prendre_cle(rive, dossier=Path(sys.argv[2]), instant=maintenant())
"""

COURSE_BORD = """
import sys
from pathlib import Path
from pirogue_echange import cles
from pirogue_registre import base
from pirogue_sync import cle
from pirogue_sync.trousseau import assembler
from pirogue_socle.horloge import maintenant
registre, dossier, trousseau, rive = map(Path, sys.argv[1:])
ouvert = base.ouvrir(registre)
tout = assembler(trousseau.parent, cles=cles.charger(trousseau), rive=cles.lire_carte(rive.read_bytes()))
cle.echanger(ouvert, dossier=dossier, trousseau=tout, instant=maintenant())
"""


def tuer_a_chaque_pas(preparer: Callable[[str], list[object]], verifier: Callable[[str], None]) -> int:
    """
    Run a program again and again, killed at its first durable call of each kind, its second… until it survives.

    Returns:
        The number of points at which it was killed.
    """
    points = 0
    for appel in APPELS:
        for rang in range(1, 200):
            cas = f"-{appel}-{rang}"
            commande = preparer(cas)
            injection = ["-e", f"trace={appel}", "-e", f"inject={appel}:signal=KILL:when={rang}"]
            fait = subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", *injection, sys.executable, "-c", *map(str, commande)],
                capture_output=True,
                text=True,
                check=False,
            )
            verifier(cas)
            if fait.returncode == 0:
                break
            assert fait.returncode in {-9, 137}, fait.stderr
            points += 1
    return points


def test_the_shore_killed_at_any_step_of_a_stick_loses_and_doubles_nothing(quai: Quai, tmp_path: Path) -> None:
    """The power goes at La Rive, between any two steps; it comes back, and the stick is plugged in again."""
    vivre_une_journee(quai.bord)
    octets = sceller_par(quai, 12)
    temoin = tmp_path / "temoin"
    with rives.ouvrir(nouvelle_rive(quai.config, temoin)) as rive:
        for lot in octets:
            arrivees.prendre(rive, lot, voie="cle", instant=MIDI)
        attendu = vues(rive)
    cle_bord.echanger(quai.bord.registre, dossier=cle_neuve(tmp_path), trousseau=quai.trousseau, instant=MIDI)

    def preparer(rang: str) -> list[object]:
        nouvelle_rive(quai.config, tmp_path / f"terre{rang}")
        shutil.copytree(tmp_path / "cle", tmp_path / f"cle{rang}")
        return [COURSE_RIVE, tmp_path / f"terre{rang}", tmp_path / f"cle{rang}"]

    def verifier(rang: str) -> None:
        with rives.ouvrir(ConfigRive(tmp_path / f"terre{rang}")) as rive:
            arrivees.rattraper(rive, instant=MIDI)
            prise = cle_rive.prendre_cle(rive, dossier=tmp_path / f"cle{rang}", instant=MIDI)
            assert vues(rive) == attendu
        assert prise.refuses == 0
        for recu in (tmp_path / f"cle{rang}/PIROGUE/descente").glob("*.lot"):
            retour = recus.prendre(quai.bord.registre, octets=recu.read_bytes(), rive=quai.carte_rive)
            assert retour[1] == ""

    points = tuer_a_chaque_pas(preparer, verifier)

    assert points >= 20
    assert envois.etat_puce(quai.bord.registre).code == "confirme"


def test_the_boat_killed_at_any_step_of_a_stick_seals_and_announces_truly(quai: Quai, tmp_path: Path) -> None:
    """The trainer pulls the plug while the stick is written: what is noted as on the stick is on it, whole."""
    vivre_une_journee(quai.bord)
    trousseau.enregistrer(quai.cles, tmp_path / "relais.cles")
    base.fermer(quai.bord.registre)
    attendu = quai.bord.registre.dossier

    def preparer(rang: str) -> list[object]:
        shutil.copytree(attendu, tmp_path / f"registre{rang}")
        return [
            COURSE_BORD,
            tmp_path / f"registre{rang}",
            cle_neuve(tmp_path, rang),
            tmp_path / "relais.cles",
            quai.config.dossier / "rive.json",
        ]

    def verifier(rang: str) -> None:
        registre = base.ouvrir(tmp_path / f"registre{rang}")
        try:
            for lot_id, corps in registre.db.execute("SELECT id, corps FROM depot JOIN lot ON lot.id = depot.lot_id"):
                assert (tmp_path / f"cle{rang}/PIROGUE/montee/{lot_id}.lot").read_bytes() == corps
            fini = cle_bord.echanger(registre, dossier=tmp_path / f"cle{rang}", trousseau=quai.trousseau, instant=MIDI)
            assert fini.puce.code == "sur_cle"
            requete = "SELECT premier, dernier FROM lot WHERE flux = 'activite' ORDER BY premier"
            bornes = registre.db.execute(requete).fetchall()
            assert (bornes[0][0], bornes[-1][1]) == (1, journal.dernier(registre))
        finally:
            base.fermer(registre)

    assert tuer_a_chaque_pas(preparer, verifier) >= 15


def cle_neuve(dossier: Path, rang: str = "") -> Path:
    """Return the mount point of a new stick."""
    chemin = dossier / f"cle{rang}"
    chemin.mkdir(exist_ok=True)
    return chemin

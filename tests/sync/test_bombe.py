"""A lot that would fill the memory: it is refused for the price of what a lot may weigh."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from backports import zstd

from pirogue_echange import age, canonique
from pirogue_echange import lot as lots
from pirogue_echange.entete import CLAIR_MAX, Entete
from sync.quai import Quai

COURSE = """
import resource, sys
from pathlib import Path
from pirogue_rive import arrivees, config
from pirogue_socle.horloge import maintenant
def pic():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) * 1024
with config.ouvrir(config.ConfigRive(Path(sys.argv[1]), base=sys.argv[2])) as rive:
    sain, bombe = (Path(un).read_bytes() for un in sys.argv[3:])
    print(arrivees.prendre(rive, sain, voie="cle", instant=maintenant()).sort)
    avant = pic()
    print(arrivees.prendre(rive, bombe, voie="cle", instant=maintenant()).sort)
    print(pic() - avant)
"""


def bombe(quai: Quai, clair: int) -> bytes:
    """Seal 300 MB of zeros in some 10 kB, well signed, announced as `clair` bytes."""
    flot = zstd.ZstdCompressor(level=9)
    cadre = b"".join(flot.compress(bytes(1_000_000)) for _ in range(300)) + flot.flush()
    charge = age.chiffrer(cadre, quai.carte_rive.destinataires())
    assert len(charge) < 40_000
    modele = Entete(
        genre="journal", relais=quai.cles.carte.id, inc="0" * 16, flux="activite", schema=1, octets=0, sha256="",
        clair=clair, dest=tuple(map(trouver, quai.carte_rive.destinataires())), cree=0, premier=1, dernier=1,
        avant=canonique.ORIGINE.hex(), apres=hashlib.sha256(b"").hexdigest(),
    )  # fmt: skip
    return lots.assembler(replace(modele), charge=charge, signataires=[quai.cles]).octets


def trouver(destinataire: str) -> str:
    """Return the short id of a recipient."""
    return hashlib.sha256(destinataire.encode()).hexdigest()[:16]


@pytest.mark.parametrize("clair", [300_000_000, CLAIR_MAX, 1000])
def test_a_bomb_of_300_megabytes_costs_little_memory(quai: Quai, tmp_path: Path, clair: int) -> None:
    """Whatever it announces: the shore, a process of its own, never grows by more than 64 MB."""
    un = canonique.ecrire({"seq": 1})
    sain = lots.sceller(
        [un], premier=1, avant=canonique.ORIGINE, inc="1" * 16, cles=quai.cles, rive=quai.carte_rive, cree=0
    )
    (tmp_path / "sain").write_bytes(sain.octets)
    (tmp_path / "bombe").write_bytes(bombe(quai, clair))
    arguments = [quai.config.dossier, quai.config.base, tmp_path / "sain", tmp_path / "bombe"]
    fait = subprocess.run(
        [sys.executable, "-c", COURSE, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    _, sort, pic = fait.stdout.split()

    assert sort == "quarantaine"
    assert int(pic) <= 64 * 1024 * 1024

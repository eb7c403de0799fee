"""Bundles, made and judged by the real RAUC: whose signature, for which machine, and what a card begins with."""

import re
import subprocess
from pathlib import Path

import creneau
import paquet
import pytest

DEPOT = Path(__file__).parents[2]


def juger(bundle: Path, certificat: Path) -> subprocess.CompletedProcess[str]:
    """Have RAUC say whether it believes a bundle."""
    mots = ["rauc", f"--keyring={certificat}", "info", str(bundle)]
    return subprocess.run(mots, capture_output=True, text=True, check=False)


def test_a_bundle_is_believed_by_the_boxes_of_its_key_and_by_no_other(racine: Path, tmp_path: Path) -> None:
    """Signed by one key, shown to boxes that hold either certificate."""
    la_notre, une_autre = (paquet.fabriquer_cle(tmp_path / nom, nom) for nom in ("notre", "autre"))
    bundle = paquet.emballer(racine, version="0.1.12", sortie=tmp_path / "maj.raucb", cle=la_notre)

    assert "0.1.12" in juger(bundle, la_notre.certificat).stdout
    assert juger(bundle, une_autre.certificat).returncode != 0


def test_a_bundle_whose_last_octets_were_changed_is_believed_by_nobody(racine: Path, tmp_path: Path) -> None:
    """A stick that lies, or a file that was cut."""
    cle = paquet.fabriquer_cle(tmp_path, "notre")
    bundle = paquet.emballer(racine, version="0.1.12", sortie=tmp_path / "maj.raucb", cle=cle)
    octets = bytearray(bundle.read_bytes())
    octets[-400] ^= 1
    bundle.write_bytes(octets)

    assert juger(bundle, cle.certificat).returncode != 0


def test_a_builder_without_a_key_gets_one_for_this_machine_and_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Twice the same key, readable by its owner alone, and a warning each time."""
    cles = [paquet.trouver_cle(tmp_path, env={}) for _ in range(2)]
    dit = capfd.readouterr().err

    assert cles[0] == cles[1]
    assert cles[0].prive.stat().st_mode & 0o777 == 0o600
    assert dit.count("CLÉ D'ESSAI") == 2


def test_a_builder_who_names_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Better no image than one that believes another key than the one that was meant."""
    with pytest.raises(SystemExit, match="n'existe pas"):
        paquet.trouver_cle(tmp_path, env={paquet.VARIABLE: str(tmp_path / "absente.key")})


def test_no_signing_key_is_in_the_repository() -> None:
    """The files that git knows, and those it would take."""
    mots = ["git", "-C", str(DEPOT), "ls-files", "-z", "-co", "--exclude-standard"]
    fichiers = subprocess.run(mots, capture_output=True, text=True, check=True).stdout.split("\0")
    motif = re.compile(rb"-----BEGIN (EC |RSA |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
    trouves = [nom for nom in fichiers if nom and (DEPOT / nom).is_file() and motif.search((DEPOT / nom).read_bytes())]

    assert len(fichiers) > 300
    assert [nom for nom in trouves if not nom.startswith("tests/")] == []


def test_a_card_begins_with_two_whole_copies_that_name_the_first_system(tmp_path: Path) -> None:
    """Nothing is on trial on a card that was just flashed; the second system is empty."""
    paquet.poser_amorce(tmp_path, epoque=1_760_000_000)

    assert creneau.lire(tmp_path) == creneau.NEUF
    assert all(creneau.desceller((tmp_path / nom).read_bytes()) for nom in creneau.FICHIERS)
    assert (tmp_path / "boot.scr").read_bytes()[:4] == b"\x27\x05\x19\x56"

"""The sheet of the first start: all one needs to enter, on the screen and beside the firmware, until it was read."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pirogue_cli import boite as commande
from pirogue_registre import base, comptes, reglages
from pirogue_socle.horloge import maintenant
from pirogue_socle.premier import __main__ as racine
from pirogue_socle.premier import amorce, fiche, pieces
from pirogue_socle.premier.lieux import AmorceFermee, PremierDemarrageArrete
from premier.conftest import Boite

#: A partition that is read-only until it is opened for an instant, as the box's own.
PARTITION = """
set -eu
mount -t tmpfs tmpfs "$D"
mount -o remount,ro "$D"
"$PYTHON" -c 'import sys; from pathlib import Path; from pirogue_socle.premier import amorce
amorce.deposer(Path(sys.argv[1]), "quatre mots")' "$D"
cat "$D/PIROGUE-A-LIRE.txt"
if touch "$D/autre" 2>/dev/null; then echo OUVERTE; fi
"$PYTHON" -c 'import sys; from pathlib import Path; from pirogue_socle.premier import amorce
amorce.retirer(Path(sys.argv[1]))' "$D"
ls -A "$D"
if touch "$D/autre" 2>/dev/null; then echo OUVERTE; fi
"""


@pytest.fixture
def prete(boite: Boite, monkeypatch: pytest.MonkeyPatch) -> Boite:
    """A box whose first start went through, whose sheet nobody has read."""
    monkeypatch.setenv("PIROGUE_CONFIG", str(boite.racine / "pirogue.toml"))
    (boite.amorce / "pirogue.txt").write_text(
        "nom_relais = Pirogue de Ganvié\ntype_relais = bateau\n", encoding="utf-8"
    )
    pieces.faire(boite.lieux)
    assert commande.registre.callback is not None
    assert commande.cles.callback is not None
    commande.registre.callback()
    commande.cles.callback(boite.lieux.empreinte)
    return boite


def changer_de_code(boite: Boite, pin: str = "271828") -> None:
    """Rachelle signs in with the sheet's code and chooses her own."""
    registre = base.ouvrir(boite.disque / "donnees/registre")
    try:
        compte_id = reglages.lire(registre, commande.PREMIER)
        code = boite.lieux.code.read_text(encoding="ascii").strip()
        comptes.verifier_pin(registre, compte_id=compte_id, pin=code, instant=maintenant())
        comptes.changer_pin(registre, compte_id=compte_id, pin=pin)
    finally:
        base.fermer(registre)


def test_the_sheet_says_all_one_needs_to_enter(prete: Boite) -> None:
    """Network, words, address, name, code, letters, and what the box did not understand."""
    lue = fiche.composer(prete.lieux)
    texte = fiche.en_texte(lue)
    cle = (prete.disque / "donnees/reseau/wifi.psk").read_text(encoding="ascii").split(" ", 1)[1].strip()

    assert (lue.reseau, lue.cle, lue.nom) == ("Pirogue", cle, "Pirogue de Ganvié")
    assert cle in texte
    assert f"{lue.code[:3]} {lue.code[3:]}" in texte
    assert lue.lettres == prete.lieux.empreinte.read_text(encoding="ascii").strip()
    assert lue.lettres in texte
    assert "ligne 2 : le type est pirogue, kiosque, cooperative" in texte


def test_the_sheet_fits_the_smallest_screen_in_letters_that_every_console_has(prete: Boite) -> None:
    """Eighty columns, twenty-five lines, the letters of the first PC: the kernel has them before any font is loaded."""
    lue = fiche.composer(prete.lieux)
    for fautes in (0, 1, 2, 6):
        ecran = fiche.pour_ecran(replace(lue, remarques=lue.remarques * fautes))
        lignes = ecran.split("\n")

        assert len(lignes) < 25
        assert (lignes[0], lignes[-1]) == ("=" * 78, "=" * 78)
        assert [ligne for ligne in lignes if len(ligne) > 79] == []
        assert [lettre for lettre in ecran if lettre != "\n" and not lettre.encode("cp437", "ignore")] == []
        assert ("la suite est dans PIROGUE-A-LIRE.txt" in ecran) == (fautes > 1)


def test_before_the_code_is_drawn_the_sheet_says_to_wait(boite: Boite) -> None:
    """Never an empty line that one would take for the code."""
    pieces.faire(boite.lieux)

    assert "(en préparation : attends une minute)" in fiche.en_texte(fiche.composer(boite.lieux))


def test_any_computer_reads_the_sheet_beside_the_firmware(prete: Boite) -> None:
    """Written once, as Windows reads it; the second time nothing is written."""
    racine.deposer(prete.lieux)
    fichier = prete.amorce / amorce.NOM
    vu = fichier.read_bytes()
    ne_le = fichier.stat().st_mtime_ns
    racine.deposer(prete.lieux)

    assert vu.decode("utf-8-sig").replace("\r\n", "\n") == fiche.en_texte(fiche.composer(prete.lieux))
    assert vu.count(b"\n") == vu.count(b"\r\n")
    assert fichier.stat().st_mtime_ns == ne_le


def test_a_sheet_torn_by_a_power_cut_is_written_again(prete: Boite) -> None:
    """The boot partition has no journal."""
    racine.deposer(prete.lieux)
    entiere = (prete.amorce / amorce.NOM).read_bytes()
    (prete.amorce / amorce.NOM).write_bytes(entiere[:40] + bytes(2000))
    racine.deposer(prete.lieux)

    assert (prete.amorce / amorce.NOM).read_bytes() == entiere


def test_as_long_as_nobody_has_a_code_of_her_own_the_sheet_stays(prete: Boite) -> None:
    """Root takes nothing away on its own."""
    racine.deposer(prete.lieux)
    assert commande.registre.callback is not None
    commande.registre.callback()
    racine.retirer(prete.lieux)

    assert (prete.amorce / amorce.NOM).exists()
    assert prete.lieux.code.exists()
    assert not prete.lieux.fait.exists()


def test_the_screen_holds_the_sheet_until_the_trainer_has_her_own_code(prete: Boite) -> None:
    """The real command: it shows, waits, stops by itself; root then wipes the file, and says that it is over."""
    racine.deposer(prete.lieux)
    # Another name of the same bytes: what is written over them is seen.
    os.link(prete.amorce / amorce.NOM, prete.racine / "memes-octets")
    code = fiche.composer(prete.lieux).code
    with (prete.racine / "ecran").open("wb") as ecran:
        montre = subprocess.Popen(
            [sys.executable, "-m", "pirogue_cli", "boite", "montrer"], stdout=ecran, env=dict(os.environ), cwd="/"
        )
        fin = time.monotonic() + 60
        while f"{code[:3]} {code[3:]}" not in (prete.racine / "ecran").read_text(encoding="utf-8"):
            assert montre.poll() is None
            assert time.monotonic() < fin
            time.sleep(0.05)
        changer_de_code(prete)
        rendu = montre.wait(timeout=60)
    racine.retirer(prete.lieux)
    vu = (prete.racine / "ecran").read_text(encoding="utf-8")

    assert rendu == 0
    assert code not in vu.rpartition("\x1b[2J")[2]
    assert not prete.lieux.code.exists()
    assert list(prete.amorce.iterdir()) == [prete.amorce / "pirogue.txt"]
    assert set((prete.racine / "memes-octets").read_bytes()) == {0}
    assert prete.lieux.fait.exists()


def test_a_register_without_an_account_is_not_a_sheet_that_was_read(boite: Boite) -> None:
    """The register's own start may have failed: the sheet waits, and nothing is taken for said."""
    registre = base.ouvrir(boite.disque / "donnees/registre")
    attend = commande.attend(registre)
    base.fermer(registre)

    assert attend


def test_cut_between_the_new_code_and_the_wiping_the_next_start_wipes(prete: Boite) -> None:
    """The power failed before the screen noticed: the next start takes note, and shows no spent code."""
    racine.deposer(prete.lieux)
    changer_de_code(prete)
    assert commande.registre.callback is not None
    commande.registre.callback()
    racine.deposer(prete.lieux)
    racine.retirer(prete.lieux)

    assert not (prete.amorce / amorce.NOM).exists()
    assert not prete.lieux.code.exists()
    assert prete.lieux.fait.exists()


def test_once_read_the_sheet_is_shown_to_nobody(prete: Boite) -> None:
    """Asked for again at the keyboard: a sentence, what to do, no secret."""
    assert commande.fiche.callback is not None
    commande.fiche.callback()
    changer_de_code(prete)
    assert commande.registre.callback is not None
    commande.registre.callback()

    with pytest.raises(commande.FicheRetiree, match="La fiche a été lue"):
        commande.fiche.callback()


def test_the_boot_partition_is_open_for_an_instant_only(tmp_path: Path) -> None:
    """A real read-only mount, in a namespace of its own: written, shut; wiped, shut."""
    fait = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", PARTITION],
        env=os.environ | {"D": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )

    assert fait.returncode == 0, fait.stderr
    assert fait.stdout.strip("\ufeff\n") == "quatre mots"


def test_a_boot_partition_that_must_be_there_and_is_not_stops_the_naming(boite: Boite) -> None:
    """Better to try again than to be called « Pirogue 1 » for ever; the Wi-Fi key is made meanwhile."""
    (boite.racine / "fstab").write_text(f"PARTUUID=x {boite.amorce} vfat ro 0 2\n", encoding="utf-8")

    with pytest.raises(AmorceFermee):
        pieces.faire(boite.lieux)
    assert not (boite.disque / "donnees/boite.toml").exists()
    assert (boite.disque / "donnees/reseau/wifi.psk").exists()


def test_a_disk_that_refuses_is_a_sentence(boite: Boite) -> None:
    """What could not be written is said; nothing half-made is left under its name."""
    (boite.disque / "systeme").rmdir()
    (boite.disque / "systeme").write_text("")

    with pytest.raises(PremierDemarrageArrete):
        pieces.faire(boite.lieux)


def test_a_debian_that_is_already_known_keeps_its_host_key(boite: Boite) -> None:
    """The same role over SSH: whoever administers it must not be told that it is another machine."""
    cle = boite.racine / "ssh/ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(cle)], check=True)
    pieces.faire(boite.lieux)

    assert (boite.disque / "systeme/ssh/ssh_host_ed25519_key").read_bytes() == cle.read_bytes()


def test_two_boxes_share_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two first starts from the same files."""
    from premier.conftest import faire_boite

    secrets = []
    for nom in ("une", "autre"):
        boite = faire_boite(tmp_path / nom)
        monkeypatch.setenv("PIROGUE_CONFIG", str(boite.racine / "pirogue.toml"))
        pieces.faire(boite.lieux)
        assert commande.registre.callback is not None
        assert commande.cles.callback is not None
        commande.registre.callback()
        commande.cles.callback(boite.lieux.empreinte)
        lue = fiche.composer(boite.lieux)
        cle_ssh = (boite.disque / "systeme/ssh/ssh_host_ed25519_key").read_text(encoding="ascii")
        coffre = (boite.disque / "donnees/registre/coffre.cle").read_bytes()
        secrets.append((lue.cle, lue.code, lue.lettres, cle_ssh, coffre))

    assert [un for un, autre in zip(*secrets, strict=True) if un == autre] == []

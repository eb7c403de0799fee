"""Hostile and unlucky sticks on the real drivers, met by `pirogue sync cle`: a sentence each, nothing else touched."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from banc import cles_usb
from banc.boite import Boite
from banc.cle_menteuse import CleMenteuse, servir
from banc.cles_usb import MIO
from banc.machine import Machine
from pirogue_echange.montages import SupportMauvaisFormat
from pirogue_echange.support import SupportAbsent, SupportDefaillant, SupportPlein, SupportProtege

AUTRE = "a" * 32


def brancher(machine: Machine, image: Path | str, fs: str, *, options: str = "", lecture_seule: bool = False) -> str:
    """Plug a stick in and mount it; return its serial number."""
    serie = cles_usb.nouvelle_serie()
    machine.brancher(serie, image, lecture_seule=lecture_seule)
    machine.appeler("monter", serie=serie, fs=fs, options=options)
    return serie


def retirer(machine: Machine, serie: str) -> None:
    """Take a stick away properly."""
    machine.appeler("demonter", serie=serie)
    machine.arracher(serie)


def empreinte(image: Path) -> str:
    """Return the hash of all the bytes of a stick."""
    return hashlib.sha256(image.read_bytes()).hexdigest()


@pytest.mark.parametrize("interrupteur", ["sur_la_cle", "au_montage"])
def test_a_write_protected_stick_is_a_sentence(machine: Machine, boite: Boite, images: Path, interrupteur: str) -> None:
    """The little switch on the side, or a stick mounted read-only: not one byte of it changes."""
    image = cles_usb.formater(images / "cle.img", "vfat", mio=16)
    avant = empreinte(image)
    verrou = interrupteur == "sur_la_cle"
    serie = brancher(machine, image, "vfat", options="ro", lecture_seule=verrou)
    code, _, plainte = boite("sync", "cle", f"/run/cle/{serie}")
    retirer(machine, serie)

    assert code == SupportProtege.code, plainte
    assert "protégée" in plainte
    assert empreinte(image) == avant


@pytest.mark.parametrize("fs", ["vfat", "exfat"])
def test_a_full_stick_says_so_and_keeps_what_it_held(machine: Machine, boite: Boite, images: Path, fs: str) -> None:
    """Somebody's film fills it: a sentence, the film is whole, no half lot has a lot's name."""
    image = cles_usb.formater(images / "cle.img", fs, mio=16)
    serie = brancher(machine, image, fs)
    dossier = f"/run/cle/{serie}"
    machine.appeler("lancer", commande=["sh", "-c", f"cat /dev/zero > {dossier}/film.mp4; sync -f {dossier}"])
    avant = machine.appeler("relire", dossier=dossier)
    code, _, plainte = boite("sync", "cle", dossier)
    apres = machine.appeler("relire", dossier=dossier)
    machine.appeler("lancer", commande=["rm", f"{dossier}/film.mp4"])
    ensuite = boite("sync", "cle", dossier)
    retirer(machine, serie)

    assert code == SupportPlein.code, plainte
    assert "pleine" in plainte
    assert apres["film.mp4"] == avant["film.mp4"]
    assert not [nom for nom in apres if nom.endswith(".lot")]
    assert ensuite[0] == 0, ensuite
    assert "Tu peux retirer la clé." in ensuite[1]


@pytest.mark.parametrize("ecritures", [2, 12])
def test_a_stick_that_dies_while_it_is_written_is_a_sentence(
    machine: Machine, boite: Boite, images: Path, ecritures: int
) -> None:
    """I/O errors from the nth write on: the data are still aboard, and another stick takes them."""
    modele = cles_usb.formater(images / "modele.img", "vfat", mio=16)
    mourante = CleMenteuse(bytearray(modele.read_bytes()), 16 * MIO, ecritures_avant_panne=ecritures)
    with servir(mourante, images / "nbd") as prise:
        serie = brancher(machine, prise, "vfat")
        code, dit, plainte = boite("sync", "cle", f"/run/cle/{serie}")
        retirer(machine, serie)
    bonne = brancher(machine, cles_usb.formater(images / "bonne.img", "vfat", mio=16), "vfat")
    ensuite = boite("sync", "cle", f"/run/cle/{bonne}")
    retirer(machine, bonne)

    assert code in {SupportDefaillant.code, SupportProtege.code}, (dit, plainte)
    assert "retirer la clé" not in dit
    assert ensuite[0] == 0, ensuite
    assert "Lots déposés : 0" not in ensuite[1]


@pytest.mark.parametrize("fs", ["vfat", "exfat"])
def test_a_stick_pulled_before_it_is_read_is_a_sentence(machine: Machine, boite: Boite, images: Path, fs: str) -> None:
    """It was mounted, and it is gone: the sentence says that it was removed, not that it is broken."""
    image = cles_usb.formater(images / "cle.img", fs, mio=16)
    serie = brancher(machine, image, fs)
    machine.arracher(serie)
    code, _, plainte = boite("sync", "cle", f"/run/cle/{serie}")
    machine.appeler("demonter", serie=serie)

    assert code == SupportAbsent.code, plainte
    assert "retirée" in plainte


def test_a_stick_of_another_format_is_refused_before_anything_is_read(
    machine: Machine, boite: Boite, images: Path
) -> None:
    """Ext4, from somebody's computer: it could hold links, owners and devices; nothing is written on it."""
    image = cles_usb.formater(images / "cle.img", "ext4", mio=16)
    serie = brancher(machine, image, "ext4", options="ro,noload")
    avant = empreinte(image)
    code, _, plainte = boite("sync", "cle", f"/run/cle/{serie}")
    retirer(machine, serie)

    assert code == SupportMauvaisFormat.code, plainte
    assert "Cette clé n'est pas au bon format (ext4)" in plainte
    assert empreinte(image) == avant


def test_twins_and_impossible_names_on_a_forged_stick_change_nothing(
    machine: Machine, boite: Boite, images: Path
) -> None:
    """Directory entries written by hand: one name twice, a path, a line feed. The exchange ends, they stay."""
    image = cles_usb.formater(images / "cle.img", "vfat", mio=16)
    contenu = images / "x"
    contenu.write_bytes(b"pas un lot")
    subprocess.run(["mmd", "-i", image, "::PIROGUE", "::PIROGUE/montee", "::PIROGUE/descente"], check=True)
    for lettre in "abc":
        nom = f"{lettre * 5}{AUTRE[5:]}.lot"
        subprocess.run(["mcopy", "-i", image, contenu, f"::PIROGUE/descente/{nom}"], check=True)
    octets = image.read_bytes()
    octets = octets.replace("bbbbb".encode("utf-16-le"), "aaaaa".encode("utf-16-le"))
    octets = octets.replace("ccccc".encode("utf-16-le"), "x\\\n..".encode("utf-16-le"))
    image.write_bytes(octets)
    serie = brancher(machine, image, "vfat")
    code, dit, plainte = boite("sync", "cle", f"/run/cle/{serie}")
    noms = machine.appeler("lancer", commande=["ls", "-b", f"/run/cle/{serie}/PIROGUE/descente"])[1].splitlines()
    retirer(machine, serie)

    assert code == 0, plainte
    assert "! Un reçu est abîmé : il est laissé où il est." in dit
    assert len(noms) == 3
    assert len(set(noms)) == 2


def test_a_name_with_a_slash_on_a_forged_stick_is_a_sentence(machine: Machine, boite: Boite, images: Path) -> None:
    """The kernel refuses to list such a folder: the stick is said to be damaged, nothing is written in it."""
    image = cles_usb.formater(images / "cle.img", "vfat", mio=16)
    contenu = images / "x"
    contenu.write_bytes(b"pas un lot")
    subprocess.run(["mmd", "-i", image, "::PIROGUE", "::PIROGUE/montee", "::PIROGUE/descente"], check=True)
    subprocess.run(["mcopy", "-i", image, contenu, f"::PIROGUE/descente/ccccc{AUTRE[5:]}.lot"], check=True)
    image.write_bytes(image.read_bytes().replace("ccccc".encode("utf-16-le"), "../..".encode("utf-16-le")))
    serie = brancher(machine, image, "vfat")
    code, _, plainte = boite("sync", "cle", f"/run/cle/{serie}")
    retirer(machine, serie)

    assert code == SupportDefaillant.code, plainte
    assert "ne répond pas bien" in plainte

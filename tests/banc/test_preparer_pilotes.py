"""`pirogue cle preparer` on real USB devices: a good stick is made, a counterfeit is refused, another disk is left."""

import subprocess
from pathlib import Path

from banc import cles_usb
from banc.boite import Boite
from banc.cle_menteuse import CleMenteuse, servir
from banc.cles_usb import MIO
from banc.machine import Machine
from pirogue_echange import etiquette
from pirogue_echange.annuaire import Droit
from pirogue_sync.appareil import AppareilRefuse
from pirogue_sync.preparation import CleContrefaite
from sync.quai import Quai


def test_a_bare_device_becomes_a_stick_that_says_its_true_size(
    machine: Machine, boite: Boite, images: Path, quai: Quai
) -> None:
    """Dossou copies the device's name: it is checked, formatted as PIROGUE4, and signed by the boat."""
    serie = cles_usb.nouvelle_serie()
    image = cles_usb.vierge(images / "cle.img", mio=40)
    machine.brancher(serie, image)
    appareil = machine.appeler("trouver", serie=serie)
    commande = ("cle", "preparer", appareil, "--numero", "4")
    refus = boite(*commande, entree="oui\n")
    intacte = not any(image.read_bytes())
    fait = boite(*commande, entree=f"{appareil}\n")
    machine.arracher(serie)
    partition = ["-i", f"{image}@@1M"]
    nom = subprocess.run(["mlabel", *partition, "-s", "::"], capture_output=True, text=True, check=True).stdout
    lu = subprocess.run(["mtype", *partition, "::PIROGUE/cle.json"], capture_output=True, check=True).stdout
    dossiers = subprocess.run(["mdir", *partition, "-b", "::PIROGUE"], capture_output=True, text=True, check=True)
    carte = quai.cles.carte

    assert "QEMU" in refus[1]
    assert "42 Mo" in refus[1]
    assert (refus[0], refus[1].endswith("Rien n'a été fait.\n")) == (0, True)
    assert intacte
    assert fait[0] == 0, fait
    assert "La clé n° 4 est prête." in fait[1]
    assert "PIROGUE4" in nom
    assert etiquette.lire(lu, {carte.id: (Droit(carte),)}).octets == 40 * MIO
    assert {"::/PIROGUE/LISEZMOI.txt", "::/PIROGUE/montee/", "::/PIROGUE/descente/"} <= set(dossiers.stdout.split())


def test_a_counterfeit_that_wraps_is_refused(machine: Machine, boite: Boite, images: Path) -> None:
    """It announces 64 MiB and has 32: a sentence, and no stick."""
    serie = cles_usb.nouvelle_serie()
    fausse = CleMenteuse(bytearray(32 * MIO), 64 * MIO)
    with servir(fausse, images / "nbd") as prise:
        machine.brancher(serie, prise)
        appareil = machine.appeler("trouver", serie=serie)
        commande = ("cle", "preparer", appareil, "--numero", "4")
        code, _, plainte = boite(*commande, entree=f"{appareil}\n")
        machine.arracher(serie)

    assert code == CleContrefaite.code, plainte
    assert "contrefaçon" in plainte
    assert "elle n'a que 32.00 MB" in plainte
    assert b"PIROGUE" not in fausse.memoire


def test_a_mounted_counterfeit_is_refused_by_writing_and_reading(machine: Machine, boite: Boite, images: Path) -> None:
    """Without root's tools: what was written beyond the true size does not come back."""
    serie = cles_usb.nouvelle_serie()
    image = cles_usb.formater(images / "modele.img", "vfat", mio=20)
    fausse = CleMenteuse(bytearray(image.read_bytes()[: 10 * MIO]), 20 * MIO)
    with servir(fausse, images / "nbd") as prise:
        machine.brancher(serie, prise)
        dossier = machine.appeler("monter", serie=serie, fs="vfat")
        commande = ("cle", "preparer", dossier, "--numero", "4")
        code, _, plainte = boite(*commande)
        machine.appeler("demonter", serie=serie)
        machine.arracher(serie)

    assert code == CleContrefaite.code, plainte
    assert "elle perd ce qu'on y écrit" in plainte


def test_a_disk_in_use_or_not_on_usb_is_left_alone(machine: Machine, boite: Boite, images: Path) -> None:
    """A mounted stick, and one partition of it: neither is asked about, nothing is written."""
    serie = cles_usb.nouvelle_serie()
    image = cles_usb.formater(images / "cle.img", "vfat")
    avant = image.read_bytes()
    machine.brancher(serie, image)
    machine.appeler("monter", serie=serie, fs="vfat", options="ro")
    appareil = machine.appeler("trouver", serie=serie)
    commande = ("cle", "preparer", appareil, "--numero", "4")
    code, _, plainte = boite(*commande, entree=f"{appareil}\n")
    machine.appeler("demonter", serie=serie)
    machine.arracher(serie)

    assert code == AppareilRefuse.code, plainte
    assert "est utilisé" in plainte
    assert image.read_bytes() == avant

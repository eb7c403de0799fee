"""What breaks on a boat: a full card, damaged lessons, a button that is held; each is said, and the roll goes on."""

import pytest

from image import materiel
from image.conftest import Allumer
from image.premier import Premier
from image.reglages import Reglages
from image.salle import Salle

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
#: The board's own chip has eight lines, and one is its power key: the button hangs on another.
CHIP, BOUTON, LAMPE = "9030000.pl061", 5, 6
BOITE = "/data/pirogue/boite.toml"


@pytest.fixture(scope="module")
def salle(allumer: Allumer) -> Salle:
    """A box on its second day."""
    demarree = allumer()
    demarree.attendre_page("/")
    return demarree


def test_a_full_card_is_said_and_the_pages_still_answer(salle: Salle, premier: Premier) -> None:
    """The data fill up: the roll's page answers, what cannot be written is refused in words, what was there stays."""
    avant = salle.a_bord("dernier")
    salle.machine.executer("dd if=/dev/zero of=/data/plein bs=1M 2>/dev/null; sync; true", patience_s=900)
    page = salle.lire_page("/")
    refus = salle.essayer_a_bord("ouvrir_seance", rachelle=premier.classe.rachelle, groupe=premier.classe.groupe)
    etat = salle.regarder_maintenant("disque")
    salle.machine.executer("rm /data/plein; sync")
    apres = salle.a_bord("dernier")
    seance = salle.a_bord("ouvrir_seance", rachelle=premier.classe.rachelle, groupe=premier.classe.groupe)

    assert "<html" in page
    assert "DisquePlein" in refus or "plein" in refus, refus
    assert etat["etat"] == "panne"
    assert "pleine" in etat["phrase"]
    assert apres >= avant
    assert seance


def test_damaged_lessons_are_healed_and_it_is_said(salle: Salle) -> None:
    """Kolibri's database is overwritten in its middle: the next start puts it right, and the page tells."""
    salle.attendre_page("/cours/")
    base = "/data/pirogue/kolibri/db.sqlite3"
    salle.machine.executer("systemctl stop kolibri.service")
    salle.machine.executer(f"dd if=/dev/urandom of={base} bs=4096 seek=3 count=40 conv=notrunc 2>/dev/null; sync")
    portail = salle.lire_page("/")
    salle.machine.executer("systemctl start --no-block kolibri.service")
    salle.attendre_page("/cours/")
    etat = salle.regarder_maintenant("kolibri")

    assert "<html" in portail, "the portal never waits for the lessons"
    assert etat["etat"] == "attention"
    assert "réparées" in etat["phrase"] or "refaites" in etat["phrase"], etat


def test_the_button_held_three_seconds_stops_the_box_cleanly(allumer: Allumer) -> None:
    """A short push does nothing; held, the box stops by itself and its data are at rest."""
    salle = allumer(Reglages())
    machine = salle.machine
    reglage = f'puce_gpio = "{CHIP}"\\nbroche_bouton = {BOUTON}\\nbroche_lampe = {LAMPE}\\n'
    with materiel.tenir_les_fils(machine) as fils:
        fils.mettre(BOUTON, haut=True)
        machine.executer(f"sed -i '/^puce_gpio/d;/^broche_/d' {BOITE}; printf '{reglage}' >> {BOITE}")
        salle.attendre_page("/")
        machine.executer("systemctl restart pirogue-bord.service")
        machine.attendre_que("grep -q pirogue /sys/kernel/debug/gpio")
        fils.mettre(BOUTON, haut=False)
        machine.laisser_faire(0.5)
        fils.mettre(BOUTON, haut=True)
        machine.laisser_faire(4.0)
        toujours = machine.executer("systemctl is-active pirogue-portail.service")
        fils.mettre(BOUTON, haut=False)
        machine.attendre_arret()
    console = machine.console(tout=True)

    assert toujours == "active"
    assert "Power down" in console
    assert "Unmounted data.mount" in console or "All filesystems unmounted" in console

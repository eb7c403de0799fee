"""
A bad day, on one box and in this order: no idea of the hour, a clock that jumps, a full card, damaged lessons, and the
button in the evening. Each is said, the roll goes on, nothing is lost.
"""

import html
import itertools
import time
from pathlib import Path

import pytest

from gestes_formateur import PIN, PIN_DONNE, toucher
from image import materiel
from image.conftest import Allumer
from image.construction import Construction
from image.mise_a_jour import Atelier
from image.premier import Premier
from image.reglages import Reglages
from image.salle import RADIOS, Poste, Salle

pytestmark = pytest.mark.timeout(3600)
#: The board's own chip has eight lines, and one is its power key: the button hangs on another.
CHIP, BOUTON, LAMPE = "9030000.pl061", 5, 6
BOITE = "/data/pirogue/boite.toml"
ETAT = "/formateur/bateau"
#: 4 March 2031, eight in the morning in Sô-Ava: after any day on which this runs.
MATIN_MS = 1_930_374_000_000
JOUR_S = 86_400


@pytest.fixture(scope="module")
def salle(allumer: Allumer) -> Salle:
    """A box whose clock's battery is dead: it wakes in 1970."""
    demarree = allumer(Reglages(heure="1970-01-01T00:00:00", mots=RADIOS.format(radios=2)))
    demarree.attendre_page("/")
    return demarree


@pytest.fixture(scope="module")
def rachelle(salle: Salle, premier: Premier) -> Poste:
    """Rachelle's laptop, in the classroom's network; she has come in: the hour was said, she is not asked for it."""
    poste = salle.poste("rachelle", 1)
    poste.rejoindre(*salle.wifi())
    page = poste.get(f"/formateur/code/{premier.classe.rachelle}")
    # A laptop is used as Flask's client is.
    page = toucher(poste, page, "J'entre", pin=PIN_DONNE)  # type: ignore[arg-type]
    toucher(poste, page, "C'est mon code", pin=PIN, encore=PIN)  # type: ignore[arg-type]
    return poste


def test_a_box_that_wakes_in_1970_goes_on_from_the_hour_that_it_kept(salle: Salle, premier: Premier) -> None:
    """Never back to the past: the hour of the last stop, on the card, is where it starts."""
    maintenant = int(salle.machine.executer("date +%s"))
    garde = salle.machine.executer("cat /data/systeme/horloge/heure")

    assert maintenant > 1_700_000_000, garde
    assert abs(maintenant - time.time()) < 2 * JOUR_S


def test_a_signed_update_is_believed_whatever_the_hour(
    salle: Salle, construction: Construction, tmp_path: Path
) -> None:
    """In January 1970 the certificate « is not valid yet »: the hour at which it was signed is what counts."""
    atelier = Atelier(construction, tmp_path)
    bundle = atelier.emballer(atelier.creux("heure", noyau=False), atelier.suivante())
    salle.machine.poser("/run/essai/maj.raucb", bundle.read_bytes())
    dit = salle.machine.essayer(
        "avant=$(date +%s); date -s @86400 >/dev/null; rauc info /run/essai/maj.raucb; rc=$?; date -s @$avant; exit $rc"
    )

    assert dit.rc == 0, dit.erreur
    assert atelier.suivante() in dit.sortie


def test_a_class_held_under_a_jumping_clock_is_right_after_the_anchor(salle: Salle, premier: Premier) -> None:
    """Opened, three days forward, six days back, then Rachelle says the hour: order and hours are what they were."""
    machine, classe = salle.machine, premier.classe
    seance = salle.a_bord("ouvrir_seance", rachelle=classe.rachelle, groupe=classe.groupe)
    repere = float(machine.executer("cut -d' ' -f1 /proc/uptime"))
    marques = []
    for saut, jeune in ((3 * JOUR_S, classe.afi), (-6 * JOUR_S, classe.koffi)):
        machine.executer(f"date -s @$(( $(date +%s) + {saut} ))")
        qui = {"seance": seance, "jeune": jeune.personne_id, "auteur": classe.rachelle}
        marques.append(salle.a_bord("pointer", **qui))
    avant_s = float(machine.executer("cut -d' ' -f1 /proc/uptime"))
    salle.a_bord("confirmer_date", rachelle=classe.rachelle, utc_ms=MATIN_MS)
    apres_s = float(machine.executer("cut -d' ' -f1 /proc/uptime"))
    evenements = salle.a_bord("evenements")
    estimes = salle.a_bord("estimer", seqs=[un["seq"] for un in evenements])
    boot = evenements[-1]["boot_id"]
    ceux_ci = [(un, estime) for un, estime in zip(evenements, estimes, strict=True) if un["boot_id"] == boot]

    assert [un["seq"] for un in evenements] == list(range(1, len(evenements) + 1))
    assert all(a["bt_ns"] <= b["bt_ns"] for (a, _), (b, _) in itertools.pairwise(ceux_ci))
    assert any(a["mur_ms"] > b["mur_ms"] for (a, _), (b, _) in itertools.pairwise(ceux_ci)), "the wall has jumped"
    assert all(a <= b for (_, a), (_, b) in itertools.pairwise(ceux_ci))
    # The whole class lies between its first mark and the hour that Rachelle gave, by the time that really passed.
    ouverte = next(estime for un, estime in ceux_ci if un["seance_id"] == seance)
    assert MATIN_MS - (apres_s - repere) * 1000 - 60_000 <= ouverte <= MATIN_MS - (avant_s - repere) * 1000 + 60_000
    assert len(marques) == 2


def test_a_full_card_is_said_and_the_pages_still_answer(salle: Salle, premier: Premier) -> None:
    """The data fill up: the roll's page answers, what cannot be written is refused in words, what was there stays."""
    avant = salle.a_bord("dernier")
    classe = premier.classe
    sessi = {"rachelle": classe.rachelle, "groupe": classe.groupe, "prenom": "Sessi", "nom": "Ahouansou", "sexe": "F"}
    salle.machine.executer("dd if=/dev/zero of=/data/plein bs=1M 2>/dev/null; sync; true", patience_s=900)
    page = salle.lire_page("/")
    refus = salle.essayer_a_bord("inscrire", **sessi)
    etat = salle.attendre_etat("disque", "pleine")
    salle.machine.executer("rm /data/plein; sync")
    apres = salle.a_bord("dernier")
    inscrite = salle.a_bord("inscrire", **sessi)

    assert "<html" in page
    assert "DisquePlein" in refus or "plein" in refus, refus
    assert etat["etat"] == "panne"
    assert "pleine" in etat["phrase"]
    assert apres >= avant
    assert inscrite


def test_damaged_lessons_are_healed_and_it_is_said(salle: Salle, rachelle: Poste) -> None:
    """Kolibri's database is overwritten in its middle: the next start puts it right, and the page tells."""
    salle.attendre_page("/cours/")
    base = "/data/pirogue/kolibri/db.sqlite3"
    salle.machine.executer("systemctl stop kolibri.service")
    salle.machine.executer(f"dd if=/dev/urandom of={base} bs=4096 seek=3 count=40 conv=notrunc 2>/dev/null; sync")
    portail = salle.lire_page("/")
    salle.machine.executer("systemctl start --no-block kolibri.service")
    salle.attendre_page("/cours/")
    etat = salle.attendre_etat("kolibri", "réparées", "refaites")
    ecran = rachelle.get(ETAT).text

    assert "<html" in portail, "the portal never waits for the lessons"
    assert etat["etat"] == "attention"
    assert "réparées" in etat["phrase"] or "refaites" in etat["phrase"], etat
    assert etat["phrase"] in html.unescape(ecran)


def test_the_button_held_three_seconds_stops_the_box_cleanly(salle: Salle) -> None:
    """A short push does nothing; held, the box stops by itself and its data are at rest."""
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

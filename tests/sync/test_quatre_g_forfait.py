"""The day's data plan: counted before it is spent, kept across power cuts, and a sentence when it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

from equipage import Horloge
from pirogue_registre import ancres, base, envois, reglages
from pirogue_sync import budget, quatre_g
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.budget import ForfaitEpuise
from pirogue_sync.quatre_g import Reseau
from sync.mandataire import Mandataire
from sync.quai import Quai, sceller_par, vivre_une_journee
from sync.serveurs import Serveur


@pytest.fixture
def base_rive() -> str:
    """The shore keeps a file: the plan does not care about its engine."""
    return ""


def appeler(quai: Quai, url: str) -> BilanEchange:
    """Let the boat call."""
    return quatre_g.echanger(
        quai.bord.registre,
        url=url,
        trousseau=quai.trousseau,
        instant=quai.bord.horloge(),
        reseau=Reseau(essais=1),
    )


def reste(quai: Quai) -> int:
    """Return what is left of today's plan."""
    return budget.reste(quai.bord.registre, instant=quai.bord.horloge())


def test_every_byte_on_the_wire_is_counted(quai: Quai, serveur: Serveur) -> None:
    """What the network saw, and the segments' own headers on top; nothing stays reserved."""
    vivre_une_journee(quai.bord)
    avant = reste(quai)
    with Mandataire(serveur.port) as reseau:
        rendu = appeler(quai, reseau.url)
        vus = reseau.montes + reseau.descendus

        assert vus < rendu.fil_octets < vus + 4000
        assert rendu.fil_octets > rendu.octets
    # The receipt taught the date: today's plan is another day's.
    assert avant - reste(quai) in {rendu.fil_octets, 0}


def test_a_used_plan_is_a_sentence_and_nothing_leaves(quai: Quai, serveur: Serveur) -> None:
    """The coordination gave 20 kB a day: the second session goes tomorrow, or by stick."""
    reglages.ecrire(quai.bord.registre, budget.REGLAGE_BUDGET, "20000")
    vivre_une_journee(quai.bord)
    with Mandataire(serveur.port) as reseau, pytest.raises(ForfaitEpuise) as refus:
        appeler(quai, reseau.url)

    assert str(refus.value).startswith("Le forfait du jour est utilisé")
    assert "clé" in refus.value.geste
    assert reseau.montes < 20_000
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def test_what_fits_leaves_and_the_rest_is_told(quai: Quai, serveur: Serveur) -> None:
    """Half of the lots fit in what is left: they are confirmed, and a sentence speaks of the others."""
    vivre_une_journee(quai.bord)
    sceller_par(quai, 2)
    total = sum(len(lot.corps) for lot in envois.a_envoyer(quai.bord.registre))
    reglages.ecrire(quai.bord.registre, budget.REGLAGE_BUDGET, str(total // 2 + 26_000))
    rendu = appeler(quai, serveur.url)

    assert rendu.deposes > 0
    assert rendu.restants > 0
    assert any(remarque.startswith("Le forfait du jour est utilisé") for remarque in rendu.remarques)


def test_the_next_day_has_its_own_plan(quai: Quai, horloge: Horloge) -> None:
    """Days are those of the true time, at midnight in Porto-Novo."""
    vivre_une_journee(quai.bord)
    with budget.ouvrir(quai.bord.registre, instant=horloge()) as forfait:
        forfait.prevoir(3_000_000)
        forfait.solder(3_000_000)
    assert reste(quai) == budget.BUDGET_OCTETS - 3_000_000
    horloge.avancer(minutes=24 * 60)

    assert reste(quai) == budget.BUDGET_OCTETS


def test_a_reboot_gives_nothing_back(quai: Quai, horloge: Horloge) -> None:
    """Switched off and on without a date: the plan of the last known day goes on, whatever the clock says."""
    vivre_une_journee(quai.bord)
    with budget.ouvrir(quai.bord.registre, instant=horloge()) as forfait:
        forfait.prevoir(2_000_000)
        forfait.solder(2_000_000)
    horloge.redemarrer(mur_ms=0)
    assert reste(quai) == budget.BUDGET_OCTETS - 2_000_000
    with budget.ouvrir(quai.bord.registre, instant=horloge()) as forfait:
        forfait.prevoir(1_000_000)
        forfait.solder(1_000_000)
    horloge.redemarrer(mur_ms=0)

    assert reste(quai) == budget.BUDGET_OCTETS - 3_000_000


def test_a_box_without_a_date_can_still_ask_for_one(quai: Quai, horloge: Horloge) -> None:
    """The plan was used up, days ago perhaps: a tenth of it stays for the boot that does not know."""
    vivre_une_journee(quai.bord)
    with budget.ouvrir(quai.bord.registre, instant=horloge()) as forfait:
        forfait.prevoir(budget.BUDGET_OCTETS)
        forfait.solder(budget.BUDGET_OCTETS)
    assert reste(quai) == 0
    horloge.redemarrer(mur_ms=0)
    assert reste(quai) == budget.BUDGET_OCTETS // 10
    with budget.ouvrir(quai.bord.registre, instant=horloge()) as forfait:
        forfait.prevoir(70_000)
        forfait.solder(70_000)
    ancres.confirmer_date(
        quai.bord.registre,
        utc_ms=horloge.mur_ms + 1_741_300_000_000,
        source="formateur",
        instant=horloge(),
        auteur=quai.bord.rachelle,
    )

    assert reste(quai) == budget.BUDGET_OCTETS - 70_000


MORT = """
import os, signal, sys
from pathlib import Path
from pirogue_registre import base
from pirogue_socle.horloge import maintenant
from pirogue_sync import budget
registre = base.ouvrir(Path(sys.argv[1]))
with budget.ouvrir(registre, instant=maintenant()) as forfait:
    forfait.prevoir(300_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_power_cut_in_the_middle_of_a_sending_keeps_what_was_agreed(bord_dossier: Path) -> None:
    """Kill -9 after the bytes were agreed to and before they were settled: they count as spent."""
    mort = subprocess.run([sys.executable, "-c", MORT, str(bord_dossier)], check=False)
    registre = base.ouvrir(bord_dossier)
    etat = reglages.lire(registre, budget.REGLAGE_ETAT)
    base.fermer(registre)

    assert mort.returncode == -9
    assert '"octets_boot": 300000' in etat


@pytest.fixture
def bord_dossier(quai: Quai) -> Path:
    """The folder of the boat's register."""
    return quai.bord.registre.dossier


@pytest.mark.parametrize("ecrit", ["", "beaucoup", "-5"])
def test_a_setting_that_is_no_number_is_the_default(quai: Quai, ecrit: str) -> None:
    """A wrong setting never stops the box from sending."""
    reglages.ecrire(quai.bord.registre, budget.REGLAGE_BUDGET, ecrit)

    assert reste(quai) == budget.BUDGET_OCTETS

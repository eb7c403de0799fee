"""The box has no idea of the hour, then a wrong one, then another: order and hours are right once somebody knows."""

import itertools
import time

import pytest

from image.conftest import Allumer
from image.premier import Premier
from image.reglages import Reglages
from image.salle import Salle

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
#: 4 March 2031, eight in the morning in Sô-Ava: after any day on which this runs.
MATIN_MS = 1_930_374_000_000
JOUR_S = 86_400


@pytest.fixture(scope="module")
def salle(allumer: Allumer) -> Salle:
    """A box whose clock's battery is dead: it wakes in 1970."""
    demarree = allumer(Reglages(heure="1970-01-01T00:00:00"))
    demarree.attendre_page("/")
    return demarree


def test_a_box_that_wakes_in_1970_goes_on_from_the_hour_that_it_kept(salle: Salle, premier: Premier) -> None:
    """Never back to the past: the hour of the last stop, on the card, is where it starts."""
    maintenant = int(salle.machine.executer("date +%s"))
    garde = salle.machine.executer("cat /data/systeme/horloge/heure")

    assert maintenant > 1_700_000_000, garde
    assert abs(maintenant - time.time()) < 2 * JOUR_S


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

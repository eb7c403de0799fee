"""What the box's body sees of itself: each check over a tree that stands for the machine, the real register in it."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bord.arbre_machine import Boite
from pirogue_bord.sante import tour
from pirogue_bord.sante.controles import temperature
from pirogue_registre import base
from pirogue_socle import constats
from portail.racine import Racine

PAGE = Path(__file__).parents[2] / "docs/etat-du-bateau.md"


def test_a_healthy_box_has_nothing_to_tell(boite: Boite) -> None:
    """No check cries wolf; Rachelle has not told the hour yet, and that alone is asked for."""
    vus = boite.regarder()

    assert {code: un.phrase for code, un in vus.items() if un.etat == "panne"} == {}
    assert {code for code, un in vus.items() if un.etat == "attention"} == {"horloge"}
    assert list(vus) == list(tour.ORDRE)


def test_every_check_is_explained_to_people() -> None:
    """Each has its part in the page for the field, under the title that the screen shows."""
    page = PAGE.read_text(encoding="utf-8")

    assert [code for code in tour.codes() if f"(`{code}`)" not in page] == []
    assert set(tour.codes()) == set(tour.ORDRE)


def test_what_needs_somebody_always_says_what_to_do(boite: Boite) -> None:
    """A red line without a gesture only frightens."""
    boite.ecrire("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    boite.ecrire("sys/class/thermal/thermal_zone0/temp", "91000\n")
    boite.ecrire("sys/fs/ext4/mmcblk0p4/errors_count", "3\n")
    boite.ecrire("proc/vmstat", "oom_kill 2\n")
    boite.unite("hostapd.service", active="failed")
    boite.ecrire("unites/tombees", "nginx.service loaded failed failed nginx\n")
    vus = boite.regarder()
    graves = [un for un in vus.values() if un.etat in ("attention", "panne")]

    assert {un.code for un in graves} >= {"alimentation", "temperature", "carte", "memoire", "point_acces", "unites"}
    assert [un.code for un in graves if not un.geste] == []


@pytest.mark.parametrize(
    ("alarme", "noyau", "etat", "phrase"),
    [
        ("0", "", "bon", "bon depuis l'allumage"),
        ("1", "", "panne", "trop faible en ce moment"),
        ("0", "hwmon hwmon1: Undervoltage detected!\n" * 3, "attention", "3 fois depuis l'allumage"),
    ],
)
def test_a_weak_battery_is_seen_now_and_after(boite: Boite, alarme: str, noyau: str, etat: str, phrase: str) -> None:
    """The chip forgets after two seconds; the kernel's words remember."""
    boite.ecrire("sys/class/hwmon/hwmon1/in0_lcrit_alarm", f"{alarme}\n")
    boite.ecrire("noyau", noyau)
    vu = boite.regarder()["alimentation"]

    assert vu.etat == etat
    assert phrase in vu.phrase


def test_a_machine_without_sensors_is_not_a_sick_machine(boite: Boite) -> None:
    """A PC, or the emulator: nothing is invented."""
    boite.ecrire("sys/class/hwmon/hwmon1/name", "coretemp\n")
    boite.ecrire("sys/class/thermal/thermal_zone0/type", "acpitz\n")
    vus = boite.regarder()

    assert (vus["alimentation"].etat, vus["temperature"].etat, vus["bouton"].etat) == ("inconnu",) * 3
    assert constats.pire(un for un in vus.values() if un.code != "horloge") == "inconnu"


@pytest.mark.parametrize(
    ("milli", "etat"), [(74_999, "bon"), (75_000, "attention"), (84_999, "attention"), (85_000, "panne")]
)
def test_heat_is_said_before_the_processor_slows_down(boite: Boite, milli: int, etat: str) -> None:
    """75 °C in a closed case, 85 where it gives up."""
    boite.ecrire("sys/class/thermal/thermal_zone0/temp", f"{milli}\n")

    assert boite.regarder()["temperature"].etat == etat


def test_a_card_that_made_faults_is_to_be_changed(boite: Boite) -> None:
    """What ext4 wrote in its own superblock survives a restart."""
    boite.ecrire("sys/fs/ext4/mmcblk0p4/errors_count", "2\n")
    vu = boite.regarder()["carte"]

    assert vu.etat == "panne"
    assert "mmcblk0p4" in vu.phrase
    assert "Envoie les données" in vu.geste


def test_memory_that_runs_out_is_told_before_programs_are_killed(boite: Boite) -> None:
    """By what could still be given, not by what is idle."""
    boite.ecrire("proc/meminfo", "MemTotal: 2000000 kB\nMemFree: 900000 kB\nMemAvailable: 60000 kB\n")

    assert boite.regarder()["memoire"].etat == "panne"


REGARDER_DISQUE = """
import json, sys
from pathlib import Path
from pirogue_bord.sante.controles import disque
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant
vu = disque.regarder(Config(donnees=Path("/"), terre=Path("/")), instant=Instant("b", 1, 1), racine=Path(sys.argv[1]))
print(json.dumps([vu.etat, vu.phrase, vu.mesures]))
"""


@pytest.mark.parametrize(
    ("commande", "etat"),
    [
        ("true", "bon"),
        ("head -c 46M /dev/zero > carte/plein", "attention"),
        ("head -c 49M /dev/zero > carte/plein", "panne"),
        ("mount -o remount,ro carte", "panne"),
    ],
)
def test_a_full_card_and_one_that_takes_nothing_more_are_seen(tmp_path: Path, commande: str, etat: str) -> None:
    """A real file system of 50 MB, mounted where nobody else sees it."""
    (tmp_path / "carte").mkdir()
    script = (
        f"mount -t tmpfs -o size=50M essai carte && {commande} && exec {sys.executable} -c '{REGARDER_DISQUE}' carte"
    )
    vu = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f'["{etat}"' in vu.stdout, vu.stdout + vu.stderr


def test_what_is_written_on_the_card_is_counted_by_the_hour(boite: Boite) -> None:
    """Two hours after the start, 300 MB: 150 an hour."""
    numero = (boite.racine / "data/pirogue").stat().st_dev
    secteurs = 300_000_000 // 512
    boite.ecrire(f"sys/dev/block/{os.major(numero)}:{os.minor(numero)}/stat", f"1 2 3 4 5 6 {secteurs} 8 9 10 11\n")
    tot = boite.regarder()["disque"].mesures
    boite.horloge.avancer(minutes=120)
    apres = boite.regarder()["disque"].mesures

    assert (tot["ecrits_mo"], "ecrits_mo_par_h" in tot) == (299, False)
    assert 148 < float(apres["ecrits_mo_par_h"]) < 150


def test_the_wi_fi_says_how_many_it_holds_and_when_it_is_full(boite: Boite, tmp_path: Path) -> None:
    """Asked of root's helper, who alone may look at the radio."""
    aide = Racine(tmp_path / "actions.sock")
    try:
        boite.config = replace(boite.config, actions=aide.prise)
        place = boite.regarder()["point_acces"]
        aide.stations = {"nombre": 19, "max": 19}
        plein = boite.regarder()["point_acces"]
    finally:
        aide.fermer()
    muet = boite.regarder()["point_acces"]

    assert (place.etat, place.phrase) == ("bon", "Le Wi-Fi marche : 3 sur 19 ordinateurs.")
    assert (plein.etat, plein.mesures["stations"]) == ("attention", 19)
    assert (muet.etat, muet.phrase) == ("bon", "Le Wi-Fi marche.")


def test_a_radio_whose_firmware_fell_is_told_from_a_stopped_program(boite: Boite) -> None:
    """The one is cured by the power alone, the other by a button of the page."""
    boite.ecrire("noyau", "brcmfmac: brcmf_sdio_hostmail: Firmware has halted or crashed\n")
    chute = boite.regarder()["point_acces"]
    boite.ecrire("noyau", "rien\n")
    boite.unite("hostapd.service", active="failed")
    arret = boite.regarder()["point_acces"]
    (boite.racine / "sys/class/ieee80211/phy0/index").unlink()
    (boite.racine / "sys/class/ieee80211/phy0").rmdir()
    sans = boite.regarder()["point_acces"]

    assert (chute.etat, "Éteins la boîte" in chute.geste) == ("panne", True)
    assert (arret.etat, "relance le Wi-Fi" in arret.geste) == ("panne", True)
    assert (sans.etat, "radio" in sans.phrase) == ("attention", True)


def test_an_access_point_of_another_make_is_none_of_ours(boite: Boite) -> None:
    """No hostapd on this box."""
    (boite.racine / "unites/hostapd.service").unlink()

    assert boite.regarder()["point_acces"].etat == "bon"


def test_programs_that_fell_are_called_by_the_names_that_people_know(boite: Boite) -> None:
    """A portal that is down stops the class; the courier can wait."""
    boite.ecrire("unites/tombees", "pirogue-sync.service loaded failed failed x\n")
    courrier = boite.regarder()["unites"]
    boite.ecrire(
        "unites/tombees",
        "pirogue-sync.service loaded failed failed x\npirogue-portail.service loaded activating auto-restart x\n",
    )
    portail = boite.regarder()["unites"]

    assert (courrier.etat, courrier.phrase) == ("attention", "Ne tourne pas : le courrier.")
    assert (portail.etat, portail.phrase) == ("panne", "Ne tourne pas : le courrier, le portail.")


def test_a_check_that_breaks_blinds_no_other(boite: Boite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours, and a file that says nonsense: both are told, the others look."""

    def tomber(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oups")

    monkeypatch.setattr(temperature, "regarder", tomber)
    boite.ecrire("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "beaucoup\n")
    vus = boite.regarder()

    assert vus["temperature"].etat == "inconnu"
    assert "ZeroDivisionError" in vus["temperature"].phrase
    assert vus["alimentation"].etat == "inconnu"
    assert "ne donne pas un nombre" in vus["alimentation"].phrase
    assert vus["memoire"].etat == "bon"


def test_a_check_that_hangs_costs_the_deadline_once_and_one_thread_for_ever(boite: Boite) -> None:
    """A file that never answers, as on a dying card: the round ends, the next one does not start it again."""
    (boite.racine / "proc/meminfo").unlink()
    os.mkfifo(boite.racine / "proc/meminfo")
    try:
        fils = []
        for _ in range(3):
            vus = {
                un.code: un
                for un in tour.faire(boite.config, instant=boite.horloge(), racine=boite.racine, delai_s=1.5)
            }
            fils.append([fil.name for fil in threading.enumerate() if fil.name == "sante-memoire"])
    finally:
        (retenu,) = (fil for fil in threading.enumerate() if fil.name == "sante-memoire")
        with (boite.racine / "proc/meminfo").open("w") as reponse:
            reponse.write("MemTotal: 2000000 kB\nMemAvailable: 1200000 kB\n")

    assert vus["memoire"].etat == "inconnu"
    assert "ne répond pas" in vus["memoire"].phrase
    assert vus["temperature"].etat == "bon"
    assert fils == [["sante-memoire"]] * 3
    retenu.join(20)
    (boite.racine / "proc/meminfo").unlink()
    boite.ecrire("proc/meminfo", "MemTotal: 2000000 kB\nMemAvailable: 1200000 kB\n")
    assert boite.regarder()["memoire"].etat == "bon"


def test_a_round_writes_nothing_in_the_register(boite: Boite) -> None:
    """Nor anywhere else in the box: looking is not touching."""
    base.fermer(boite.bord.registre)
    fichier = boite.racine / "data/pirogue/registre/registre.sqlite3"
    avant = fichier.read_bytes()
    noms = sorted(str(un) for un in boite.racine.rglob("*"))
    boite.regarder()

    assert fichier.read_bytes() == avant
    assert [
        un
        for un in sorted(map(str, boite.racine.rglob("*")))
        if un not in noms and "-wal" not in un and "-shm" not in un
    ] == []

"""What the box's body sees of itself: each check over a tree that stands for the machine, the real register in it."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bord.arbre_machine import Boite
from equipage import Horloge
from pirogue_bord import guerir_kolibri, guerir_registre
from pirogue_bord.horloge import EtatHorloge
from pirogue_bord.liaison import Releve
from pirogue_bord.quai import EtatLien
from pirogue_bord.sante import tour
from pirogue_bord.sante.controles import temperature
from pirogue_registre import ancres, base, seances
from pirogue_registre.flux import dernier
from pirogue_socle import constats, histoires
from pirogue_socle.histoires import Histoire
from pirogue_socle.publier import publier
from portail.racine import Racine
from sync.recus_rendus import rendre_recu

PAGE = Path(__file__).parents[2] / "docs/etat-du-bateau.md"


@pytest.fixture
def boite(tmp_path: Path, horloge: Horloge) -> Boite:
    """A box in good health."""
    return Boite(tmp_path / "boite", horloge)


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


def test_the_hour_is_asked_until_somebody_tells_it(boite: Boite) -> None:
    """A start without an anchor, then Rachelle's own watch; a jump of the wall changes nothing."""
    avant = boite.regarder()["horloge"]
    instant = boite.horloge()
    ancres.confirmer_date(
        boite.bord.registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=boite.bord.rachelle
    )
    boite.horloge.sauter(jours=-30)
    apres = boite.regarder()["horloge"]

    assert (avant.etat, "dis la bonne" in avant.geste) == ("attention", True)
    assert apres.etat == "bon"
    assert apres.phrase == "8 h 00, mardi 4 mars 2025 : dit par la formatrice ou le formateur."


def test_a_dead_battery_in_the_clock_is_told(boite: Boite) -> None:
    """The hour is known, and the chip that should have kept it said another: at the next start it would mislead."""
    instant = boite.horloge()
    ancres.confirmer_date(
        boite.bord.registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=boite.bord.rachelle
    )
    for rtc in ("juste", "fausse"):
        etat = EtatHorloge(
            source="formateur",
            utc_ms=instant.mur_ms,
            incertitude_ms=60_000,
            ecart_ms=0,
            synchronisee=False,
            rtc=rtc,
            phrase="",
        )
        publier(boite.racine / "run/pirogue-bord/horloge.json", asdict(etat))
        vu = boite.regarder()["horloge"]

        assert vu.etat == {"juste": "bon", "fausse": "attention"}[rtc]
        assert (vu.mesures["pile"], vu.mesures["doute_s"]) == (rtc, 60)


def test_a_register_that_is_sound_says_when_it_was_last_written(boite: Boite) -> None:
    """The age comes from the start's own clock."""
    boite.horloge.avancer(minutes=7)
    boite.horloge.sauter(jours=400)
    vu = boite.regarder()["registre"]

    assert (vu.etat, vu.phrase) == ("bon", "Le registre est sain ; dernière écriture il y a 7 minutes.")


def abimer(fichier: Path) -> None:
    """Tear the middle of a SQLite file, as a card that lost a block does."""
    with sqlite3.connect(fichier) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with fichier.open("r+b") as flux:
        flux.seek(fichier.stat().st_size // 8192 * 4096)
        flux.write(os.urandom(4096 * 6))


def test_a_torn_register_is_told_and_never_touched(boite: Boite) -> None:
    """Before the hourly check as after it; the file stays as it is."""
    fichier = boite.racine / "data/pirogue/registre/registre.sqlite3"
    base.fermer(boite.bord.registre)
    abimer(fichier)
    octets = fichier.read_bytes()
    seul = boite.regarder()["registre"]
    with pytest.raises(base.RegistreIllisible):
        guerir_registre.garder(fichier.parent, instant=boite.horloge())
    dit = boite.regarder()["registre"]

    assert (seul.etat, dit.etat) == ("panne", "panne")
    assert "Note l'appel sur papier" in dit.geste
    assert fichier.read_bytes() == octets


def test_a_register_that_vanished_beside_its_copy_is_a_breakdown(boite: Boite) -> None:
    """A portal that starts would begin an empty one without a word."""
    dossier = boite.racine / "data/pirogue/registre"
    guerir_registre.garder(dossier, instant=boite.horloge())
    base.fermer(boite.bord.registre)
    (dossier / "registre.sqlite3").unlink()
    vu = boite.regarder()["registre"]

    assert (vu.etat, vu.mesures["copies"]) == ("panne", 1)


def test_data_that_wait_too_long_are_asked_for_until_the_shore_has_them(boite: Boite) -> None:
    """Eleven sessions that nobody confirmed; then the shore's receipt, eight days before the next one."""
    registre, rachelle = boite.bord.registre, boite.bord.rachelle
    for rang in range(11):
        seance = boite.bord.ouvrir_seance()
        seances.annuler(registre, seance_id=seance, motif="meteo", instant=boite.horloge(), auteur=rachelle)
        if rang == 0:
            une = boite.regarder()["envoi"]
    onze = boite.regarder()["envoi"]
    for flux in ("activite", "identites"):
        rendre_recu(boite, jusqua=dernier(registre, flux), serie=1, flux=flux, heure_ms=boite.horloge().mur_ms)
    confirme = boite.regarder()["envoi"]
    boite.horloge.avancer(minutes=8 * 24 * 60)
    instant = boite.horloge()
    ancres.confirmer_date(registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=rachelle)
    boite.bord.ouvrir_seance()
    huit_jours = boite.regarder()["envoi"]

    assert (une.etat, une.phrase) == ("bon", "À bord seulement : 1 séance pas encore confirmée.")
    assert (onze.etat, onze.mesures["seances_en_attente"]) == ("attention", 11)
    assert (confirme.etat, confirme.phrase) == ("bon", "Tout est confirmé à terre.")
    assert (huit_jours.etat, huit_jours.mesures["jours_sans_recu"]) == ("attention", 8)
    assert "dernier reçu il y a 8 jours" in huit_jours.phrase


class Kolibri:
    """A door that answers as Kolibri's does."""

    def __init__(self, chemin: str) -> None:
        class Porte(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer the status page alone."""
                self.send_response(200 if self.path == f"{chemin}/status/" else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self.serveur = HTTPServer(("127.0.0.1", 0), Porte)
        self.fil = threading.Thread(target=self.serveur.serve_forever, kwargs={"poll_interval": 0.01})
        self.fil.start()

    def __enter__(self) -> int:
        """Return the port."""
        return self.serveur.server_port

    def __exit__(self, *_: object) -> None:
        """Shut the door."""
        self.serveur.shutdown()
        self.fil.join()
        self.serveur.server_close()


def test_lessons_that_answer_lessons_that_prepare_and_lessons_that_fell(boite: Boite) -> None:
    """Asked at Kolibri's own door, under the path that the front server gives it."""
    boite.config = replace(boite.config, kolibri_base="http://pirogue.internal/cours/", kolibri_port=9)
    aucune = boite.regarder()["kolibri"]
    boite.unite("kolibri.service", active="activating")
    prepare = boite.regarder()["kolibri"]
    boite.unite("kolibri.service", active="failed")
    tombe = boite.regarder()["kolibri"]
    with Kolibri("/cours") as port:
        boite.config = replace(boite.config, kolibri_port=port)
        repond = boite.regarder()["kolibri"]

    assert (aucune.etat, "sans Kolibri" in aucune.phrase) == ("bon", True)
    assert (prepare.etat, "l'appel marche déjà" in prepare.geste) == ("attention", True)
    assert (tombe.etat, tombe.phrase) == ("attention", "Les leçons sont arrêtées.")
    assert (repond.etat, repond.phrase) == ("bon", "Les leçons répondent.")


@pytest.mark.parametrize(
    ("connue", "avance_jours", "phrase"),
    [
        (True, 0, "Les leçons ont été réparées à partir de la copie d'aujourd'hui."),
        (True, 1, "Les leçons ont été réparées à partir de la copie de mardi."),
        (True, 20, "Les leçons ont été réparées à partir de la copie du 4/3/2025."),
        (False, 1, "Les leçons ont été réparées à partir de la copie précédente."),
    ],
)
def test_lessons_that_were_healed_say_from_which_day(
    boite: Boite, *, connue: bool, avance_jours: int, phrase: str
) -> None:
    """The day of the copy is told only where somebody told the hour of that start; never the wall's own word."""
    copie = boite.horloge()
    if connue:
        ancres.confirmer_date(
            boite.bord.registre, utc_ms=copie.mur_ms, source="formateur", instant=copie, auteur="pirogue"
        )
    boite.horloge.avancer(minutes=avance_jours * 24 * 60)
    if not connue:
        boite.horloge.redemarrer(mur_ms=0)
    soin = guerir_kolibri.Soin(
        quoi="copie",
        boot_id=copie.boot_id,
        bt_ns=copie.bt_ns,
        mur_ms=copie.mur_ms,
        copie_boot_id=copie.boot_id,
        copie_bt_ns=copie.bt_ns,
        copie_mur_ms=copie.mur_ms,
    )
    boite.ecrire("data/pirogue/kolibri/copies/histoire.json", json.dumps(asdict(soin)))
    with Kolibri("") as port:
        boite.config = replace(boite.config, kolibri_port=port)
        vu = boite.regarder()["kolibri"]
        boite.ecrire("data/pirogue/kolibri/copies/histoire.json", json.dumps(asdict(soin) | {"demarrages": 3}))
        oublie = boite.regarder()["kolibri"]

    assert (vu.etat, vu.phrase) == ("attention", phrase)
    assert (oublie.etat, oublie.phrase) == ("bon", "Les leçons répondent.")


def test_the_last_stick_is_told_as_the_body_tells_it(boite: Boite) -> None:
    """None yet; one that was pulled too early; one that went well; yesterday's is forgotten."""
    fichier = boite.racine / "run/pirogue-bord" / histoires.NOM
    rien = boite.regarder()["cle"]
    ratee = Histoire("retiree_trop_tot", "La clé a été retirée trop tôt.", "Remets-la : rien n'est perdu.")
    histoires.ecrire(fichier, ratee, instant=boite.horloge())
    trop_tot = boite.regarder()["cle"]
    histoires.ecrire(fichier, Histoire("retirez", "C'est fini.", fait=4, total=4), instant=boite.horloge())
    finie = boite.regarder()["cle"]
    boite.horloge.redemarrer()
    hier = boite.regarder()["cle"]

    assert (rien.etat, hier.phrase) == ("bon", "Pas de clé depuis l'allumage.")
    assert (trop_tot.etat, trop_tot.geste) == ("attention", "Remets-la : rien n'est perdu.")
    assert (finie.etat, finie.mesures["fait"]) == ("bon", 4)


def test_the_way_out_is_told_with_what_is_left_of_its_bundle(boite: Boite, tmp_path: Path) -> None:
    """No dongle is no fault on a lake; a spent bundle is said."""
    aide = Racine(tmp_path / "actions.sock")
    try:
        boite.config = replace(boite.config, actions=aide.prise)
        reseau = boite.regarder()["lien"]
        aide.forfaits["sync"]["octets"] = 5_000_000
        fini = boite.regarder()["lien"]
        aide.forfaits["sync"]["octets"] = 0
        courrier = boite.racine / "run/pirogue-lien/lien.json"
        courrier.parent.mkdir()
        instant = boite.horloge()
        cle = Releve(genre="hilink", connecte=True, pour_cent=60, operateur="Essai", emis_octets=1, recus_octets=1)
        vu = EtatLien(boot_id=instant.boot_id, bt_ns=instant.bt_ns, lien=True, a_quai=True, cle=cle)
        publier(courrier, asdict(vu))
        repond = boite.regarder()["lien"]
        publier(courrier, asdict(replace(vu, a_quai=False, phrase="La rive a un problème, ou trop à faire.")))
        refuse = boite.regarder()["lien"]
        aide.lien = None
        rien = boite.regarder()["lien"]
        aide.refus["lien"] = "« nft » ne répond pas."
        muet = boite.regarder()["lien"]
    finally:
        aide.fermer()

    assert (reseau.etat, reseau.mesures["reste_mo"]) == ("bon", 4)
    assert (fini.etat, "clé USB" in fini.geste) == ("attention", True)
    assert (repond.etat, repond.phrase) == ("bon", "La 4G marche, la rive répond.")
    assert (repond.mesures["signal_pour_cent"], repond.mesures["operateur"]) == (60, "Essai")
    assert (refuse.etat, "La rive a un problème" in refuse.phrase) == ("attention", True)
    assert (rien.etat, rien.mesures) == ("bon", {"branchee": 0})
    assert muet.etat == "inconnu"


def test_a_system_on_trial_and_one_that_was_taken_back_are_told(boite: Boite) -> None:
    """Slot and version, the updater's own words, nothing on a machine with one system."""
    en_service = boite.regarder()["mise_a_jour"]
    boite.ecrire("data/systeme/maj/dernier.json", json.dumps({"issue": "essai", "creneau": "A", "vers": "12"}))
    essai = boite.regarder()["mise_a_jour"]
    boite.ecrire("data/systeme/maj/dernier.json", json.dumps({"issue": "confirmee", "creneau": "A", "vers": "12"}))
    boite.ecrire("run/pirogue-maj/histoire.json", json.dumps({"etape": "revenue", "phrase": "Elle n'a pas tenu."}))
    revenue = boite.regarder()["mise_a_jour"]
    boite.ecrire("proc/cmdline", "root=/dev/sda1\n")
    pc = boite.regarder()["mise_a_jour"]

    assert (en_service.etat, en_service.mesures["creneau"]) == ("bon", "A")
    assert en_service.phrase == "Version 12, en service."
    assert (essai.etat, essai.mesures["essai"]) == ("attention", 1)
    assert (revenue.etat, revenue.phrase) == ("attention", "Elle n'a pas tenu.")
    assert pc.etat == "inconnu"


def test_an_update_that_comes_by_the_quay_is_told_beside_the_version(boite: Boite) -> None:
    """How far it is, as the courier tells it; once root has it, the updater's own words."""
    instant = boite.horloge()
    vu = EtatLien(boot_id=instant.boot_id, bt_ns=instant.bt_ns, lien=True, maj="Je prends la mise à jour 13 : 42 %.")
    boite.ecrire("run/pirogue-lien/lien.json", json.dumps(asdict(vu)))
    vient = boite.regarder()["mise_a_jour"]
    boite.ecrire("run/pirogue-maj/histoire.json", json.dumps({"etape": "attente", "phrase": "Prête."}))
    venue = boite.regarder()["mise_a_jour"]

    assert (vient.etat, vient.phrase) == ("bon", "Version 12, en service. Je prends la mise à jour 13 : 42 %.")
    assert venue.phrase == "Prête."


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

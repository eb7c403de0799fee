"""The box's clock: who tells the time is believed only when it is justified, and the hour survives a power cut."""

import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bord.horlogerie import SEULE, SYNCHRO, Boite
from equipage import HUIT_HEURES_MS, Horloge
from pirogue_bord import ancrages, horloge, horloge_gardee, horloge_noyau
from pirogue_bord.ancrages import Temoignage
from pirogue_bord.horloge_gardee import HeureGardee
from pirogue_bord.horloge_noyau import Synchronisation, lire_noyau
from pirogue_registre import ancres, base
from pirogue_registre.forme import RegistreEnEssai, RegistreTropNeuf

MIN_MS = 60_000
JOUR_MS = 86_400_000


@pytest.fixture
def boite(tmp_path: Path) -> Boite:
    """A box in 2025, whose system was built forty days before."""
    return Boite(tmp_path, Horloge())


def test_a_box_that_nobody_told_the_time_writes_no_anchor(boite: Boite) -> None:
    """No server, no RTC, no modem: the trainer will be asked."""
    etat = boite.tour()

    assert (etat.source, etat.incertitude_ms, etat.rtc) == ("", -1, "absente")
    assert boite.ancres() == []


def test_a_time_server_anchors_the_boot_once(boite: Boite) -> None:
    """With what it may be wrong by, however long the link stays."""
    boite.noyau = SYNCHRO
    for _ in range(5):
        etat = boite.tour()
        boite.montre.avancer(minutes=5)

    assert boite.ancres() == [("ntp", 40 + ancrages.RESTE_NTP_MS)]
    assert (etat.source, etat.synchronisee) == ("ntp", True)
    assert 1040 <= etat.incertitude_ms <= 1040 + 60


def test_a_step_between_two_readings_is_not_taken_for_the_time(boite: Boite) -> None:
    """Chrony steps the clock while the box looks: what was read before belongs to the old one."""
    instant = boite.montre()
    boite.noyau = SYNCHRO
    boite.montre.sauter(jours=3)
    etat = horloge.tour(boite.config, instant=instant, sources=boite.sources)

    assert boite.ancres() == []
    assert etat.source == ""
    assert boite.tour().source == "ntp"


def test_a_server_that_may_be_wrong_by_more_than_five_seconds_is_not_one(boite: Boite) -> None:
    """The servers fell silent an hour ago: the kernel's own bound has grown."""
    boite.noyau = Synchronisation(synchronisee=True, erreur_max_ms=ancrages.NTP_MAX_MS + 1)
    boite.tour()

    assert boite.ancres() == []


def test_a_server_corrects_a_trainer_who_was_wrong(boite: Boite) -> None:
    """And the events of the morning move with it."""
    boite.confirmer(HUIT_HEURES_MS + 2 * JOUR_MS)
    marque = boite.montre()
    boite.noyau = SYNCHRO
    boite.tour()
    estime = ancres.estimer_maintenant(boite.bord.registre, instant=marque)

    assert [source for source, _ in boite.ancres()] == ["formateur", "ntp"]
    assert abs(estime - marque.mur_ms) < 10


def test_a_server_does_not_go_back_before_the_shore(boite: Boite) -> None:
    """Somebody's server on the quay's Wi-Fi says last year; the shore had signed an hour of today."""
    registre = boite.bord.registre
    ancres.confirmer_date(
        registre, utc_ms=HUIT_HEURES_MS, source="rive", instant=boite.montre(), auteur="pirogue", incertitude_ms=900
    )
    boite.tour()
    boite.montre.redemarrer(mur_ms=HUIT_HEURES_MS - 300 * JOUR_MS // 10)
    boite.noyau = SYNCHRO
    boite.tour()

    assert boite.gardee().source == "rive"
    assert boite.ancres() == []


def test_no_time_is_before_the_system_was_built(boite: Boite) -> None:
    """A server in 2024 for a system of 2025."""
    boite.montre.redemarrer(mur_ms=HUIT_HEURES_MS - 41 * JOUR_MS)
    boite.noyau = SYNCHRO
    boite.tour()

    assert boite.ancres() == []


def test_an_rtc_that_nobody_ever_compared_is_not_believed_alone(boite: Boite) -> None:
    """It says a possible date; the trainer is asked all the same, the first time."""
    boite.dater_rtc(boite.montre.mur_ms)
    etat = boite.tour()

    assert (etat.source, etat.rtc) == ("", "jamais_comparee")
    assert boite.ancres() == []


def test_an_rtc_found_right_once_anchors_the_next_boots(boite: Boite) -> None:
    """Rachelle confirms on Tuesday; on Friday nobody is asked, and the doubt has grown with the days."""
    boite.confirmer(boite.montre.mur_ms)
    boite.dater_rtc(boite.montre.mur_ms)
    assert boite.tour().rtc == "juste"
    boite.montre.redemarrer(mur_ms=boite.montre.mur_ms + 3 * JOUR_MS)
    boite.dater_rtc(boite.montre.mur_ms)
    etat = boite.tour()

    ((source, doute_ms),) = boite.ancres()
    assert (source, etat.rtc) == ("rtc", "juste")
    assert 120_000 + 3 * JOUR_MS * 100 // 1_000_000 <= doute_ms < 170_000


@pytest.mark.parametrize("jours", [-2, 200])
def test_an_rtc_that_went_back_or_was_alone_too_long_is_not_believed(boite: Boite, jours: int) -> None:
    """A flat battery, a season without a quay."""
    boite.confirmer(boite.montre.mur_ms)
    boite.dater_rtc(boite.montre.mur_ms)
    boite.tour()
    boite.montre.redemarrer(mur_ms=0)
    boite.dater_rtc(HUIT_HEURES_MS + jours * JOUR_MS)
    boite.tour()

    assert boite.ancres() == []


def test_an_rtc_found_wrong_loses_its_credit(boite: Boite) -> None:
    """Right last week, wrong by an hour today: not believed tomorrow."""
    boite.confirmer(boite.montre.mur_ms)
    boite.dater_rtc(boite.montre.mur_ms)
    boite.tour()
    boite.dater_rtc(boite.montre.mur_ms + 60 * MIN_MS)
    assert boite.tour().rtc == "fausse"
    boite.montre.redemarrer(mur_ms=boite.montre.mur_ms)
    boite.tour()

    assert boite.ancres() == []


def test_an_operator_that_mixes_up_utc_and_local_time_is_not_believed(boite: Boite) -> None:
    """Benin is an hour ahead: another offset, or none, says that the message was badly made."""
    instant = boite.montre()

    assert ancrages.temoigner_modem(instant, utc_ms=1, decalage_min=0) is None
    assert ancrages.temoigner_modem(instant, utc_ms=1, decalage_min=None) is None
    assert ancrages.temoigner_modem(instant, utc_ms=1, decalage_min=60) == Temoignage("modem", instant, 1, 30_000)


def test_a_modem_tells_the_time_but_does_not_correct_a_person(boite: Boite) -> None:
    """Before Rachelle speaks it anchors; after her it is not heard."""
    boite.confirmer(HUIT_HEURES_MS)
    boite.modem = Temoignage("modem", boite.montre(), HUIT_HEURES_MS + 60 * MIN_MS, 30_000)
    assert boite.tour().source == "formateur"
    boite.montre.redemarrer(mur_ms=0)
    boite.modem = Temoignage("modem", boite.montre(), HUIT_HEURES_MS + 60 * MIN_MS, 30_000)

    assert boite.tour().source == "modem"
    assert boite.ancres() == [("modem", 30_000)]


def test_the_date_that_a_trainer_confirms_becomes_the_system_s(boite: Boite) -> None:
    """Kolibri's rows and the files get a possible date, within a turn; once is enough."""
    boite.montre.redemarrer(mur_ms=0)
    boite.confirmer(HUIT_HEURES_MS)
    premier, second = boite.tour(), boite.tour()

    assert premier.ecart_ms < -50 * 365 * JOUR_MS
    assert abs(second.ecart_ms) < 10
    assert len(boite.reglee) == 1


def test_a_synchronised_clock_is_left_to_the_server(boite: Boite) -> None:
    """Whatever a trainer typed."""
    boite.noyau = SYNCHRO
    boite.confirmer(HUIT_HEURES_MS + 3 * JOUR_MS)
    boite.tour()

    assert boite.reglee == []


def test_a_refusal_of_root_s_helper_is_said_and_nothing_stops(boite: Boite, tmp_path: Path) -> None:
    """Nobody at the socket: the anchor is there, the sentence says what was not done."""
    boite.montre.redemarrer(mur_ms=0)
    boite.confirmer(HUIT_HEURES_MS)
    boite.config = dataclasses.replace(boite.config, actions_cle=tmp_path / "personne.sock")
    etat = horloge.tour(boite.config, instant=boite.montre(), sources=dataclasses.replace(boite.sources, regler=None))

    assert etat.phrase.startswith("L'horloge n'a pas pu être réglée")
    assert etat.source == "formateur"


@pytest.fixture
def aide(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """One answer of root's helper, at a real socket; what it was asked."""
    prise = tmp_path / "actions.sock"
    lues: list[dict[str, object]] = []
    with socket.socket(socket.AF_UNIX) as ecoute:
        ecoute.bind(str(prise))
        ecoute.listen()

        def repondre() -> None:
            lien, _ = ecoute.accept()
            with lien, lien.makefile("rb") as flux:
                lues.append(json.loads(flux.readline()))
                lien.sendall(b'{"rendu": null}\n')

        fil = threading.Thread(target=repondre)
        fil.start()
        yield SimpleNamespace(prise=prise, lues=lues)
        fil.join(timeout=10)


def test_root_s_helper_is_asked_in_its_own_words(boite: Boite, aide: SimpleNamespace) -> None:
    """`regler_heure`, milliseconds since 1970, backwards too: the anchors decided."""
    boite.montre.redemarrer(mur_ms=0)
    boite.confirmer(HUIT_HEURES_MS)
    boite.config = dataclasses.replace(boite.config, actions_cle=aide.prise)
    horloge.tour(boite.config, instant=boite.montre(), sources=dataclasses.replace(boite.sources, regler=None))

    assert [(un["acte"], un["force"]) for un in aide.lues] == [("regler_heure", True)]
    assert abs(aide.lues[0]["utc_ms"] - HUIT_HEURES_MS) < 1000


def test_a_box_without_a_register_keeps_its_hour(boite: Boite) -> None:
    """The portal makes the register; the body may be there first, and does not make one."""
    (boite.config.registre / "registre.sqlite3").unlink()
    boite.noyau = SYNCHRO
    boite.tour()

    assert not (boite.config.registre / "registre.sqlite3").exists()
    assert boite.gardee().utc_ms > 0


@pytest.mark.parametrize("refus", [RegistreEnEssai, RegistreTropNeuf])
def test_a_box_whose_register_waits_for_an_update_keeps_its_hour(
    boite: Boite, monkeypatch: pytest.MonkeyPatch, refus: type[Exception]
) -> None:
    """Neither an update on trial nor an older system may open it: turns and switching off go on without an anchor."""
    monkeypatch.setattr(base, "ouvrir", lambda _: (_ for _ in ()).throw(refus("Le registre attend.")))
    boite.noyau = SYNCHRO
    etat = boite.tour()
    horloge.arreter(boite.config, instant=boite.montre(), sources=boite.sources)

    assert (etat.source, etat.phrase) == ("", "")
    assert boite.gardee().utc_ms > 0


def test_what_the_last_turn_found_is_read_by_the_others(boite: Boite) -> None:
    """The check of health and the command line look at one file in memory."""
    boite.noyau = SYNCHRO
    etat = boite.tour()

    assert horloge.lire_etat(boite.config) == etat
    assert horloge.lire_etat(dataclasses.replace(boite.config, bord=None)) is None


def test_the_kept_hour_does_not_believe_the_wall(boite: Boite) -> None:
    """Three days ahead by mistake: what is kept is what was known, and the minutes since."""
    boite.noyau = SYNCHRO
    boite.tour()
    boite.noyau = SEULE
    boite.montre.sauter(jours=3)
    boite.montre.avancer(minutes=20)
    boite.tour()

    assert abs(boite.gardee().utc_ms - (HUIT_HEURES_MS + 20 * MIN_MS)) < 10_000


def test_the_kept_hour_is_written_every_five_minutes(boite: Boite) -> None:
    """Not at each turn: a card wears."""
    boite.noyau = SYNCHRO
    ecritures = set()
    for _ in range(61):
        boite.tour()
        ecritures.add((boite.config.systeme / "horloge" / "heure").stat().st_mtime_ns)
        boite.montre.avancer(secondes=30)

    assert 6 <= len(ecritures) <= 8


def test_switching_off_keeps_the_hour_at_once(boite: Boite) -> None:
    """Two minutes after the last write."""
    boite.noyau = SYNCHRO
    boite.tour()
    boite.montre.avancer(minutes=2)
    horloge.arreter(boite.config, instant=boite.montre(), sources=boite.sources)

    assert boite.gardee().bt_ns == boite.montre.bt_ns


def test_a_full_disk_is_said(boite: Boite) -> None:
    """A file where the folder should be stands for a card that takes nothing."""
    boite.config.systeme.mkdir(parents=True)
    (boite.config.systeme / "horloge").write_text("")

    with pytest.raises(horloge.HeurePasGardee):
        boite.tour()


def test_boots_without_any_witness_go_forward(boite: Boite, tmp_path: Path) -> None:
    """Three power cuts in 1970: each boot begins where the former one was, or later."""
    dossier = boite.config.systeme / "horloge"
    vus = []
    boite.noyau = SYNCHRO
    boite.tour()
    boite.noyau = SEULE
    for _ in range(3):
        boite.montre.redemarrer(mur_ms=0)
        horloge_gardee.charger(
            dossier,
            regler=lambda ns: boite._regler(ns // 1_000_000),
            epoque=boite.epoque,
            rtc=tmp_path / "aucune",
            lire_instant=boite.montre,
        )
        boite.montre.avancer(minutes=40)
        vus.append(boite.montre.mur_ms)
        boite.tour()

    assert vus == sorted(vus)
    assert vus[-1] >= HUIT_HEURES_MS + 3 * 40 * MIN_MS


@pytest.mark.parametrize(
    ("maintenant_ms", "gardee_ms", "rtc_ms", "attendu"),
    [
        (0, 5000, None, 5000),
        (0, 5000, 9000, 9000),
        (9000, 5000, None, 9000),
        (9000, 5000, 7000, 9000),
        (0, None, None, 1000),
        (0, 500, 200, 1000),
    ],
)
def test_the_clock_is_only_ever_put_forward_at_boot(
    maintenant_ms: int, gardee_ms: int | None, rtc_ms: int | None, attendu: int
) -> None:
    """To the latest of the kept hour, the RTC and the day the system was built; a right RTC is never undone."""
    choisi = horloge_gardee.choisir(maintenant_ms, gardee_ms=gardee_ms, construction_ms=1000, rtc_ms=rtc_ms)

    assert choisi == attendu


@pytest.mark.parametrize(
    "contenu",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[1]",
        b'{"utc_ms": 1e400, "boot_id": "", "bt_ns": 0, "source": ""}',
        b'{"utc_ms": 99999999999999, "boot_id": "", "bt_ns": 0, "source": ""}',
        b'{"utc_ms": 1741071600000, "boot_id": "", "bt_ns": -5, "source": ""}',
        b'{"utc_ms": 1741071600000, "boot_id": "' + b"a" * 600 + b'", "bt_ns": 0, "source": ""}',
        b"[" * 500,
    ],
)
def test_root_believes_no_damaged_kept_hour(tmp_path: Path, contenu: bytes) -> None:
    """The folder is another user's: whatever is there, nothing is set and nothing fails."""
    (tmp_path / "heure").write_bytes(contenu)

    assert horloge_gardee.lire(tmp_path) is None


def test_root_follows_no_link_and_waits_for_no_pipe(tmp_path: Path) -> None:
    """What another user may have put in place of the file."""
    vrai = tmp_path / "ailleurs"
    horloge_gardee.ecrire(tmp_path, HeureGardee(HUIT_HEURES_MS, "b", 0, "ntp"))
    (tmp_path / "heure").rename(vrai)
    (tmp_path / "heure").symlink_to(vrai)
    assert horloge_gardee.lire(tmp_path) is None
    (tmp_path / "heure").unlink()
    os.mkfifo(tmp_path / "heure")

    assert horloge_gardee.lire(tmp_path) is None


def test_root_s_program_needs_nothing_but_the_standard_library() -> None:
    """It runs before everything else, isolated; nothing of ours comes with it but the clock."""
    dire = (
        "import sys, pirogue_bord.horloge_gardee;"
        "noms = {nom.split('.')[0] for nom in sys.modules};"
        "print(sorted(noms - set(sys.stdlib_module_names)))"
    )
    lu = subprocess.run([sys.executable, "-I", "-c", dire], capture_output=True, text=True, check=True)
    a_nous = [nom for nom in eval(lu.stdout) if not nom.startswith(("_", "__editable__"))]

    assert a_nous == ["pirogue_bord", "pirogue_socle"]


def test_root_s_program_says_what_it_did_on_a_right_clock(tmp_path: Path) -> None:
    """On a machine whose clock is later than what is kept nothing is set."""
    horloge_gardee.ecrire(tmp_path, HeureGardee(HUIT_HEURES_MS, "b", 0, "ntp"))
    mots = [sys.executable, "-I", "-m", "pirogue_bord.horloge_gardee", "charger", "--dossier", str(tmp_path)]
    rien = str(tmp_path / "aucune")  # this machine's own witnesses are not asked: its clock is not ours to set
    fait = subprocess.run([*mots, "--epoque", rien, "--rtc", rien], capture_output=True, text=True, check=False)

    assert (fait.returncode, fait.stdout) == (0, "L'horloge n'est pas en retard.\n")


def test_the_kernel_s_answer_is_read_at_its_place() -> None:
    """The real call: the length of a tick, a known number far in the structure, is where it should be."""
    rendu, etat = horloge_noyau._interroger()

    assert 9_000 <= etat.tick <= 11_000
    assert lire_noyau().synchronisee is (rendu != 5 and not etat.status & 0x40)
    assert lire_noyau().erreur_max_ms >= etat.maxerror // 1000


def test_a_sandbox_that_forbids_the_question_is_not_a_synchronised_clock(boite: Boite) -> None:
    """No anchor rather than a guess."""

    def refuser() -> Synchronisation:
        raise PermissionError(1, "Operation not permitted")

    etat = horloge.tour(boite.config, instant=boite.montre(), sources=dataclasses.replace(boite.sources, noyau=refuser))

    assert (etat.source, etat.synchronisee) == ("", False)

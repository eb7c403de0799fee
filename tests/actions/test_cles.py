"""Root's second counter: a stick is looked at before it is mounted, the hour has bounds, no stop meanwhile."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BORD, PORTAIL, INCONNU, PORTEUR = 64011, 64012, 64013, 64014
MONTAGE = "/run/pirogue-cle/montee"
UNITE = r"run-pirogue\x2dcle-montee.mount"
#: 3 March 2026, 13:32:00 UTC.
MARS_MS = 1_772_544_720_000
#: A line of `systemctl list-units`.
ECHANGE = "pirogue-sync-cle@sda1.service loaded activating start Courrier\n"
#: A machine of its own: /sys, devices, systemd are doubles; the helper, its socket, user ids, mounts are real.
CLOTURE = """
set -eu
mount -t tmpfs tmpfs /sys
mount -t tmpfs -o dev tmpfs /mnt
for n in null zero urandom; do cp -a /dev/$n /mnt/; done
mount --move /mnt /dev
mount -t tmpfs tmpfs /run
mkdir -p /run/udev/data /sys/bus/usb /sys/class/block /sys/dev/block
for nom in systemctl systemd-mount; do cp "$D/systeme" "$D/$nom"; mount --bind "$D/$nom" /usr/bin/$nom; done
exec "$@"
"""
#: systemd's double: writes down what it was asked, mounts and unmounts for good, answers as the files in $D say.
SYSTEME = """#!/bin/sh
D=@D@
printf '%s' "${0##*/}" >> "$D/appels"; for m in "$@"; do printf ' %s' "$m" >> "$D/appels"; done; echo >> "$D/appels"
case "${0##*/} $*" in
  "systemd-mount "*) mkdir -p @M@; mount -t tmpfs -o mode=0700 cle @M@ ;;
  "systemctl show "*) cat "$D/etat" ;;
  "systemctl list-units "*) cat "$D/echanges" ;;
  "systemctl list-jobs "*) cat "$D/travaux" ;;
  "systemctl --no-block stop run-"*) umount @M@ ;;
esac
"""
APPEL = """
import json, os, sys
from pathlib import Path
from pirogue_actions import client
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[3]))
try:
    print(json.dumps({"rendu": client.demander(Path(sys.argv[1]), attente_s=30, **json.loads(sys.argv[2]))}))
except client.ActeRefuse as refus:
    print(json.dumps({"refus": str(refus)}))
"""


@dataclass
class Aide:
    """The helper, running in a machine of its own."""

    dossier: Path
    pid: int

    def dedans(self, script: str) -> str:
        """Run a script in its machine, as root."""
        mots = ["nsenter", "-t", str(self.pid), "-m", "sh", "-euc", script]
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        assert fait.returncode == 0, fait.stderr
        return fait.stdout

    def demander(self, acte: str, *, uid: int = BORD, **arguments: Any) -> dict[str, Any]:
        """Ask for an act as another user."""
        demande = json.dumps({"acte": acte, **arguments})
        mots = [sys.executable, "-c", APPEL, str(self.dossier / "prise"), demande, str(uid)]
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        assert fait.returncode == 0, fait.stderr
        lu: dict[str, Any] = json.loads(fait.stdout)
        return lu

    def dire(self, octets: bytes) -> dict[str, Any]:
        """Send raw octets as root, who here holds the body's role; return the answer."""
        with socket.socket(socket.AF_UNIX) as lien:
            lien.settimeout(20)
            lien.connect(str(self.dossier / "prise"))
            with contextlib.suppress(OSError):
                lien.sendall(octets)
                lien.shutdown(socket.SHUT_WR)
            with lien.makefile("rb") as flux:
                lu: dict[str, Any] = json.loads(flux.readline())
        return lu

    def appels(self) -> list[str]:
        """Return what systemd was asked, questions aside."""
        lus = (self.dossier / "appels").read_text().splitlines()
        return [un for un in lus if not un.startswith(("systemctl show", "systemctl list-"))]

    def trace(self) -> str:
        """Return what the kernel was asked about the clocks."""
        return (self.dossier / "trace").read_text()

    def brancher(self, nom: str = "sda", *, genre: str = "vfat", classe: str = "08", bus: str = "usb") -> None:
        """Plug in a disk with one partition, as the kernel and udev tell it."""
        rang = ord(nom[2]) - ord("a")
        place = f"/sys/devices/{bus}1/1-{rang + 1}/1-{rang + 1}:1.0/host0/block/{nom}"
        interface = str(Path(place).parents[2])
        self.dedans(f"""
            p={place}; i={interface}; mkdir -p $p/{nom}1
            ln -s /sys/bus/{bus} $i/subsystem; echo {classe} > $i/bInterfaceClass
            echo 8:{16 * rang} > $p/dev; echo 8:{16 * rang + 1} > $p/{nom}1/dev; echo 1 > $p/{nom}1/partition
            ln -s $p /sys/class/block/{nom}; ln -s $p/{nom}1 /sys/class/block/{nom}1
            : > /run/udev/data/b8:{16 * rang}; echo E:ID_FS_TYPE={genre} > /run/udev/data/b8:{16 * rang + 1}
            mknod /dev/{nom} b 8 {16 * rang}; mknod /dev/{nom}1 b 8 {16 * rang + 1}""")

    def tout_retirer(self) -> None:
        """Unplug everything, forget what was asked."""
        self.dedans(f"umount {MONTAGE} 2>/dev/null || true; rm -rf /sys/devices /sys/class/block/* /sys/dev/block/*")
        self.dedans("rm -f /run/udev/data/* /dev/sd*")
        for nom, texte in (
            ("appels", ""),
            ("etat", "ActiveState=inactive\n"),
            ("echanges", ""),
            ("travaux", ""),
            ("trace", ""),
        ):
            (self.dossier / nom).write_text(texte)


@pytest.fixture(scope="module")
def ouverte() -> Iterator[Aide]:
    """The helper as a process; the calls that would set this machine's clocks are answered in the kernel's place."""
    with tempfile.TemporaryDirectory(prefix="aide-cle-") as nom:
        dossier = Path(nom)
        dossier.chmod(0o755)
        (dossier / "systeme").write_text(SYSTEME.replace("@D@", nom).replace("@M@", MONTAGE))
        (dossier / "systeme").chmod(0o755)
        mots = ["unshare", "-m", "--propagation", "private", "sh", "-c", CLOTURE, "sh"]
        mots += ["strace", "-f", "-qq", "-e", "trace=clock_settime,ioctl", "-e", "inject=clock_settime:retval=0"]
        mots += ["-e", "inject=ioctl:retval=0", "-o", f"{nom}/trace"]
        mots += [sys.executable, "-m", "pirogue_actions", "--actes", "cle", "--prise", f"{nom}/prise"]
        mots += ["--bord", str(BORD), "--bord", "root", "--portail", str(PORTAIL), "--porteur", str(PORTEUR)]
        with subprocess.Popen(mots, start_new_session=True, env=os.environ | {"D": nom}) as processus:
            try:
                fin = time.monotonic() + 20
                while not (dossier / "prise").exists():
                    assert time.monotonic() < fin
                    assert processus.poll() is None
                    time.sleep(0.02)
                yield Aide(dossier, processus.pid)
            finally:
                os.killpg(processus.pid, signal.SIGKILL)


@pytest.fixture
def aide(ouverte: Aide) -> Aide:
    """The helper, nothing plugged in."""
    ouverte.tout_retirer()
    return ouverte


def test_a_stick_is_mounted_by_the_first_process_and_nothing_on_it_can_run(aide: Aide) -> None:
    """For the courier alone; no program, no device, no right comes from it."""
    aide.brancher()
    rendu = aide.demander("monter_cle", appareil="sda1")
    (appel,) = aide.appels()
    options = next(mot for mot in appel.split() if mot.startswith("--options=")).removeprefix("--options=").split(",")

    assert rendu == {"rendu": {"genre": "vfat"}}
    assert appel.split()[0] == "systemd-mount"
    assert appel.endswith(f"/dev/sda1 {MONTAGE}")
    assert {"nosuid", "nodev", "noexec", "noatime", f"uid={PORTEUR}", f"gid={PORTEUR}", "umask=077"} == set(options)
    assert "--type=vfat" in appel
    assert "--fsck=no" in appel


@pytest.mark.parametrize(("genre", "attendu"), [("exfat", False), ("ext4", True)])
def test_exfat_is_written_and_ext4_only_read(aide: Aide, genre: str, attendu: bool) -> None:
    """An ext4 journal is not even replayed: nothing is written there."""
    aide.brancher(genre=genre)
    aide.demander("monter_cle", appareil="sda1")
    (appel,) = aide.appels()

    assert ("ro,noload," in appel) == attendu
    assert f"--type={genre}" in appel


@pytest.mark.parametrize("genre", ["ntfs", "btrfs", "squashfs", "iso9660", "LVM2_member", "vfat,suid", ""])
def test_a_file_system_that_is_not_on_the_list_is_refused(aide: Aide, genre: str) -> None:
    """Each one more is a driver of the kernel that a stranger's stick may attack."""
    aide.brancher(genre=genre)

    assert "refus" in aide.demander("monter_cle", appareil="sda1")
    assert aide.appels() == []


@pytest.mark.parametrize(("classe", "bus"), [("03", "usb"), ("0e", "usb"), ("08", "pci"), ("", "usb")])
def test_what_is_not_usb_storage_is_refused(aide: Aide, classe: str, bus: str) -> None:
    """Whatever it calls itself: the class of its interface is the kernel's word."""
    aide.brancher(classe=classe, bus=bus)

    assert aide.demander("monter_cle", appareil="sda1") == {"refus": "Ce n'est pas une clé USB."}


def test_the_disk_that_the_box_runs_on_is_never_mounted_as_a_stick(aide: Aide) -> None:
    """A box that started from USB: one of its partitions is mounted, the others are the box's too."""
    aide.brancher()
    aide.dedans("mkdir -p /run/racine; mount -t tmpfs racine /run/racine")
    numero = aide.dedans("stat -c %Hd:%Ld /run/racine").strip()
    aide.dedans(f"p=$(readlink -f /sys/class/block/sda); mkdir $p/sda2; echo {numero} > $p/sda2/dev")
    rendu = aide.demander("monter_cle", appareil="sda1")
    aide.dedans("umount /run/racine")

    assert rendu == {"refus": "C'est le disque de la boîte."}
    assert aide.appels() == []


def test_a_name_in_dev_that_is_another_device_is_refused(aide: Aide) -> None:
    """What would be mounted is what was looked at."""
    aide.brancher()
    aide.dedans("rm /dev/sda1; mknod /dev/sda1 b 8 17")

    assert "refus" in aide.demander("monter_cle", appareil="sda1")
    assert aide.appels() == []


def test_one_stick_at_a_time(aide: Aide) -> None:
    """The second is refused while the first is mounted."""
    aide.brancher()
    aide.brancher("sdb")
    aide.demander("monter_cle", appareil="sda1")

    assert aide.demander("monter_cle", appareil="sdb1") == {"refus": "Une clé est déjà en service."}
    assert len(aide.appels()) == 1


@pytest.mark.parametrize(
    "nom",
    [
        "sda1/../sdb",
        "../sda1",
        "/dev/sda1",
        "mmcblk0p4",
        "nvme0n1",
        "loop0",
        "sda1\n",
        "SDA1",
        "-f",
        "",
        "sdaaa1",
        None,
        8,
    ],
)
def test_a_name_that_is_not_a_stick_s_goes_no_further(aide: Aide, nom: object) -> None:
    """The card is never a stick; a path is not a name."""
    aide.brancher()
    rendu = aide.dire(json.dumps({"acte": "monter_cle", "appareil": nom}).encode() + b"\n")

    assert rendu == {"refus": "Ce n'est pas le nom d'une clé."}
    assert aide.appels() == []


def test_the_exchange_is_started_for_a_mounted_stick_only(aide: Aide) -> None:
    """The courier's own unit, named after the stick."""
    aide.brancher()
    avant = aide.demander("echanger_cle", appareil="sda1")
    aide.demander("monter_cle", appareil="sda1")
    aide.demander("echanger_cle", appareil="sda1")

    assert avant == {"refus": "Aucune clé n'est montée."}
    assert aide.appels()[-1] == "systemctl --no-block start pirogue-sync-cle@sda1.service"


def test_a_stick_waits_for_the_end_of_the_exchange_of_the_one_before(aide: Aide) -> None:
    """Both have the same unit: started while it still stops, it would never run for the second."""
    aide.brancher()
    aide.demander("monter_cle", appareil="sda1")
    (aide.dossier / "echanges").write_text(ECHANGE)

    assert aide.demander("echanger_cle", appareil="sda1") == {"refus": "L'échange d'avant n'est pas fini."}
    assert len(aide.appels()) == 1


@pytest.mark.parametrize(
    ("fichier", "texte", "attendu"),
    [
        ("etat", "ActiveState=activating\nJob=12\n", {"montee": True, "travail": True, "echange": False}),
        ("etat", "ActiveState=inactive\nJob=7\n", {"montee": True, "travail": True, "echange": False}),
        ("etat", "ActiveState=active\n", {"montee": True, "travail": False, "echange": False}),
        ("etat", "ActiveState=failed\n", {"montee": True, "travail": False, "echange": False}),
        ("echanges", ECHANGE, {"montee": True, "travail": False, "echange": True}),
        (
            "travaux",
            "  412 pirogue-sync-cle@sda1.service start waiting\n",
            {"montee": True, "travail": False, "echange": True},
        ),
    ],
)
def test_the_body_is_told_where_a_stick_is(aide: Aide, fichier: str, texte: str, attendu: dict[str, bool]) -> None:
    """A mount that is up rests; a job that waits is work."""
    aide.brancher()
    aide.demander("monter_cle", appareil="sda1")
    (aide.dossier / fichier).write_text(texte)

    assert aide.demander("suivre_cle") == {"rendu": attendu}


def test_an_exchange_that_outlives_its_stick_is_stopped(aide: Aide) -> None:
    """The stick was let go by the system itself: the courier may still look for it."""
    (aide.dossier / "echanges").write_text(ECHANGE)

    assert aide.demander("demonter_cle") == {"rendu": None}
    assert aide.appels() == ["systemctl --no-block stop pirogue-sync-cle@sda1.service"]


def test_a_stick_in_use_is_not_let_go_unless_it_was_pulled(aide: Aide) -> None:
    """Pulled: its exchange is stopped and the dangling mount goes; put back, another one can be mounted."""
    aide.brancher()
    aide.demander("monter_cle", appareil="sda1")
    (aide.dossier / "echanges").write_text(ECHANGE)
    numero = aide.dedans(f"stat -c %Hd:%Ld {MONTAGE}").strip()
    aide.dedans(f"mkdir /sys/dev/block/{numero}")
    presente = aide.demander("demonter_cle")
    aide.dedans(f"rmdir /sys/dev/block/{numero}")
    partie = aide.demander("demonter_cle")

    assert presente == {"refus": "L'échange avec la clé n'est pas fini."}
    assert partie == {"rendu": None}
    assert aide.appels()[1:] == [
        "systemctl --no-block stop pirogue-sync-cle@sda1.service",
        f"systemctl --no-block stop {UNITE}",
    ]
    assert aide.demander("monter_cle", appareil="sda1") == {"rendu": {"genre": "vfat"}}


def test_letting_go_of_nothing_is_no_fault(aide: Aide) -> None:
    """The body asks twice rather than never."""
    assert aide.demander("demonter_cle") == {"rendu": None}
    assert aide.appels() == []


def test_the_hour_is_set_in_the_kernel_and_in_the_clock_with_a_battery(aide: Aide) -> None:
    """Both, to the second; on a box without a battery, only the first."""
    sans = aide.demander("regler_heure", utc_ms=MARS_MS, force=True)
    aide.dedans(": > /dev/rtc0")
    avec = aide.demander("regler_heure", utc_ms=MARS_MS + 250, force=True)

    assert (sans, avec) == ({"rendu": {"pile": False}}, {"rendu": {"pile": True}})
    assert "clock_settime(CLOCK_REALTIME, {tv_sec=1772544720, tv_nsec=250000000})" in aide.trace()
    assert "tm_sec=0, tm_min=32, tm_hour=13, tm_mday=3, tm_mon=2, tm_year=126" in aide.trace()


def test_the_hour_goes_back_only_when_it_is_forced(aide: Aide) -> None:
    """The clock's own judge decides, and says so."""
    assert aide.demander("regler_heure", utc_ms=MARS_MS, force=False) == {
        "refus": "Cette heure est avant celle de la boîte."
    }
    assert "clock_settime" not in aide.trace()


@pytest.mark.parametrize("utc_ms", [0, 1_704_067_199_999, 4_133_980_800_000, -1, 1e12, True, "1772544720000", None])
def test_an_hour_outside_2024_to_2100_is_refused(aide: Aide, utc_ms: object) -> None:
    """A broken source would redate everything that Kolibri writes."""
    rendu = aide.dire(json.dumps({"acte": "regler_heure", "utc_ms": utc_ms, "force": True}).encode() + b"\n")

    assert rendu == {"refus": "Cette date n'est pas entre 2024 et 2100."}
    assert "clock_settime" not in aide.trace()


def test_the_box_is_stopped_unless_a_stick_is_being_written(aide: Aide) -> None:
    """First the stick, then the stop; the portal may ask too."""
    (aide.dossier / "echanges").write_text(ECHANGE)
    pendant = aide.demander("eteindre")
    (aide.dossier / "echanges").write_text("")
    apres = aide.demander("eteindre", uid=PORTAIL)

    assert "écriture" in pendant["refus"]
    assert apres == {"rendu": None}
    assert aide.appels() == ["systemctl --no-block --no-wall poweroff"]


@pytest.mark.parametrize(
    ("acte", "arguments"),
    [
        ("monter_cle", {"appareil": "sda1"}),
        ("echanger_cle", {"appareil": "sda1"}),
        ("suivre_cle", {}),
        ("demonter_cle", {}),
        ("regler_heure", {"utc_ms": MARS_MS, "force": True}),
    ],
)
@pytest.mark.parametrize("uid", [PORTAIL, INCONNU])
def test_only_the_body_may_touch_sticks_and_the_hour(
    aide: Aide, acte: str, arguments: dict[str, Any], uid: int
) -> None:
    """The portal may stop the box, nothing else; a stranger nothing."""
    aide.brancher()

    assert aide.demander(acte, uid=uid, **arguments) == {"refus": "Cet acte n'est pas pour toi."}
    assert aide.appels() == []


def test_a_stranger_does_not_stop_the_box(aide: Aide) -> None:
    """Nor does the courier, whose user could be taken by what comes down."""
    assert "refus" in aide.demander("eteindre", uid=INCONNU)
    assert "refus" in aide.demander("eteindre", uid=PORTEUR)
    assert aide.appels() == []


def test_the_network_s_acts_are_not_at_this_counter(aide: Aide) -> None:
    """And its rights are not those of this process."""
    assert aide.demander("voisins") == {"refus": "Cet acte n'existe pas."}


VALEURS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=40),
    lambda dedans: st.lists(dedans, max_size=3) | st.dictionaries(st.text(max_size=8), dedans, max_size=3),
    max_leaves=6,
)
HOSTILES = st.sampled_from(["$(reboot)", "sda1; reboot", "sda1 /etc", "../../sda1", "-t=ext4", "sda1\n", "\ud800"])
SANS_PITIE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@SANS_PITIE
@given(octets=st.binary(max_size=5000))
def test_arbitrary_octets_run_nothing(aide: Aide, octets: bytes) -> None:
    """Noise is refused with a sentence, and the helper stays."""
    assert list(aide.dire(octets)) == ["refus"]
    assert aide.appels() == []


@SANS_PITIE
@given(
    acte=st.sampled_from(["monter_cle", "echanger_cle", "suivre_cle", "demonter_cle", "regler_heure", "eteindre"]),
    arguments=st.dictionaries(
        st.sampled_from(["appareil", "utc_ms", "montage", "options", "genre"]), VALEURS | HOSTILES, min_size=1
    ),
)
def test_wild_arguments_run_nothing(aide: Aide, acte: str, arguments: dict[str, Any]) -> None:
    """Each argument has its own check, an act takes exactly its own, nobody chooses where or how it is mounted."""
    assert list(aide.dire(json.dumps({"acte": acte, **arguments}).encode() + b"\n")) == ["refus"]
    assert aide.appels() == []
    assert "clock_settime" not in aide.trace()

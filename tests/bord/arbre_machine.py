"""A tree that stands for a box: files of /sys and /proc, and the two programs that the health checks ask."""

import os
import sqlite3
from pathlib import Path

from equipage import Bord, Horloge, preparer_bord
from pirogue_bord.sante import tour
from pirogue_socle.config import Config
from pirogue_socle.constats import Constat

SYSTEMCTL = """#!/bin/sh
dossier=$(dirname "$0")/../../unites
for dernier; do :; done
case "$1" in
  show) cat "$dossier/$dernier" 2>/dev/null || printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n' ;;
  list-units) cat "$dossier/tombees" 2>/dev/null || true ;;
esac
"""
JOURNALCTL = """#!/bin/sh
for mot; do case "$mot" in --grep=*) motif=${mot#--grep=} ;; esac; done
grep -iE -e "$motif" "$(dirname "$0")/../../noyau" && exit 0
echo "-- No entries --"
exit 1
"""


def abimer(fichier: Path) -> None:
    """Tear the middle of a SQLite file, as a card that lost a block does."""
    with sqlite3.connect(fichier) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with fichier.open("r+b") as flux:
        flux.seek(fichier.stat().st_size // 8192 * 4096)
        flux.write(os.urandom(4096 * 6))


class Boite:
    """
    A box in a folder, in good health until a test says otherwise.

    Attributes:
        racine: the folder that stands for `/`.
        config: as on the device: absolute paths.
        bord: the register, with Rachelle, Afi and Koffi.
    """

    def __init__(self, racine: Path, horloge: Horloge) -> None:
        self.racine, self.horloge = racine, horloge
        self.config = Config(donnees=Path("/data/pirogue"), terre=Path("/data/terre"), bord=Path("/run/pirogue-bord"))
        self.ecrire("usr/bin/systemctl", SYSTEMCTL, droits=0o755)
        self.ecrire("usr/bin/journalctl", JOURNALCTL, droits=0o755)
        self.ecrire("noyau", "Booting Linux on physical CPU 0x0\n")
        self.ecrire("proc/meminfo", "MemTotal: 2000000 kB\nMemFree: 100000 kB\nMemAvailable: 1200000 kB\n")
        self.ecrire("proc/vmstat", "nr_free_pages 1\noom_kill 0\n")
        self.ecrire("proc/cmdline", "root=PARTUUID=50495247-02 ro rauc.slot=A quiet\n")
        self.ecrire("etc/pirogue/version", "version=12\nnumero=12\ncommit=c0ffee\n")
        self.ecrire("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
        self.ecrire("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
        self.ecrire("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
        self.ecrire("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
        self.ecrire("sys/class/thermal/thermal_zone0/temp", "48312\n")
        self.ecrire("sys/fs/ext4/mmcblk0p4/errors_count", "0\n")
        self.ecrire("sys/class/ieee80211/phy0/index", "0\n")
        self.unite("hostapd.service", active="active")
        (racine / "run/pirogue-bord").mkdir(parents=True)
        self.bord: Bord = preparer_bord(racine / "data/pirogue/registre", horloge)

    def ecrire(self, chemin: str, texte: str, *, droits: int = 0o644) -> None:
        """Write a file of the machine."""
        fichier = self.racine / chemin
        fichier.parent.mkdir(parents=True, exist_ok=True)
        fichier.write_text(texte, encoding="utf-8")
        fichier.chmod(droits)

    def unite(self, nom: str, *, active: str, reprises: int = 0) -> None:
        """Say how a unit is."""
        self.ecrire(f"unites/{nom}", f"LoadState=loaded\nActiveState={active}\nSubState=x\nNRestarts={reprises}\n")

    def regarder(self) -> dict[str, Constat]:
        """Make a round; return what each check saw."""
        return {un.code: un for un in tour.faire(self.config, instant=self.horloge(), racine=self.racine)}

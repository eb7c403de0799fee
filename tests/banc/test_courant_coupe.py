"""The machine's power is cut while it appends to the register: what was acknowledged is there after the restart."""

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from banc.cles_usb import MIO
from banc.comptes import COMPTES
from banc.machine import Machine, allumer
from banc.noyau import Noyau

COUPURES = 2
#: The cut comes between these two times after both registers have acknowledged something.
TOT_S, TARD_S = 0.5, 4.0


@dataclass
class Carte:
    """
    One SD card of the machine, with one register on ext4.

    Attributes:
        annonces: events acknowledged, over all the cuts.
        perdus: how many of them were not there after the restart.
        present: the last event there at the latest restart.
    """

    synchronous: str
    image: Path
    rang: int
    annonces: int = 0
    perdus: int = 0
    present: int = 0

    @property
    def dossier(self) -> str:
        """Where the machine mounts it."""
        return f"/run/carte{self.rang}"


def ecrire_jusqu_a_la_coupure(machine: Machine, cartes: list[Carte], hasard: random.Random) -> list[int]:
    """Append to every register until the power goes; return the last number that each acknowledged."""
    notes = [
        machine.lancer("noter", dossier=f"{carte.dossier}/registre", synchronous=carte.synchronous) for carte in cartes
    ]
    machine.attendre(lambda: all(note.annonces for note in notes), "a first acknowledged event on each card")
    machine.laisser_faire(hasard.uniform(TOT_S, TARD_S))
    machine.tuer()
    return [note.annonces[-1]["seq"] for note in notes]


def test_what_was_acknowledged_before_the_power_cut_is_in_the_register(
    noyau: Noyau, hasard: random.Random, tmp_path: Path
) -> None:
    """SIGKILL of the whole machine: our register keeps every event; synchronous=NORMAL, beside it, does not."""
    cartes = [Carte(mode, tmp_path / f"carte{rang}", rang) for rang, mode in enumerate(("FULL", "NORMAL"))]
    for carte in cartes:
        with carte.image.open("wb") as fichier:
            fichier.truncate(96 * MIO)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(carte.image)], check=True, capture_output=True)
    promis = [0, 0]
    for demarrage in range(COUPURES + 1):
        with allumer(noyau, tmp_path / f"m{demarrage}", disques=tuple(carte.image for carte in cartes)) as machine:
            for carte, vu in zip(cartes, promis, strict=True):
                machine.appeler("monter_disque", appareil=f"/dev/vd{'ab'[carte.rang]}", dossier=carte.dossier)
                dernier, nombre = machine.appeler("compter", dossier=f"{carte.dossier}/registre")
                assert dernier == nombre  # no gap
                carte.perdus += max(0, vu - dernier)
                carte.annonces += max(0, vu - carte.present)
                carte.present = dernier
            if demarrage < COUPURES:
                promis = ecrire_jusqu_a_la_coupure(machine, cartes, hasard)
    for carte in cartes:
        COMPTES.append((f"ext4 registre {carte.synchronous}", carte.annonces, carte.annonces - carte.perdus, COUPURES))

    assert cartes[0].perdus == 0
    assert cartes[1].perdus > 0, "the control lost nothing: the bench proves nothing"

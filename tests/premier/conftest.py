"""A box of files: its data, its boot partition, its settings."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pirogue_socle import config as reglages
from pirogue_socle.premier.lieux import Lieux


@dataclass(frozen=True)
class Boite:
    """The files of one box."""

    racine: Path

    @property
    def disque(self) -> Path:
        """What a power cut may take from: the data partition."""
        return self.racine / "disque"

    @property
    def amorce(self) -> Path:
        """The boot partition."""
        return self.racine / "amorce"

    @property
    def lieux(self) -> Lieux:
        """Its places, on a machine that has neither the box's group nor its folders; its settings, read now."""
        return Lieux(
            reglages.lire(self.racine / "pirogue.toml"),
            groupe="root",
            fstab=self.racine / "fstab",
            machine_id=self.racine / "machine-id",
            ssh=self.racine / "ssh",
            empreinte=self.racine / "empreinte",
        )


def faire_boite(racine: Path) -> Boite:
    """Make the folders as tmpfiles makes them, and the settings as Ansible lays them down."""
    boite = Boite(racine)
    for nom in ("donnees", "donnees/registre", "donnees/sync", "donnees/reseau", "systeme"):
        (boite.disque / nom).mkdir(parents=True)
    (boite.disque / "donnees/registre").chmod(0o2770)
    boite.amorce.mkdir()
    (racine / "machine-id").write_text(f"{os.urandom(16).hex()}\n", encoding="ascii")
    (racine / "ssh").mkdir()
    (racine / "pirogue.toml").write_text(
        'donnees = "disque/donnees"\nterre = "terre"\nsysteme = "disque/systeme"\namorce = "amorce"\n'
        'wifi_nom = "Pirogue"\nportail_base = "http://pirogue.internal/"\n',
        encoding="utf-8",
    )
    return boite


@pytest.fixture
def boite(tmp_path: Path) -> Boite:
    """A box that has never started."""
    return faire_boite(tmp_path / "boite")

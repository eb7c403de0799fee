"""The real shore on a closed network's loopback, for a box that reaches it through its 4G key or by a stick."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from image.materiel import RIVE_MODEM
from pirogue_echange import cles as trousseau
from pirogue_rive import cle, maj, schema
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive
from pirogue_socle.horloge import maintenant

PORT = 8090
PIROGUE = Path(sys.executable).with_name("pirogue")


@dataclass(frozen=True)
class Terre:
    """A shore: its folder, the port where it answers, the card that a box must have."""

    dossier: Path
    port: int
    carte: bytes

    def accueillir(self, carte_relais: bytes) -> None:
        """Make a box known."""
        rives.accueillir(self.dossier, carte_relais)

    def arrives(self, relais: str) -> int:
        """Return how far a box's journal is whole ashore: its last event without a hole before it; 0 for none."""
        table = schema.avancee
        with rives.ouvrir(ConfigRive(self.dossier)) as ouverte, ouverte.moteur.begin() as db:
            rangees = db.execute(select(table.c.jusqua).where(table.c.relais == relais, table.c.flux == "activite"))
            return max((int(un) for (un,) in rangees), default=0)

    def offrir(self, paquet: Path, version: str) -> None:
        """Offer an update to every boat that calls."""
        with rives.ouvrir(ConfigRive(self.dossier)) as ouverte:
            maj.offrir(ouverte, paquet, version=version, par="pirogue", instant=maintenant())

    def prendre_cle(self, montee: Path) -> int:
        """Take what a stick brings and leave the receipts on it; return how many lots were taken in."""
        with rives.ouvrir(ConfigRive(self.dossier)) as ouverte:
            return cle.prendre_cle(ouverte, dossier=montee, instant=maintenant(), progres=lambda _: None).ingeres


@contextlib.contextmanager
def servir(dossier: Path, reseau: str) -> Iterator[Terre]:
    """Install a shore and have it answer in a closed network, as `pirogue rive servir` does, until the test ends."""
    dossier.mkdir(parents=True, exist_ok=True)
    carte = trousseau.ecrire_carte(rives.installer(dossier / "rive", nom="Rive de Sô-Ava"))
    reglage = dossier / "pirogue.toml"
    reglage.write_text(f'donnees = "bord"\nterre = "rive"\nrive_port = {PORT}\n', encoding="utf-8")
    with (dossier / "rive.log").open("wb") as log:
        processus = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                "ip",
                "netns",
                "exec",
                reseau,
                PIROGUE,
                "rive",
                "servir",
                "--hote",
                RIVE_MODEM,
            ],
            env=os.environ | {"PIROGUE_CONFIG": str(reglage)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Terre(dossier / "rive", PORT, carte)
    finally:
        processus.send_signal(signal.SIGTERM)
        processus.wait(timeout=60)

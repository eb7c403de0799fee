"""An update in the making: a bundle as large as a test wants, what a box knows of its own, a call for it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pirogue_echange.offre import Offre
from pirogue_registre import reglages
from pirogue_rive import config as rives
from pirogue_rive import maj as offerte
from pirogue_sync import budget, maj
from pirogue_sync.maj import Boite, Etat
from pirogue_sync.patience import Limites
from pirogue_sync.quatre_g import Reseau
from rive.terre import MIDI
from sync.quai import Quai

#: A quay where nobody waits long.
VIF = Limites(silence_s=1.0, debit_min=2000.0)
PRESENTE = "0.1.12"


def faire_paquet(fichier: Path, octets: int, *, graine: int = 1) -> bytes:
    """Write what looks like a bundle: a squashfs's first bytes, then noise; return it."""
    contenu = b"hsqs" + random.Random(graine).randbytes(octets - 4)
    fichier.write_bytes(contenu)
    return contenu


def faire_boite(dossier: Path, *, version: str = PRESENTE) -> Boite:
    """Make what a box knows of its updates, in an empty folder; `version` empty: a machine that is no image."""
    boite = Boite(dossier=dossier / "quai/PIROGUE/maj", depot=dossier / "systeme/maj", version=dossier / "version")
    boite.dossier.mkdir(parents=True)
    boite.depot.mkdir(parents=True)
    if version:
        boite.version.write_text(f"version={version}\nnumero=12\n", encoding="utf-8")
    return boite


@dataclass
class Essai:
    """A boat and its shore, an update between them."""

    quai: Quai
    boite: Boite
    dossier: Path

    def offrir(self, octets: int, *, version: str = "0.1.320", graine: int = 1) -> bytes:
        """Let the shore offer a bundle; return its bytes."""
        fichier = self.dossier / f"pirogue-{version}.raucb"
        contenu = faire_paquet(fichier, octets, graine=graine)
        with rives.ouvrir(self.quai.config) as rive:
            offerte.offrir(rive, fichier, par="console", instant=MIDI)
        return contenu

    def offre(self) -> Offre:
        """Return what the shore offers."""
        with rives.ouvrir(self.quai.config) as rive:
            lue = offerte.lire(rive)
        assert lue is not None
        return lue

    def appeler(
        self, url: str, *, continuer: Callable[[], bool] = lambda: True, essais: int = 1, ca: Path | None = None
    ) -> tuple[Etat, list[str]]:
        """Let the boat call for it; return what became of it, and what was said."""
        dits: list[str] = []
        etat = maj.prendre(
            self.quai.bord.registre,
            boite=self.boite,
            url=url,
            trousseau=self.quai.trousseau,
            instant=self.quai.bord.horloge(),
            continuer=continuer,
            progres=dits.append,
            reseau=Reseau(ca=ca, limites=VIF, essais=essais, attendre=lambda _: None),
        )
        return etat, dits

    def prevoir(self, octets: int) -> None:
        """Give the box a plan of so many bytes a day."""
        reglages.ecrire(self.quai.bord.registre, budget.REGLAGE_BUDGET, str(octets))

    @property
    def reste(self) -> int:
        """Return what is left of today's plan."""
        return budget.reste(self.quai.bord.registre, instant=self.quai.bord.horloge())

    @property
    def venus(self) -> list[Path]:
        """Return what was handed over to root."""
        return sorted(self.boite.dossier.glob("*.raucb"))

    @property
    def parties(self) -> list[Path]:
        """Return what has come of an update."""
        return sorted(self.boite.dossier.glob("*.partie"))

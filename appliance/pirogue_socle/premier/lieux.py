"""Where the first start reads and writes: the box's own places, and what of them a test moves."""

from dataclasses import dataclass
from pathlib import Path

from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue


class PremierDemarrageArrete(ErreurPirogue):
    """A piece of the first start could not be made; those already made are kept, the next start goes on."""

    geste = "Éteins la boîte, attends dix secondes, rallume-la. Si elle le redit, refais la carte."
    code = 108


class AmorceFermee(ErreurPirogue):
    """The boot partition is not there, or does not let itself be written."""

    geste = "La fiche reste sur l'écran de la boîte. Si la carte est vieille, prends-en une neuve."
    code = 109


@dataclass(frozen=True, slots=True)
class Lieux:
    """
    The places of one box.

    Attributes:
        config: what the box is told.
        groupe: who reads the Wi-Fi key beside root.
        fstab: says whether a boot partition must be there.
        machine_id: the number of this machine, as systemd knows it.
        ssh: where a Debian that was not flashed from our image has its host keys.
        empreinte: where the courier says the letters of its card.
    """

    config: Config
    groupe: str = "pirogue-portail"
    fstab: Path = Path("/etc/fstab")
    machine_id: Path = Path("/etc/machine-id")
    ssh: Path = Path("/etc/ssh")
    empreinte: Path = Path("/run/pirogue-cles/empreinte")

    @property
    def dossier(self) -> Path:
        """Root's own folder of the first start."""
        return self.config.systeme / "premier"

    @property
    def remarques(self) -> Path:
        """What was wrong in the coordinator's file."""
        return self.dossier / "remarques.txt"

    @property
    def fait(self) -> Path:
        """There once the sheet was read: nothing of the first start runs any more."""
        return self.dossier / "fait"

    @property
    def cle_wifi(self) -> Path:
        """The key of the Wi-Fi network, in hostapd's form."""
        return self.config.wifi_cle or self.config.donnees / "reseau" / "wifi.psk"

    @property
    def code(self) -> Path:
        """The first trainer's one-time code, as long as it is good; the portal's own file."""
        return code_premier(self.config)

    @property
    def change(self) -> Path:
        """Written by the portal's user when the first trainer has a code of her own."""
        return self.config.donnees / "premier.change"


def code_premier(config: Config) -> Path:
    """Return the file of the first trainer's one-time code."""
    return config.donnees / "premier.code"

"""What the portal must be told to start."""

from dataclasses import dataclass
from pathlib import Path

#: Where the portal serves the pictures of the lessons that it shows itself.
IMAGES_LECONS = "/lecons/images/"


@dataclass(frozen=True, slots=True)
class ConfigPortail:
    """
    Where things are and who may call; nothing here is read from the network.

    Attributes:
        registre: folder of the register.
        secret: signs the cookies; drawn for this box, 32 bytes.
        kolibri_base: address of Kolibri as a browser sees it, with its final slash (`http://localhost:8081/`).
        kolibri_maison: Kolibri's home folder, to read progress; None when there is no Kolibri here.
        cle_kolibri: key shared with our Kolibri plugin, signs the one-time entry; None when there is no Kolibri.
        parcours: folder of the course sources (Markdown and YAML).
        hotes: Host headers that are ours (`localhost:8080`, or `pirogue.internal` for any port).
        portail_base: address of the portal as a browser sees it, with its final slash.
        audio: folder of recorded voices (`<langue>/<cle>.opus`), asked before the ones we ship; None without.
        kolibri_interne: address of Kolibri from this machine, when it is not `kolibri_base`; empty otherwise.
        accueil: file of the greeted devices, in memory; None where no captive portal stands in front.
        actions: socket of root's helper; None without one.
        adresse: IP address of the box on its own network.
        wifi_nom, wifi_cle: name of the Wi-Fi network, and the file that holds its key.
        stations_max: how many laptops the radio takes.
        bord: folder in memory where the box's body says what it sees; None on a machine without one.
        actions_cle: socket of root's helper for sticks, clock and power; None without one.
    """

    registre: Path
    secret: bytes
    kolibri_base: str
    kolibri_maison: Path | None
    cle_kolibri: bytes | None
    parcours: Path
    hotes: tuple[str, ...]
    portail_base: str
    audio: Path | None = None
    kolibri_interne: str = ""
    accueil: Path | None = None
    actions: Path | None = None
    adresse: str = "10.10.10.10"
    wifi_nom: str = ""
    wifi_cle: Path | None = None
    stations_max: int = 19
    bord: Path | None = None
    actions_cle: Path | None = None

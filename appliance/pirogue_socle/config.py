"""The box's configuration: one TOML file, read into a frozen dataclass; a wrong line refuses to start, in French."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pirogue_socle.erreurs import ConfigurationInvalide

#: Written at the first start, below the data: what this box is, over what every box is told.
FICHIER_BOITE = "boite.toml"
PROPRES = frozenset({"nom_relais", "type_relais", "rive_url", "puce_gpio", "broche_bouton", "broche_lampe"})
#: Where the file is looked for when nothing else says so, first found first served.
CHEMINS = (Path(".demo/pirogue.toml"), Path("/etc/pirogue/pirogue.toml"))


@dataclass(frozen=True, slots=True)
class Config:
    """
    What every process of the box is told. Relative paths are relative to the file.

    Attributes:
        donnees: folder of the box's data (register, Kolibri's home, keys).
        terre: folder of the shore's data, on the machine ashore (or the same one, in the demo).
        portail_port, portail_base: TCP port on the loopback, and the address that the laptops see.
        portail_hotes: Host headers that are ours.
        kolibri_port, kolibri_port_zip, kolibri_base: the same for Kolibri.
        kolibri_origine_zip: address of its packed pages as the laptops see it; empty: same host, `kolibri_port_zip`.
        kolibri_contenu, kolibri_modele: the channel and the home ready to be copied that an image brings, if any.
        rive_port, rive_url: the same for the shore; `rive_url` is where the boat sends by 4G.
        rive_ca: certificate of the authority that signs the shore's own; the system's authorities when not given.
        rive_base: address of the shore's PostgreSQL (`postgresql+psycopg://…`); its own SQLite file when empty.
        nom_relais, type_relais: what this box is called, and which of the list `type_relais` it is.
        prises: folder of the local sockets behind the front server; TCP on the loopback when not given.
        ephemere: folder in memory, forgotten at each boot (who was greeted by the captive portal).
        actions: socket of root's helper; None on a machine without one.
        adresse: IP address of the box on its own network, as printed on the poster.
        wifi_nom, wifi_cle: name of the Wi-Fi network, and the file that holds its key; no poster without them.
        stations_max: how many laptops the radio really takes.
        nom_public: name on the Internet that the box may hold a certificate for; an extra, empty without one.
        certificat: the certificate of this name, its key beside it in a file that ends in `.key`.
        bord: folder in memory where the box's body says what it sees; None on a machine without one.
        actions_cle: socket of root's helper for sticks, clock and power; None on a machine without one.
        systeme: folder of what belongs to the machine and not to the class (kept hour, updates, host keys).
        amorce: where the boot partition is mounted.
        puce_gpio: label of the GPIO chip, or several separated by spaces, first found first served.
        broche_bouton, broche_lampe: lines of that chip: the button to ground, the light.
    """

    donnees: Path
    terre: Path
    portail_port: int = 8080
    portail_base: str = "http://localhost:8080/"
    portail_hotes: tuple[str, ...] = ("localhost:8080", "127.0.0.1:8080")
    kolibri_port: int = 8081
    kolibri_port_zip: int = 8082
    kolibri_base: str = "http://localhost:8081/"
    kolibri_origine_zip: str = ""
    kolibri_contenu: Path | None = None
    kolibri_modele: Path | None = None
    rive_port: int = 8090
    rive_url: str = "http://localhost:8090"
    rive_ca: Path | None = None
    rive_base: str = ""
    nom_relais: str = "Pirogue 1"
    type_relais: str = "pirogue"
    prises: Path | None = None
    ephemere: Path = Path("/run/pirogue-portail")
    actions: Path | None = None
    adresse: str = "10.10.10.10"
    wifi_nom: str = ""
    wifi_cle: Path | None = None
    stations_max: int = 19
    nom_public: str = ""
    certificat: Path | None = None
    bord: Path | None = None
    actions_cle: Path | None = None
    systeme: Path = Path("/data/systeme")
    amorce: Path = Path("/boot/firmware")
    puce_gpio: str = "pinctrl-rp1 pinctrl-bcm2711 pinctrl-bcm2835"
    broche_bouton: int = 3
    broche_lampe: int = 17

    @property
    def registre(self) -> Path:
        """Folder of the register."""
        return self.donnees / "registre"

    @property
    def kolibri(self) -> Path:
        """Kolibri's home."""
        return self.donnees / "kolibri"

    @property
    def contenu(self) -> Path:
        """Where the channel is built."""
        return self.donnees / "contenu"

    @property
    def cles(self) -> Path:
        """Folder of this relay's keys and of the shore's card."""
        return self.donnees / "sync"

    @property
    def quai(self) -> Path:
        """Folder that stands for a stick: what the courier fetched at the quay for root to take (`PIROGUE/maj`)."""
        return self.donnees / "quai"


def trouver() -> Path:
    """Return the file that $PIROGUE_CONFIG names, else the first of CHEMINS; raises ConfigurationInvalide."""
    voulu = os.environ.get("PIROGUE_CONFIG")
    for chemin in (Path(voulu),) if voulu else CHEMINS:
        if chemin.is_file():
            return chemin
    raise ConfigurationInvalide(
        "Aucune configuration trouvée.",
        geste="Lance d'abord « make demo », ou écris /etc/pirogue/pirogue.toml.",
    )


def lire(chemin: Path) -> Config:
    """
    Read a configuration file, then what this box is (`FICHIER_BOITE`, below the data), if it says so.

    Raises:
        ConfigurationInvalide: unreadable, not TOML, an unknown name, a wrong kind of value.
    """
    valeurs = _lire_un(chemin, connus=frozenset(champ.name for champ in fields(Config)))
    manquants = {"donnees", "terre"} - valeurs.keys()
    if manquants:
        raise ConfigurationInvalide(f"{chemin} : il manque {', '.join(sorted(manquants))}.")
    boite = valeurs["donnees"] / FICHIER_BOITE
    if _se_voit(boite):
        valeurs |= _lire_un(boite, connus=PROPRES)
    return Config(**valeurs)


def _se_voit(fichier: Path) -> bool:
    """Say whether a file is there for us; the probes' responder, whom its unit keeps from the data, sees none."""
    try:
        return fichier.is_file()
    except PermissionError:
        return False


def _lire_un(chemin: Path, *, connus: frozenset[str]) -> dict[str, Any]:
    """Return the values of one file; raises ConfigurationInvalide."""
    try:
        lu = tomllib.loads(chemin.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise ConfigurationInvalide(f"{chemin} : illisible ({cause}).") from cause
    genres = {champ.name: str(champ.type) for champ in fields(Config)}
    valeurs: dict[str, Any] = {}
    for nom, valeur in lu.items():
        if nom not in connus:
            raise ConfigurationInvalide(f"{chemin} : « {nom} » n'est pas un réglage connu.")
        valeurs[nom] = _convertir(chemin, nom, valeur, genre=genres[nom])
    return valeurs


def _convertir(chemin: Path, nom: str, valeur: object, *, genre: str) -> object:
    if "Path" in genre and isinstance(valeur, str):
        return (chemin.parent / valeur).resolve()
    if "tuple" in genre and isinstance(valeur, list) and all(isinstance(part, str) for part in valeur):
        return tuple(valeur)
    if "int" in genre and isinstance(valeur, int) and not isinstance(valeur, bool) and 0 < valeur < 65536:
        return valeur
    if genre in ("str", "<class 'str'>") and isinstance(valeur, str):
        return valeur
    raise ConfigurationInvalide(f"{chemin} : « {nom} » n'a pas une bonne valeur.")

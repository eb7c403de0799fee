"""`pirogue portail servir`."""

import os
import secrets
from pathlib import Path

import click

from pirogue_contenus.catalogue import parcours_livre
from pirogue_portail.config import ConfigPortail
from pirogue_portail.serveur import servir as servir_portail
from pirogue_socle import config as reglages
from pirogue_socle.config import Config


@click.group("portail")
def commande() -> None:
    """Le portail des jeunes et des formateurs."""


@commande.command()
def servir() -> None:
    """Servir le portail jusqu'à l'arrêt."""
    config = reglages.lire(reglages.trouver())
    servir_portail(config_portail(config), config.portail_port, prises=config.prises)


def config_portail(config: Config) -> ConfigPortail:
    """Return what the portal must be told; the cookie secret is drawn once for this box."""
    cle_kolibri = config.kolibri / "cle_entree"
    return ConfigPortail(
        registre=config.registre,
        secret=_secret(config.donnees / "portail.secret"),
        kolibri_base=config.kolibri_base,
        kolibri_maison=config.kolibri,
        cle_kolibri=cle_kolibri.read_bytes().strip() if cle_kolibri.exists() else None,
        parcours=parcours_livre(),
        hotes=config.portail_hotes,
        portail_base=config.portail_base,
        kolibri_interne=f"http://127.0.0.1:{config.kolibri_port}/",
        accueil=fichier_accueil(config),
        actions=config.actions,
        adresse=config.adresse,
        wifi_nom=config.wifi_nom,
        wifi_cle=config.wifi_cle,
        stations_max=config.stations_max,
    )


def fichier_accueil(config: Config) -> Path:
    """Return the file of the greeted devices."""
    return config.ephemere / "accueillis.json"


def _secret(chemin: Path) -> bytes:
    """Read a 32-byte secret, drawn at first use (0600); a torn one is drawn again: only cookies depend on it."""
    if chemin.exists() and len(chemin.read_bytes()) == 32:
        return chemin.read_bytes()
    chemin.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(32)
    provisoire = chemin.with_suffix(".neuf")
    with provisoire.open("wb") as fichier:
        os.fchmod(fichier.fileno(), 0o600)
        fichier.write(secret)
        fichier.flush()
        os.fsync(fichier.fileno())
    provisoire.rename(chemin)
    return secret

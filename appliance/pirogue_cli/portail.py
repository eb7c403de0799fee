"""`pirogue portail servir|captif|certificat`; each loads only what its process needs."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from pirogue_socle import config as reglages
from pirogue_socle import horloge
from pirogue_socle.config import Config

if TYPE_CHECKING:
    from pirogue_portail.config import ConfigPortail


@click.group("portail")
def commande() -> None:
    """Le portail des jeunes et des formateurs."""


@commande.command()
def servir() -> None:
    """Servir le portail jusqu'à l'arrêt."""
    from pirogue_portail.serveur import servir as servir_portail

    config = reglages.lire(reglages.trouver())
    servir_portail(lambda: config_portail(config), config.portail_port, prises=config.prises)


@commande.command()
@click.option("--port", default=8083, show_default=True, help="Port TCP de la boucle locale, sans « prises ».")
def captif(port: int) -> None:
    """Répondre aux sondes des ordinateurs jusqu'à l'arrêt."""
    from pirogue_portail.captif.app import ReglagesCaptif
    from pirogue_portail.captif.serveur import servir as servir_captif

    config = reglages.lire(reglages.trouver())
    servir_captif(
        ReglagesCaptif(
            portail_base=config.portail_base,
            accueil=fichier_accueil(config),
            actions=config.actions,
            nom_public=config.nom_public,
        ),
        prises=config.prises,
        port=port,
    )


@commande.command()
@click.option("--vers", type=click.Path(file_okay=False, path_type=Path), default="/run/pirogue-certificat")
@click.option("--ecoute", default="443", show_default=True, help="Où le serveur de façade écoute en TLS.")
def certificat(vers: Path, ecoute: str) -> None:
    """Offrir le nom public tant que son certificat est valide ; le retirer sinon."""
    from pirogue_portail.captif import certificat as piece

    config = reglages.lire(reglages.trouver())
    verdict = piece.juger(config.certificat, config.nom_public, utc_ms=_date_sure(config))
    offre = None
    if verdict.tenu and config.certificat is not None:
        offre = piece.Offre(
            nom=config.nom_public,
            certificat=config.certificat,
            adresse=config.adresse,
            portail_base=config.portail_base,
            prise=(config.prises or config.ephemere) / "captif.sock",
            ecoute=ecoute,
        )
    change = piece.appliquer(vers, offre)
    print(verdict.phrase, "Fichiers refaits." if change else "Rien à changer.")


def _date_sure(config: Config) -> int | None:
    """Return the best known true time, UTC milliseconds; None when nobody told this boot the date."""
    from pirogue_registre import ancres, base

    if not config.nom_public or not config.registre.exists():
        return None
    instant = horloge.maintenant()
    registre = base.ouvrir(config.registre)
    try:
        if not ancres.est_confirmee(registre, instant=instant):
            return None
        return ancres.estimer_maintenant(registre, instant=instant)
    finally:
        base.fermer(registre)


def config_portail(config: Config) -> "ConfigPortail":
    """Return what the portal must be told; the cookie secret is drawn once for this box."""
    from pirogue_contenus.kolibri_maison import tirer_cle_entree
    from pirogue_contenus.livre import parcours_livre
    from pirogue_portail.config import ConfigPortail

    chemin_kolibri = urlsplit(config.kolibri_base).path
    return ConfigPortail(
        registre=config.registre,
        secret=_secret(config.donnees / "portail.secret"),
        kolibri_base=config.kolibri_base,
        kolibri_maison=config.kolibri,
        # Drawn by whoever comes first: the portal is up before Kolibri's home is made.
        cle_kolibri=tirer_cle_entree(config.kolibri) if config.kolibri.is_dir() else None,
        parcours=parcours_livre(),
        hotes=config.portail_hotes,
        portail_base=config.portail_base,
        kolibri_interne=f"http://127.0.0.1:{config.kolibri_port}{chemin_kolibri}",
        accueil=fichier_accueil(config),
        actions=config.actions,
        adresse=config.adresse,
        wifi_nom=config.wifi_nom,
        wifi_cle=config.wifi_cle,
        stations_max=config.stations_max,
        bord=config.bord,
        actions_cle=config.actions_cle,
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

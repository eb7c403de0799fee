"""`pirogue kolibri preparer` and `pirogue kolibri servir`."""

import os
from collections.abc import Callable

import click

from pirogue_contenus import chaine, kolibri_boite
from pirogue_contenus.catalogue import charger, parcours_livre
from pirogue_socle import config as reglages
from pirogue_socle.config import Config


@click.group("kolibri")
def commande() -> None:
    """Les cours : préparer Kolibri, le faire tourner."""


@commande.command()
def preparer() -> None:
    """Construire la chaîne, préparer Kolibri : se relance sans risque."""
    preparer_cours(reglages.lire(reglages.trouver()), dire=click.echo)


@commande.command()
def servir() -> None:
    """Servir Kolibri jusqu'à l'arrêt."""
    config = reglages.lire(reglages.trouver())
    executer = kolibri_boite.commande(config.kolibri)
    os.execvpe(executer[0], executer, os.environ | kolibri_boite.environnement(config.kolibri))  # noqa: S606


def preparer_cours(config: Config, *, dire: Callable[[str], None]) -> None:
    """Build the channel from the course, then bring Kolibri's home to it; raises what these two raise."""
    parcours = parcours_livre()
    dire("Je construis les leçons")
    chaine.construire(parcours, config.contenu, version=charger(parcours).version)
    voulu = kolibri_boite.Reglages(
        nom=config.nom_relais,
        base_portail=config.portail_base,
        port=config.kolibri_port,
        port_zip=config.kolibri_port_zip,
    )
    kolibri_boite.preparer(voulu, maison=config.kolibri, contenu=config.contenu, progres=dire)

"""`pirogue affiche`: the Wi-Fi poster, at first boot or when there is no screen yet."""

import os
from pathlib import Path

import click

from pirogue_portail import affiche as affiches
from pirogue_portail.affiche_pdf import imprimer
from pirogue_socle import config as reglages


@click.command("affiche")
@click.option(
    "--sortie",
    type=click.Path(path_type=Path, dir_okay=False),
    default="affiche-wifi.pdf",
    show_default=True,
    help="Où écrire la feuille.",
)
def commande(sortie: Path) -> None:
    """Écrire l'affiche Wi-Fi (PDF, une feuille A4) : réseau, clé, adresse, carrés à viser."""
    config = reglages.lire(reglages.trouver())
    composee = affiches.composer(config.wifi_nom, config.wifi_cle, base=config.portail_base, adresse_ip=config.adresse)
    pdf = imprimer(composee)
    with sortie.open("wb") as fichier:
        os.fchmod(fichier.fileno(), 0o600)  # the key is on it
        fichier.write(pdf)
    click.echo(f"L'affiche du réseau « {composee.nom} » est dans {sortie}.")

"""`pirogue rive servir`, `cle DOSSIER`, `accueillir FICHIER`, `rejouer`."""

from pathlib import Path

import click

from pirogue_echange.cles import lire_carte
from pirogue_rive import arrivees
from pirogue_rive import cle as voie_cle
from pirogue_rive import config as rive
from pirogue_rive.config import ConfigRive, RiveIllisible
from pirogue_rive.service import servir as servir_rive
from pirogue_socle import config as reglages
from pirogue_socle.horloge import maintenant


@click.group("rive")
def commande() -> None:
    """La rive : recevoir, vérifier, montrer."""


@commande.command()
def servir() -> None:
    """Recevoir les lots et montrer la page de la rive, jusqu'à l'arrêt."""
    config = reglages.lire(reglages.trouver())
    servir_rive(ConfigRive(config.terre), port=config.rive_port)


@commande.command("cle")
@click.argument("dossier", type=click.Path(path_type=Path))
def par_cle(dossier: Path) -> None:
    """Prendre les lots de la clé montée dans DOSSIER, y écrire les reçus."""
    with rive.ouvrir(_config()) as ouverte:
        bilan = voie_cle.prendre_cle(ouverte, dossier=dossier, instant=maintenant(), progres=click.echo)
    for remarque in bilan.remarques:
        click.echo(f"! {remarque}")
    click.echo(f"Reçu : {bilan.ingeres} lots · déjà connus : {bilan.doublons} · refusés : {bilan.refuses}")
    click.echo("C'est fini. Rapporte la même clé au bateau.")


@commande.command()
@click.argument("fichier", type=click.Path(path_type=Path))
def accueillir(fichier: Path) -> None:
    """Faire connaître un relais à la rive, par sa carte (FICHIER), après avoir comparé les empreintes."""
    try:
        octets = fichier.read_bytes()
    except OSError as cause:
        raise RiveIllisible(f"La carte {fichier} n'est pas lisible.") from cause
    click.echo(f"Empreinte de la carte : {lire_carte(octets).empreinte}")
    if click.prompt("Est-ce la même que sur l'écran du bateau ? (oui/non)").strip().lower() not in ("oui", "o"):
        raise click.Abort
    carte = rive.accueillir(_config().dossier, octets)
    click.echo(f"« {carte.nom} » est accueilli.")


@commande.command()
def rejouer() -> None:
    """Reconstruire les comptes de la rive depuis tout ce qui est arrivé."""
    with rive.ouvrir(_config()) as ouverte:
        click.echo(f"Comptes reconstruits : {arrivees.rejouer(ouverte)} lignes.")


def _config() -> ConfigRive:
    return ConfigRive(reglages.lire(reglages.trouver()).terre)

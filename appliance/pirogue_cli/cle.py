"""`pirogue cle preparer CIBLE --numero N`."""

from pathlib import Path

import click

from pirogue_cli.sync import cles_du_relais
from pirogue_registre import base
from pirogue_socle import config as reglages
from pirogue_sync import appareil as appareils
from pirogue_sync import preparation
from pirogue_sync.appareil import Appareil


@click.group("cle")
def commande() -> None:
    """Les clés USB : en préparer une."""


@commande.command()
@click.argument("cible", type=click.Path(path_type=Path))
@click.option("--numero", type=click.IntRange(1, 9999), required=True, help="Le numéro peint sur la clé.")
@click.option("--tout", is_flag=True, help="Vérifier toute la place libre d'un dossier (long), pas seulement 256 Mo.")
def preparer(cible: Path, *, numero: int, tout: bool) -> None:
    """
    Faire une clé de CIBLE : un dossier où elle est montée, ou son appareil (/dev/sdb).

    Un dossier garde ce qu'il contient. Un appareil est effacé : vraie taille vérifiée, formaté, nommé PIROGUE<numéro>.
    """
    config = reglages.lire(reglages.trouver())
    registre = base.ouvrir(config.registre)
    cles = cles_du_relais(config, registre)
    base.fermer(registre)
    if cible.is_block_device():
        etiquette = appareils.preparer_appareil(
            appareils.decrire(cible), numero=numero, cles=cles, accord=_demander, progres=click.echo
        )
        if etiquette is None:
            click.echo("Rien n'a été fait.")
            return
    else:
        octets = 1 << 62 if tout else preparation.VERIFIER_OCTETS
        etiquette = preparation.preparer_dossier(
            cible, numero=numero, cles=cles, verifier_octets=octets, progres=click.echo
        )
    click.echo(f"Place vérifiée : {appareils.dire_octets(etiquette.octets)}.")
    click.echo(f"La clé n° {etiquette.numero} est prête. Tu peux la retirer.")


def _demander(appareil: Appareil) -> bool:
    """Ask the person to copy the device's name, after having read what it is."""
    click.echo(f"TOUT ce que contient {appareil.phrase} sera effacé.")
    reponse: str = click.prompt(f"Pour continuer, recopie {appareil.chemin}", default="", show_default=False)
    return reponse.strip() == str(appareil.chemin)

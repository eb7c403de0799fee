"""`pirogue bord servir`."""

from pathlib import Path

import click

from pirogue_socle import config as reglages


@click.group("bord")
def commande() -> None:
    """Le corps de la boîte : clés, bouton, lampe, santé, heure."""


@commande.command()
@click.option("--montage", type=click.Path(path_type=Path), help="Où une clé est montée.")
@click.option("--recit", type=click.Path(path_type=Path), help="Où le courrier dit son échange avec la clé.")
def servir(montage: Path | None, recit: Path | None) -> None:
    """Veiller sur la boîte jusqu'à l'arrêt."""
    from pirogue_actions.actes_cle import MONTAGE
    from pirogue_bord import service

    config = reglages.lire(reglages.trouver())
    service.servir(config, montage=montage or MONTAGE, recit=recit or service.RECIT)

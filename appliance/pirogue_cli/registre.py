"""`pirogue registre verifier`."""

import click

from pirogue_registre import base, journal
from pirogue_socle import config as reglages


@click.group("registre")
def commande() -> None:
    """Le registre du bord : vérifier."""


@commande.command()
def verifier() -> None:
    """Vérifier le fichier, les numéros, et reconstruire les vues depuis le journal."""
    registre = base.ouvrir(reglages.lire(reglages.trouver()).registre)
    etat = registre.db.execute("PRAGMA integrity_check").fetchone()[0]
    if etat != "ok":
        raise base.RegistreIllisible(f"Le registre est abîmé : {etat}.")
    click.echo(f"Registre sain : {journal.rejouer(registre)} lignes, sans trou ; vues reconstruites.")

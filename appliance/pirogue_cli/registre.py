"""`pirogue registre verifier|garder|remettre`."""

import click

from pirogue_bord import guerir_kolibri, guerir_registre
from pirogue_registre import base, journal
from pirogue_socle import config as reglages
from pirogue_socle.horloge import dire_heure, dire_jour, maintenant


@click.group("registre")
def commande() -> None:
    """Le registre du bord : vérifier, garder une copie, la remettre."""


@commande.command()
def verifier() -> None:
    """Vérifier le fichier, les numéros, et reconstruire les vues depuis le journal."""
    registre = base.ouvrir(reglages.lire(reglages.trouver()).registre)
    etat = registre.db.execute("PRAGMA integrity_check").fetchone()[0]
    if etat != "ok":
        raise base.RegistreIllisible(f"Le registre est abîmé : {etat}.")
    click.echo(f"Registre sain : {journal.rejouer(registre)} lignes, sans trou ; vues reconstruites.")


@commande.command()
def garder() -> None:
    """Vérifier tout le fichier, puis en garder une copie s'il a changé (trois au plus)."""
    config = reglages.lire(reglages.trouver())
    if not (config.registre / guerir_registre.FICHIER).exists() and not (config.registre / "copies").exists():
        print("Pas encore de registre.")
        return
    copie = guerir_registre.garder(config.registre, instant=maintenant())
    soin = guerir_kolibri.lire_soin(config.kolibri)
    guerir_registre.redire_a_kolibri(config.registre, soin=soin.nom if soin and soin.quoi == "copie" else "")
    print(f"Registre sain : {copie.fichier.name}, {copie.octets // 1000} ko.")


@commande.command()
@click.option("--meme-sain", is_flag=True, help="Même si le registre n'est pas abîmé.")
@click.confirmation_option("--oui", prompt="Ce qui a été écrit depuis la copie sera mis de côté. Remettre la copie ?")
def remettre(*, meme_sain: bool) -> None:
    """Remettre la dernière copie saine à la place d'un registre abîmé ; portail, corps et courrier arrêtés."""
    config = reglages.lire(reglages.trouver())
    copie = guerir_registre.remettre(config.registre, instant=maintenant(), meme_sain=meme_sain)
    quand = f"{dire_jour(copie.mur_ms)}, {dire_heure(copie.mur_ms)}, selon l'horloge de la boîte"
    print(f"Remise : {copie.fichier.name} ({quand}). L'ancien registre est dans « copies ».")

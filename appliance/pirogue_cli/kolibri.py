"""`pirogue kolibri preparer|servir`, and what an image brings: `construire`, `modeler`."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click

from pirogue_contenus import chaine, kolibri_boite, kolibri_canal, kolibri_modele
from pirogue_contenus.catalogue import charger
from pirogue_contenus.kolibri_erreurs import KolibriNonPret
from pirogue_contenus.livre import parcours_livre
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


@commande.command()
@click.argument("dossier", type=click.Path(path_type=Path, file_okay=False))
def construire(dossier: Path) -> None:
    """Construire la chaîne dans DOSSIER, si elle n'y est pas déjà."""
    version = charger(parcours_livre()).version
    if _version(dossier) == version:
        print(f"Leçons, version {version} : rien à changer.")
        return
    chaine.construire(parcours_livre(), dossier, version=version)
    print(f"Leçons, version {version} : construites.")


@commande.command()
@click.argument("contenu", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("dossier", type=click.Path(path_type=Path, file_okay=False))
def modeler(contenu: Path, dossier: Path) -> None:
    """Faire dans DOSSIER, avec la chaîne de CONTENU, la maison de Kolibri que l'image apporte."""
    kolibri_modele.modeler(contenu, dossier, progres=click.echo)


@commande.command()
def soigner() -> None:
    """Regarder les bases avant de démarrer : remettre la dernière copie de ce qui est abîmé."""
    from pirogue_bord import guerir_kolibri
    from pirogue_socle.horloge import maintenant

    config = reglages.lire(reglages.trouver())
    soin = guerir_kolibri.soigner(
        config.kolibri,
        instant=maintenant(),
        adresse=f"http://127.0.0.1:{config.kolibri_port}{urlsplit(config.kolibri_base).path}",
        modele=config.kolibri_modele,
        contenu=config.kolibri_contenu or config.contenu,
        dire=print,
    )
    if soin is None:
        print("Kolibri : rien à soigner.")


@commande.command()
def garder() -> None:
    """Garder une copie de la base de Kolibri, si elle a changé."""
    from pirogue_bord import guerir_kolibri
    from pirogue_socle.horloge import maintenant

    config = reglages.lire(reglages.trouver())
    if not (config.kolibri / guerir_kolibri.BASE).exists():
        print("Kolibri : pas encore de base.")
        return
    copie = guerir_kolibri.garder(config.kolibri, instant=maintenant())
    print(f"Kolibri : {copie.fichier.name}, {copie.octets // 1000} ko.")


def preparer_cours(config: Config, *, dire: Callable[[str], None]) -> None:
    """Bring Kolibri's home to the channel that the image brings, or to one built now; raises what these raise."""
    contenu = config.kolibri_contenu
    if contenu is None or _version(contenu) is None:
        parcours, contenu = parcours_livre(), config.contenu
        dire("Je construis les leçons")
        chaine.construire(parcours, contenu, version=charger(parcours).version)
    voulu = kolibri_boite.Reglages(
        nom=config.nom_relais,
        base_portail=config.portail_base,
        port=config.kolibri_port,
        port_zip=config.kolibri_port_zip,
        prefixe=urlsplit(config.kolibri_base).path.strip("/"),
        origine_zip=config.kolibri_origine_zip,
    )
    kolibri_boite.preparer(voulu, maison=config.kolibri, contenu=contenu, progres=dire, modele=config.kolibri_modele)


def _version(contenu: Path) -> int | None:
    """Return the version of the channel in a folder; None when it holds none that can be read."""
    try:
        (canal,) = kolibri_canal.canaux_du_dossier(contenu)
    except (KolibriNonPret, ValueError):
        return None
    return canal.version

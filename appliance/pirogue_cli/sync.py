"""`pirogue sync cle DOSSIER`, `pirogue sync 4g`, `pirogue sync carte`, `pirogue sync appairer FICHIER`."""

from pathlib import Path

import click

from pirogue_echange import cles as trousseau
from pirogue_echange.cles import Carte, Cles
from pirogue_registre import base
from pirogue_registre import reglages as reglages_registre
from pirogue_registre.base import Registre
from pirogue_socle import config as reglages
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_sync import cle as voie_cle
from pirogue_sync import quatre_g
from pirogue_sync.bilan import BilanEchange


class PasDeRive(ErreurPirogue):
    """The box was not paired with a shore: it would not know for whom to seal."""

    geste = "Apporte la carte de la rive : pirogue sync appairer rive.json"
    code = 45


@click.group("sync")
def commande() -> None:
    """Envoyer les données : clé USB, 4G."""


@commande.command("cle")
@click.argument("dossier", type=click.Path(path_type=Path))
def par_cle(dossier: Path) -> None:
    """Échanger avec la clé montée dans DOSSIER : prendre les reçus, déposer les lots."""
    config = reglages.lire(reglages.trouver())
    registre = base.ouvrir(config.registre)
    bilan = voie_cle.echanger(
        registre,
        dossier=dossier,
        cles=cles_du_relais(config, registre),
        rive=carte_de_la_rive(config),
        instant=maintenant(),
        progres=click.echo,
    )
    _raconter(bilan, "C'est fini. Tu peux retirer la clé.")


@commande.command("4g")
def par_4g() -> None:
    """Échanger avec la rive par le réseau."""
    config = reglages.lire(reglages.trouver())
    registre = base.ouvrir(config.registre)
    bilan = quatre_g.echanger(
        registre,
        url=config.rive_url,
        cles=cles_du_relais(config, registre),
        rive=carte_de_la_rive(config),
        instant=maintenant(),
        progres=click.echo,
    )
    _raconter(bilan, "C'est fini.")


@commande.command()
def carte() -> None:
    """Montrer la carte de ce relais, à donner à la rive."""
    config = reglages.lire(reglages.trouver())
    cles = cles_du_relais(config, base.ouvrir(config.registre))
    click.echo(trousseau.ecrire_carte(cles.carte).decode())
    click.echo(f"Empreinte, à comparer sur les deux écrans : {cles.carte.empreinte}")


@commande.command()
@click.argument("fichier", type=click.Path(path_type=Path))
def appairer(fichier: Path) -> None:
    """Prendre la carte de la rive (FICHIER) : les données lui seront scellées."""
    config = reglages.lire(reglages.trouver())
    try:
        octets = fichier.read_bytes()
    except OSError as cause:
        raise PasDeRive(f"La carte {fichier} n'est pas lisible.") from cause
    click.echo(f"Rive {appairer_rive(config, octets).empreinte} : compare ces lettres avec l'écran à terre.")


def appairer_rive(config: Config, octets: bytes) -> Carte:
    """Keep the shore's card; raises ClesIllisibles, PasDeRive when it is another kind of card."""
    carte = trousseau.lire_carte(octets)
    if carte.genre != "rive":
        raise PasDeRive("Cette carte n'est pas celle d'une rive.")
    config.cles.mkdir(parents=True, exist_ok=True)
    provisoire = config.cles / "rive.json.neuf"
    provisoire.write_bytes(trousseau.ecrire_carte(carte))
    provisoire.rename(config.cles / "rive.json")
    return carte


def carte_de_la_rive(config: Config) -> Carte:
    """Return our shore's card; raises PasDeRive, ClesIllisibles."""
    chemin = config.cles / "rive.json"
    if not chemin.exists():
        raise PasDeRive("Cette boîte ne connaît pas encore sa rive.")
    return trousseau.lire_carte(chemin.read_bytes())


def cles_du_relais(config: Config, registre: Registre) -> Cles:
    """Return this relay's keys, made at first use; raises ClesIllisibles."""
    chemin = config.cles / "relais.cles"
    if not chemin.exists():
        config.cles.mkdir(parents=True, exist_ok=True)
        relais = reglages_registre.lire(registre, "relais")
        neuves = trousseau.faire("relais", id=relais, nom=config.nom_relais)
        trousseau.enregistrer(neuves, chemin)
    return trousseau.charger(chemin)


def _raconter(bilan: BilanEchange, fin: str) -> None:
    for remarque in bilan.remarques:
        click.echo(f"! {remarque}")
    click.echo(f"Lots déposés : {bilan.deposes} · reçus rapportés : {bilan.recus} · en attente : {bilan.restants}")
    click.echo(f"{fin} Données : {bilan.puce.libelle}.")

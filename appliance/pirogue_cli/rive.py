"""`pirogue rive`: serve, take a stick, welcome, rebuild, offer an update, accounts, keys, a lost boat, names."""

from dataclasses import replace
from pathlib import Path

import click

from pirogue_echange.cles import lire_carte
from pirogue_rive import arrivees, comptes, descentes, maj, noms, restauration
from pirogue_rive import cle as voie_cle
from pirogue_rive import config as rive
from pirogue_rive import reglages as reglages_rive
from pirogue_rive.config import ConfigRive, RiveIllisible
from pirogue_rive.service import servir as servir_rive
from pirogue_socle import config as reglages
from pirogue_socle.horloge import maintenant

PAR = "console"


@click.group("rive")
def commande() -> None:
    """La rive : recevoir, vérifier, montrer."""


@commande.command()
@click.option("--hote", "hotes", multiple=True, help="Nom public de la rive (plusieurs fois s'il y en a plusieurs).")
@click.option("--mandataires", type=click.IntRange(0, 5), default=0, help="Combien de nginx à nous sont devant.")
def servir(hotes: tuple[str, ...], mandataires: int) -> None:
    """Recevoir les lots et montrer la page de la rive, jusqu'à l'arrêt."""
    config = reglages.lire(reglages.trouver())
    terre = _config()
    servir_rive(replace(terre, hotes=(*terre.hotes, *hotes)), port=config.rive_port, mandataires=mandataires)


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
    octets = _lire(fichier, "La carte")
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


@commande.command("maj")
@click.argument("paquet", type=click.Path(path_type=Path), required=False)
@click.option("--version", default="", help="Sa version, quand le nom du fichier ne la dit pas.")
@click.option("--retirer", is_flag=True, help="Ne plus rien offrir.")
def offrir(paquet: Path | None, version: str, *, retirer: bool) -> None:
    """Offrir aux bateaux la mise à jour PAQUET (.raucb) : ils la prennent au quai, après leurs données."""
    if (paquet is None) != retirer:
        raise click.UsageError("Donne un fichier .raucb, ou --retirer.")
    with rive.ouvrir(_config()) as ouverte:
        if paquet is None:
            maj.retirer(ouverte, par=PAR, instant=maintenant())
            click.echo("Aucune mise à jour n'est plus offerte. Ce qu'un bateau a déjà pris reste à bord.")
            return
        offre = maj.offrir(ouverte, paquet, version=version, par=PAR, instant=maintenant())
    click.echo(f"La mise à jour {offre.version} ({offre.octets / 1e6:.0f} Mo) est offerte aux bateaux.")
    click.echo(
        "Chacun la prend au quai, sur son forfait du jour, et ne l'installe que si elle est signée par les nôtres."
    )


@commande.group("compte")
def compte_() -> None:
    """Les comptes de ceux qui lisent la rive."""


@compte_.command("creer")
@click.argument("nom")
@click.option("--role", type=click.Choice(list(comptes.DROITS)), default="consultation", show_default=True)
def creer(nom: str, role: str) -> None:
    """Ouvrir un compte au nom de NOM ; montre une fois son premier mot de passe."""
    with rive.ouvrir(_config()) as ouverte:
        compte, secret = comptes.creer(ouverte, nom=nom, role=role, instant=maintenant(), par=PAR)
    click.echo(f"{compte.nom} ({compte.role}) entre la première fois avec :\n\n    {secret}\n")
    click.echo("Ce mot de passe n'est écrit nulle part ailleurs ; il faudra le changer en entrant.")


@compte_.command("lister")
def lister() -> None:
    """Montrer les comptes."""
    with rive.ouvrir(_config()) as ouverte:
        for compte in comptes.lister(ouverte):
            click.echo(f"{compte.nom:30} {compte.role:14} {'' if compte.actif else 'fermé'}".rstrip())


@compte_.command("fermer")
@click.argument("nom")
def fermer(nom: str) -> None:
    """Fermer le compte de NOM, tout de suite."""
    with rive.ouvrir(_config()) as ouverte:
        compte = comptes.nomme(ouverte, nom)
        comptes.fermer(ouverte, compte_id=compte.compte_id, instant=maintenant(), par=PAR)
    click.echo(f"Le compte de {compte.nom} est fermé.")


@compte_.command("refaire")
@click.argument("nom")
def refaire(nom: str) -> None:
    """Donner à NOM un nouveau premier mot de passe."""
    with rive.ouvrir(_config()) as ouverte:
        trouve = comptes.nomme(ouverte, nom)
        compte, secret = comptes.reinitialiser(ouverte, compte_id=trouve.compte_id, instant=maintenant(), par=PAR)
    click.echo(f"{compte.nom} entre la prochaine fois avec :\n\n    {secret}\n")


@commande.command("redemander")
@click.argument("relais")
def redemander(relais: str) -> None:
    """Redemander au bateau RELAIS tout ce que la rive n'a pas (remise depuis une sauvegarde)."""
    with rive.ouvrir(_config()) as ouverte:
        serie = reglages_rive.redemander(ouverte, relais=relais, par=PAR, instant=maintenant())
    click.echo(f"C'est redemandé (réglages nº {serie}) : le bateau renverra ce qui manque à son prochain échange.")


@commande.command("changer-cles")
@click.option("--volees", is_flag=True, help="Les anciennes clés ont été volées : que plus aucun bateau ne les croie.")
def changer_cles(*, volees: bool) -> None:
    """Donner de nouvelles clés à la rive ; chaque bateau l'apprend à son prochain échange."""
    with rive.ouvrir(_config()) as ouverte:
        ancienne = ouverte.cles.carte.cle
        neuve = descentes.changer_cles(ouverte, par=PAR, instant=maintenant())
        if volees:
            combien = reglages_rive.revoquer_ancienne(neuve, cle=ancienne, par=PAR, instant=maintenant())
            click.echo(f"{combien} boîte(s) apprendront de ne plus croire l'ancienne clé.")
    click.echo(f"Nouvelle empreinte de la rive : {neuve.cles.carte.empreinte}")
    click.echo("Ce qui était scellé pour les anciennes clés s'ouvre toujours. Sauvegarde le dossier de la rive.")


@commande.command("restaurer")
@click.argument("ancien")
@click.argument("nouveau")
@click.option("--identites", type=click.Path(path_type=Path), help="Clé des noms, pour rendre aussi les noms.")
def restaurer(ancien: str, nouveau: str, identites: Path | None) -> None:
    """Rendre à la boîte NOUVEAU les lieux, groupes et jeunes de la boîte perdue ANCIEN."""
    cle = _lire(identites, "La clé des noms") if identites is not None else None
    with rive.ouvrir(_config()) as ouverte:
        nombre = restauration.restaurer(
            ouverte, ancien=ancien, nouveau=nouveau, par=PAR, instant=maintenant(), identites=cle
        )
    click.echo(f"{nombre} lots attendent la nouvelle boîte, {'avec' if cle else 'sans'} les noms.")


@commande.command("noms")
@click.argument("relais")
@click.option("--identites", type=click.Path(path_type=Path), required=True, help="Le fichier de la clé des noms.")
def montrer_noms(relais: str, identites: Path) -> None:
    """Montrer une fois les noms d'une boîte, à qui a la clé des noms."""
    with rive.ouvrir(_config()) as ouverte:
        for un in noms.ouvrir(
            ouverte, relais=relais, identites=_lire(identites, "La clé des noms"), par=PAR, instant=maintenant()
        ):
            qui = f"{un.nom} {un.prenom}".strip() or "(effacé, ou clé pas encore arrivée)"
            click.echo(f"{un.code_jeune or '(adulte)':10} {qui}")


def _lire(fichier: Path, quoi: str) -> bytes:
    try:
        return fichier.read_bytes()
    except OSError as cause:
        raise RiveIllisible(f"{quoi} {fichier} n'est pas lisible.") from cause


def _config() -> ConfigRive:
    config = reglages.lire(reglages.trouver())
    return ConfigRive(config.terre, base=config.rive_base)

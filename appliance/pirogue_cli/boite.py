"""`pirogue boite …`: what a box does once in its life, under the users whose business it is."""

import sys
import time
from pathlib import Path

import click

from pirogue_registre import base, comptes, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle import config as fichier
from pirogue_socle import histoires
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
from pirogue_socle.premier import fiche as fiches
from pirogue_socle.premier.ecriture import fixer, poser
from pirogue_socle.premier.lieux import Lieux

#: Setting of the register: the account that the sheet speaks of.
PREMIER = "premier_compte"
#: How often the sheet looks whether it was read, and how often it draws itself again, in seconds.
REGARD_S, REDESSIN_S = 2.0, 30.0
#: Of a console: home, then clear all of it; hide the cursor, show it.
EFFACER, SANS_CURSEUR, AVEC_CURSEUR = "\x1b[H\x1b[2J\x1b[3J", "\x1b[?25l", "\x1b[?25h"


class FicheRetiree(ErreurPirogue):
    """The sheet of the first start was read: its code is spent, and it is shown no more."""

    geste = "La clé du Wi-Fi est sur l'affiche : page « Réseau » du formateur. Code perdu ? Appelle le coordinateur."
    code = 110


@click.group("boite")
def commande() -> None:
    """La boîte elle-même : son premier démarrage, sa fiche."""


@commande.command()
def registre() -> None:
    """Ouvrir le registre, nommer le relais, créer le premier compte ; se relance sans risque."""
    config = fichier.lire(fichier.trouver())
    ouvert = base.ouvrir(config.registre)
    try:
        reglages.creer_relais(ouvert, nom=config.nom_relais, type_relais=config.type_relais, instant=maintenant())
        premier_compte(config, ouvert)
    finally:
        base.fermer(ouvert)


@commande.command()
@click.argument("vers", type=click.Path(dir_okay=False, path_type=Path))
def cles(vers: Path) -> None:
    """Faire les clés de ce relais, une fois ; écrire ses lettres dans VERS."""
    from pirogue_cli.sync import cles_du_relais

    config = fichier.lire(fichier.trouver())
    ouvert = base.ouvrir(config.registre)
    try:
        poser(vers, f"{cles_du_relais(config, ouvert).carte.empreinte}\n".encode(), mode=0o644)
    finally:
        base.fermer(ouvert)


@commande.command()
def fiche() -> None:
    """Montrer encore la fiche du premier démarrage, tant qu'elle vaut."""
    lieux = Lieux(fichier.lire(fichier.trouver()))
    if lieux.fait.exists() or lieux.change.exists():
        raise FicheRetiree("La fiche a été lue : elle n'existe plus.")
    click.echo(fiches.en_texte(fiches.composer(lieux)), nl=False)


@commande.command()
def montrer() -> None:
    """Tenir la fiche à l'écran jusqu'à ce que le premier formateur ait un code à lui."""
    config = fichier.lire(fichier.trouver())
    lieux = Lieux(config)
    ouvert = base.ouvrir(config.registre)
    try:
        tenir(lieux, ouvert)
    finally:
        base.fermer(ouvert)


def premier_compte(config: Config, registre: Registre) -> None:
    """
    Create the first account with a one-time code, or take note that it is no longer needed.

    The code is on the disk before the account: cut between the two, the next start gives the account that code.

    Raises:
        CoffreFerme, DisquePlein, RegistreOccupe, RegistreIllisible: nothing was written in the register.
    """
    lieux = Lieux(config)
    if not comptes.lister(registre):
        import secrets

        if not lieux.code.exists():
            poser(lieux.code, f"{secrets.randbelow(10**6):06d}\n".encode(), mode=0o600)
        with transaction(registre):
            compte = comptes.creer(
                registre,
                nom=fiches.PREMIER_COMPTE,
                role="formateur",
                pin=lieux.code.read_text(encoding="ascii").strip(),
                instant=maintenant(),
                auteur="pirogue",
            )
            reglages.ecrire(registre, PREMIER, compte.compte_id)
    elif not attend(registre):
        oublier_code(lieux)


def attend(registre: Registre) -> bool:
    """Say whether the first account still has the code of the sheet, or is not made yet."""
    compte_id, actifs = reglages.lire(registre, PREMIER), {compte.compte_id for compte in comptes.lister(registre)}
    return not actifs or (compte_id in actifs and comptes.a_changer(registre, compte_id))


def oublier_code(lieux: Lieux) -> None:
    """Say that the sheet was read, then remove the code; in this order, each on the disk."""
    poser(lieux.change, b"", mode=0o644)
    lieux.code.unlink(missing_ok=True)
    fixer(lieux.code.parent)


def tenir(lieux: Lieux, registre: Registre) -> None:
    """
    Draw the sheet when it changes, and now and then (the kernel writes on this screen too), until it was read.

    The register is asked only when somebody wrote in it: this waits for days, on a battery. While a stick tells its
    story on the screen, the screen is the stick's; the sheet comes back after it.
    """
    vue, dessinee_s = -1, float("-inf")
    while True:
        version = int(registre.db.execute("PRAGMA data_version").fetchone()[0])
        if version != vue and not attend(registre):
            break
        vue = version
        if _cle_parle(lieux.config):
            dessinee_s = float("-inf")
        elif time.monotonic() - dessinee_s >= REDESSIN_S:
            _ecrire(SANS_CURSEUR + EFFACER + fiches.pour_ecran(fiches.composer(lieux)))
            dessinee_s = time.monotonic()
        time.sleep(REGARD_S)
    oublier_code(lieux)
    _ecrire(EFFACER + AVEC_CURSEUR + "La fiche a été lue. Bonne route.\n")


def _cle_parle(config: Config) -> bool:
    """Say whether the screen tells a stick's story now."""
    if config.bord is None:
        return False
    return histoires.lire(config.bord / histoires.NOM, instant=maintenant()) != histoires.ABSENTE


def _ecrire(texte: str) -> None:
    sys.stdout.write(texte)
    sys.stdout.flush()

"""`pirogue maj etat|libre|registre|eprouver`: what the update's programs ask of the house, each as one of its users."""

import json
from pathlib import Path

import click

from pirogue_registre import base, epreuve
from pirogue_socle import config as reglages
from pirogue_socle import horloge
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue

HISTOIRE = Path("/run/pirogue-maj/histoire.json")
#: A class that was left open, without a gesture for so long on a box that stayed on, is over.
OUBLI_NS = 3 * 3600 * 1_000_000_000


class ClasseEnCours(ErreurPirogue):
    """A class is open: the box does not restart under it."""

    geste = "Clos la séance : la mise à jour suivra."
    code = 91


@click.group("maj")
def commande() -> None:
    """Les mises à jour : où en est la boîte, peut-elle redémarrer."""


@commande.command()
def etat() -> None:
    """Dire où en est la mise à jour."""
    try:
        print(json.loads(HISTOIRE.read_text(encoding="utf-8"))["phrase"])
    except (OSError, ValueError, KeyError):
        print("Aucune mise à jour en vue.")


@commande.command()
def libre() -> None:
    """Finir sans erreur quand aucune séance n'est ouverte."""
    config = reglages.lire(reglages.trouver())
    instant = horloge.maintenant()
    registre = base.ouvrir(config.registre)
    try:
        ouverte = registre.db.execute("SELECT 1 FROM seance WHERE statut = 'ouverte'").fetchone()
        geste = registre.db.execute("SELECT boot_id, bt_ns FROM evenement ORDER BY seq DESC LIMIT 1").fetchone()
    finally:
        base.fermer(registre)
    depuis_ns = instant.bt_ns - geste["bt_ns"] if geste and geste["boot_id"] == instant.boot_id else instant.bt_ns
    if ouverte and depuis_ns < OUBLI_NS:
        raise ClasseEnCours("Une séance est ouverte : la boîte ne redémarre pas.")
    print("Aucune séance ouverte.")


@commande.command()
def registre() -> None:
    """Ouvrir le registre et vérifier son fichier."""
    ouvert = base.ouvrir(reglages.lire(reglages.trouver()).registre)
    try:
        sain = ouvert.db.execute("PRAGMA quick_check").fetchone()[0]
    finally:
        base.fermer(ouvert)
    if sain != "ok":
        raise base.RegistreIllisible(f"Le registre est abîmé : {sain}.")
    print("Le registre s'ouvre.")


@commande.command()
def eprouver() -> None:
    """Essayer cette version sur une copie du registre : sa forme, ses lignes, les pages du portail."""
    config = reglages.lire(reglages.trouver())
    with epreuve.copie_migree(config.registre) as copie:
        _ouvrir_pages(config, copie.dossier)
    print("Cette version sait reprendre le registre.")


def _ouvrir_pages(config: Config, dossier: Path) -> None:
    """Import every page of the portal and ask for its first ones, on this register; raises RegistreIllisible."""
    from pirogue_contenus.livre import parcours_livre
    from pirogue_portail import pages
    from pirogue_portail.app import create_app
    from pirogue_portail.config import ConfigPortail

    app = create_app(
        ConfigPortail(
            registre=dossier,
            secret=b"0" * 32,
            kolibri_base=config.kolibri_base,
            kolibri_maison=config.kolibri,
            cle_kolibri=None,
            parcours=parcours_livre(),
            hotes=config.portail_hotes,
            portail_base=config.portail_base,
        )
    )
    # The portal imports a page when it is asked for: a version that cannot must fail here, not before the trainer.
    pages.tout_importer()
    client = app.test_client()
    for page in ("/", "/formateur/"):
        statut = client.get(page, base_url=config.portail_base).status_code
        if statut >= 400:
            raise base.RegistreIllisible(f"Sur la copie du registre, la page {page} répond {statut}.")

"""`pirogue demo`: the boat's day on one machine, with the real Kolibri; the second start takes seconds."""

import fcntl
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from pirogue_cli import donnees_essai, processus
from pirogue_cli.donnees_essai import Essai
from pirogue_cli.processus import Processus
from pirogue_socle import config as reglages
from pirogue_socle.config import Config
from pirogue_socle.erreurs import ErreurPirogue

DOSSIER = Path(".demo")
#: Kolibri's home, the channel, the register and the journals, with room to work.
PLACE_MO = 400
DEMARRAGE_S = 90


class PortPris(ErreurPirogue):
    """Something else listens on a port that the demo needs."""

    code = 46


class DejaLancee(ErreurPirogue):
    """Another demo runs from this folder."""

    geste = "Regarde l'autre terminal : ses adresses y sont. Ctrl-C là-bas l'arrête."
    code = 47


class PasDePlace(ErreurPirogue):
    """The disk has not enough room for the demo's data."""

    geste = f"Libère {PLACE_MO} Mo puis relance : la préparation reprend."
    code = 48


class NeDemarrePas(ErreurPirogue):
    """A process of the demo stopped, or never answered."""

    geste = "Relance « make demo ». Si cela continue : « make demo-clean » puis « make demo »."
    code = 49


@dataclass(frozen=True, slots=True)
class Etapes:
    """Says each step with its number and how long it took; the last step's line stays open until the next one."""

    total: int
    debut: float

    def dire(self, rang: int, phrase: str) -> None:
        """Announce a step."""
        click.echo(f"  {rang}/{self.total}  {phrase}  ({time.monotonic() - self.debut:.0f} s)")

    def detail(self, phrase: str) -> None:
        """Say what is being done inside a step."""
        click.echo(f"       · {phrase}")


@click.command("demo")
@click.option("--port", default=8080, show_default=True, help="Premier des ports utilisés.")
@click.option("--une-fois", is_flag=True, help="Tout démarrer, vérifier, puis arrêter (pour les tests).")
def commande(port: int, *, une_fois: bool) -> None:
    """Toute la pirogue sur cette machine, avec ses données d'essai."""
    etapes = Etapes(6, time.monotonic())
    signal.signal(signal.SIGTERM, _interrompre)
    signal.signal(signal.SIGHUP, _interrompre)
    lances: list[Processus] = []
    click.echo("\n  La pirogue connectée\n")
    try:
        DOSSIER.mkdir(exist_ok=True)
        with (DOSSIER / "verrou").open("w") as verrou:
            _verrouiller(verrou.fileno())
            etapes.dire(1, "Je vérifie les ports et la place sur le disque")
            config = _configurer(port)
            etapes.dire(2, "Je prépare le registre du bord et la rive")
            essai = donnees_essai.preparer(config)
            etapes.dire(3, "Je prépare les cours et Kolibri")
            _preparer_kolibri(config, etapes.detail)
            etapes.dire(4, "Je démarre la rive et le portail")
            _demarrer(lances, config, "rive", "portail")
            etapes.dire(5, "Je démarre Kolibri")
            _demarrer(lances, config, "kolibri")
            etapes.dire(6, "Tout répond.")
            _presenter(config, essai)
            if not une_fois:
                _veiller(lances)
    except KeyboardInterrupt:
        click.echo("")
    finally:
        if lances:
            click.echo("  J'arrête tout…")
            processus.arreter(lances)
            click.echo(
                "  Arrêté. Les données sont dans .demo/ (make demo-clean les oublie)."
            )


def _interrompre(_signal: int, _cadre: FrameType | None) -> None:
    raise KeyboardInterrupt


def _verrouiller(descripteur: int) -> None:
    try:
        fcntl.flock(descripteur, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as cause:
        raise DejaLancee("La démo tourne déjà dans ce dossier.") from cause


def _configurer(port: int) -> Config:
    """Check room and ports, write `.demo/pirogue.toml`, return it; raises PasDePlace, PortPris."""
    if shutil.disk_usage(DOSSIER).free < PLACE_MO * 1_000_000:
        raise PasDePlace("Le disque est presque plein.")
    ports = {"portail": port, "kolibri": port + 1, "kolibri_zip": port + 2, "rive": port + 10}
    for numero in ports.values():
        _exiger_libre(numero, premier=port)
    chemin = DOSSIER / "pirogue.toml"
    chemin.write_text(
        f"""# Écrit par « pirogue demo » à chaque démarrage.
donnees = "bord"
terre = "rive"
portail_port = {port}
portail_base = "http://localhost:{port}/"
portail_hotes = ["localhost:{port}", "127.0.0.1:{port}"]
kolibri_port = {ports["kolibri"]}
kolibri_port_zip = {ports["kolibri_zip"]}
kolibri_base = "http://localhost:{ports["kolibri"]}/"
rive_port = {ports["rive"]}
rive_url = "http://localhost:{ports["rive"]}"
""",
        encoding="utf-8",
    )
    return reglages.lire(chemin)


def _exiger_libre(numero: int, *, premier: int) -> None:
    with socket.socket() as essai:
        essai.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            essai.bind(("127.0.0.1", numero))
        except (OSError, OverflowError) as cause:
            raise PortPris(
                f"Le port {numero} est déjà utilisé par un autre programme.",
                geste=f"Arrête ce programme, ou choisis d'autres ports : make demo PORT={premier + 1000}",
            ) from cause


def _preparer_kolibri(config: Config, dire: Callable[[str], None]) -> None:
    from pirogue_cli.kolibri import preparer_cours

    preparer_cours(config, dire=dire)


def _demarrer(lances: list[Processus], config: Config, *noms: str) -> None:
    """Start processes and wait until each answers; raises NeDemarrePas with its last words."""
    adresses = {
        "portail": config.portail_base,
        "rive": f"{config.rive_url}/",
        "kolibri": f"{config.kolibri_base}api/public/info/",
    }
    environnement = {"PIROGUE_CONFIG": str(DOSSIER.resolve() / "pirogue.toml")}
    for nom in noms:
        commande = [sys.executable, "-m", "pirogue_cli", nom, "servir"]
        lances.append(processus.demarrer(nom, commande, journaux=DOSSIER / "journaux", environnement=environnement))
    limite = time.monotonic() + DEMARRAGE_S
    for un in (un for un in lances if un.nom in noms):
        while not _repond(adresses[un.nom]):
            if not un.vit() or time.monotonic() > limite:
                raise NeDemarrePas(f"« {un.nom} » ne démarre pas :\n{un.derniers_mots()}")
            time.sleep(0.2)


def _repond(adresse: str) -> bool:
    with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(adresse, timeout=2) as reponse:  # noqa: S310
        return bool(reponse.status < 500)
    return False


def _veiller(lances: Sequence[Processus]) -> None:
    """Wait until Ctrl-C; raises NeDemarrePas if a process stops by itself."""
    while True:
        for un in lances:
            if not un.vit():
                raise NeDemarrePas(f"« {un.nom} » s'est arrêté :\n{un.derniers_mots()}")
        time.sleep(1)


def _presenter(config: Config, essai: Essai) -> None:
    code = f"code à usage unique {essai.code}" if essai.code else "le code que tu as choisi"
    click.echo(
        f"""
  ┌─ Les jeunes      {config.portail_base}
  ├─ La formatrice   {config.portail_base}formateur/     Rachelle, {code}
  └─ La rive         {config.rive_url}/

  À essayer :
   1. Formatrice : entre le code, confirme la date, ouvre une séance du groupe « 4e A – Gbessou ».
   2. Jeunes (autre navigateur ou fenêtre privée) : « Je commence », puis
"""
    )
    for prenom, images in essai.images:
        click.echo(f"        {prenom:8} {' · '.join(images).replace('etoile', 'étoile')}")
    click.echo(
        """   3. Fais la leçon, puis le quiz ; « J'ai fini ».
   4. Formatrice : l'appel, la clôture, le bilan.
   5. Dans un autre terminal :  .venv/bin/pirogue sync 4g      (ou : sync cle DOSSIER, puis rive cle DOSSIER)
      La pastille passe à « Confirmé à terre », et la rive montre la journée.

  Ctrl-C arrête tout.
"""
    )

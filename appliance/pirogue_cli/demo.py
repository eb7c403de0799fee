"""`pirogue demo`: the boat's day on one machine, with the real Kolibri; the second start takes seconds."""

import errno
import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
#: Below this, what failed failed for want of room, whatever it says itself.
PLEIN_MO, PLEIN_FICHIERS = 20, 50
DEMARRAGE_S = 90
#: How long the ports of a demo that was just killed may take to come free.
LIBERATION_S = 4
#: The last of the ports is the first plus this.
DERNIER_PORT = 10


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


class DossierInutilisable(ErreurPirogue):
    """The folder of the demo's data cannot be written."""

    geste = "Lance la démo depuis un dossier où tu peux écrire. « make demo-clean » enlève un .demo/ abîmé."
    code = 43


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
@click.option(
    "--port",
    type=click.IntRange(1, 65535 - DERNIER_PORT),
    default=8080,
    show_default=True,
    help="Premier des ports utilisés.",
)
@click.option("--une-fois", is_flag=True, help="Tout démarrer, vérifier, puis arrêter (pour les tests).")
def commande(port: int, *, une_fois: bool) -> None:
    """Toute la pirogue sur cette machine, avec ses données d'essai."""
    etapes = Etapes(6, time.monotonic())
    signal.signal(signal.SIGTERM, _interrompre)
    signal.signal(signal.SIGHUP, _interrompre)
    lances: list[Processus] = []
    click.echo("\n  La pirogue connectée\n")
    try:
        with _dossier_a_nous():
            etapes.dire(1, "Je vérifie les ports et la place sur le disque")
            config = _configurer(port)
            etapes.dire(2, "Je prépare le registre du bord et la rive")
            essai = donnees_essai.preparer(config)
            etapes.dire(3, "Je prépare les cours et Kolibri")
            _preparer_kolibri(config, etapes.detail)
            etapes.dire(4, "Je démarre la rive et le portail")
            _demarrer(lances, config, "rive", "portail", "courrier")
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
            _arreter(lances)


def _interrompre(_signal: int, _cadre: FrameType | None) -> None:
    raise KeyboardInterrupt


def _arreter(lances: Sequence[Processus]) -> None:
    """Stop everything, even if the person presses Ctrl-C again, even if the terminal is gone."""
    for lequel in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(lequel, signal.SIG_IGN)
    with suppress(OSError):
        click.echo("  J'arrête tout…")
    processus.arreter(lances)
    with suppress(OSError):
        click.echo("  Arrêté. Les données sont dans .demo/ (make demo-clean les oublie).")


@contextmanager
def _dossier_a_nous() -> Iterator[None]:
    """
    Hold `.demo/` for the time of the demo, and say in a sentence what the disk refuses.

    Raises:
        DejaLancee: another demo holds it.
        PasDePlace: something failed for want of room, in whatever words.
        DossierInutilisable: it cannot be written.
    """
    try:
        DOSSIER.mkdir(exist_ok=True)
        with (DOSSIER / "verrou").open("w") as verrou:
            _verrouiller(verrou.fileno())
            yield
    except (DejaLancee, PortPris, PasDePlace):
        raise
    except (OSError, sqlite3.Error, ErreurPirogue) as cause:
        if _est_plein(cause):
            raise PasDePlace("Le disque est plein.") from cause
        if isinstance(cause, OSError) and cause.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST}:
            raise DossierInutilisable(f"Le dossier {DOSSIER}/ ne peut pas être écrit ici.") from cause
        raise


def _est_plein(cause: Exception) -> bool:
    """Say whether there is no room: the system said so, or there is none left for bytes or for files."""
    if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    etat = os.statvfs(DOSSIER if DOSSIER.is_dir() else DOSSIER.parent)
    fichiers = etat.f_favail if etat.f_files else PLEIN_FICHIERS  # some file systems do not count files
    return etat.f_bavail * etat.f_frsize < PLEIN_MO * 1_000_000 or fichiers < PLEIN_FICHIERS


def _verrouiller(descripteur: int) -> None:
    try:
        fcntl.flock(descripteur, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as cause:
        raise DejaLancee("La démo tourne déjà dans ce dossier.") from cause


def _configurer(port: int) -> Config:
    """Check room and ports, write `.demo/pirogue.toml`, return it; raises PasDePlace, PortPris."""
    if shutil.disk_usage(DOSSIER).free < PLACE_MO * 1_000_000:
        raise PasDePlace("Le disque est presque plein.")
    ports = {"portail": port, "kolibri": port + 1, "kolibri_zip": port + 2, "rive": port + DERNIER_PORT}
    _exiger_libres(ports.values(), premier=port)
    chemin = DOSSIER / "pirogue.toml"
    chemin.write_text(
        f"""# Écrit par « pirogue demo » à chaque démarrage.
donnees = "bord"
terre = "rive"
ephemere = "ephemere"
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


def _exiger_libres(ports: Iterable[int], *, premier: int) -> None:
    """Wait a moment for what a killed demo is letting go, then raise PortPris with ports that are free."""
    limite = time.monotonic() + LIBERATION_S
    for numero in ports:
        while not _est_libre(numero):
            if time.monotonic() > limite:
                autres = (p for p in range(premier + 1000, 65000, 1000) if _est_libre(p) and _est_libre(p + 1))
                raise PortPris(
                    f"Le port {numero} est déjà utilisé par un autre programme"
                    + (", ou réservé au système." if numero < 1024 else "."),
                    geste=f"Arrête ce programme, ou choisis d'autres ports : make demo PORT={next(autres, 8080)}",
                )
            time.sleep(0.1)


def _est_libre(numero: int) -> bool:
    """Say whether we could listen there; `localhost` is two addresses, and a browser tries ::1 first."""
    for famille, hote in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            socket.create_server((hote, numero), family=famille).close()
        except OSError as cause:
            if cause.errno in {errno.EADDRINUSE, errno.EACCES}:  # otherwise this machine has no such address
                return False
    return True


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
        # The network is the visitor's own act here: the chip must not turn green before her eyes are on it.
        verbe = ["sync", "veiller", "--sans-reseau"] if nom == "courrier" else [nom, "servir"]
        commande = [sys.executable, "-m", "pirogue_cli", *verbe]
        # Kolibri forgets a SIGTERM that comes while it starts; being cut short is something that it survives.
        fin = signal.SIGKILL if nom == "kolibri" else signal.SIGTERM
        lances.append(
            processus.demarrer(
                nom, commande, journaux=DOSSIER / "journaux", environnement=environnement, si_nous_mourons=fin
            )
        )
    limite = time.monotonic() + DEMARRAGE_S
    for un in (un for un in lances if un.nom in noms and un.nom in adresses):
        while not _repond(adresses[un.nom]):
            if not un.vit() or time.monotonic() > limite:
                raise NeDemarrePas(f"« {un.nom} » ne démarre pas :\n{un.derniers_mots()}")
            time.sleep(0.2)
    if "kolibri" in noms:
        time.sleep(0.3)  # it answers a tenth of a second before a SIGTERM can stop it (otherwise it hangs, measured)


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
    secret = f"mot de passe à usage unique « {essai.mot_de_passe} »" if essai.mot_de_passe else "le mot de passe choisi"
    click.echo(
        f"""
  ┌─ Les jeunes      {config.portail_base}
  ├─ La formatrice   {config.portail_base}formateur/     Rachelle, {code}
  └─ La rive         {config.rive_url}/               Estelle, {secret}

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
   5. Dans un autre terminal :  .venv/bin/pirogue sync 4g      (ou : sync cle DOSSIER, puis rive cle DOSSIER ;
      ou, sans terminal : la pastille, « Envoyer par mon téléphone »)
      La pastille passe à « Confirmé à terre », et Estelle voit la journée sur la rive.

  Ctrl-C arrête tout.
"""
    )

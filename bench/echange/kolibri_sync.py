"""
Kolibri's own sync between two real Kolibri, over plain HTTP: `kolibri manage sync`, as its manual says.

Each event of our day stands for one ContentSessionLog, the smallest record that Kolibri writes when somebody works;
attendance does not exist there. The first push, which also makes session and certificates known, is not counted.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from echange.quai import lancer, port_libre

OPTIONS = """
[Deployment]
ZEROCONF_ENABLED = False
DISABLE_PING = True
LISTEN_ADDRESS = 127.0.0.1
RUN_MODE = bench
MINIMUM_DISK_SPACE = 100MB
"""
ADMIN = ("admin", "motdepasse")
JEUNES = """
from kolibri.core.auth.models import Facility, FacilityUser
lieu = Facility.objects.get()
for rang in range(24):
    FacilityUser.objects.create(username=f"jeune{rang}", full_name=f"Jeune {rang}", facility=lieu)
"""
JOURNEE = """
import datetime, random, uuid
from django.utils import timezone
from kolibri.core.auth.models import FacilityUser
from kolibri.core.logger.models import ContentSessionLog
hasard = random.Random({graine})
jeunes = list(FacilityUser.objects.filter(username__startswith="jeune").order_by("username"))
contenus = [uuid.UUID(int=hasard.getrandbits(128)).hex for _ in range(6)]
debut = timezone.now()
for rang in range({nombre}):
    duree = hasard.randrange(20, 400)
    ContentSessionLog.objects.create(
        user=hasard.choice(jeunes), content_id=hasard.choice(contenus), channel_id="c" * 32, kind="document",
        start_timestamp=debut + datetime.timedelta(seconds=20 * rang), time_spent=duree,
        end_timestamp=debut + datetime.timedelta(seconds=20 * rang + duree), progress=hasard.randrange(9) / 8,
    )
"""


@dataclass(frozen=True)
class DeuxKolibri:
    """
    Two paired Kolibri.

    Attributes:
        bord: home of the one aboard, not running: its sync is a command.
        port: where the one ashore listens.
    """

    bord: Path
    port: int

    def travailler(self, nombre: int, *, graine: int) -> None:
        """Write so many log records aboard."""
        _gerer(self.bord, "shell", "-c", JOURNEE.format(nombre=nombre, graine=graine))

    def envoyer(self, port: int) -> None:
        """Push what is new to the shore, through a local port."""
        _gerer(self.bord, "sync", "--baseurl", f"http://127.0.0.1:{port}", "--no-pull", "--noninteractive")


@contextmanager
def deux_kolibri(dossier: Path) -> Iterator[DeuxKolibri]:
    """Make one Kolibri with 24 youths, a second that joined its facility, and serve the second."""
    bord, rive = dossier / "kolibri-bord", dossier / "kolibri-rive"
    for maison in (bord, rive):
        maison.mkdir()
        (maison / "options.ini").write_text(OPTIONS, encoding="utf-8")
    compte = ("--superusername", ADMIN[0], "--superuserpassword", ADMIN[1], "--language_id", "fr-fr")
    _gerer(bord, "provisiondevice", "--facility", "Pirogue", "--preset", "nonformal", *compte, "--noinput")
    _gerer(bord, "shell", "-c", JEUNES)
    with _servir(bord) as port:
        qui = ("--username", ADMIN[0], "--password", ADMIN[1])
        _gerer(rive, "sync", "--baseurl", f"http://127.0.0.1:{port}", *qui, "--noninteractive")
    with ExitStack() as pile:
        paire = DeuxKolibri(bord, pile.enter_context(_servir(rive)))
        paire.envoyer(paire.port)
        yield paire


@contextmanager
def _servir(maison: Path) -> Iterator[int]:
    port = port_libre()
    ports = {"KOLIBRI_HTTP_PORT": str(port), "KOLIBRI_ZIP_CONTENT_PORT": str(port_libre())}
    with lancer([sys.executable, "-m", "kolibri", "start", "--foreground"], port=port, env=_env(maison) | ports):
        yield port


def _env(maison: Path) -> dict[str, str]:
    return {"KOLIBRI_HOME": str(maison), "KOLIBRI_NO_FILE_BASED_LOGGING": "1", "KOLIBRI_DISABLE_REQUEST_LOGGING": "1"}


def _gerer(maison: Path, *ordre: str) -> None:
    """Run one command of Kolibri's to its end; raises CalledProcessError with what it said."""
    commande = [sys.executable, "-m", "kolibri", "manage", *ordre]
    subprocess.run(commande, env=os.environ | _env(maison), check=True, capture_output=True, stdin=subprocess.DEVNULL)

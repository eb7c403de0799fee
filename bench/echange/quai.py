"""The quay of the bench: a boat and its shore, paired; the shore is the real service behind nginx and TLS."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from echange import bord
from echange.certificats import Certificat, faire_public, faire_seul
from echange.fil import Fil
from pirogue_echange import cles as trousseau
from pirogue_registre import base, reglages
from pirogue_rive import config as rives
from pirogue_sync import budget

#: Bytes a day: a data plan that does not cut a measure short.
SANS_FORFAIT = 10**10
SERVICE = """
import sys
from pathlib import Path
from pirogue_rive.config import ConfigRive
from pirogue_rive.service import servir
servir(ConfigRive(Path(sys.argv[1])), port=int(sys.argv[2]))
"""
#: What a real front does: TLS 1.3, bodies streamed, nothing added.
NGINX = """
user root;
daemon off;
worker_processes 1;
pid {dossier}/nginx.pid;
error_log {dossier}/nginx.log;
events {{}}
http {{
  access_log off;
  server_tokens off;
  client_body_temp_path {dossier}/corps;
  proxy_temp_path {dossier}/reponses;
  fastcgi_temp_path {dossier}/f;
  uwsgi_temp_path {dossier}/u;
  scgi_temp_path {dossier}/s;
  client_max_body_size 64m;
  keepalive_requests 100000;
  proxy_request_buffering off;
  proxy_http_version 1.1;
  {serveurs}
}}
"""
SERVEUR = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {chaine};
    ssl_certificate_key {cle};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ proxy_pass http://127.0.0.1:{vers}; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https; }}
  }}
"""


@dataclass(frozen=True)
class Quai:
    """
    A boat and its shore.

    Attributes:
        bateau: the boat's folder: `registre/`, `cles.json`, `rive.json`.
        rive: the shore's folder.
    """

    bateau: Path
    rive: Path

    @property
    def registre(self) -> Path:
        """The folder of the boat's register."""
        return self.bateau / "registre"


def apparier(dossier: Path) -> Quai:
    """Pair the boat of `dossier/bateau/registre`, which exists, with a new shore in `dossier/rive`."""
    quai = Quai(bateau=dossier / "bateau", rive=dossier / "rive")
    carte = rives.installer(quai.rive, nom="Rive de Sô-Ava")
    registre = base.ouvrir(quai.registre)
    cles = trousseau.faire("relais", id=reglages.lire(registre, "relais"), nom="Pirogue 1")
    reglages.ecrire(registre, budget.REGLAGE_BUDGET, str(SANS_FORFAIT))
    base.fermer(registre)
    rives.accueillir(quai.rive, trousseau.ecrire_carte(cles.carte))
    trousseau.enregistrer(cles, quai.bateau / "cles.json")
    (quai.bateau / "rive.json").write_bytes(trousseau.ecrire_carte(carte))
    return quai


def port_libre() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


@contextmanager
def lancer(commande: list[str], *, port: int, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; raises RuntimeError, with what it said, if it does not answer."""
    with (
        tempfile.TemporaryFile() as dit,
        subprocess.Popen(
            commande, env=os.environ | (env or {}), stdin=subprocess.DEVNULL, stdout=dit, stderr=dit
        ) as processus,
    ):
        try:
            if not _attendre(port, processus):
                dit.seek(0)
                raise RuntimeError(f"{commande} ne répond pas :\n{dit.read().decode(errors='replace')}")
            yield processus
        finally:
            processus.terminate()


def _attendre(port: int, processus: subprocess.Popen[bytes], *, delai_s: float = 60) -> bool:
    """Wait until something answers on a port; False if its process ends or takes too long."""
    fin = time.monotonic() + delai_s
    while time.monotonic() < fin and processus.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
            continue
        return True
    return False


@contextmanager
def servir_rive(quai: Quai) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the shore in its own process; gives (port, process)."""
    port = port_libre()
    with lancer([sys.executable, "-c", SERVICE, str(quai.rive), str(port)], port=port) as processus:
        yield port, processus


@dataclass(frozen=True)
class Front:
    """The TLS ports of nginx, one per kind of certificate, and what a client must trust for each."""

    seul: int
    public: int
    certificats: dict[int, Certificat]


@contextmanager
def devant(dossier: Path, vers: int) -> Iterator[Front]:
    """Put nginx and TLS in front of a local port."""
    lieu = dossier / f"nginx-{vers}"
    lieu.mkdir()
    certificats = {port_libre(): faire_seul(lieu), port_libre(): faire_public(lieu)}
    serveurs = "".join(
        SERVEUR.format(port=port, chaine=un.chaine, cle=un.cle, vers=vers) for port, un in certificats.items()
    )
    (lieu / "nginx.conf").write_text(NGINX.format(dossier=lieu, serveurs=serveurs), encoding="utf-8")
    seul, public = certificats
    commande = ["nginx", "-e", str(lieu / "nginx.log"), "-c", str(lieu / "nginx.conf")]
    with lancer(commande, port=public):
        yield Front(seul=seul, public=public, certificats=certificats)


def appeler(quai: Quai, fil: Fil, certificat: Certificat | None) -> bord.Trace:
    """Let the boat call the shore over the wire, in a process of its own; TLS when there is a certificate to trust."""
    url = f"https://localhost:{fil.port}" if certificat else f"http://localhost:{fil.port}"
    return _bord("echanger", str(quai.bateau), url, certificat=certificat)


def sceller(quai: Quai) -> bord.Trace:
    """Let the boat seal all it has, in a process of its own."""
    return _bord("sceller", str(quai.bateau), certificat=None)


def _bord(*arguments: str, certificat: Certificat | None) -> bord.Trace:
    env = dict(os.environ)
    if certificat:
        env["SSL_CERT_FILE"] = str(certificat.racine)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    fait = subprocess.run(
        [sys.executable, bord.__file__, *arguments], env=env, stdout=subprocess.PIPE, check=True, text=True
    )
    return bord.Trace(**json.loads(fait.stdout.splitlines()[-1]))


def pics_mo(processus: subprocess.Popen[bytes]) -> float:
    """Return the peak memory of a server's largest process, megabytes."""
    enfants = Path(f"/proc/{processus.pid}/task/{processus.pid}/children").read_text(encoding="ascii").split()
    return max(bord.pic_mo(pid) for pid in (processus.pid, *enfants))

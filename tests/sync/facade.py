"""The real nginx in front of the real shore, with the site file that a shore installs."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from sync.certificats import Certificat

SITE = Path(__file__).parents[2] / "sync" / "nginx" / "pirogue-rive.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
_CADRE = """
daemon off;
{utilisateur}
worker_processes 1;
pid {dossier}/nginx.pid;
error_log {dossier}/erreurs.log;
events {{ worker_connections 256; }}
http {{
    access_log {dossier}/acces.log;
    client_body_temp_path {dossier}/corps;
    proxy_temp_path {dossier}/proxy;
    fastcgi_temp_path {dossier}/fastcgi;
    uwsgi_temp_path {dossier}/uwsgi;
    scgi_temp_path {dossier}/scgi;
    include {dossier}/site.conf;
}}
"""


class Facade:
    """nginx, unprivileged, on free ports; it listens to TLS with a certificate."""

    def __init__(self, dossier: Path, *, service: int, certificat: Certificat, nom: str = "localhost") -> None:
        dossier.mkdir(parents=True)
        self.dossier = dossier
        self.port, clair = _ports_libres()
        self.url = f"https://localhost:{self.port}"
        utilisateur = "user root;" if os.geteuid() == 0 else ""
        (dossier / "nginx.conf").write_text(_CADRE.format(dossier=dossier, utilisateur=utilisateur), encoding="utf-8")
        site = SITE.read_text(encoding="utf-8")
        for motif, valeur, combien in (
            (r"listen 80;", f"listen 127.0.0.1:{clair};", 1),
            (r"listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;", 1),
            (r"listen \[::\]:.*;", "", 2),
            (r"server_name .*?;", f"server_name {nom};", 2),
            (r"ssl_certificate .*?;", f"ssl_certificate {certificat.chaine};", 1),
            (r"ssl_certificate_key .*?;", f"ssl_certificate_key {certificat.cle};", 1),
            (r"127\.0\.0\.1:8090;", f"127.0.0.1:{service};", 1),
        ):
            site, fait = re.subn(motif, valeur, site)
            assert fait == combien, f"the site file changed: {motif}"
        (dossier / "site.conf").write_text(site, encoding="utf-8")

    def __enter__(self) -> Self:
        """Start, and wait until it answers."""
        self._processus = subprocess.Popen(
            [NGINX, "-p", str(self.dossier), "-e", str(self.dossier / "depart.log"), "-c", "nginx.conf"]
        )
        fin = time.monotonic() + 20
        while time.monotonic() < fin and self._processus.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                continue
            return self
        pytest.fail("nginx did not start")

    def __exit__(self, genre: type[BaseException] | None, quoi: BaseException | None, ou: TracebackType | None) -> None:
        """Stop it."""
        self._processus.terminate()
        self._processus.wait(20)


def _ports_libres() -> tuple[int, int]:
    with socket.socket() as un, socket.socket() as autre:
        un.bind(("127.0.0.1", 0))
        autre.bind(("127.0.0.1", 0))
        return un.getsockname()[1], autre.getsockname()[1]

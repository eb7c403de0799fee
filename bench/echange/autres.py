"""The same day by other roads: one JSON per record, one JSON, csv.zip, rsync of the database, tus."""

import csv
import gzip
import http.client
import io
import json
import shutil
import sqlite3
import ssl
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from echange.certificats import Certificat
from echange.quai import devant, lancer, port_libre

BENCH_PYTHON = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
RSYNCD = "use chroot = no\nuid = 0\ngid = 0\n[rive]\npath = {dossier}\nread only = no\n"


class _Puits(BaseHTTPRequestHandler):
    """A server that takes anything and says the least that a server can say."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the body, answer two bytes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Service(ThreadingHTTPServer):
    """A server that does not complain of a client that was cut."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def puits(dossier: Path) -> Iterator[tuple[int, Certificat]]:
    """Serve the sink behind the same nginx and the same kind of certificate as the shore; gives its TLS port."""
    with _Service(("127.0.0.1", 0), _Puits) as service:
        fil = threading.Thread(target=service.serve_forever)
        fil.start()
        try:
            with devant(dossier, service.server_port) as front:
                yield front.seul, front.certificats[front.seul]
        finally:
            service.shutdown()
            fil.join()


def poster(port: int, certificat: Certificat, corps: Sequence[bytes], *, genre: str) -> None:
    """Send bodies one after another on one kept connection."""
    contexte = ssl.create_default_context(cafile=str(certificat.racine))
    with closing(http.client.HTTPSConnection("localhost", port, timeout=120, context=contexte)) as lien:
        for un in corps:
            lien.request("POST", "/v1/evenements", body=un, headers={"Content-Type": genre})
            lien.getresponse().read()


def par_ligne(port: int, certificat: Certificat, lignes: Sequence[bytes]) -> None:
    """One JSON, one request, kept alive: what forms and xAPI clients do."""
    poster(port, certificat, lignes, genre="application/json")


def en_json(port: int, certificat: Certificat, lignes: Sequence[bytes]) -> None:
    """The whole day as one gzipped JSON: neither sealed nor signed."""
    poster(port, certificat, [gzip.compress(b"[" + b",".join(lignes) + b"]")], genre="application/json")


def en_csv(port: int, certificat: Certificat, lignes: Sequence[bytes]) -> None:
    """The whole day as a zipped CSV: neither sealed nor signed."""
    poster(port, certificat, [zipper_csv(lignes)], genre="application/zip")


def zipper_csv(lignes: Sequence[bytes]) -> bytes:
    """Return the events as a CSV in a zip."""
    rangees = [json.loads(ligne) for ligne in lignes]
    texte = io.StringIO()
    ecrivain = csv.DictWriter(texte, fieldnames=list(rangees[0]))
    ecrivain.writeheader()
    ecrivain.writerows(rangee | {"valeurs": json.dumps(rangee["valeurs"])} for rangee in rangees)
    boite = io.BytesIO()
    with zipfile.ZipFile(boite, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("journal.csv", texte.getvalue())
    return boite.getvalue()


@contextmanager
def rsyncd(dossier: Path) -> Iterator[tuple[int, Path]]:
    """Serve an empty folder by rsync's own daemon (no ssh around it: less than what one would pay)."""
    depot = dossier / "rsync"
    depot.mkdir()
    (dossier / "rsyncd.conf").write_text(RSYNCD.format(dossier=depot), encoding="utf-8")
    port = port_libre()
    commande = ["rsync", "--daemon", "--no-detach", f"--config={dossier / 'rsyncd.conf'}", f"--port={port}"]
    with lancer([*commande, "--address=127.0.0.1"], port=port):
        yield port, depot


def instantane(registre: Path, vers: Path) -> Path:
    """
    Copy the register's file as rsync would meet it: whole, its write-ahead log folded in, pages in their own order.

    Not by SQLite's backup into a new file, which gives the same pages, nor by VACUUM, which would move them all.
    """
    with closing(sqlite3.connect(registre / "registre.sqlite3")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copyfile(registre / "registre.sqlite3", vers))


def rsyncer(port: int, fichier: Path) -> None:
    """Bring a file over what the other end has of it, as `rsync -z` does."""
    adresse = f"rsync://127.0.0.1:{port}/rive/{fichier.name}"
    subprocess.run(["rsync", "-tz", "--no-whole-file", str(fichier), adresse], check=True, capture_output=True)


@dataclass(frozen=True)
class Tus:
    """A tus server behind TLS, and the client that talks to it."""

    port: int
    certificat: Certificat
    depot: Path

    def envoyer(self, port: int, lignes: Sequence[bytes]) -> None:
        """Send the day's zstd-less csv.zip as one resumable upload through `port`."""
        fichier = self.depot / "jour.zip"
        fichier.write_bytes(zipper_csv(lignes))
        client = Path(__file__).with_name("tus_client.py")
        adresse = f"https://localhost:{port}/files"
        commande = [str(BENCH_PYTHON), str(client), adresse, str(fichier), str(self.certificat.racine)]
        subprocess.run(commande, check=True, capture_output=True)


@contextmanager
def tus(dossier: Path) -> Iterator[Tus]:
    """Serve tuspyserver under uvicorn behind the same nginx."""
    depot, port = dossier / "tus", port_libre()
    depot.mkdir()
    serveur = Path(__file__).with_name("tus_serveur.py")
    with ExitStack() as pile:
        pile.enter_context(lancer([str(BENCH_PYTHON), str(serveur), str(port), str(depot / "recus")], port=port))
        front = pile.enter_context(devant(dossier, port))
        yield Tus(front.seul, front.certificats[front.seul], depot)

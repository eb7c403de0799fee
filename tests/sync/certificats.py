"""Real certificates, made by openssl: an authority, and servers of every kind that it signs or does not."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONF = """
[ca]
default_ca = autorite
[autorite]
dir = {dossier}
database = {dossier}/index.txt
serial = {dossier}/serial
new_certs_dir = {dossier}
certificate = {dossier}/ca.pem
private_key = {dossier}/ca.key
default_md = sha256
policy = politique
unique_subject = no
copy_extensions = copy
[politique]
commonName = supplied
[feuille]
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Certificat:
    """A server's certificate and its key."""

    chaine: Path
    cle: Path


class Autorite:
    """An authority in a folder."""

    def __init__(self, dossier: Path) -> None:
        dossier.mkdir(parents=True)
        self._dossier = dossier
        self.ca = dossier / "ca.pem"
        (dossier / "index.txt").touch()
        (dossier / "serial").write_text("01\n", encoding="ascii")
        (dossier / "ca.cnf").write_text(_CONF.format(dossier=dossier), encoding="utf-8")
        _openssl(
            *["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7300"],
            "-subj", "/CN=Autorite", "-keyout", dossier / "ca.key", "-out", self.ca,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def signer(self, *, nom: str = "localhost", debut: str = "20200101", fin: str = "20991231") -> Certificat:
        """Sign a certificate for a name, good between two days (`YYYYMMDD`)."""
        base = self._dossier / f"{nom}-{debut}-{fin}"
        cle, demande, feuille = (base.with_name(f"{base.name}.{fin_}") for fin_ in ("key", "csr", "pem"))
        _demander(nom, cle, demande)
        _openssl(
            "ca", "-batch", "-notext", "-config", self._dossier / "ca.cnf", "-extensions", "feuille",
            "-startdate", f"{debut}000000Z", "-enddate", f"{fin}000000Z", "-in", demande, "-out", feuille,
        )  # fmt: skip
        return Certificat(feuille, cle)


def signer_soi_meme(dossier: Path, nom: str = "localhost") -> Certificat:
    """Make a certificate that nobody signed but itself."""
    cle, feuille = dossier / "seul.key", dossier / "seul.pem"
    _demander(nom, cle, feuille, "-x509", "-days", "3650")
    return Certificat(feuille, cle)


def _demander(nom: str, cle: Path, sortie: Path, *suite: str) -> None:
    _openssl(
        *["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"], *suite,
        "-subj", f"/CN={nom}", "-addext", f"subjectAltName=DNS:{nom}", "-keyout", cle, "-out", sortie,
    )  # fmt: skip


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

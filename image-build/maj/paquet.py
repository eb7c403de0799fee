"""
The update that a stick carries: one signed RAUC bundle, and what the image must hold to believe it.

The private key is a file that the builder names (`PIROGUE_CLE_SIGNATURE`, its certificate beside it in a file that ends
in `.crt`); it enters neither the repository nor the image. Without it a key is made for the builds of this machine, and
that is said loudly: boxes flashed from such an image believe only this machine's bundles. Usage:
`paquet.py cle DOSSIER` makes a key to keep; `paquet.py emballer RACINE.ext4 VERSION SORTIE.raucb` makes a bundle.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ICI = Path(__file__).parent
ROLE = ICI.parents[1] / "ansible/roles/mise_a_jour/files/usr/lib/pirogue/maj"
sys.path.insert(0, str(ROLE))
from creneau import FICHIERS, NEUF, sceller  # noqa: E402 - one form of the state, the box's own

COMPATIBLE = "pirogue-pi-arm64"
VARIABLE = "PIROGUE_CLE_SIGNATURE"
#: Long before any box was made: a box whose clock is at the beginning of its life still believes the certificate.
DEPUIS, JUSQUE = datetime.datetime(2020, 1, 1), datetime.datetime(2060, 1, 1)  # noqa: DTZ001 - x509 takes naive UTC


@dataclass(frozen=True, slots=True)
class Cle:
    """
    What signs a bundle.

    Attributes:
        prive: the private key's file.
        certificat: the certificate that an image must hold to believe it.
        essai: made here for want of another.
    """

    prive: Path
    certificat: Path
    essai: bool


def trouver_cle(cache: Path, *, env: Mapping[str, str] = os.environ) -> Cle:
    """Return the key that `PIROGUE_CLE_SIGNATURE` names, else this machine's own; raises SystemExit."""
    if voulue := env.get(VARIABLE):
        cle = Cle(Path(voulue), Path(voulue).with_suffix(".crt"), essai=False)
        for fichier in (cle.prive, cle.certificat):
            if not fichier.is_file():
                raise SystemExit(f"{VARIABLE} : {fichier} n'existe pas.")
        return cle
    cle = Cle(cache / "essai.key", cache / "essai.crt", essai=True)
    if not (cle.prive.is_file() and cle.certificat.is_file()):
        fabriquer_cle(cache, "essai")
    sys.stderr.write(
        f"\n  !!! CLÉ D'ESSAI. {VARIABLE} n'est pas donnée : cette image ne croira que les mises à jour\n"
        f"  !!! signées sur cette machine ({cle.prive}). Ne la mets pas sur une pirogue.\n\n"
    )
    return cle


def fabriquer_cle(dossier: Path, nom: str) -> Cle:
    """Make a key and its certificate, valid from 2020 to 2060: a box has no clock that could judge it."""
    dossier.mkdir(parents=True, exist_ok=True)
    prive = ec.generate_private_key(ec.SECP384R1())
    qui = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Pirogue connectée, mises à jour ({nom})")])
    certificat = (
        x509.CertificateBuilder(issuer_name=qui, subject_name=qui, public_key=prive.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(DEPUIS)
        .not_valid_after(JUSQUE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(prive.public_key()), critical=False)
        .sign(prive, hashes.SHA384())
    )
    cle = Cle(dossier / f"{nom}.key", dossier / f"{nom}.crt", essai=nom == "essai")
    descripteur = os.open(cle.prive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descripteur, "wb") as flux:
        flux.write(
            prive.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    cle.certificat.write_bytes(certificat.public_bytes(serialization.Encoding.PEM))
    return cle


def emballer(
    racine: Path, *, version: str, sortie: Path, cle: Cle, compatible: str = COMPATIBLE, effort: int = 10
) -> Path:
    """
    Make a signed bundle of a root file system, and return it.

    Args:
        racine: the image of a slot, ext4.
        version: a number that grows, then what one likes (`1247-g4a80f40`).
        sortie: the bundle to make; a former one is replaced.
        cle: what signs.
        compatible: the machines that may take it.
        effort: how hard to compress, 1 to 22.

    Raises:
        SystemExit: RAUC refused; its last words.
    """
    sortie.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sortie.parent, prefix=".paquet-") as travail:
        dedans, neuf = Path(travail, "dedans"), Path(travail, "neuf.raucb")
        dedans.mkdir()
        _mettre(racine.resolve(), dedans / "rootfs.ext4")
        (dedans / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible}\nversion={version}\n\n"
            "[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=rootfs.ext4\n"
        )
        mots = ["rauc", f"--cert={cle.certificat}", f"--key={cle.prive}"]
        mots += [
            f"--mksquashfs-args=-comp zstd -Xcompression-level {effort} -no-progress",
            "bundle",
            str(dedans),
            str(neuf),
        ]
        fait = subprocess.run(mots, capture_output=True, text=True, check=False)
        if fait.returncode:
            raise SystemExit(f"RAUC refuse d'emballer : {(fait.stdout + fait.stderr)[-1000:]}")
        neuf.replace(sortie)
    return sortie


def _mettre(fichier: Path, ici: Path) -> None:
    """Have a file at another place without a second gigabyte, where the file system allows it."""
    try:
        ici.hardlink_to(fichier)
    except OSError:
        subprocess.run(["cp", "--sparse=always", str(fichier), str(ici)], check=True)


def poser_amorce(amorce: Path, *, epoque: int) -> None:
    """
    Lay the compiled start script and the two copies of a new card's state in a folder.

    Args:
        amorce: the folder that becomes the boot partition.
        epoque: the date that the script bears, seconds since 1970: the same sources give the same octets.

    Raises:
        CalledProcessError: mkimage refused.
    """
    mots = ["mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "pirogue"]
    env = {"PATH": os.environ.get("PATH", "/usr/bin"), "SOURCE_DATE_EPOCH": str(epoque)}
    fichiers = ["-d", str(ICI / "boot.cmd"), str(amorce / "boot.scr")]
    subprocess.run([*mots, *fichiers], check=True, capture_output=True, env=env)
    for nom in FICHIERS:
        (amorce / nom).write_bytes(sceller(NEUF))


def main(mots: list[str] | None = None) -> None:
    """Do what the command line says."""
    lecteur = argparse.ArgumentParser(prog="paquet.py", description="La mise à jour qu'une clé emporte.")
    ordres = lecteur.add_subparsers(dest="ordre", required=True)
    ordres.add_parser("cle", help="faire une clé à garder hors ligne").add_argument("dossier", type=Path)
    emballage = ordres.add_parser("emballer", help="faire un paquet signé")
    emballage.add_argument("racine", type=Path)
    emballage.add_argument("version")
    emballage.add_argument("sortie", type=Path)
    choix = lecteur.parse_args(mots)
    if choix.ordre == "cle":
        cle = fabriquer_cle(choix.dossier, "signature")
        sys.stdout.write(f"Garde {cle.prive} hors ligne ; {cle.certificat} entre dans les images.\n")
    else:
        cle = trouver_cle(ICI.parents[1] / ".cache/image")
        fait = emballer(choix.racine, version=choix.version, sortie=choix.sortie, cle=cle)
        sys.stdout.write(f"{fait} : {fait.stat().st_size // 1_000_000} Mo\n")


if __name__ == "__main__":
    main()

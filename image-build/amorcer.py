"""
The base: a Debian arm64 tree with the packages and no more, kept by the digest of what made it.

mmdebstrap makes the essential set; then, in its hook, apt only downloads, the host's dpkg unpacks, and the tree's dpkg
configures with the host's small tools lent to it. The one driver that Debian leaves out is made for its kernel. No
initramfs is made here.
"""

import json
import os
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import capteur
import hote
from accelerer import accelere
from atelier import CACHE, ICI, SUITE, Rate, empreinte, lancer
from lire_roles import paquets_des_roles

#: Name of the kernel → (the suite it is taken from, the package).
NOYAUX = {"stable": SUITE, "backports": f"{SUITE}-backports"}
#: To be raised when the way the base is made changes, so that a kept one is not taken for it.
FORME = 1
_LAISSES = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*")
_GARDES = ("/usr/share/doc/*/copyright", "/usr/share/locale/locale.alias")


@dataclass(frozen=True, slots=True)
class Base:
    """
    What a base is made from.

    Attributes:
        paquets: names of the packages, sorted.
        noyau: `stable` or `backports`.
    """

    paquets: tuple[str, ...]
    noyau: str

    @property
    def sources(self) -> str:
        """The lines of apt's sources."""
        depots = [f"deb {hote.miroir()} {suite} main non-free-firmware" for suite in self.suites]
        depots.append(f"deb {hote.miroir(securite=True)} {SUITE}-security main non-free-firmware")
        return "\n".join(depots) + "\n"

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites of the main archive."""
        return (SUITE, f"{SUITE}-updates", *([NOYAUX[self.noyau]] if self.noyau == "backports" else []))


def lire_paquets() -> tuple[str, ...]:
    """Return what the base must hold: `paquets.txt` and what the roles ask for."""
    lignes = (ICI / "paquets.txt").read_text(encoding="utf-8").splitlines()
    nommes = {ligne.strip() for ligne in lignes if ligne.strip() and not ligne.startswith("#")}
    return tuple(sorted(nommes | set(paquets_des_roles())))


def amorcer(base: Base) -> Path:
    """
    Return the archive of the base, made now unless one made from the same things is kept.

    Raises:
        Rate: apt or a package's script failed.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    etats = empreinte(str(FORME), Path(capteur.__file__).read_bytes(), *_etats(base))
    cle = empreinte(etats, "\n".join(base.paquets))[:16]
    archive = CACHE / f"base-{base.noyau}-{cle}.tar"
    if archive.exists() or _reprendre(base, etats, archive):
        return archive
    hote.inscrire_arm64()
    liste, inacheve = CACHE / f"paquets-{base.noyau}.txt", archive.with_suffix(".tar.part")
    noyau = "linux-image-arm64" + (f"/{NOYAUX['backports']}" if base.noyau == "backports" else "")
    liste.write_text("\n".join([*base.paquets, noyau]), encoding="utf-8")
    exclusions = [f"--dpkgopt=path-exclude={motif}" for motif in _LAISSES]
    exclusions += [f"--dpkgopt=path-include={motif}" for motif in _GARDES]
    lancer(
        *("mmdebstrap", "--mode=root", "--architectures=arm64", "--variant=apt", "--format=tar", "--skip=cleanup/apt"),
        *('--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"', *exclusions),
        '--essential-hook=mkdir -p "$1/etc/initramfs-tools"',
        '--essential-hook=echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"',
        f'--customize-hook="{sys.executable}" "{ICI / "amorcer.py"}" "$1" "{liste}"',
        *(SUITE, inacheve, "-"),
        entree=base.sources,
        env={"SOURCE_DATE_EPOCH": "0", "TMPDIR": str(CACHE)},
    )
    for ancienne in CACHE.glob(f"base-{base.noyau}-*"):
        if ancienne != inacheve:
            ancienne.unlink()
    _noter(base, etats, archive, _installes(inacheve))
    inacheve.rename(archive)
    return archive


def installer_dans(racine: Path, liste: Path) -> None:
    """Install the packages in a tree that holds the essential set. Called by mmdebstrap, as its hook."""
    apt = {"APT_CONFIG": os.environ["MMDEBSTRAP_APT_CONFIG"]}
    cache = racine / "var/cache/apt/archives"
    en_face = ("apt-get", "-qq", "-y", "-o", "DPkg::Chroot-Directory=/")
    lancer(*en_face, "--download-only", "install", *liste.read_text(encoding="utf-8").split(), env=apt)
    paquets = sorted(cache.glob("*.deb"))
    force = ("--force-unsafe-io", "--force-depends", "--force-architecture", "--no-triggers")
    lancer("dpkg", f"--root={racine}", *force, "--unpack", *paquets)
    with accelere(racine):
        lancer(
            *(
                "chroot",
                racine,
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "DEBCONF_NONINTERACTIVE_SEEN=true",
                "INITRD=No",
            ),
            *("dpkg", "--force-confold", "--force-unsafe-io", "--configure", "-a"),
        )
    lancer(*en_face, "check", env=apt)
    capteur.poser(racine, apt=apt)
    for paquet in paquets:
        paquet.unlink()


def _reprendre(base: Base, etats: str, archive: Path) -> bool:
    """
    Take a kept base for this one when it must be the same, and tell whether it was.

    It is the same when the archive has not moved and what is asked for besides had come as somebody's dependency.
    """
    for fiche in CACHE.glob(f"base-{base.noyau}-*.json"):
        dit, ancienne = json.loads(fiche.read_text(encoding="utf-8")), fiche.with_suffix(".tar")
        if dit["etats"] == etats and set(dit["paquets"]) <= set(base.paquets) <= set(dit["installes"]):
            _noter(base, etats, archive, dit["installes"])
            ancienne.rename(archive)
            fiche.unlink()
            return True
    return False


def _noter(base: Base, etats: str, archive: Path, installes: list[str]) -> None:
    """Write beside a base what was asked for and what came."""
    fiche = {"etats": etats, "paquets": base.paquets, "installes": installes}
    archive.with_suffix(".json").write_text(json.dumps(fiche), encoding="utf-8")


def _installes(archive: Path) -> list[str]:
    """Return the names of the packages in a base."""
    etat = lancer("tar", "-xOf", archive, "./var/lib/dpkg/status")
    return sorted(ligne.removeprefix("Package: ") for ligne in etat.splitlines() if ligne.startswith("Package: "))


def _etats(base: Base) -> list[bytes]:
    """Return the signed state of each suite as the mirror gives it; without a mirror, that of the last time."""
    etats = []
    for ligne in base.sources.splitlines():
        _, adresse, suite, *_ = ligne.split()
        garde = CACHE / f"InRelease-{suite}"
        try:
            with urllib.request.urlopen(f"{adresse}/dists/{suite}/InRelease", timeout=60) as reponse:
                garde.write_bytes(reponse.read())
        except OSError as cause:
            if not garde.exists():
                raise Rate(f"Le miroir Debian ne répond pas pour {suite} ({cause}).") from cause
        etats.append(garde.read_bytes())
    return etats


if __name__ == "__main__":
    installer_dans(Path(sys.argv[1]), Path(sys.argv[2]))

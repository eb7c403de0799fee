"""
Build the image that people flash. As root, on Debian 12: `construire.py [--noyau stable|backports] [--profil …]`.

Steps, in order: base (kept), tree, roles, Python (kept), lessons, initramfs, card, parts list, compression, update.
All mounts live in a namespace of this process's own: nothing is left behind, even if it is killed.
"""

import argparse
import ctypes
import fcntl
import json
import os
import shutil
import sys
from pathlib import Path

import amorcer
import assembler
import garnir
import roues
from atelier import CACHE, DEPOT, ICI, SORTIE, Rate, date_source, empreinte_fichiers, etape, lancer

COMPTE_RENDU = SORTIE / "construction.json"
PROFILS = ("pirogue", "kiosque", "cooperative")
#: What the kernel is told besides its root and its slot; boot.scr says the same.
LIGNE_NOYAU = "ro rootwait net.ifnames=0 panic=10 fsck.repair=yes"
#: Folders whose files enter the image.
_SOURCES = ("ansible", "appliance", "contenus", "image-build", "portail", "requirements", "sync")
_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 0x4000, 0x40000


def construire(*, noyau: str = "stable", profil: str = "pirogue") -> dict[str, object]:
    """
    Build the image and all that goes with it in `sortie/`; return what `construction.json` says.

    Raises:
        Rate: a step failed; what was there before is gone or whole.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "verrou").open("w") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        if a_jour(noyau=noyau, profil=profil):
            return lire_compte_rendu()
        return _construire(noyau=noyau, profil=profil)


def _construire(*, noyau: str, profil: str) -> dict[str, object]:
    """Do all the steps; the lock is held."""
    avant = lire_compte_rendu()
    COMPTE_RENDU.unlink(missing_ok=True)
    s_isoler()
    SORTIE.mkdir(exist_ok=True)
    sources, durees = empreinte_sources(), dict[str, float]()
    arbre, amorce = CACHE / "arbre", CACHE / "amorce"
    version, commit, numero = quelle_version()
    with etape("Base Debian arm64", durees):
        archive = amorcer.amorcer(amorcer.Base(amorcer.lire_paquets(garnir.paquets_des_roles()), noyau))
    with etape("Arbre", durees):
        garnir.deballer(archive, arbre)
        garnir.poser_fichiers(arbre, version=version, commit=commit, numero=numero)
    with etape("Rôles", durees):
        garnir.appliquer_roles(arbre, profil=profil)
    with etape("Python et Kolibri", durees):
        roues.garnir(arbre)
    with etape("Leçons", durees):
        garnir.poser_lecons(arbre)
    with etape("Noyau et amorce", durees):
        version_noyau = garnir.finir(arbre)
        garnir.garnir_amorce(arbre, version_noyau, amorce)
    image, racine = SORTIE / f"pirogue-{version}.img", SORTIE / "racine.ext4"
    with etape("Carte", durees):
        for ancienne in SORTIE.glob("pirogue-*"):
            ancienne.unlink()
        assembler.assembler(arbre, amorce, racine=racine, image=image, epoque=int(date_source()))
        sortir_noyau(arbre)
    with etape("Compression", durees):
        lancer("zstd", "-q", "-f", "-10", "-T2", image, "-o", f"{image}.zst")
    rendu: dict[str, object] = {
        "version": version,
        "commit": commit,
        "numero": numero,
        "sources": sources,
        "noyau": noyau,
        "profil": profil,
        "version_noyau": version_noyau,
        "ligne_noyau": LIGNE_NOYAU,
        "image": str(image),
        "image_comprimee": f"{image}.zst",
        "racine": str(racine),
        "arbre": str(arbre),
        "amorce": str(amorce),
        "vmlinuz": str(SORTIE / "noyau/vmlinuz"),
        "initrd": str(SORTIE / "noyau/initrd.img"),
        "tailles_octets": tailles(arbre, amorce, image),
        "durees_s": durees,
    }
    inacheve = COMPTE_RENDU.with_suffix(".part")
    inacheve.write_text(json.dumps(rendu, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    inacheve.replace(COMPTE_RENDU)
    dire_tailles(avant, rendu)
    return rendu


def a_jour(*, noyau: str = "stable", profil: str = "pirogue") -> bool:
    """Tell whether `sortie/` holds the image of these very sources."""
    rendu = lire_compte_rendu()
    voulu = {"sources": empreinte_sources(), "noyau": noyau, "profil": profil}
    return {cle: rendu.get(cle) for cle in voulu} == voulu and Path(str(rendu["image"])).exists()


def lire_compte_rendu() -> dict[str, object]:
    """Return what the last build said; nothing when there is none."""
    try:
        lu: dict[str, object] = json.loads(COMPTE_RENDU.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return lu


def empreinte_sources() -> str:
    """Return the digest of every file of the checkout that enters the image."""
    noms = lancer("git", "-C", DEPOT, "ls-files", "-z", "-co", "--exclude-standard", "--", *_SOURCES, "pyproject.toml")
    fichiers = [DEPOT / nom for nom in noms.split("\0") if nom and not nom.endswith(".md")]
    return empreinte_fichiers(fichier for fichier in fichiers if fichier.is_file())


def quelle_version() -> tuple[str, str, int]:
    """Return the image's name, its commit, and a number that only grows."""
    numero = int(lancer("git", "-C", DEPOT, "rev-list", "--count", "HEAD"))
    commit = lancer("git", "-C", DEPOT, "rev-parse", "--short=12", "HEAD").strip()
    return f"0.1.{numero}", commit, numero


def sortir_noyau(arbre: Path) -> None:
    """Copy the kernel and its initramfs where a machine under test starts them directly."""
    (SORTIE / "noyau").mkdir(exist_ok=True)
    for nom in ("vmlinuz", "initrd.img"):
        shutil.copyfile((arbre / "boot" / nom).resolve(), SORTIE / "noyau" / nom)


def tailles(arbre: Path, amorce: Path, image: Path) -> dict[str, int]:
    """Return the sizes that are worth watching, in bytes."""
    return {
        "arbre": peser(arbre),
        "python": peser(arbre / "opt"),
        "amorce": peser(amorce),
        "initrd": (SORTIE / "noyau/initrd.img").stat().st_size,
        "image": image.stat().st_size,
        "image_comprimee": Path(f"{image}.zst").stat().st_size,
    }


def peser(dossier: Path) -> int:
    """Return what the files of a folder weigh, in bytes."""
    return sum(
        os.lstat(os.path.join(ou, nom)).st_size  # noqa: PTH118 -- forty thousand times
        for ou, _, noms in os.walk(dossier)
        for nom in noms
    )


def dire_tailles(avant: dict[str, object], apres: dict[str, object]) -> None:
    """Print each size beside that of the last build."""
    anciennes, nouvelles = avant.get("tailles_octets", {}), apres["tailles_octets"]
    assert isinstance(anciennes, dict)
    assert isinstance(nouvelles, dict)
    for nom, octets in nouvelles.items():
        ecart = f" ({(octets - anciennes[nom]) / 1e6:+.1f})" if nom in anciennes else ""
        print(f"    {nom.replace('_', ' '):18} {octets / 1e6:8.1f} Mo{ecart}")
    durees = apres["durees_s"]
    assert isinstance(durees, dict)
    print(f"  ✓ {apres['image']} en {sum(durees.values()):.0f} s")


def s_isoler() -> None:
    """Take a mount namespace of our own, private: what is mounted here dies with us."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        raise Rate(f"Il faut être root ({os.strerror(ctypes.get_errno())}).")


def main() -> None:
    """Read the command line, build."""
    lecteur = argparse.ArgumentParser(description=__doc__.splitlines()[1] if __doc__ else None)
    lecteur.add_argument("--noyau", choices=tuple(amorcer.NOYAUX), default="stable")
    lecteur.add_argument("--profil", choices=PROFILS, default="pirogue")
    choix = lecteur.parse_args()
    if a_jour(noyau=choix.noyau, profil=choix.profil):
        print(f"  ✓ {lire_compte_rendu()['image']} est à jour")
        return
    print(f"  L'image se construit (noyau {choix.noyau}, profil {choix.profil}), dans {ICI.name}/sortie/")
    construire(noyau=choix.noyau, profil=choix.profil)


if __name__ == "__main__":
    sys.exit(main())

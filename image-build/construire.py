"""
Build the image that people flash. As root, on Debian 12: `construire.py`, `--help` for its few choices.

Steps, in order: base (kept), tree, roles, Python (kept), lessons, initramfs, card, list of parts, compression, update.
All mounts live in a namespace of this process's own: nothing is left behind, even if it is killed.
"""

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import amorcer
import compte_rendu
import nomenclature
from atelier import CACHE, DEPOT, ICI, SORTIE, date_source, empreinte, empreinte_fichiers, etape, lancer
from compte_rendu import CompteRendu, peser
from monter import PROFILS, RADIOS, Lieux, Version, monter, s_isoler

sys.path.insert(0, str(ICI / "maj"))
import paquet

#: What the kernel is told besides its root and its slot; boot.scr says the same.
LIGNE_NOYAU = "ro rootwait net.ifnames=0 panic=10 fsck.repair=yes"
#: Folders whose files enter the image.
_SOURCES = ("ansible", "appliance", "contenus", "image-build", "portail", "requirements", "sync")


def construire(
    *, noyau: str = "stable", profil: str = "pirogue", radio: str = "interne", telle_quelle: bool = False
) -> CompteRendu:
    """
    Bring `sortie/` to the image of these sources, and return what it says of itself; one builder at a time.

    Args:
        noyau, profil, radio: what is asked for.
        telle_quelle: an image of these sources will do, whatever was asked for when it was built.

    Raises:
        SystemExit: a step failed; the former image is still whole.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "verrou").open("w") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        avant, cle = compte_rendu.lire(), paquet.trouver_cle(CACHE)
        choix = {"noyau": noyau, "profil": profil, "radio": radio, "signe_par": empreinte(cle.certificat.read_bytes())}
        if avant is not None and a_jour(avant, {} if telle_quelle else choix):
            print(f"  ✓ {avant.image} est à jour")
            return avant
        apres = _construire(cle, noyau=noyau, profil=profil, radio=radio)
        compte_rendu.dire(avant, apres)
        return apres


def a_jour(rendu: CompteRendu, choix: Mapping[str, str]) -> bool:
    """Tell whether an image is there still, of these very sources, and of these choices."""
    voulu = {"sources": empreinte_sources(), **choix}
    return Path(rendu.image).exists() and all(getattr(rendu, nom) == valeur for nom, valeur in voulu.items())


def _construire(cle: paquet.Cle, *, noyau: str, profil: str, radio: str) -> CompteRendu:
    """Do all the steps in a folder beside the former image, then take its place; the lock is held."""
    print(f"  L'image se construit (noyau {noyau}, profil {profil}, radio {radio})", flush=True)
    s_isoler()
    sources, durees = empreinte_sources(), dict[str, float]()
    version = Version.du_depot(sources, _SOURCES)
    neuf = SORTIE / ".neuf"
    shutil.rmtree(neuf, ignore_errors=True)
    (neuf / "noyau").mkdir(parents=True)
    image = neuf / f"pirogue-{version.nom}.img"
    lieux = Lieux(CACHE / "arbre", CACHE / "amorce", neuf / "racine.ext4", image)
    with etape("Base Debian arm64", durees):
        archive = amorcer.amorcer(amorcer.Base(amorcer.lire_paquets(), noyau))
    choix = {"profil": profil, "point_acces_radio": radio}
    noyau_pris, connues = monter(archive, lieux, version=version, choix=choix, confiance=cle.certificat, durees=durees)
    for nom in ("vmlinuz", "initrd.img"):
        shutil.copyfile((lieux.arbre / "boot" / nom).resolve(), neuf / "noyau" / nom)
    comprimee, raucb = Path(f"{image}.zst"), image.with_suffix(".raucb")
    with etape("Compression", durees):
        lancer("zstd", "-q", "-f", "-10", "-T2", image, "-o", comprimee)
    with etape("Mise à jour signée", durees):
        paquet.emballer(lieux.racine, version=version.nom, sortie=raucb, cle=cle)
    with etape("Liste des pièces et sommes", durees):
        _lister(neuf, lieux, version)
    poids = {"arbre": lieux.arbre, "python": lieux.arbre / "opt", "amorce": lieux.amorce, "image": image}
    poids |= {"initrd": neuf / "noyau/initrd.img", "image_comprimee": comprimee, "mise_a_jour": raucb}
    tailles = {nom: peser(chose) for nom, chose in poids.items()}
    _prendre_la_place(neuf)
    rendu = CompteRendu(
        version=version.nom,
        commit=version.commit,
        numero=version.numero,
        sources=sources,
        noyau=noyau,
        profil=profil,
        radio=radio,
        version_noyau=noyau_pris,
        cartes_meres=connues,
        ligne_noyau=LIGNE_NOYAU,
        image=str(SORTIE / image.name),
        image_comprimee=str(SORTIE / comprimee.name),
        raucb=str(SORTIE / raucb.name),
        racine=str(SORTIE / "racine.ext4"),
        vmlinuz=str(SORTIE / "noyau/vmlinuz"),
        initrd=str(SORTIE / "noyau/initrd.img"),
        arbre=str(lieux.arbre),
        amorce=str(lieux.amorce),
        cle_signature=str(cle.prive),
        certificat=str(cle.certificat),
        signe_par=empreinte(cle.certificat.read_bytes()),
        tailles_octets=tailles,
        durees_s=durees,
    )
    rendu.ecrire()
    return rendu


def _lister(neuf: Path, lieux: Lieux, version: Version) -> None:
    """Write the lists of parts, and the sums of all that is handed out."""
    pieces = nomenclature.recenser(lieux.arbre)
    nomenclature.ecrire_manifeste(pieces, neuf / "manifeste.txt", version=version.nom, commit=version.commit)
    nomenclature.ecrire_cyclonedx(pieces, neuf / "pirogue.cdx.json", version=version.nom, epoque=int(date_source()))
    nomenclature.ecrire_sommes(neuf, tuple(un for un in neuf.iterdir() if un.is_file() and un != lieux.racine))


def _prendre_la_place(neuf: Path) -> None:
    """Move what was built over the former; keep the card before this one, which a machine may still be reading."""
    compte_rendu.FICHIER.unlink(missing_ok=True)
    venus = {chose.name for chose in neuf.iterdir()}
    anciens = sorted(SORTIE.glob("pirogue-*.img"), key=lambda un: un.stat().st_mtime)
    gardees = {un.name for un in anciens[-1:]}
    for ancien in SORTIE.glob("pirogue-*"):
        if ancien.name not in venus | gardees:
            ancien.unlink()
    for chose in neuf.iterdir():
        if chose.is_dir():
            shutil.rmtree(SORTIE / chose.name, ignore_errors=True)
        chose.replace(SORTIE / chose.name)
    neuf.rmdir()


def empreinte_sources() -> str:
    """Return the digest of every file of the checkout that enters the image."""
    noms = lancer("git", "-C", DEPOT, "ls-files", "-z", "-co", "--exclude-standard", "--", *_SOURCES, "pyproject.toml")
    fichiers = [DEPOT / nom for nom in noms.split("\0") if nom and not nom.endswith(".md")]
    return empreinte_fichiers(fichier for fichier in fichiers if fichier.is_file())


def main() -> None:
    """Read the command line, build; or build twice and compare."""
    lecteur = argparse.ArgumentParser(description="Construire l'image que l'on flashe.")
    lecteur.add_argument("--noyau", choices=tuple(amorcer.NOYAUX), default="stable")
    lecteur.add_argument("--profil", choices=PROFILS, default="pirogue")
    lecteur.add_argument("--radio", choices=RADIOS, default="interne", help="qui fait le Wi-Fi de la classe")
    lecteur.add_argument("--signature", help="la clé qui signe les mises à jour (son certificat à côté, en .crt)")
    lecteur.add_argument("--telle-quelle", action="store_true", help="toute image de ces sources suffit")
    lecteur.add_argument("--comparer", action="store_true", help="construire deux fois et nommer ce qui diffère")
    choix = lecteur.parse_args()
    if choix.signature:
        os.environ[paquet.VARIABLE] = choix.signature
    if choix.comparer:
        import comparer  # noqa: PLC0415 -- only then

        confiance = paquet.trouver_cle(CACHE).certificat
        raise SystemExit(comparer.comparer(noyau=choix.noyau, profil=choix.profil, confiance=confiance))
    construire(noyau=choix.noyau, profil=choix.profil, radio=choix.radio, telle_quelle=choix.telle_quelle)


if __name__ == "__main__":
    main()

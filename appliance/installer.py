"""
Make the project's own environment (`.venv`) from the hashed pins. Standard library only: it runs before anything.

Usage: python3 appliance/installer.py demo|dev|bench [--navigateur] [--image]

`bench` holds only what others' tools need to be measured beside ours: it has an environment of its own, `.venv-bench`.

A mark in the environment says which pins are wholly installed; without it an interrupted install is done again.
"""

from __future__ import annotations  # an old Python must come as far as the sentence that refuses it

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

RACINE = Path(__file__).resolve().parents[1]
VENV = RACINE / (".venv-bench" if sys.argv[1:2] == ["bench"] else ".venv")
PYTHON = VENV / "bin" / "python"
#: Room that the environment needs, measured: 620 MB installed with Kolibri, and pip's unpacking beside it.
PLACE_MO = 1500
#: Debian packages that the tests need beyond Python → a file that each brings: Debian's browser, what Playwright's own
#: driver is linked with (a bare Debian 12 lacks it), letters for pages without their own, the judges of the lot; the
#: shore's other engine and its front; the machine that boots, and what makes and judges its sticks; the network, its
#: radios, and the systems' own clients that judge it; who judges the units' walls, and the poster; who loads the bench;
#: sticks that come and go, clocks, modems.
PAQUETS_TESTS = {
    "chromium": "usr/bin/chromium",
    "libatomic1": "usr/lib/*/libatomic.so.1",
    "fonts-dejavu-core": "usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "age": "usr/bin/age",
    "zstd": "usr/bin/zstd",
    "openssl": "usr/bin/openssl",
    "strace": "usr/bin/strace",
    "postgresql-15": "usr/lib/postgresql/15/bin/initdb",
    "nginx-light": "usr/sbin/nginx",
    "qemu-system-x86": "usr/bin/qemu-system-x86_64",
    "busybox-static": "bin/busybox",
    "cpio": "bin/cpio",
    "kmod": "sbin/modprobe",
    "dosfstools": "sbin/mkfs.vfat",
    "exfatprogs": "usr/sbin/mkfs.exfat",
    "e2fsprogs": "sbin/mkfs.ext4",
    "mtools": "usr/bin/mcopy",
    "f3": "usr/bin/f3probe",
    "fdisk": "sbin/sfdisk",
    "iproute2": "sbin/ip",
    "procps": "sbin/sysctl",
    "nftables": "usr/sbin/nft",
    "dnsmasq-base": "usr/sbin/dnsmasq",
    "bind9-dnsutils": "usr/bin/dig",
    "hostapd": "usr/sbin/hostapd",
    "wpasupplicant": "sbin/wpa_supplicant",
    "iw": "sbin/iw",
    "wireless-regdb": "lib/firmware/regulatory.db-debian",
    "dbus": "lib/systemd/system/dbus.service",
    "network-manager": "usr/sbin/NetworkManager",
    "firefox-esr": "usr/lib/firefox-esr/firefox-esr",
    "xvfb": "usr/bin/Xvfb",
    "xdotool": "usr/bin/xdotool",
    "imagemagick": "usr/bin/import",
    "systemd": "lib/systemd/systemd",
    "poppler-utils": "usr/bin/pdftoppm",
    "zbar-tools": "usr/bin/zbarimg",
    "wrk": "usr/bin/wrk",
    "udev": "lib/systemd/systemd-udevd",
    "chrony": "usr/sbin/chronyd",
    "modemmanager": "usr/sbin/ModemManager",
    "dbus-bin": "usr/bin/dbus-send",
    "dbus-daemon": "usr/bin/dbus-daemon",
    "openssh-client": "usr/bin/ssh",
}
#: What the bench of the exchange needs besides: an alternative that is measured beside us.
PAQUETS_BENCH = {
    "rsync": "usr/bin/rsync",
    "postgresql-15": PAQUETS_TESTS["postgresql-15"],
    "nginx-light": PAQUETS_TESTS["nginx-light"],
}


class Arret(SystemExit):
    """Stop with a sentence and what to do."""

    def __init__(self, phrase: str, geste: str) -> None:
        print(f"\n  ✗ {phrase}\n    → {geste}\n", file=sys.stderr)
        super().__init__(1)


def main() -> None:
    """Install what was asked for; say each step; do nothing when all is there."""
    genre = sys.argv[1]
    if sys.version_info < (3, 11):
        raise Arret(f"Python {sys.version.split()[0]} est trop ancien.", "Il faut Python 3.11 (Debian 12) ou plus.")
    if "--navigateur" in sys.argv:
        installer_paquets(PAQUETS_TESTS, pourquoi="pour les tests")
    if "--image" in sys.argv:
        preparer_atelier()
    if genre == "bench":
        installer_paquets(PAQUETS_BENCH, pourquoi="pour comparer")
    marque = VENV / f"installe-{genre}"
    empreinte = calculer_empreinte(genre)
    # The pins of `dev` contain those of `demo`: what is good for the tests is good for the demo.
    deja = [VENV / f"installe-{autre}" for autre in ({"demo", "dev"} if genre == "demo" else {genre})]
    complet = all((VENV / "bin" / nom).exists() for nom in ("python", *(() if genre == "bench" else ("pirogue",))))
    if complet and any(
        m.exists() and m.read_text() == calculer_empreinte(m.name.removeprefix("installe-")) for m in deja
    ):
        return
    if shutil.disk_usage(RACINE).free < PLACE_MO * 1_000_000:
        raise Arret("Le disque est presque plein.", f"Libère {PLACE_MO} Mo puis relance la même commande.")
    creer_venv()
    installer_roues(genre)
    if genre != "bench":
        lancer(
            [PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", RACINE],
            "Le projet lui-même n'a pas pu être installé.",
        )
    marque.write_text(empreinte)


def preparer_atelier() -> None:
    """Install what builds and boots the image: Debian's packages, then its backports, then arm64 programs."""
    sys.path.insert(0, str(RACINE / "image-build"))
    import hote  # noqa: PLC0415 - only who builds an image needs it

    installer_paquets(hote.PAQUETS_HOTE, pourquoi="pour l'image")
    if os.geteuid() != 0:
        raise Arret("L'image se construit en root.", "Relance la même commande avec sudo.")
    try:
        if not hote.outils_presents():
            dire("J'installe QEMU et mmdebstrap depuis les rétroportages de Debian (pour l'image)")
        hote.preparer()
    except subprocess.CalledProcessError as cause:
        print((cause.stderr or b"")[-1500:], file=sys.stderr)
        raise Arret(
            "Les outils de l'image n'ont pas pu être installés.", "Vérifie la connexion, puis relance."
        ) from None


def calculer_empreinte(genre: str) -> str:
    """Return a digest of all that the environment is made from."""
    sources = [RACINE / "requirements" / f"{genre}.txt", RACINE / "pyproject.toml"]
    contenu = b"".join(source.read_bytes() for source in sources)
    return hashlib.sha256(contenu + str(RACINE).encode() + sys.version.encode()).hexdigest()


def creer_venv() -> None:
    """Make `.venv`, again if a former one is broken."""
    if PYTHON.exists() and reussit([PYTHON, "-m", "pip", "--version"]):
        return
    dire(f"Je prépare un environnement Python dans {VENV.name}")
    if not reussit([sys.executable, "-c", "import ensurepip"]):
        installer_paquets({}, pourquoi="pour créer l'environnement", toujours=["python3-venv"])
    shutil.rmtree(VENV, ignore_errors=True)
    lancer([sys.executable, "-m", "venv", VENV], "L'environnement Python n'a pas pu être créé.")


def installer_roues(genre: str) -> None:
    """Install the pins, telling how many are done."""
    exigences = RACINE / "requirements" / f"{genre}.txt"
    total = sum("==" in ligne and not ligne.startswith("#") for ligne in exigences.read_text().splitlines())
    commande = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    commande += ["--require-hashes", "-r", exigences]
    debut, vus, sortie = time.monotonic(), 0, []
    with subprocess.Popen(commande, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for ligne in pip.stdout:
            sortie.append(ligne)
            if ligne.startswith(("Collecting", "Requirement already")):
                vus += 1
                dire(f"J'installe les bibliothèques : {vus}/{total}", fin="\r")
            elif ligne.startswith("Installing collected"):
                dire(f"J'installe les bibliothèques : {total}/{total}, je les range…", fin="\r")
    if pip.returncode:
        print("".join(sortie[-15:]), file=sys.stderr)
        raise Arret(
            "Les bibliothèques n'ont pas pu être installées.",
            "Vérifie la connexion et la place sur le disque, puis relance la même commande : elle reprend.",
        )
    dire(f"Bibliothèques installées : {total}, en {time.monotonic() - debut:.0f} s" + " " * 20)


def installer_paquets(paquets: dict[str, str], *, pourquoi: str, toujours: list[str] | None = None) -> None:
    """Install with apt the packages whose file is missing; say so; raise Arret when we may not."""
    manquants = [nom for nom, fichier in paquets.items() if not any(Path("/").glob(fichier))] + (toujours or [])
    if not manquants:
        return
    noms = " ".join(manquants)
    if shutil.which("apt-get") is None:
        raise Arret(f"Il manque {noms} ({pourquoi}).", "Cette machine n'a pas apt : installe-les par son propre moyen.")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and shutil.which("sudo") is None:
        raise Arret(f"Il manque {noms} ({pourquoi}).", f"Demande à un administrateur : apt install {noms}")
    dire(f"J'installe {noms} avec apt ({pourquoi})")
    environnement = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for verbe in (["update"], ["install", "-y", "--no-install-recommends", *manquants]):
        fait = subprocess.run(
            [*sudo, "apt-get", "-q", *verbe], env=environnement, capture_output=True, text=True, check=False
        )
        if fait.returncode:
            print(fait.stderr[-1500:], file=sys.stderr)
            raise Arret(f"Il manque {noms} ({pourquoi}).", f"Installe-les à la main : sudo apt install {noms}")


def lancer(commande: list[object], phrase: str) -> None:
    """Run a quiet command; raise Arret with what it said when it fails."""
    fait = subprocess.run([str(part) for part in commande], capture_output=True, text=True, check=False)
    if fait.returncode:
        print((fait.stdout + fait.stderr)[-1500:], file=sys.stderr)
        raise Arret(phrase, "Relance la même commande ; si cela continue, supprime le dossier .venv.")


def reussit(commande: list[object]) -> bool:
    """Say whether a command ends well."""
    return subprocess.run([str(part) for part in commande], capture_output=True, check=False).returncode == 0


def dire(phrase: str, *, fin: str = "\n") -> None:
    """Print one step, over the former one when `fin` is a carriage return on a terminal."""
    if fin == "\r" and not sys.stdout.isatty():
        return
    print(f"  · {phrase}", end=fin, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise Arret("Arrêté.", "Relance la même commande : elle reprend où elle en était.") from None
    except OSError as cause:
        if cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Arret("Le disque est plein.", "Libère de la place puis relance la même commande.") from None
        if cause.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise Arret(
            f"Le dossier du projet ne peut pas être écrit ({cause.filename}).",
            "Copie le projet dans un dossier à toi, puis relance la même commande.",
        ) from None

"""
Prepare the machine that builds: Debian's backports for QEMU 10 and mmdebstrap 1.5, and the kernel's way to run arm64.

Standard library only: the installer calls it before anything of ours is there. As root.
"""

import subprocess
from pathlib import Path

#: Packages of Debian 12's backports → a file that each brings.
PAQUETS_RETROPORTES = {
    "qemu-system-arm": "usr/bin/qemu-system-aarch64",
    "qemu-user-static": "usr/bin/qemu-aarch64-static",
    "qemu-utils": "usr/bin/qemu-img",
    "mmdebstrap": "usr/bin/mmdebstrap",
}
#: Packages of Debian 12 itself → a file that each brings.
PAQUETS_HOTE = {
    "arch-test": "usr/bin/arch-test",
    "binutils-aarch64-linux-gnu": "usr/bin/aarch64-linux-gnu-readelf",
    "gcc-aarch64-linux-gnu": "usr/bin/aarch64-linux-gnu-gcc",
    "device-tree-compiler": "usr/bin/dtc",
    "dosfstools": "sbin/mkfs.vfat",
    "e2fsprogs": "sbin/mke2fs",
    "fdisk": "sbin/sfdisk",
    "mtools": "usr/bin/mcopy",
    "rauc": "usr/bin/rauc",
    "squashfs-tools": "usr/bin/mksquashfs",
    "u-boot-qemu": "usr/lib/u-boot/qemu_arm64/u-boot.bin",
    "u-boot-tools": "usr/bin/mkimage",
    "unzip": "usr/bin/unzip",
    "xz-utils": "usr/bin/xz",
    "binutils": "usr/bin/strings",
    "zstd": "usr/bin/zstd",
}
#: The first versions that do: QEMU with `raspi4b`, mmdebstrap that knows `--customize-hook` as we use it.
_MINIMA = {"qemu-system-arm": "1:9", "mmdebstrap": "1.5"}
BINFMT = Path("/proc/sys/fs/binfmt_misc")
_SOURCES = Path("/etc/apt/sources.list.d/pirogue-backports.sources")
_CLES = "/usr/share/keyrings/debian-archive-keyring.gpg"


def preparer() -> None:
    """
    Install the backported tools that are missing, then register arm64 programs; do nothing when all is there.

    Raises:
        subprocess.CalledProcessError: apt or the kernel refused.
    """
    if not outils_presents():
        if not _retroports_connus():
            ecrire_retroports()
        _apt("update")
        _apt("install", "-y", "--no-install-recommends", "-t", f"{_version_hote()}-backports", *PAQUETS_RETROPORTES)
    inscrire_arm64()


def outils_presents() -> bool:
    """Tell whether the backported tools are installed, and new enough."""
    if not all((Path("/") / fichier).exists() for fichier in PAQUETS_RETROPORTES.values()):
        return False
    for nom, minimum in _MINIMA.items():
        version = _dire("dpkg-query", "-W", "-f", "${Version}", nom)
        if subprocess.run(["dpkg", "--compare-versions", version, "ge", minimum], check=False).returncode:
            return False
    return True


def ecrire_retroports() -> None:
    """Add the backports of the mirror that this machine already uses."""
    suite = f"{_version_hote()}-backports"
    _SOURCES.write_text(
        f"Types: deb\nURIs: {miroir()}\nSuites: {suite}\nComponents: main\nSigned-By: {_CLES}\n", encoding="utf-8"
    )


def miroir(*, securite: bool = False) -> str:
    """
    Return the address of the Debian mirror that apt is set to here, or of its security archive.

    A machine without the security archive gets the one beside its mirror. Raises SystemExit when apt knows no mirror.
    """
    adresses = _dire("apt-get", "indextargets", "--format", "$(REPO_URI)").split()
    connus = {adresse.rstrip("/").rsplit("/", 1)[-1]: adresse.rstrip("/") for adresse in adresses}
    if "debian" not in connus:
        raise SystemExit("apt ne connaît aucun miroir de Debian : lance « apt-get update », puis recommence.")
    return connus.get("debian-security", f"{connus['debian']}-security") if securite else connus["debian"]


def inscrire_arm64() -> None:
    """Make the kernel run arm64 programs through qemu-user; needed again after each start of the machine."""
    if not (BINFMT / "status").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        regle = Path("/usr/lib/binfmt.d/qemu-aarch64.conf").read_text(encoding="utf-8").strip()
        (BINFMT / "register").write_text(regle, encoding="utf-8")


def _retroports_connus() -> bool:
    """Tell whether apt already reads this release's backports."""
    return f"{_version_hote()}-backports" in _dire("apt-get", "indextargets", "--format", "$(RELEASE)").split()


def _version_hote() -> str:
    """Return the code name of the Debian that this machine runs."""
    lignes = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return dict(ligne.split("=", 1) for ligne in lignes if "=" in ligne)["VERSION_CODENAME"].strip('"')


def _dire(*commande: str) -> str:
    """Return what a program prints; nothing when it fails."""
    return subprocess.run(commande, capture_output=True, text=True, check=False).stdout


def _apt(*mots: str) -> None:
    """Run apt-get, waiting for whoever holds its lock."""
    subprocess.run(
        ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *mots],
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    preparer()

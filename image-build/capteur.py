"""
The supply's sensor: a driver of the kernel's that Debian does not build, made from Debian's sources of that kernel.

Without it a Pi cannot say that its battery fails: `CONFIG_SENSORS_RASPBERRYPI_HWMON` is off in Debian 6.12 and 7.3. The
sources are those of the very version that the tree holds, and apt verifies them; a kernel taken later has its own made.
"""

import lzma
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from atelier import CACHE, Rate, lancer

NOM = "raspberrypi-hwmon"
OPTION = "CONFIG_SENSORS_RASPBERRYPI_HWMON"
#: Debian's kernels are made with a later compiler than Debian 12's: this word makes theirs speak to the older one
#: (the kernel's Makefile, FUNCTION_ALIGNMENT); without the debugging words, no path of this machine is in the driver.
_MOTS = (
    *("ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "CC=aarch64-linux-gnu-gcc"),
    *("CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=", "CONFIG_DEBUG_INFO=", "CONFIG_DEBUG_INFO_BTF_MODULES="),
)


def poser(racine: Path, *, apt: Mapping[str, str]) -> None:
    """
    Make the driver for the tree's kernel and lay it among its modules, under `updates/`; nothing if the kernel has it.

    Args:
        racine: a tree with one kernel, whose packages are configured.
        apt: what makes apt read that tree's archives.

    Raises:
        Rate: apt does not find the sources of that kernel, or they do not compile.
    """
    configs = sorted((racine / "boot").glob("config-*"))
    if len(configs) != 1:
        raise Rate(f"Il faut un noyau dans l'arbre, j'en vois {len(configs)}.")
    if re.search(rf"^{OPTION}=[ym]$", configs[0].read_text(encoding="utf-8"), re.MULTILINE):
        return
    noyau = configs[0].name.removeprefix("config-")
    version, commun = version_de(racine, noyau), noyau.removesuffix("-arm64")
    paquets = (f"linux-headers-{noyau}", f"linux-headers-{commun}-common", f"linux-kbuild-{commun}", source_de(noyau))
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="capteur-") as dossier:
        atelier = Path(dossier)
        lancer("apt-get", "-qq", "download", *(f"{un}={version}" for un in paquets), ou=atelier, env=dict(apt))
        for paquet in atelier.glob("*.deb"):
            lancer("dpkg-deb", "-x", paquet, atelier)
        module = _compiler(atelier, racine, noyau)
        if f"vermagic={noyau} ".encode() not in module:
            raise Rate(f"Le pilote {NOM} n'est pas celui du noyau {noyau}.")
    ou = racine / "usr/lib/modules" / noyau / "updates" / f"{NOM}.ko.xz"
    ou.parent.mkdir(exist_ok=True)
    # What the kernel reads: no other check, no larger window (Documentation/staging/xz.rst).
    ou.write_bytes(lzma.compress(module, check=lzma.CHECK_CRC32))
    lancer("chroot", racine, "depmod", noyau)


def source_de(noyau: str) -> str:
    """Return the Debian package that holds the sources of a kernel: `6.12.117+deb13-arm64` → `linux-source-6.12`."""
    return "linux-source-" + ".".join(noyau.split(".")[:2])


def version_de(racine: Path, noyau: str) -> str:
    """Return the version of the Debian package that brought a kernel."""
    return lancer("dpkg-query", f"--admindir={racine}/var/lib/dpkg", "-W", "-f", "${Version}", f"linux-image-{noyau}")


def _compiler(atelier: Path, racine: Path, noyau: str) -> bytes:
    """Return the driver, compiled by the host; the kernel's own tools are arm64, and borrow the tree's libraries."""
    entetes, ici = atelier / f"usr/src/linux-headers-{noyau}", atelier / "pilote"
    ici.mkdir()
    (ici / "Kbuild").write_text(f"obj-m := {NOM}.o\n", encoding="ascii")
    source = source_de(noyau)
    membre = f"{source}/drivers/hwmon/{NOM}.c"
    archive = atelier / f"usr/src/{source}.tar.xz"
    lancer("tar", "-C", ici, "-xJf", archive, "--occurrence=1", "--strip-components=3", membre)
    # Debian's own paths, where they are not.
    regle = entetes / "Makefile"
    regle.write_text(regle.read_text(encoding="utf-8").replace("/usr/src/", f"{atelier}/usr/src/"), encoding="utf-8")
    lancer("make", "-C", entetes, f"M={ici}", *_MOTS, "modules", env={"QEMU_LD_PREFIX": str(racine), "MAKEFLAGS": ""})
    lancer("aarch64-linux-gnu-strip", "--strip-debug", "--remove-section=.comment", ici / f"{NOM}.ko")
    return (ici / f"{NOM}.ko").read_bytes()

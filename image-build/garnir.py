"""
From the base to the box: our files, the roles, the lessons, the initramfs.

At the end all that is of the building machine is taken away, and all that must differ from one box to the next.
"""

import json
import shutil
import sys
from pathlib import Path

import yaml
from accelerer import accelere, dedans, habite
from atelier import ARBRE, DEPOT, ICI, Rate, date_source, lancer

from pirogue_contenus import catalogue, chaine

ANSIBLE = DEPOT / "ansible"
CONTENU = Path("usr/share/pirogue/contenu")
#: On the boat nothing waits for a network that may not come for days.
MASQUES = ("systemd-networkd-wait-online.service",)


def deballer(archive: Path, arbre: Path) -> None:
    """Make the tree from the kept base."""
    shutil.rmtree(arbre, ignore_errors=True)
    arbre.mkdir(parents=True)
    lancer("tar", "-C", arbre, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", archive)


def poser_fichiers(arbre: Path, *, version: str, commit: str, numero: int) -> None:
    """Lay down what belongs to the image and to no role (`arbre/`), and say which image it is."""
    lancer("cp", "-a", "--no-preserve=ownership", f"{ARBRE}/.", arbre)
    (arbre / "etc/hostname").write_text("pirogue\n", encoding="utf-8")
    (arbre / "etc/hostname").chmod(0o644)
    (arbre / "etc/hosts").write_text("127.0.0.1 localhost pirogue\n::1 localhost ip6-localhost\n", encoding="utf-8")
    (arbre / "etc/pirogue").mkdir(exist_ok=True)
    (arbre / "etc/pirogue/version").write_text(
        f"version={version}\nnumero={numero}\ncommit={commit}\ndate={date_source()}\n", encoding="utf-8"
    )
    for dossier in ("data", "media/root-ro", "boot/firmware"):
        (arbre / dossier).mkdir(parents=True, exist_ok=True)
    sources = arbre / "etc/apt/sources.list"
    sources.write_text(
        "deb http://deb.debian.org/debian trixie main non-free-firmware\n"
        "deb http://deb.debian.org/debian trixie-updates main non-free-firmware\n"
        "deb http://deb.debian.org/debian-security trixie-security main non-free-firmware\n",
        encoding="utf-8",
    )
    (arbre / "root").chmod(0o700)


def noms_des_roles() -> tuple[str, ...]:
    """Return the roles that the site's playbook applies, in its order."""
    (jeu,) = yaml.safe_load((ANSIBLE / "site.yml").read_text(encoding="utf-8"))
    return tuple(str(role) for role in jeu["roles"])


def paquets_des_roles() -> tuple[str, ...]:
    """Return the Debian packages that the roles ask for (`<role>_paquets`)."""
    paquets: set[str] = set()
    for role in noms_des_roles():
        defauts = yaml.safe_load((ANSIBLE / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8")) or {}
        paquets.update(defauts.get(f"{role}_paquets", ()))
    return tuple(sorted(paquets))


def appliquer_roles(arbre: Path, *, profil: str) -> None:
    """
    Run the site's own playbook with every `<role>_racine` leading into the tree: files are laid, nothing is started.

    Raises:
        Rate: a role failed.
    """
    variables: dict[str, object] = {f"{role}_racine": str(arbre) for role in noms_des_roles()}
    variables |= {"profil": profil, "ansible_become": False, "ansible_python_interpreter": sys.executable}
    lancer(
        *(Path(sys.executable).parent / "ansible-playbook", "-i", ICI / "inventaire.yml", "-e", json.dumps(variables)),
        "site.yml",
        ou=ANSIBLE,
        env={"ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "LC_ALL": "C.UTF-8"},
    )
    lancer("systemd-sysusers", f"--root={arbre}")


def poser_lecons(arbre: Path) -> None:
    """Build our channel from the course, where the first start finds it."""
    parcours = DEPOT / "contenus" / "parcours"
    (arbre / CONTENU).mkdir(parents=True, exist_ok=True)
    chaine.construire(parcours, arbre / CONTENU, version=catalogue.charger(parcours).version)


def finir(arbre: Path) -> str:
    """
    Make the one initramfs, mask what is not ours, take away what is of this machine; return the kernel's version.

    Raises:
        Rate: no kernel, or more than one.
    """
    noyaux = sorted((arbre / "boot").glob("vmlinuz-*"))
    if len(noyaux) != 1:
        raise Rate(f"Il faut un noyau dans l'arbre, j'en vois {len(noyaux)}.")
    version = noyaux[0].name.removeprefix("vmlinuz-")
    for crochet in ("kernel/postinst.d", "kernel/postrm.d", "initramfs/post-update.d"):
        (arbre / "etc" / crochet / "z50-raspi-firmware").unlink(missing_ok=True)
    with habite(arbre), accelere(arbre):
        dedans(
            arbre,
            "env",
            f"SOURCE_DATE_EPOCH={date_source()}",
            "mkinitramfs",
            "-o",
            f"/boot/initrd.img-{version}",
            version,
        )
        dedans(arbre, "systemctl", "--quiet", "mask", *MASQUES)
    for lien, cible in (("vmlinuz", f"vmlinuz-{version}"), ("initrd.img", f"initrd.img-{version}")):
        (arbre / "boot" / lien).unlink(missing_ok=True)
        (arbre / "boot" / lien).symlink_to(cible)
    for reste in ("vmlinuz", "vmlinuz.old", "initrd.img", "initrd.img.old"):
        (arbre / reste).unlink(missing_ok=True)
    nettoyer(arbre)
    return version


def garnir_amorce(arbre: Path, version: str, amorce: Path) -> None:
    """Fill the first partition: the Pi's firmware, the boards' descriptions, U-Boot, its script, what it remembers."""
    shutil.rmtree(amorce, ignore_errors=True)
    amorce.mkdir()
    for source in sorted((arbre / "usr/lib/raspi-firmware").iterdir()):
        # The debugging firmware and the camera's are never loaded.
        if source.is_file() and not source.stem.endswith(("db", "x")):
            shutil.copyfile(source, amorce / source.name)
    for source in sorted((arbre / f"usr/lib/linux-image-{version}/broadcom").glob("bcm2*.dtb")):
        shutil.copyfile(source, amorce / source.name)
    shutil.copyfile(arbre / "usr/lib/u-boot/rpi_arm64/u-boot.bin", amorce / "u-boot.bin")
    shutil.copyfile(ICI / "amorce/config.txt", amorce / "config.txt")
    shutil.copyfile(ICI / "maj/slot.env", amorce / "slot.env")
    lancer(
        *("mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "pirogue"),
        *("-d", ICI / "maj/boot.cmd", amorce / "boot.scr"),
        env={"SOURCE_DATE_EPOCH": date_source()},
    )


def nettoyer(arbre: Path) -> None:
    """Take away keys, identities, logs, lists, caches: what differs from one box to the next is made aboard."""
    for motif in (
        "etc/ssh/ssh_host_*",
        "var/lib/dbus/machine-id",
        "var/lib/systemd/random-seed",
        "var/lib/apt/lists/*",
        "var/lib/apt/mirrors/*",
        "var/cache/apt/*",
        "var/cache/debconf/*-old",
        "var/cache/ldconfig/aux-cache",
        "var/lib/dpkg/*-old",
        "var/log/*",
        "root/.ansible",
        "root/.cache",
        "etc/*-",
        "boot/System.map-*",
        "usr/bin/qemu-*-static",
    ):
        for chose in sorted(arbre.glob(motif)):
            shutil.rmtree(chose) if chose.is_dir() and not chose.is_symlink() else chose.unlink()
    shutil.rmtree(arbre / "boot/firmware")
    (arbre / "boot/firmware").mkdir()
    # Empty, not « uninitialized »: each start would be a first one, and enable every unit that has a preset.
    (arbre / "etc/machine-id").write_text("", encoding="ascii")

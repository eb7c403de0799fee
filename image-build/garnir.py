"""
From the base to the box: our files, the roles, the lessons, the initramfs.

At the end all that is of the building machine is taken away, and all that must differ from one box to the next.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from accelerer import accelere, dedans, habite
from atelier import ARBRE, CACHE, DEPOT, ICI, Rate, date_source, empreinte_fichiers, lancer
from lire_roles import ANSIBLE, noms_des_roles

from pirogue_contenus import catalogue, chaine, kolibri_modele

sys.path.insert(0, str(ICI / "maj"))
import paquet

PARTAGE = Path("usr/share/pirogue")
#: On the boat nothing waits for a network that may not come for days; no program of another machine is run there.
MASQUES = (
    "systemd-networkd-wait-online.service",
    "systemd-binfmt.service",
    "proc-sys-fs-binfmt_misc.automount",
)
#: What differs from one box to the next and is made aboard; then what only the making of packages needed.
RESTES = (
    *("etc/ssh/ssh_host_*", "etc/hostid", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"),
    *("root/.ansible", "root/.cache", "root/.ssh", "etc/*-", "var/log/*", "var/lib/systemd/deb-systemd-*"),
    *("var/lib/apt/lists/*", "var/lib/apt/mirrors/*", "var/cache/*/*", "var/lib/dpkg/*-old", "boot/System.map-*"),
)
#: Pages, translations, descriptions of other boards, debugging firmware: a tenth of the card, opened by nobody aboard.
SUPERFLU = (
    *("usr/share/man/*", "usr/share/info/*", "usr/share/locale/*/LC_MESSAGES", "usr/share/lintian"),
    *("usr/lib/raspi-firmware/*_db.*", "usr/lib/raspi-firmware/*_x.*", "usr/lib/raspi-firmware/*4db.*"),
    *("usr/lib/raspi-firmware/*4x.*", "usr/lib/raspi-firmware/overlays", "usr/lib/u-boot/rpi_[34]"),
    *("usr/lib/u-boot/*/uboot.elf", "usr/lib/udev/hwdb.d", "usr/share/python-wheels"),
)
#: Of MediaTek's firmware, that of the USB radios that make an access point (mt7601u, mt76x0u, mt76x2u, mt7921u).
RADIOS_USB = ("mt7601u.bin", "mt7610*.bin", "mt7662u*.bin", "WIFI_*MT7961*.bin")


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
    # Nothing of the machine that builds; and the box takes nothing from apt: a signed update replaces it whole.
    (arbre / "etc/apt/sources.list").write_text("# La boîte se met à jour par clé, jamais par apt.\n", encoding="utf-8")


def appliquer_roles(arbre: Path, *, choix: Mapping[str, str], confiance: Path) -> None:
    """
    Run the site's own playbook with every `<role>_racine` leading into the tree: files are laid, nothing is started.

    Raises:
        Rate: a role failed.
    """
    variables: dict[str, object] = {f"{role}_racine": str(arbre) for role in noms_des_roles()}
    variables |= {**choix, "mise_a_jour_confiance": str(confiance)}
    variables |= {"ansible_become": False, "ansible_python_interpreter": sys.executable}
    lancer(
        *(Path(sys.executable).parent / "ansible-playbook", "-i", ICI / "inventaire.yml", "-e", json.dumps(variables)),
        "site.yml",
        ou=ANSIBLE,
        env={"ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_PIPELINING": "true", "LC_ALL": "C.UTF-8"},
    )
    lancer("systemd-sysusers", f"--root={arbre}")


def poser_lecons(arbre: Path) -> None:
    """Build our channel from the course, and the home that a box's Kolibri begins from; kept by their digest."""
    sources = [un for un in (DEPOT / "contenus").rglob("*") if un.is_file() and "__pycache__" not in un.parts]
    cle = empreinte_fichiers([*sources, DEPOT / "requirements/boite.txt"])[:16]
    archive = CACHE / f"lecons-{cle}.tar"
    if not archive.exists():
        neuf = CACHE / "lecons"
        shutil.rmtree(neuf, ignore_errors=True)
        contenu = neuf / PARTAGE / "contenu"
        contenu.mkdir(parents=True)
        parcours = DEPOT / "contenus/parcours"
        chaine.construire(parcours, contenu, version=catalogue.charger(parcours).version)
        kolibri_modele.modeler(contenu, neuf / PARTAGE / "kolibri-neuf", progres=_se_taire)
        for ancienne in CACHE.glob("lecons-*.tar"):
            ancienne.unlink()
        inacheve = archive.with_suffix(".part")
        lancer("chmod", "-R", "a+rX", neuf)
        lancer("tar", "-C", neuf, "--sort=name", "--owner=0", "--group=0", "-cpf", inacheve, PARTAGE)
        inacheve.rename(archive)
    lancer("tar", "-C", arbre, "-xpf", archive)


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
    initrd = f"/boot/initrd.img-{version}"
    with habite(arbre), accelere(arbre):
        dedans(arbre, "env", f"SOURCE_DATE_EPOCH={date_source()}", "mkinitramfs", "-o", initrd, version)
    lancer("systemctl", f"--root={arbre}", "--quiet", "mask", *MASQUES)
    for lien, cible in (("vmlinuz", f"vmlinuz-{version}"), ("initrd.img", f"initrd.img-{version}")):
        (arbre / lien).unlink(missing_ok=True)
        (arbre / f"{lien}.old").unlink(missing_ok=True)
        (arbre / "boot" / lien).unlink(missing_ok=True)
        (arbre / "boot" / lien).symlink_to(cible)
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
    (amorce / "overlays").mkdir()
    for source in sorted((ICI / "amorce").glob("*.dts")):
        lancer("dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", amorce / f"overlays/{source.stem}.dtbo", source)
    paquet.poser_amorce(amorce, epoque=int(date_source()))


def nettoyer(arbre: Path) -> None:
    """Take away keys, identities, logs, lists, caches (RESTES), and what nobody opens aboard (SUPERFLU)."""
    for motif in (*RESTES, *SUPERFLU):
        for chose in sorted(arbre.glob(motif)):
            _oter(chose)
    for dossier in arbre.glob("usr/lib/linux-image-*/*"):
        if dossier.name != "broadcom":
            _oter(dossier)
    for micrologiciel in sorted((arbre / "usr/lib/firmware/mediatek").iterdir()):
        if not any(micrologiciel.match(motif) for motif in RADIOS_USB):
            _oter(micrologiciel)
    for fichier in sorted((arbre / "usr/share/doc").rglob("*")):
        if not fichier.is_dir() and fichier.name != "copyright":
            fichier.unlink()
    _oter(arbre / "boot/firmware")
    (arbre / "boot/firmware").mkdir()
    (arbre / "root").chmod(0o700)
    # « /usr is new » would be true at each start of a read-only root: four programs, ten seconds, for nothing.
    for lieu in ("etc", "var"):
        (arbre / lieu / ".updated").write_text("", encoding="ascii")
    # Empty, not « uninitialized »: each start would be a first one, and enable every unit that has a preset.
    (arbre / "etc/machine-id").write_text("", encoding="ascii")


def _oter(chose: Path) -> None:
    """Remove a file, a link, or a whole folder."""
    if chose.is_dir() and not chose.is_symlink():
        shutil.rmtree(chose)
    else:
        chose.unlink()


def _se_taire(_phrase: str) -> None:
    """Say nothing: the step itself is said."""

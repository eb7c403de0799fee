"""The card, looked at without starting it: what it is cut into, what it waits for, what was found to fail elsewhere."""

import lzma
import re
import subprocess
import sys
from pathlib import Path

import pytest

from image.construction import RACINE, Construction
from image.lecture_carte import Carte, fichiers, lister_disque

CONSTRUCTION = RACINE / "image-build"
MIO = 1 << 20
_AUTRE_CLE = """
import compte_rendu, construire
rendu = compte_rendu.CompteRendu(**{dit!r})
construire.empreinte_sources = lambda: rendu.sources
print(construire.a_jour(rendu, dict(signe_par=rendu.signe_par)), construire.a_jour(rendu, dict(signe_par="une autre")))
"""
#: systemd's exposure, in tenths, that Debian's daemons may reach; ours are in tests/roles/test_unites.py. Without one:
#: rauc, which writes whole systems, and ssh, which opens shells.
SEUILS_DEBIAN = {
    "hostapd.service": 30,
    "systemd-networkd.service": 35,
    "systemd-resolved.service": 30,
    "ModemManager.service": 65,
}
#: ELF header's machine number.
AARCH64 = 183


def test_the_card_is_cut_as_every_pi_can_read(carte: Carte) -> None:
    """The boot ROM of a Pi 3 reads MBR alone; the kernel finds its root by the disk's id, on any medium."""
    genre, numero, parts = carte.table()

    assert (genre, numero) == ("dos", "0x50495247")
    assert [un.genre for un in parts] == ["c", "83", "83", "83"]
    assert [un.amorce for un in parts] == [True, False, False, False]
    assert parts[1].taille == parts[2].taille
    assert all(un.debut % (4 * MIO) == 0 for un in parts)


def test_the_first_partition_starts_every_board_through_uboot(carte: Carte) -> None:
    """The firmware of the Pi 3 and 4, their descriptions, U-Boot, its script: without one the screen stays black."""
    noms, config = carte.noms_fat(), carte.fat("config.txt")

    assert {"::/" + un for un in ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")} <= noms
    assert {"::/" + un for un in ("u-boot.bin", "boot.scr", "config.txt")} <= noms
    for carte_mere in ("2837-rpi-3-b", "2837-rpi-3-b-plus", "2837-rpi-zero-2-w", "2711-rpi-4-b"):
        assert f"::/bcm{carte_mere}.dtb" in noms
    assert {"arm_64bit=1", "kernel=u-boot.bin"} <= set(config.split())


@pytest.mark.parametrize("carte_mere", ["2837-rpi-3-b-plus", "2711-rpi-4-b"])
def test_the_battery_clock_can_be_declared_to_every_board(carte: Carte, tmp_path: Path, carte_mere: str) -> None:
    """The overlay is on the partition that a PC reads, and the board's own description takes it."""
    for nom in (f"bcm{carte_mere}.dtb", "overlays/pirogue-ds3231.dtbo"):
        carte.sortir_fat(nom, tmp_path)
    mots = ["fdtoverlay", "-i", f"bcm{carte_mere}.dtb", "-o", "apres.dtb", "pirogue-ds3231.dtbo"]
    subprocess.run(mots, cwd=tmp_path, check=True)
    dit = subprocess.run(["fdtget", "-l", "apres.dtb", "/soc/i2c@7e804000"], cwd=tmp_path, stdout=-1, check=True).stdout

    assert b"rtc@68" in dit.split()


@pytest.mark.parametrize("puce", ["brcm/brcmfmac43455-sdio.bin", "mediatek/mt7662u.bin", "mediatek/mt7610u.bin"])
def test_the_radios_that_a_classroom_may_have_find_their_firmware(racine: Path, puce: str) -> None:
    """The Pi's own, which takes eight laptops; those on USB, which take the twelve of a boat."""
    assert len((racine / "usr/lib/firmware" / puce).read_bytes()) > 10_000


def test_the_boot_script_tells_the_kernel_what_the_tests_tell_it(construction: Construction) -> None:
    """The machine under test starts the kernel directly: its line must be the boat's own."""
    script = (CONSTRUCTION / "maj/boot.cmd").read_text(encoding="utf-8")
    ligne = " ".join(re.findall(r"setenv bootargs ([^;\n]*)", script))

    assert construction.ligne in ligne
    assert "root=PARTUUID=50495247-0${part}" in ligne
    assert "rauc.slot=$" in ligne


def test_data_is_made_to_grow(carte: Carte) -> None:
    """A small ext4 gets 1 KiB blocks and a tiny journal, and keeps them on a 64 GB card."""
    entete = carte.entete(4)

    assert re.search(r"^Block size:\s+4096$", entete, re.MULTILINE)
    assert re.search(r"^Total journal size:\s+32M$", entete, re.MULTILINE)
    assert re.search(r"^Filesystem volume name:\s+data$", entete, re.MULTILINE)
    assert "lost+found" in carte.ext4(4, "ls", "/")


def test_the_roots_file_system_is_sound_and_has_room(carte: Carte) -> None:
    """An update of the same size must still fit the slot in two years."""
    entete = carte.entete(2)
    blocs, libres = (
        int(re.findall(rf"^{nom}:\s+(\d+)", entete, re.MULTILINE)[0]) for nom in ("Block count", "Free blocks")
    )

    assert re.search(r"^Filesystem state:\s+clean$", entete, re.MULTILINE)
    assert libres / blocs > 0.25


def test_only_two_partitions_are_mounted_and_nothing_swaps(racine: Path) -> None:
    """Swap kills cards; a line for the root would make systemd open it for writing."""
    lignes = [
        ligne.split()
        for ligne in (racine / "etc/fstab").read_text().splitlines()
        if ligne and not ligne.startswith("#")
    ]
    montages = {mots[1]: (mots[0], mots[2], set(mots[3].split(","))) for mots in lignes}

    assert set(montages) == {"/boot/firmware", "/data"}
    assert montages["/boot/firmware"][:2] == ("PARTUUID=50495247-01", "vfat")
    assert {"ro", "umask=0077"} <= montages["/boot/firmware"][2]
    assert {"noatime", "nodev", "nosuid", "noexec", "x-systemd.growfs"} <= montages["/data"][2]
    assert not list(racine.glob("swap*"))


def test_what_was_found_to_fail_is_not_aboard(racine: Path) -> None:
    """Debian's fake-hwclock goes backwards; zram and swap files eat the memory or the card."""
    etat = (racine / "var/lib/dpkg/status").read_text(encoding="utf-8")
    presents = set(re.findall(r"^Package: (\S+)$", etat, re.MULTILINE))

    assert not presents & {"fake-hwclock", "systemd-zram-generator", "dphys-swapfile", "f2fs-tools", "network-manager"}
    assert presents >= {"chrony", "hostapd", "nftables", "nginx-light", "rauc", "systemd-resolved", "busybox"}


def test_the_card_grows_before_anything_is_mounted(racine: Path) -> None:
    """Grown later, the partitions came and went under their mounts, and the firmware's was lost."""
    unite = (racine / "etc/systemd/system/pirogue-agrandir.service").read_text(encoding="utf-8")
    programme = racine / "usr/lib/pirogue/agrandir"

    assert "DefaultDependencies=no" in unite
    assert re.search(r"^Before=.*\blocal-fs-pre\.target\b", unite, re.MULTILINE)
    assert (racine / "etc/systemd/system/local-fs.target.wants/pirogue-agrandir.service").is_symlink()
    assert programme.stat().st_mode & 0o777 == 0o755
    ordres = [un for un in programme.read_text(encoding="utf-8").splitlines() if not un.startswith("#")]
    assert any("udevadm lock" in un for un in ordres)
    assert not any("partx" in un or "partprobe" in un for un in ordres)
    for outil in ("udevadm", "lsblk", "sfdisk", "resizepart"):
        assert any(any(racine.glob(f"usr/{ou}/{outil}")) for ou in ("bin", "sbin")), outil


def test_the_memory_disk_finds_the_card_on_every_board(racine: Path) -> None:
    """Each driver of the list is in the initramfs, or in the kernel itself."""
    (disque,) = (racine / "boot").glob("initrd.img-*")
    noyau = disque.name.removeprefix("initrd.img-")
    dedans = lister_disque(disque)
    presents = {Path(un).name.split(".ko")[0].replace("-", "_") for un in dedans if ".ko" in un}
    soudes = (racine / f"usr/lib/modules/{noyau}/modules.builtin").read_text(encoding="utf-8").split()
    presents |= {Path(un).name.removesuffix(".ko").replace("-", "_") for un in soudes}
    liste = (CONSTRUCTION / "arbre/etc/initramfs-tools/modules").read_text(encoding="utf-8").splitlines()
    existants = {Path(un.split(":")[0]).name.split(".ko")[0].replace("-", "_") for un in _modules(racine, noyau)}
    voulus = {ligne for ligne in liste if ligne and not ligne.startswith("#")} & existants

    assert voulus - presents == set()
    assert {"sdhci_iproc", "bcm2835", "mmc_block", "ext4", "overlay", "vfat", "xhci_pci", "usb_storage"} <= presents
    assert "scripts/init-bottom/pirogue-overlay" in dedans
    assert disque.stat().st_size < 20 * MIO


def test_every_board_with_a_driver_finds_its_card(construction: Construction, tmp_path: Path) -> None:
    """
    Supply, pins, clock of the card's reader, as each board's description has them: all have their driver.

    Seen on an emulated Pi 4: without `fixed`, its supply's, the kernel waits for its root for ever.
    """
    dit = construction.dit
    attendues = {"Pi 3 B", "Pi 3 B+", "Pi Zero 2 W", "Pi 4", "Pi 400", *(["Pi 5"] * (dit["noyau"] == "backports"))}
    arbre, liste = tmp_path / "arbre", "etc/initramfs-tools/modules"
    for nom in (f"usr/lib/modules/{dit['version_noyau']}", liste):
        (arbre / nom).parent.mkdir(parents=True)
        (arbre / nom).symlink_to(Path(dit["arbre"]) / nom)
    sans = (arbre / liste).read_text(encoding="utf-8").replace("\nfixed\n", "\n")
    (arbre / liste).unlink()
    (arbre / liste).write_text(sans, encoding="utf-8")
    ou = [str(arbre), dit["version_noyau"], dit["amorce"]]
    refus = _demander(f"import cartes_meres\ncartes_meres.verifier(*map(Path, {ou}))")

    assert set(dit["cartes_meres"]) == attendues
    assert refus.returncode == 1
    assert "Un Pi 4 ne trouverait pas sa carte : /regulator-sd-vcc demande fixed" in refus.stderr


def test_the_kernel_is_given_the_driver_that_watches_the_supply(racine: Path, construction: Construction) -> None:
    """Debian leaves it out (decision 0018); once it does not, `capteur.py` goes. The firmware's driver calls for it."""
    noyau = construction.dit["version_noyau"]
    config, modules = racine / f"boot/config-{noyau}", racine / "usr/lib/modules" / noyau
    alias = (modules / "modules.alias").read_text(encoding="utf-8")
    pilote = lzma.decompress((modules / "updates/raspberrypi-hwmon.ko.xz").read_bytes())
    pieces = (construction.image.parent / "manifeste.txt").read_text(encoding="utf-8")

    assert "# CONFIG_SENSORS_RASPBERRYPI_HWMON is not set" in config.read_text(encoding="utf-8").splitlines()
    assert f"vermagic={noyau} ".encode() in pilote
    assert b"/capteur-" not in pilote
    assert "alias platform:raspberrypi-hwmon raspberrypi_hwmon" in alias
    assert re.search(r"^deb linux-source-\S+ \S+ usr/lib/modules/\S+/updates/raspberrypi-hwmon", pieces, re.MULTILINE)


def test_an_image_that_believes_another_key_is_not_up_to_date(construction: Construction) -> None:
    """Built on trial, then for the boats with the real key: the first would refuse every real update."""
    vu = _demander(_AUTRE_CLE.format(dit=construction.dit))

    assert vu.stdout.split() == ["True", "False"], vu.stderr


def test_each_root_starts_its_own_kernel(racine: Path) -> None:
    """U-Boot loads these two names from the root it chose; an update brings both."""
    for nom in ("vmlinuz", "initrd.img"):
        assert (racine / "boot" / nom).is_symlink()
        assert (racine / "boot" / nom).resolve().stat().st_size > 5 * MIO


def test_every_program_aboard_is_for_the_box(racine: Path) -> None:
    """The build lends the host's tools to the tree: none may stay."""
    etrangers = []
    for fichier in fichiers(racine):
        with fichier.open("rb") as flux:
            tete = flux.read(20)
        # The Pi's own firmware runs on its other processor.
        if fichier.parent.name == "raspi-firmware":
            continue
        if tete[:4] == b"\x7fELF" and int.from_bytes(tete[18:20], "little") != AARCH64:
            etrangers.append(fichier.relative_to(racine))

    assert etrangers == []
    assert not (racine / "lib64").exists() or not any((racine / "lib64").iterdir())
    assert not (racine / "usr/lib/x86_64-linux-gnu").exists()
    assert not list(racine.glob("usr/bin/qemu-*"))


def test_nothing_aboard_speaks_of_the_builders_machine(racine: Path) -> None:
    """Host paths in first lines make commands that do not start, only aboard."""
    traces = (str(RACINE).encode(), sys.prefix.encode(), sys.base_prefix.encode())
    traces = tuple(un for un in traces if un not in (b"/usr", b"/usr/local"))
    bavards = [un.relative_to(racine) for un in fichiers(racine) if any(t in un.read_bytes() for t in traces)]

    assert bavards == []


def test_our_commands_start_with_the_boxes_own_python(racine: Path) -> None:
    """Pip writes the host's interpreter in the first line of each command."""
    for nom in ("pirogue", "gunicorn"):
        assert (racine / "opt/pirogue/bin" / nom).read_text(encoding="utf-8").startswith("#!/opt/pirogue/bin/python\n")
    assert (racine / "opt/pirogue/bin/python3").readlink() == Path("/usr/bin/python3")


def test_our_python_is_compiled_since_nobody_could_keep_it_later(racine: Path) -> None:
    """On a read-only root each start of each service would compile everything again, in memory."""
    paquets = racine / "opt/pirogue/lib/python3.13/site-packages"
    nus = [
        un.relative_to(paquets)
        for dossier in ("pirogue_portail", "pirogue_registre", "flask", "kolibri/core/auth")
        for un in (paquets / dossier).glob("*.py")
        if not (un.parent / "__pycache__" / f"{un.stem}.cpython-313.pyc").exists()
    ]

    assert nus == []


def test_no_module_is_read_and_digested_before_it_is_believed(racine: Path) -> None:
    """PEP 552: the second flag asks for it at each import, and a build under SOURCE_DATE_EPOCH sets it."""
    drapeaux = {
        un.read_bytes()[4:8]
        for dossier in ("usr/lib/python3.13", "usr/lib/python3", "opt/pirogue/lib/python3.13")
        for un in (racine / dossier).glob("**/__pycache__/*.pyc")
    }

    assert drapeaux == {b"\x01\0\0\0"}


def test_no_enabled_unit_leads_nowhere(racine: Path) -> None:
    """A link laid by a role for a unit that another one renamed is a service that never starts, and nobody says so."""
    perdus = [
        lien.relative_to(racine)
        for lien in (racine / "etc/systemd/system").rglob("*")
        if lien.is_symlink() and str(lien.readlink()) != "/dev/null" and not _existe(racine, lien)
    ]

    assert perdus == []


def test_the_services_of_the_boat_are_enabled(racine: Path) -> None:
    """What the class stands on starts by itself; what waits for a network never does."""
    for unite in ("nginx.service", "nftables.service", "hostapd.service", "systemd-networkd.service", "chrony.service"):
        assert _etat(racine, unite) == "enabled", unite
    for unite in ("pirogue-portail.socket", "pirogue-captif.socket", "pirogue-sync.service", "kolibri.service"):
        assert _etat(racine, unite) == "enabled", unite
    for unite in (
        "network-online.target",
        "systemd-networkd-wait-online.service",
        "apt-daily.timer",
        "apt-daily-upgrade.timer",
    ):
        assert _etat(racine, unite) == "masked", unite


def test_the_journal_stays_in_memory(racine: Path) -> None:
    """A journal on the card writes more than the class does."""
    reglages = "\n".join(
        un.read_text(encoding="utf-8") for un in (racine / "etc/systemd/journald.conf.d").glob("*.conf")
    )

    assert "Storage=volatile" in reglages
    assert "RuntimeMaxUse=30M" in reglages
    assert not (racine / "var/log/journal").exists()


def test_the_users_have_the_numbers_that_the_data_was_written_with(racine: Path) -> None:
    """`/data` outlives an update: a user renumbered by the new root would lose the register."""
    comptes = {
        ligne.split(":")[0]: int(ligne.split(":")[2]) for ligne in (racine / "etc/passwd").read_text().splitlines()
    }
    voulus = {"pirogue-portail": 643, "pirogue-captif": 644, "pirogue-sync": 645, "pirogue-bord": 646, "kolibri": 647}

    assert {nom: comptes.get(nom) for nom in voulus} == voulus


def test_each_start_is_not_a_first_one(racine: Path) -> None:
    """« uninitialized » would make systemd enable every unit that has a preset, at each start of a read-only root."""
    assert (racine / "etc/machine-id").read_bytes() == b""


def test_no_start_believes_that_the_system_was_just_updated(racine: Path) -> None:
    """On a read-only root it would be believed at each start: ldconfig, catalogs, users, for nothing."""
    for dossier in ("etc", "var"):
        assert (racine / dossier / ".updated").stat().st_mtime >= (racine / "usr").stat().st_mtime
    assert (racine / "etc/ld.so.cache").stat().st_size > 1000
    assert (racine / "usr/lib/udev/hwdb.bin").stat().st_size > 1_000_000


def test_the_image_says_which_one_it_is(racine: Path, construction: Construction) -> None:
    """The page, the updater and the field sheet read this file."""
    lignes = dict(ligne.split("=", 1) for ligne in (racine / "etc/pirogue/version").read_text().splitlines())

    assert lignes["version"] == construction.dit["version"]
    assert int(lignes["numero"]) == construction.dit["numero"]


def test_the_lessons_are_aboard(racine: Path) -> None:
    """A box that never sees the Internet teaches from its first start."""
    contenu, modele = racine / "usr/share/pirogue/contenu/content", racine / "usr/share/pirogue/kolibri-neuf"

    assert len(list((contenu / "databases").glob("*.sqlite3"))) == 1
    assert len(list((contenu / "storage").rglob("*.*"))) > 10
    assert (modele / "db.sqlite3").stat().st_size > 100_000
    assert all(un.stat().st_mode & 0o444 == 0o444 for un in fichiers(contenu))


@pytest.mark.parametrize(("unite", "seuil"), SEUILS_DEBIAN.items())
def test_debian_s_own_daemons_could_do_little_harm(racine: Path, unite: str, seuil: int) -> None:
    """The measure of `systemd-analyze security`, their units and our drop-ins as they lie in the tree."""
    mots = ["systemd-analyze", "security", "--offline=true", f"--root={racine}", f"--threshold={seuil}", unite]
    mesure = subprocess.run(mots, capture_output=True, text=True, check=False)

    assert "Overall exposure level" in mesure.stdout
    assert mesure.returncode == 0, mesure.stdout.splitlines()[-1]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("noyau", ["stable", "backports"])
def test_two_builds_from_one_base_give_the_same_bytes(noyau: str) -> None:
    """Who doubts an image builds it again; with the newer kernel, a Pi 5 finds its card too."""
    mots = [sys.executable, CONSTRUCTION / "construire.py", "--comparer", "--noyau", noyau]
    fait = subprocess.run(mots, capture_output=True, text=True, check=False)

    assert fait.returncode == 0, fait.stdout[-3000:] + fait.stderr[-1000:]
    assert ("Pi 5" in fait.stdout) == (noyau == "backports")


def _demander(phrase: str) -> subprocess.CompletedProcess[str]:
    """Run a sentence of Python among the builder's modules, which are no package's."""
    mots = [sys.executable, "-c", f"from pathlib import Path\n{phrase}"]
    return subprocess.run(mots, cwd=CONSTRUCTION, capture_output=True, text=True, check=False)


def _modules(racine: Path, noyau: str) -> list[str]:
    """Return the lines of the modules that this kernel has: some of the list are those of a Pi 5, in newer kernels."""
    return (racine / f"usr/lib/modules/{noyau}/modules.dep").read_text(encoding="utf-8").splitlines()


def _existe(racine: Path, lien: Path) -> bool:
    """Tell whether a link of the tree leads to something of the tree."""
    cible = lien.readlink()
    chemin = racine / str(cible).lstrip("/") if cible.is_absolute() else lien.parent / cible
    return chemin.is_symlink() or chemin.exists()


def _etat(racine: Path, unite: str) -> str:
    """Return what systemctl says of a unit of the tree."""
    fait = subprocess.run(
        ["systemctl", f"--root={racine}", "is-enabled", unite], capture_output=True, text=True, check=False
    )
    return fait.stdout.strip()

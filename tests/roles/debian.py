"""
A Debian 13 as its installer leaves it, that Ansible reaches by SSH: the real apt, pip and systemd, nobody's network.

The tree is made once (mmdebstrap) and kept in `.cache/roles`, with the packages that the roles will ask apt for and
the wheels that they will ask pip for: nothing is fetched while a test runs. It boots in namespaces of its own, over an
overlay, without the power to set the clock or to load a part of the kernel: those are the machine's that tests run on.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from reseau.rendu import ROLES
from roles.machine import DEPOT, Machine, allumer

CACHE = DEPOT / ".cache" / "roles"
SUITE = "trixie"
#: What the installer of Debian leaves on a machine without a desk, reached by SSH.
INSTALLES = ("systemd-sysv", "dbus", "udev", "openssh-server", "sudo", "python3", "python3-apt", "iproute2", "procps")
#: Wheels for the Python of that Debian, on this processor.
ROUES = ("--python-version", "3.13", "--implementation", "cp", "--abi", "cp313", "--abi", "abi3", "--abi", "none")
PLATEFORMES = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
#: The user whom the example inventory names.
UTILISATEUR = "pi"
#: From the tree to systemd. Not the machine's: its clock, its modules, its kernel's settings (those of the network are
#: the namespace's own). The words in capitals are set by `allumer`.
AMORCE = """
set -eu
mount -t tmpfs tmpfs "$D"
mkdir "$D/haut" "$D/travail" "$D/racine"
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$D/haut,workdir=$D/travail" "$D/racine"
R="$D/racine"
mount -t proc proc "$R/proc"
mount --bind -o ro /proc/sys "$R/proc/sys"
mount -o remount,bind,ro "$R/proc/sys"
mount -t sysfs -o ro sysfs "$R/sys"
mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
mount -t tmpfs tmpfs "$R/dev"
for n in null zero full random urandom tty; do touch "$R/dev/$n"; mount --bind "/dev/$n" "$R/dev/$n"; done
mkdir "$R/dev/shm" "$R/dev/pts"
mount -t devpts devpts "$R/dev/pts" -o newinstance,ptmxmode=666
ln -s pts/ptmx "$R/dev/ptmx"
mount -t tmpfs -o mode=755 tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
mkdir -p "$R/depot"
mount --bind -o ro "$CACHE" "$R/depot"
cp -r "$ROLES/." "$R/"
chmod 700 "$R/home/pi/.ssh"; chown -R 1000:1000 "$R/home/pi"
# The lists of packages are as fresh as the tree.
touch "$R/var/lib/apt/lists" "$R/var/cache/apt/pkgcache.bin"
echo 0123456789abcdef0123456789abcdef > "$R/etc/machine-id"
ip link set lo up
ip link add name eth0 type veth peer name salle
ip link set eth0 up
ip link set salle up
export container=essai
cd "$R"
pivot_root . mnt
exec /usr/bin/setpriv --bounding-set -sys_time,-sys_module,-sys_rawio,-sys_boot --inh-caps -sys_time,-sys_module \\
  /bin/sh -c 'umount -l /mnt; exec /lib/systemd/systemd "$@"' sh --system --log-target=journal --show-status=0
"""


def paquets_voulus() -> tuple[str, ...]:
    """Return the packages that the roles ask apt for, all roles together."""
    voulus: set[str] = set()
    for defauts in ROLES.glob("*/defaults/main.yml"):
        role = defauts.parents[1].name
        voulus.update(yaml.safe_load(defauts.read_text(encoding="utf-8"))[f"{role}_paquets"])
    return tuple(sorted(voulus))


def debian() -> Path:
    """Return the tree of a fresh Debian, made now unless one made from the same words is kept."""
    miroir = _lancer("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()
    principal = next(un for un in miroir if "security" not in un)
    telecharger = f"apt-get -qq -y --no-install-recommends --download-only install {' '.join(paquets_voulus())}"
    sudo = f'echo "{UTILISATEUR} ALL=(ALL) NOPASSWD: ALL" > "$1/etc/sudoers.d/010_{UTILISATEUR}"'
    options = [
        *("--mode=root", "--variant=apt", "--skip=cleanup/apt", f"--include={','.join(INSTALLES)}"),
        '--aptopt=Apt::Install-Recommends "false"',
        f'--customize-hook=chroot "$1" {telecharger}',
        f'--customize-hook=chroot "$1" useradd -m -s /bin/bash -u 1000 {UTILISATEUR}',
        f"--customize-hook={sudo}",
    ]
    with _garde("debian", "\n".join([principal, *options])) as (dossier, a_faire):
        if a_faire:
            _lancer("nice", "mmdebstrap", *options, SUITE, str(a_faire), f"deb {principal} {SUITE} main")
    return dossier


def roues() -> Path:
    """Return the folder of the pinned wheels for that Debian's Python, fetched now unless they are kept."""
    verrou = DEPOT / "requirements" / "boite.txt"
    processeur = os.uname().machine
    plateformes = [mot for nom in PLATEFORMES for mot in ("--platform", f"{nom}_{processeur}")]
    mots = ["-m", "pip", "download", "-q", "--require-hashes", "--no-deps", "--only-binary=:all:", *ROUES, *plateformes]
    with _garde("roues", verrou.read_text(encoding="utf-8") + processeur) as (dossier, a_faire):
        if a_faire:
            _lancer("nice", sys.executable, *mots, "-r", str(verrou), "-d", str(a_faire))
    return dossier


@contextmanager
def _garde(sorte: str, cle: str) -> Iterator[tuple[Path, Path | None]]:
    """Yield the kept folder of that kind, and where to make it when there is none; whole or not at all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    dossier = CACHE / f"{sorte}-{hashlib.sha256(cle.encode()).hexdigest()[:16]}"
    with (CACHE / f"{sorte}.verrou").open("w") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        if dossier.exists():
            yield dossier, None
            return
        inacheve = CACHE / f"{sorte}.part"
        for ancien in CACHE.glob(f"{sorte}[-.]*"):
            if ancien.is_dir():
                shutil.rmtree(ancien)
        inacheve.mkdir()
        yield dossier, inacheve
        inacheve.rename(dossier)


def _lancer(*mots: str) -> str:
    """Run a program of this machine; return what it printed."""
    fait = subprocess.run(mots, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert fait.returncode == 0, f"{mots[:4]}: {fait.stdout[-2000:]}{fait.stderr[-4000:]}"
    return fait.stdout


@dataclass(frozen=True)
class Livraison:
    """
    A Debian that runs, and Ansible that reaches it.

    Attributes:
        machine: the box.
        dossier: where Ansible keeps its things, with the key that opens the box.
    """

    machine: Machine
    dossier: Path

    def jouer(self, *mots: str, reglages: str = "{}") -> "subprocess.CompletedProcess[str]":
        """Play the site's own playbook over SSH, from inside the box's network: there is no other way to it."""
        ansible = Path(sys.executable).parent / "ansible-playbook"
        entrer = [
            "nsenter",
            "-t",
            str(self.machine.pid),
            "-n",
            str(ansible),
            "-i",
            str(self.dossier / "inventaire.yml"),
        ]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dossier), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
        env |= {"ANSIBLE_LOCAL_TEMP": str(self.dossier), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.dossier / "cp")}
        env |= {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "ANSIBLE_HOST_KEY_CHECKING": "false"}
        return subprocess.run(
            [*entrer, "-e", reglages, *mots, "site.yml"],
            cwd=ROLES.parent,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@contextmanager
def livrer(dossier: Path) -> Iterator[Livraison]:
    """Boot a fresh Debian with a key of ours in its one account; switch it off at the end, whatever happened."""
    cle, apporte = dossier / "cle", dossier / "apporte"
    _lancer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(cle))
    ssh = apporte / f"home/{UTILISATEUR}/.ssh"
    ssh.mkdir(parents=True)
    shutil.copy(f"{cle}.pub", ssh / "authorized_keys")
    hote = {
        "ansible_host": "127.0.0.1",
        "ansible_user": UTILISATEUR,
        "ansible_ssh_private_key_file": str(cle),
        "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no",
        "programme_pip": f"--no-index --find-links /depot/{roues().name}",
        "programme_roues": str(dossier / "roue"),
    }
    inventaire = {"boites": {"hosts": {"boite": hote}}}
    (dossier / "inventaire.yml").write_text(yaml.safe_dump(inventaire), encoding="utf-8")
    reglages = {"BASE": str(debian()), "CACHE": str(CACHE)}
    with allumer(dossier, apporte, amorce=AMORCE, reglages=reglages) as machine:
        machine.attendre(lambda: "listen" in machine.lancer("ss", "-ltn", "sport = :22").stdout.lower(), quoi="no SSH")
        yield Livraison(machine, dossier)

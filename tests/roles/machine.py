"""
A box that boots: the real systemd as first process of its own namespaces, over an overlay of this machine's files.

Nothing of the machine is changed: files are an overlay, network, processes, mounts and control group are its own, and
what systemd would set on the shared kernel (sysctl, modules, udev) is masked, `/proc/sys` being read-only besides.
The program is Debian's own Python in a virtual environment at /opt/pirogue, as on the device.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEPOT = Path(__file__).parents[2]
PAQUETS = Path(next(chemin for chemin in sys.path if chemin.endswith("site-packages")))
#: What the first process does before it becomes systemd; the words in capitals are set by `allumer`.
AMORCE = """
set -eu
mount -t tmpfs tmpfs "$D"
mkdir "$D/haut" "$D/travail" "$D/racine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$D/haut,workdir=$D/travail" "$D/racine"
R="$D/racine"
mount -t proc proc "$R/proc"
mount --bind -o ro /proc/sys "$R/proc/sys" 2>/dev/null || mount --bind "$R/proc/sys" "$R/proc/sys"
mount -o remount,bind,ro "$R/proc/sys"
mount -t sysfs -o ro sysfs "$R/sys"
mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
mount -t tmpfs tmpfs "$R/dev"
for n in null zero full random urandom tty; do touch "$R/dev/$n"; mount --bind "/dev/$n" "$R/dev/$n"; done
mkdir "$R/dev/shm" "$R/dev/pts"
mount -t devpts devpts "$R/dev/pts" -o newinstance,ptmxmode=666
ln -s pts/ptmx "$R/dev/ptmx"
for d in run tmp data opt root; do mkdir -p "$R/$d"; mount -t tmpfs -o mode=755 tmpfs "$R/$d"; done
chmod 1777 "$R/tmp" "$R/dev/shm"
cp -r "$ROLES/." "$R/"
for u in /lib/systemd/system/sysinit.target.wants/* /lib/systemd/system/local-fs.target.wants/*; do
  case "$u" in
    *journald*|*tmpfiles-setup.service|*sysusers*) ;;
    *) ln -sf /dev/null "$R/etc/systemd/system/${u##*/}" ;;
  esac
done
ln -sf /dev/null "$R/etc/systemd/system/systemd-journald-audit.socket"
ln -sf /dev/null "$R/etc/systemd/system/NetworkManager-wait-online.service"
printf '[Unit]\\nDescription=Essai\\nRequires=sysinit.target dbus.socket\\n' > "$R/etc/systemd/system/essai.target"
echo 0123456789abcdef0123456789abcdef > "$R/etc/machine-id"
rm -f "$R/etc/fstab" "$R/etc/passwd.lock" "$R/etc/.pwd.lock"
/usr/bin/python3 -m venv --without-pip "$R/opt/pirogue"
mkdir "$R/opt/depot" "$R/opt/paquets"
mount --bind "$DEPOT" "$R/opt/depot"
mount --bind "$PAQUETS" "$R/opt/paquets"
for p in depot/appliance depot/contenus depot/portail depot/sync paquets; do echo "/opt/$p"; done \\
  > "$R/opt/pirogue/lib/python3.11/site-packages/pirogue.pth"
printf '#!/opt/pirogue/bin/python\\nfrom pirogue_cli.entree import main\\nmain()\\n' > "$R/opt/pirogue/bin/pirogue"
chmod 755 "$R/opt/pirogue/bin/pirogue"
ip link set lo up
ip link add name wlan0 type bridge
ip addr add 10.10.10.10/24 dev wlan0
ip link set wlan0 up
ip link add name wwan0 type veth peer name fournisseur
ip addr add 192.0.2.2/24 dev wwan0
ip link set wwan0 up
ip link set fournisseur up
export container=essai
# A new root and not a chroot, from which no user namespace could be made.
cd "$R"
pivot_root . mnt
exec /bin/sh -c 'umount -l /mnt; exec /lib/systemd/systemd "$@"' sh \\
  --system --unit=essai.target --log-target=journal --show-status=0
"""


@dataclass(frozen=True)
class Machine:
    """The booted box."""

    pid: int

    def lancer(self, *mots: str, attendu: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as root; it must end with `attendu`, unless that is None."""
        # Its root too: seen from a chroot, that of its mounts is not the one it pivoted to.
        entrer = ["nsenter", "-t", str(self.pid), "-r", "-w", "-m", "-p", "-n", "-u", "-i", "-C"]
        entrer += ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        fait = subprocess.run([*entrer, *mots], capture_output=True, text=True, check=False, cwd="/")
        assert attendu is None or fait.returncode == attendu, f"{mots}: {fait.stdout}{fait.stderr}\n{self.journal()}"
        return fait

    def comme(self, utilisateur: str, *mots: str) -> subprocess.CompletedProcess[str]:
        """Run a command under one of the box's users, with its groups."""
        return self.lancer("setpriv", "--reuid", utilisateur, "--regid", utilisateur, "--init-groups", *mots)

    def systemctl(self, *mots: str, attendu: int | None = 0) -> str:
        """Speak to the box's systemd."""
        return self.lancer("systemctl", "--no-pager", *mots, attendu=attendu).stdout

    def attendre(self, condition: Callable[[], bool], *, quoi: str, delai_s: float = 30) -> None:
        """Wait for a real condition; fail with `quoi` and the box's last words when it does not come."""
        fin = time.monotonic() + delai_s
        while not condition():
            assert time.monotonic() < fin, f"{quoi}\n{self.journal()}"
            time.sleep(0.05)

    def journal(self) -> str:
        """Return the box's last words."""
        return self.lancer("journalctl", "--no-pager", "-n", "40", "-o", "cat", attendu=None).stdout


@contextlib.contextmanager
def allumer(
    dossier: Path, roles: Path, *, amorce: str = AMORCE, reglages: Mapping[str, str] | None = None
) -> Iterator[Machine]:
    """Boot the box with these files over its own; switch it off at the end, whatever happened."""
    groupes = dossier / "groupes"
    groupes.mkdir()
    (dossier / "disque").mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", str(groupes)], check=True)
    groupe = groupes / f"pirogue-machine-{os.getpid()}"
    groupe.mkdir()
    entrer = f"echo $$ > {groupe}/cgroup.procs; exec unshare -m -p -f -n -u -i -C --propagation private --kill-child"
    environnement = {"PATH": os.environ["PATH"], "D": str(dossier / "disque"), "ROLES": str(roles)}
    environnement |= {"DEPOT": str(DEPOT), "PAQUETS": str(PAQUETS)} | (reglages or {})
    with (dossier / "amorce").open("w") as dit:
        mots = ["sh", "-c", f'{entrer} sh -c "$0"', amorce]
        processus = subprocess.Popen(mots, env=environnement, stdout=dit, stderr=dit, stdin=subprocess.DEVNULL)
    try:
        yield _attendre(processus, dossier / "amorce")
    finally:
        processus.kill()
        processus.wait()
        _vider(groupe)
        subprocess.run(["umount", str(groupes)], check=True)


def _attendre(processus: "subprocess.Popen[bytes]", dit: Path) -> Machine:
    """Wait until the box's systemd answers."""
    fin = time.monotonic() + 60
    while processus.poll() is None and time.monotonic() < fin:
        enfants = Path(f"/proc/{processus.pid}/task/{processus.pid}/children").read_text().split()
        if enfants:
            machine = Machine(int(enfants[0]))
            etat = machine.lancer("systemctl", "is-system-running", attendu=None).stdout.strip()
            if etat in ("running", "degraded"):
                return machine
        time.sleep(0.1)
    raise AssertionError(f"the box did not boot: {dit.read_text()[-2000:]}")


def _vider(groupe: Path) -> None:
    """Remove a control group and those below it, once their processes are gone."""
    fin = time.monotonic() + 20
    while groupe.exists() and time.monotonic() < fin:
        (groupe / "cgroup.kill").write_text("1")
        dossiers: Sequence[Path] = sorted(groupe.rglob("*/"), key=lambda un: -len(un.parts))
        for un in [*(un for un in dossiers if un.is_dir()), groupe]:
            with contextlib.suppress(OSError):
                un.rmdir()
        time.sleep(0.02)

"""What the bench's machine does over the air: radios, the boat's own system under systemd, laptops that join."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Annoncer = Callable[..., None]
#: How long anything on the air may take: everything here is emulated, the processor too.
PATIENCE_S = 60.0
#: Starting all the boat's services took 24 to 42 s here, beside other work.
PATIENCE_DEPART_S = 200.0
POSTES = Path("/run/postes")
BORD = Path("/run/bord")
JOURNAL, PREMIER = Path("/run/bord.journal"), Path("/run/bord.pid")
#: What would be loaded one by one, a second each here.
A_L_AVANCE = (
    *("overlay", "nf_tables", "nft_chain_nat", "nft_connlimit", "nft_ct", "nft_limit", "nft_masq", "nft_nat"),
    *("nft_objref", "nft_quota", "nft_redir", "nft_reject_inet", "ccm", "cmac", "ctr", "aesni_intel"),
)
DEMARRE = ["systemctl", "is-system-running"]
#: linux/sched.h, linux/mount.h
CLONE_NEWNS, CLONE_NEWNET, MS_BIND, MS_REC, MS_SLAVE = 0x00020000, 0x40000000, 0x1000, 0x4000, 0x80000
#: Hands the machine to the boat's own init: its root, its processes, fresh folders where a boot wants them.
HISSER = """
set -e
mount --make-rprivate /
mount --rbind /dev {bord}/dev
mount -t proc proc {bord}/proc
mount -t sysfs -o {sys} sys {bord}/sys
mount -t cgroup2 cgroup2 {bord}/sys/fs/cgroup
for dossier in run tmp var/tmp var/log; do mount -t tmpfs -o mode=1777 tmp {bord}/$dossier; done
chmod 755 {bord}/run {bord}/var/log
for lien in {liens}; do mount --rbind "${{lien%%:*}}" "{bord}${{lien#*:}}"; done
cd {bord}
mkdir run/dehors
pivot_root . run/dehors
umount -l /run/dehors
exec env -i container=banc PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  /lib/systemd/systemd --system --unit={cible} --log-target=journal-or-kmsg --show-status=0
"""
#: What the DHCP client does with a lease: as any system, no more.
BAIL = """#!/bin/sh
case $1 in bound|renew)
  ip addr flush dev $interface
  ip addr add $ip/$mask dev $interface
  [ -z "$router" ] || ip route replace default via $router
  for serveur in $dns; do echo "nameserver $serveur"; done > {dossier}/resolv.conf
  echo "ip=$ip routeur=$router dns=$dns duree_s=$lease compte=$opt43" > {dossier}/bail
esac
"""


def allumer_radios(_: Annoncer, *, pilotes: str, radios: int) -> None:
    """Load the simulated radios, and let the kernel find by itself whatever else the network will ask for."""
    modprobe = Path("/run/modprobe")
    modprobe.write_text(f'#!/bin/sh\nexec modprobe -d {pilotes} "$@"\n', encoding="ascii")
    modprobe.chmod(0o755)
    Path("/proc/sys/kernel/modprobe").write_text(str(modprobe), encoding="ascii")
    _lancer([str(modprobe), "mac80211_hwsim", f"radios={radios}"])
    _lancer([str(modprobe), "-a", *A_L_AVANCE])


def mettre_a_flot(
    _: Annoncer, *, fichiers: str, liens: dict[str, str], proprietes: dict[str, str], cible: str, sys: str = "ro"
) -> None:
    """
    Start the boat's own system: this root, the boat's files over it, Debian's systemd as its first process.

    `liens` are folders of the host and where the boat has them; `proprietes` are folders and whose they are once the
    boat's users exist. With `sys` read-write, Debian's udev runs too, and devices are units.
    """
    for nom in ("haut", "travail", "bord"):
        (Path("/run") / nom).mkdir()
    _lancer(["mount", "-t", "overlay", "-o", "lowerdir=/,upperdir=/run/haut,workdir=/run/travail", "bord", str(BORD)])
    shutil.rmtree(BORD / "etc/systemd/system")
    _lancer(["cp", "-r", "--no-dereference", "--preserve=mode", f"{fichiers}/.", str(BORD)])
    for vers in liens.values():
        (BORD / vers.lstrip("/")).mkdir(parents=True, exist_ok=True)
    _lancer(["systemd-sysusers", f"--root={BORD}"])
    for dossier, qui in proprietes.items():
        _lancer(["chroot", str(BORD), "chown", "-R", qui, dossier])
    mots = " ".join(f"{de}:{vers}" for de, vers in liens.items())
    script = HISSER.format(bord=BORD, liens=mots, cible=cible, sys=sys)
    with JOURNAL.open("wb") as sortie:
        avant = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=sortie,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    enfants = Path(f"/proc/{avant.pid}/task/{avant.pid}/children")
    _attendre(lambda: bool(enfants.read_text().strip()), "a first process")
    premier = enfants.read_text().split()[0]
    PREMIER.write_text(premier, encoding="ascii")
    prise = Path(f"/proc/{premier}/root/run/systemd/private")
    _attendre(prise.exists, "systemd that listens")
    _attendre(lambda: str(a_bord(_, commande=DEMARRE)[1]).strip() in {"running", "degraded"}, "end of the start")


def _attendre(condition: Callable[[], bool], quoi: str) -> None:
    fin = time.monotonic() + PATIENCE_DEPART_S
    while not condition():
        if time.monotonic() > fin:
            raise TimeoutError(f"no {quoi}:\n{JOURNAL.read_text(errors='replace')}")
        time.sleep(0.1)


def a_bord(_: Annoncer, *, commande: list[str]) -> list[object]:
    """Run a program in the boat's own system; return its exit status and what it said on both outputs."""
    fait = subprocess.run(
        ["nsenter", "--target", PREMIER.read_text(), "--mount", "--pid", "--uts", "--ipc", "--", *commande],
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )
    return [fait.returncode, fait.stdout, fait.stderr]


def poser(_: Annoncer, *, poste: str, radio: int) -> None:
    """Put a laptop ashore of everything but its radio: a network of its own, nothing configured."""
    dossier = POSTES / poste
    dossier.mkdir(parents=True)
    (dossier / "resolv.conf").write_text("", encoding="ascii")
    (dossier / "bail.sh").write_text(BAIL.format(dossier=dossier), encoding="ascii")
    (dossier / "bail.sh").chmod(0o755)
    _lancer(["ip", "netns", "add", poste])
    _lancer(["iw", "phy", f"phy{radio}", "set", "netns", "name", poste])
    _lancer(["ip", "-n", poste, "link", "set", "lo", "up"])


def associer(_: Annoncer, *, poste: str, radio: int, reseau: str, cle: str, signes: list[str]) -> str:
    """Join the network as a laptop does; return what its Wi-Fi said up to the first of these signs."""
    dossier = POSTES / poste
    dit, reglage = dossier / "wifi.journal", dossier / "wifi.conf"
    dit.unlink(missing_ok=True)
    reglage.write_text(f'network={{\n ssid="{reseau}"\n psk="{cle}"\n scan_freq=2412 2437 2462\n}}\n', encoding="utf-8")
    ici = ["ip", "netns", "exec", poste]
    _lancer(
        [*ici, "wpa_supplicant", "-B", "-P", f"{dossier}/wifi.pid", "-i", f"wlan{radio}", "-D", "nl80211"]
        + ["-c", str(reglage), "-f", str(dit)]
    )
    return _attendre_un_signe(dit, signes)


def ecouter(_: Annoncer, *, poste: str, signes: list[str], depuis: int) -> str:
    """Return what a laptop's Wi-Fi said after its first `depuis` characters, up to the first of these signs."""
    return _attendre_un_signe(POSTES / poste / "wifi.journal", signes, depuis=depuis)


def _attendre_un_signe(fichier: Path, signes: list[str], *, depuis: int = 0) -> str:
    fin = time.monotonic() + PATIENCE_S
    while time.monotonic() < fin:
        lu = fichier.read_text(errors="replace")[depuis:] if fichier.exists() else ""
        if any(signe in lu for signe in signes):
            return lu
        time.sleep(0.05)
    raise TimeoutError(f"{signes} did not come:\n{fichier.read_text(errors='replace')}")


def quitter(_: Annoncer, *, poste: str) -> None:
    """Switch a laptop's Wi-Fi off."""
    pid = POSTES / poste / "wifi.pid"
    if pid.exists():
        numero = int(pid.read_text())
        os.kill(numero, 15)
        fin = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{numero}").exists() and time.monotonic() < fin:
            time.sleep(0.02)


def louer(_: Annoncer, *, poste: str, radio: int) -> dict[str, str]:
    """Ask for an address by DHCP and take it; return what the lease said."""
    dossier = POSTES / poste
    _lancer(
        ["ip", "netns", "exec", poste, "busybox", "udhcpc", "-i", f"wlan{radio}", "-f", "-n", "-q"]
        + ["-t", "10", "-T", "1", "-s", f"{dossier}/bail.sh"]
    )
    mots = (dossier / "bail").read_text(encoding="utf-8").split()
    return dict(mot.split("=", 1) for mot in mots)


def echanger(_: Annoncer, *, poste: str, hote: str, port: int, octets: str) -> str:
    """Say something over TCP from a laptop, to a name that its own DNS gives; return all that is answered (latin-1)."""
    _devenir(poste)
    with socket.create_connection((hote, port), timeout=PATIENCE_S) as prise:
        prise.sendall(octets.encode("latin-1"))
        morceaux = list(iter(lambda: prise.recv(65536), b""))
    return b"".join(morceaux).decode("latin-1")


def joindre(_: Annoncer, *, poste: str, adresse: str, port: int, delai_s: float) -> str:
    """Open a TCP connection from a laptop; return what came of it: ouvert, refuse, or rien."""
    _devenir(poste)
    try:
        socket.create_connection((adresse, port), timeout=delai_s).close()
    except ConnectionRefusedError:
        return "refuse"
    except OSError:
        return "rien"
    return "ouvert"


def _devenir(poste: str) -> None:
    """Give this process a laptop's network and its DNS server; it keeps them until it ends."""
    import ctypes  # the sticks' machines start without it

    libc = ctypes.CDLL(None, use_errno=True)
    resolveur = str(POSTES / poste / "resolv.conf").encode()
    with Path("/run/netns", poste).open() as reseau:
        rendus = [
            libc.setns(reseau.fileno(), CLONE_NEWNET),
            libc.unshare(CLONE_NEWNS),
            libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None),
            libc.mount(resolveur, b"/etc/resolv.conf", None, MS_BIND, None),
        ]
    if any(rendus):
        raise OSError(ctypes.get_errno(), f"{rendus} {os.strerror(ctypes.get_errno())}")


def _lancer(commande: list[str]) -> str:
    fait = subprocess.run(commande, capture_output=True, text=True, check=False, errors="replace")
    if fait.returncode:
        raise RuntimeError(f"{' '.join(commande)}: {fait.returncode}\n{fait.stdout}\n{fait.stderr}")
    return fait.stdout


GESTES: dict[str, Callable[..., Any]] = {
    geste.__name__: geste
    for geste in (
        allumer_radios,
        mettre_a_flot,
        a_bord,
        poser,
        associer,
        ecouter,
        quitter,
        louer,
        echanger,
        joindre,
    )
}

"""How a machine under test is set, and the QEMU command that makes it: the image is never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ICI = Path(__file__).parent
#: What the image's own boot script gives to the kernel, when the test starts the kernel itself.
LIGNE = "ro rootwait net.ifnames=0 panic=10"
RACINE_A = "root=PARTUUID=50495247-02 rauc.slot=A"
CONSOLE = "console=ttyAMA0"
#: The port of the agent appears → systemd starts the agent. Nothing of the image knows of it: both come as
#: systemd's own credentials, from the machine's firmware. The name of the unit is as long as QEMU allows.
REGLE = 'SUBSYSTEM=="virtio-ports", ATTR{name}=="essai", TAG+="systemd", ENV{SYSTEMD_WANTS}+="a.service"\n'
UNITE = """[Unit]
Description=The tests' hand
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/python3 -I /run/credentials/@system/essai.agent /dev/virtio-ports/essai
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=2
OOMScoreAdjust=-900
"""


@dataclass(frozen=True, slots=True)
class Amorce:
    """
    What QEMU starts.

    Attributes:
        image: the disk, whose bytes stay as they are.
        noyau, disque: kernel and memory disk, started directly.
        bios: a firmware that starts what it finds on the disk (U-Boot); kernel and memory disk are then not used.
        ligne: what the kernel is told besides its root, its slot and its console.
    """

    image: Path
    noyau: Path | None = None
    disque: Path | None = None
    bios: Path | None = None
    ligne: str = LIGNE


@dataclass(frozen=True, slots=True)
class Reglages:
    """
    What may differ from one machine to the next.

    Attributes:
        memoire_mio, coeurs: memory and cores.
        taille: size of the card, as qemu-img writes it.
        heure: where the hardware clock stands at the start (`1970-01-01T00:00:00`); the host's hour by default.
        mots: words added to the kernel's, only when it is started directly.
        journal: file where every write, flush and discard of the disk is logged (`blklogwrites`), in order;
            the disk is then a raw copy (`disque.raw`) beside which `depart.raw` keeps the first state.
        lignes: QEMU's own options, for what is not thought of here.
        accreditations: further systemd credentials (name of at most 28 letters, text).
        reseau: network namespace in which QEMU runs: what a 4G key lets out ends there.
    """

    memoire_mio: int = 1024
    coeurs: int = 2
    taille: str = "4G"
    heure: str = "utc"
    mots: str = ""
    journal: Path | None = None
    lignes: tuple[str, ...] = ()
    accreditations: tuple[tuple[str, str], ...] = ()
    reseau: str = ""


def composer(amorce: Amorce, reglages: Reglages, dossier: Path, *, tour: int) -> list[str]:
    """Return QEMU's command line; the sockets and the console of this start are named after `tour`."""
    commande = [
        *("setpriv", "--pdeathsig", "KILL"),
        *(("ip", "netns", "exec", reglages.reseau) if reglages.reseau else ()),
        "qemu-system-aarch64",
        *("-M", "virt,gic-version=3", "-accel", "tcg,thread=multi", "-cpu", "max,pauth-impdef=on"),
        *("-smp", str(reglages.coeurs), "-m", str(reglages.memoire_mio), "-rtc", f"base={reglages.heure},clock=host"),
        *("-display", "none", "-nodefaults", "-no-user-config"),
        *("-serial", f"file:{dossier / f'console-{tour}'}", "-qmp", f"unix:{dossier}/qmp,server=on,wait=off"),
        *("-qtest", f"unix:{dossier}/qtest,server=on,wait=off", "-qtest-log", "none"),
        *("-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"),
        *("-device", "qemu-xhci,id=xhci,p2=15,p3=15"),
        *("-device", "virtio-serial-pci", "-chardev", f"socket,id=port,path={dossier}/port,server=on,wait=off"),
        *("-device", "virtserialport,chardev=port,name=essai"),
        *_composer_disque(dossier, reglages),
    ]
    if amorce.bios is not None:
        commande += ["-bios", str(amorce.bios)]
    else:
        commande += ["-kernel", str(amorce.noyau), "-initrd", str(amorce.disque)]
        commande += ["-append", f"{RACINE_A} {amorce.ligne} {CONSOLE} {reglages.mots}"]
    return [*commande, *_composer_accreditations(dossier, reglages), *reglages.lignes]


def _composer_disque(dossier: Path, reglages: Reglages) -> Iterator[str]:
    """Yield the options of the card."""
    if reglages.journal is None:
        yield from ("-blockdev", f"driver=file,node-name=f0,filename={dossier}/disque.qcow2,discard=unmap")
        yield from ("-blockdev", "driver=qcow2,node-name=hd,file=f0,discard=unmap")
    else:
        yield from ("-blockdev", f"driver=file,node-name=f0,filename={dossier}/disque.raw")
        yield from ("-blockdev", f"driver=file,node-name=l0,filename={reglages.journal}")
        yield from ("-blockdev", "driver=blklogwrites,node-name=hd,file=f0,log=l0")
    yield from ("-device", "virtio-blk-pci,drive=hd")


def _composer_accreditations(dossier: Path, reglages: Reglages) -> Iterator[str]:
    """Write the credentials beside the disk and yield the options that hand them over."""
    toutes = {
        "essai.agent": (ICI / "agent.py").read_text(encoding="utf-8"),
        "systemd.extra-unit.a.service": UNITE,
        "udev.rules.essai": REGLE,
    } | dict(reglages.accreditations)
    for nom, texte in toutes.items():
        fichier = dossier / f"accreditation-{nom}"
        fichier.write_text(texte, encoding="utf-8")
        yield from ("-fw_cfg", f"name=opt/io.systemd.credentials/{nom},file={fichier}")

"""What the bench's machine can do: the host names an act, the agent runs it in a process of its own."""

import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from banc import ecrivains, gestes_radio
from equipage import Horloge
from pirogue_registre import base, journal
from pirogue_registre.base import Registre

Annoncer = Callable[..., None]
#: How long a stick may take to be seen, or to be mounted.
PATIENCE_S = 60.0


def lancer(_: Annoncer, *, commande: list[str], entree: str = "") -> list[object]:
    """Run a program; return its exit status and what it said on both outputs."""
    fait = subprocess.run(commande, input=entree, capture_output=True, text=True, check=False, errors="replace")
    return [fait.returncode, fait.stdout, fait.stderr]


def trouver(annoncer: Annoncer, *, serie: str) -> str:
    """Return the device of the stick with this serial number, as soon as the kernel knows its size."""
    fin = time.monotonic() + PATIENCE_S
    while time.monotonic() < fin:
        for bloc in Path("/sys/block").glob("sd*"):
            with contextlib.suppress(OSError):
                for parent in bloc.resolve().parents:
                    fichier = parent / "serial"
                    if fichier.is_file() and fichier.read_text(encoding="ascii").strip() == serie:
                        if int((bloc / "size").read_text()):
                            return f"/dev/{bloc.name}"
                        break
    montrer_bloques(annoncer)
    raise TimeoutError(f"stick {serie} was not seen")


def montrer_bloques(_: Annoncer) -> None:
    """Have the kernel write on its console which tasks are stuck, and where."""
    Path("/proc/sysrq-trigger").write_text("w", encoding="ascii")


def monter(annoncer: Annoncer, *, serie: str, fs: str, options: str = "") -> str:
    """Mount a stick as the box does (nosuid, nodev, noexec); return the folder."""
    dossier = Path("/run/cle") / serie
    dossier.mkdir(parents=True, exist_ok=True)
    reglages = ",".join(["nosuid,nodev,noexec,noatime", *([options] if options else [])])
    appareil = trouver(annoncer, serie=serie)
    subprocess.run(["mount", "-t", fs, "-o", reglages, appareil, dossier], check=True, capture_output=True)
    return str(dossier)


def demonter(_: Annoncer, *, serie: str) -> None:
    """Unmount a stick, there or gone."""
    subprocess.run(["umount", "-l", f"/run/cle/{serie}"], check=True, capture_output=True)


def ecrire(annoncer: Annoncer, *, serie: str, ecrivain: str, graine: int, donnees: str) -> str:
    """Write lots on a mounted stick, announcing each, until the stick is gone; return the last words."""
    dossier, arret = Path("/run/cle") / serie, Path(f"/run/arret-{serie}")
    arret.unlink(missing_ok=True)
    produire = ecrivains.ECRIVAINS[ecrivain](dossier, random.Random(graine), Path(donnees), serie)
    try:
        for nom, octets in produire:
            annoncer(nom=nom, sha256=hashlib.sha256(octets).hexdigest())
            if arret.exists():
                return "arret"
    except ecrivains.PANNES as panne:
        return f"{type(panne).__name__}: {panne}"
    raise AssertionError("a writer only stops when the stick is gone")


def arreter(_: Annoncer, *, serie: str) -> None:
    """Tell a writer that has seen nothing that its stick is gone."""
    Path(f"/run/arret-{serie}").touch()


def relire(_: Annoncer, *, dossier: str) -> dict[str, str]:
    """Return the hash of every file below a folder that reads."""
    lus = {}
    for racine, _dossiers, noms in os.walk(dossier):
        for nom in noms:
            with contextlib.suppress(OSError):
                lus[nom] = hashlib.sha256((Path(racine) / nom).read_bytes()).hexdigest()
    return lus


def finir_echange(_: Annoncer, *, serie: str) -> dict[str, object]:
    """The same stick comes back, dirty: exchange again, by the real road; return what the register then says."""
    return ecrivains.finir_echange(Path("/run/cle") / serie, serie)


def monter_disque(_: Annoncer, *, appareil: str, dossier: str) -> None:
    """Mount an ext4 disk of the machine as a Raspberry Pi mounts its card."""
    Path(dossier).mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "ext4", appareil, dossier], check=True, capture_output=True)


def noter(annoncer: Annoncer, *, dossier: str, synchronous: str) -> None:
    """Append events to a register without end; announce the number of each once it is acknowledged."""
    registre, horloge = _ouvrir(dossier, synchronous), Horloge()
    while True:
        valeurs = {"utc_ms": horloge.mur_ms, "source": "formateur"}
        seq = journal.ecrire(registre, type="ancre", valeurs=valeurs, instant=horloge(), auteur="rachelle")
        annoncer(seq=seq)


def compter(_: Annoncer, *, dossier: str) -> list[int]:
    """Return the events of a register: the last number, and how many there are, as SQLite says after a check."""
    registre = base.ouvrir(Path(dossier))
    etat = registre.db.execute("PRAGMA integrity_check").fetchone()[0]
    if etat != "ok":
        raise AssertionError(etat)
    nombre = registre.db.execute("SELECT count(*) FROM evenement").fetchone()[0]
    return [journal.dernier(registre), int(nombre)]


def _ouvrir(dossier: str, synchronous: str) -> Registre:
    registre = base.ouvrir(Path(dossier))
    if synchronous != "FULL":  # FULL is what the product itself asks for
        registre.db.execute(f"PRAGMA synchronous={synchronous}")
    return registre


def installer_boite(_: Annoncer, *, maison: str) -> None:
    """Put a box's register and keys in memory, where `pirogue` finds them."""
    boite = Path("/run/boite")
    shutil.copytree(Path(maison) / "registre", boite / "registre")
    (boite / "sync").mkdir()
    for nom in ("relais.cles", "rive.json"):
        shutil.copy(Path(maison) / nom, boite / "sync")
    (boite / "pirogue.toml").write_text('donnees = "."\nterre = "terre"\n', encoding="ascii")


def pirogue(_: Annoncer, *, mots: list[str], entree: str) -> list[object]:
    """Run our own command in this process, as its script does; return its status and both outputs."""
    from pirogue_cli import entree as porte

    os.environ["PIROGUE_CONFIG"] = "/run/boite/pirogue.toml"
    fichiers = [Path(f"/run/pirogue-{os.getpid()}-{rang}") for rang in range(3)]
    fichiers[0].write_text(entree, encoding="utf-8")
    for rang, drapeaux in enumerate((os.O_RDONLY, os.O_CREAT | os.O_WRONLY, os.O_CREAT | os.O_WRONLY)):
        os.dup2(os.open(fichiers[rang], drapeaux, 0o600), rang)
    sys.argv = ["pirogue", *mots]
    code: object = 0
    try:
        porte.main()
    except SystemExit as fin:
        code = fin.code
    for flux in (sys.stdout, sys.stderr):
        flux.flush()
    return [code, fichiers[1].read_text(encoding="utf-8"), fichiers[2].read_text(encoding="utf-8")]


GESTES: dict[str, Callable[..., Any]] = {
    geste.__name__: geste
    for geste in (
        lancer,
        trouver,
        montrer_bloques,
        monter,
        demonter,
        ecrire,
        arreter,
        relire,
        finir_echange,
        monter_disque,
        noter,
        compter,
        installer_boite,
        pirogue,
    )
} | gestes_radio.GESTES

"""
What the programs of the update share: where things lie, which version is whose, and the story that people are shown.

The story is one small file in memory (`histoire.json`), read by the light, the screen, the trainer's page and the
health check; what must outlive a restart (`dernier.json`) is on the data partition. Standard library only.
"""

import json
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = Path("/etc/pirogue/version")
CLES = Path("/etc/rauc/keyring.pem")
DEPOT = Path("/data/systeme/maj")
EPHEMERE = Path("/run/pirogue-maj")
#: Our own open files, by their number: a path that nobody can put another file behind.
OUVERTS = Path("/proc/self/fd")
COMPATIBLE = "pirogue-pi-arm64"
#: Bigger than a slot, smaller than what would fill a card.
TAILLE_MAX_OCTETS = 2_000_000_000

#: etape → words for the screen; `{…}` are the story's own values.
PHRASES = {
    "repos": "La boîte est à jour (version {version}).",
    "copie": "Mise à jour : ne débranche rien. Copie de la version {vers}.",
    "attente": "Mise à jour {vers} prête : elle s'installe dès qu'aucune séance n'est ouverte.",
    "installation": "Mise à jour : ne débranche rien. Installation de la version {vers}.",
    "redemarrage": "Mise à jour {vers} installée : la boîte redémarre dès qu'aucune séance n'est ouverte.",
    "essai": "La boîte essaie la version {version}. Laisse-la allumée quelques minutes.",
    "confirmee": "La mise à jour {version} est en service.",
    "revenue": "La mise à jour {vers} n'a pas tenu : la boîte a repris la version {version}. Rien n'est perdu.",
    "refusee": "Mise à jour refusée : {raison}.",
}
#: Steps during which nothing may be unplugged.
FRAGILES = ("copie", "installation")


class MajRefusee(Exception):
    """The bundle will not be taken; the message says why, the end of a French sentence."""


@dataclass(frozen=True)
class Paquet:
    """
    What a signed bundle says of itself.

    Attributes:
        fichier: where it lies.
        version: as it is shown.
    """

    fichier: Path
    version: str

    @property
    def numero(self) -> tuple[int, ...]:
        """Return what orders versions."""
        return numeroter(self.version)


def numeroter(version: str) -> tuple[int, ...]:
    """Return the numbers at the head of a version (`0.1.712-g4a80f40` → 0, 1, 712); empty when it has none."""
    tete = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(un) for un in tete[0].split(".")) if tete else ()


def version_presente(fichier: Path = VERSION) -> str:
    """Return this system's version; empty when its file says none, and every update is then refused."""
    try:
        lignes = fichier.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return dict(ligne.partition("=")[::2] for ligne in lignes).get("version", "")


def examiner(fichier: Path, *, presente: str, refusees: tuple[str, ...] = (), cles: Path = CLES) -> Paquet:
    """
    Have RAUC verify a bundle's signature, then judge what it says; return it.

    Args:
        fichier: the bundle; one of ours that is open (`OUVERTS`) is handed to RAUC as it is.
        presente: the version of the running system.
        refusees: versions that were tried and did not hold.
        cles: the certificates that are believed.

    Raises:
        MajRefusee: unsigned, another key's, another machine's, not newer, or tried before.
    """
    mots = ["rauc", f"--keyring={cles}", "info", "--output-format=json", str(fichier)]
    env = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin"), "LC_ALL": "C"}
    ouverts = (int(fichier.name),) if fichier.parent == OUVERTS else ()
    fait = subprocess.run(mots, capture_output=True, text=True, check=False, env=env, pass_fds=ouverts)
    if fait.returncode:
        raise MajRefusee("elle n'est pas signée par les nôtres, ou le fichier est abîmé")
    dit = json.loads(fait.stdout)
    if dit.get("compatible") != COMPATIBLE:
        raise MajRefusee("elle est faite pour une autre machine")
    paquet = Paquet(fichier, str(dit.get("version") or ""))
    if not numeroter(presente) or paquet.numero <= numeroter(presente):
        raise MajRefusee(f"la version {paquet.version} n'est pas plus récente que {presente}")
    if paquet.version in refusees:
        raise MajRefusee(f"la version {paquet.version} a déjà été essayée et n'a pas tenu")
    return paquet


def raconter(etape: str, *, dossier: Path = EPHEMERE, **valeurs: object) -> None:
    """Say which step the update is at, to whoever reads; a phrase needs its values. Raises OSError."""
    dit = {"etape": etape, "fragile": etape in FRAGILES, "phrase": PHRASES[etape].format(**valeurs)}
    poser(dossier / "histoire.json", dit | {"bt_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME)} | valeurs)
    if valeurs.get("fraction") in (None, 0.0):
        sys.stderr.write(f"{dit['phrase']}\n")


def poser(fichier: Path, contenu: dict[str, Any]) -> None:
    """Put a file in place of the former one, on the card for good; whoever reads sees one or the other."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    neuf = fichier.with_name(f".{fichier.name}.neuf")
    with neuf.open("w", encoding="utf-8") as flux:
        json.dump(contenu, flux, ensure_ascii=False)
        flux.flush()
        os.fsync(flux.fileno())
    neuf.chmod(0o644)
    neuf.replace(fichier)
    dossier = os.open(fichier.parent, os.O_RDONLY)
    try:
        os.fsync(dossier)
    finally:
        os.close(dossier)


def relire(fichier: Path) -> dict[str, Any]:
    """Return what a file of ours says; nothing when it is not there or is damaged."""
    try:
        lu = json.loads(fichier.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return lu if isinstance(lu, dict) else {}


def refusees(depot: Path = DEPOT) -> tuple[str, ...]:
    """Return the versions that were tried and did not hold."""
    lues = relire(depot / "dernier.json").get("refusees", [])
    return tuple(un for un in lues if isinstance(un, str)) if isinstance(lues, list) else ()


def sous(utilisateur: str, fonction: Callable[[], int]) -> int:
    """Call a function in a child that is one of the box's users, and return the exit code it gives; 255 for a fault."""
    compte = pwd.getpwnam(utilisateur)
    groupes = os.getgrouplist(utilisateur, compte.pw_gid)
    enfant = os.fork()
    if enfant == 0:
        code = 255
        try:
            os.umask(0o007)
            os.setgroups(groupes)
            os.setgid(compte.pw_gid)
            os.setuid(compte.pw_uid)
            code = fonction()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1])


def demander_a(qui: str, *mots: str, programme: str, attente_s: float) -> int:
    """Run our own command line as one of the box's users, its groups and nothing more; return its exit code."""
    compte = pwd.getpwnam(qui)
    groupes = os.getgrouplist(qui, compte.pw_gid)
    env = {"PATH": "/usr/sbin:/usr/bin", "PIROGUE_CONFIG": "/etc/pirogue/pirogue.toml", "LC_ALL": "C.UTF-8"}
    fait = subprocess.run(
        [programme, *mots],
        user=compte.pw_uid,
        group=compte.pw_gid,
        extra_groups=groupes,
        umask=0o007,
        cwd="/",
        env=env,
        check=False,
        timeout=attente_s,
    )
    return fait.returncode

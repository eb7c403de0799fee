"""What the checks read a machine with: files below a root, programs with a deadline, units, the kernel's words."""

import json
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pirogue_socle.config import Config

#: How long a program may take, seconds: systemctl on a loaded Pi answers in one.
DELAI_S = 5.0
MO = 1_000_000


class SansReponse(Exception):
    """What a check asked could not be learned; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Vu:
    """
    What a check saw, before it is given its code and title.

    Attributes:
        etat: one of `pirogue_socle.constats.ETATS`.
        phrase: one French sentence.
        geste: what to do now; empty when there is nothing to do.
        mesures: figures, unit in the name.
    """

    etat: str
    phrase: str
    geste: str = ""
    mesures: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unite:
    """A unit as its manager tells it: loaded (`loaded`, `not-found`, `masked`), active, and how often it came back."""

    chargee: str
    active: str
    sous_etat: str
    reprises: int


def sous(racine: Path, chemin: Path | str) -> Path:
    """Return where a path of the machine is, below the root that stands for it."""
    return racine / str(chemin).lstrip("/")


def sous_racine(config: Config, racine: Path) -> Config:
    """Return a config whose folder of states is below the root that stands for the machine."""
    return config if config.bord is None else replace(config, bord=sous(racine, config.bord))


def texte(chemin: Path) -> str:
    """Return the words of a small file, nothing when it is not there."""
    try:
        return chemin.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def entier(chemin: Path) -> int | None:
    """Return the number that a small file holds, None when it is not there; raises SansReponse for anything else."""
    lu = texte(chemin)
    if not lu:
        return None
    try:
        return int(lu, 0)
    except ValueError:
        raise SansReponse(f"{chemin} ne donne pas un nombre") from None


def objet(chemin: Path) -> dict[str, Any] | None:
    """Return the JSON object of a small file, None when it is not there; raises SansReponse when it is torn."""
    lu = texte(chemin)
    if not lu:
        return None
    try:
        rendu = json.loads(lu)
    except ValueError:
        rendu = None
    if not isinstance(rendu, dict):
        raise SansReponse(f"{chemin.name} est illisible")
    return rendu


def lancer(racine: Path, programme: str, *mots: str, codes: tuple[int, ...] = (0,), delai_s: float = DELAI_S) -> str:
    """
    Run a program of the machine and return what it says.

    Args:
        racine: the machine's root; the program is the one in its `/usr/bin`.
        programme, mots: what to run.
        codes: exit codes that are an answer.
        delai_s: how long to wait, seconds.

    Raises:
        SansReponse: no such program, another exit code, too slow.
    """
    try:
        fait = subprocess.run(
            [str(racine / "usr/bin" / programme), *mots],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=delai_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "SYSTEMD_COLORS": "0"},
        )
    except subprocess.TimeoutExpired:
        raise SansReponse(f"{programme} n'a pas répondu en {delai_s:.0f} s") from None
    except OSError as cause:
        raise SansReponse(f"{programme} n'est pas là ({cause.strerror})") from cause
    if fait.returncode not in codes or "insufficient permissions" in fait.stderr:
        mots_fin = (fait.stderr.strip().splitlines() or ["sans un mot"])[-1]
        raise SansReponse(f"{programme} a refusé : {mots_fin}")
    return fait.stdout


def unite(racine: Path, nom: str) -> Unite:
    """Return the state of a unit; raises SansReponse."""
    proprietes = "LoadState,ActiveState,SubState,NRestarts"
    lu = lancer(racine, "systemctl", "show", "--no-pager", f"--property={proprietes}", nom)
    dit = dict(ligne.split("=", 1) for ligne in lu.splitlines() if "=" in ligne)
    reprises = dit.get("NRestarts", "0")
    return Unite(
        dit.get("LoadState", ""),
        dit.get("ActiveState", ""),
        dit.get("SubState", ""),
        int(reprises) if reprises.isdigit() else 0,
    )


def noyau(racine: Path, motif: str) -> list[str]:
    """Return what the kernel said since this start that matches a pattern; raises SansReponse."""
    lu = lancer(racine, "journalctl", "-k", "-b", "--no-pager", "--output=cat", f"--grep={motif}", codes=(0, 1))
    return [ligne for ligne in lu.splitlines() if ligne and not ligne.startswith("-- ")]


def en_mo(octets: float) -> int:
    """Return octets in whole megabytes."""
    return int(octets // MO)


def dire_taille(octets: float) -> str:
    """Return a size as it is said: `640 Mo`, `12 Go`."""
    mo = en_mo(octets)
    return f"{mo} Mo" if mo < 10_000 else f"{mo // 1000} Go"


def dire_duree(duree_s: float) -> str:
    """Return a duration as it is said: `moins d'une minute`, `7 minutes`, `3 heures`, `2 jours`."""
    minutes = int(duree_s // 60)
    if minutes < 1:
        return "moins d'une minute"
    for nombre, mot in ((minutes // 1440, "jour"), (minutes // 60, "heure"), (minutes, "minute")):
        if nombre:
            return f"{nombre} {mot}{'s' if nombre > 1 else ''}"
    return "moins d'une minute"

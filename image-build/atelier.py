"""The workshop: where things lie, how a step is said and timed, how a program is run. Standard library only."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ICI = Path(__file__).resolve().parent
DEPOT = ICI.parent
CACHE = DEPOT / ".cache" / "image"
SORTIE = ICI / "sortie"
ARBRE = ICI / "arbre"
#: Debian's name of the release aboard.
SUITE = "trixie"


class Rate(SystemExit):
    """The build cannot go on: one French sentence, exit code 1."""

    def __init__(self, phrase: str) -> None:
        print(f"\n  ✗ {phrase}\n", file=sys.stderr)
        super().__init__(1)


def lancer(
    *commande: object, entree: str | None = None, ou: Path | None = None, env: dict[str, str] | None = None
) -> str:
    """
    Run a program to its end and return what it printed.

    Args:
        commande: the program and its arguments.
        entree: text given on its standard input.
        ou: the folder to run it in.
        env: variables laid over the current ones.

    Raises:
        Rate: it failed; the end of what it said is printed.
    """
    mots = [str(mot) for mot in commande]
    fait = subprocess.run(
        mots,
        input=entree,
        stdin=None if entree is not None else subprocess.DEVNULL,
        cwd=ou,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if fait.returncode:
        print((fait.stdout + fait.stderr)[-4000:], file=sys.stderr)
        raise Rate(f"« {' '.join(mots)[:200]} » a échoué (code {fait.returncode}).")
    return fait.stdout


@contextmanager
def etape(phrase: str, durees: dict[str, float]) -> Iterator[None]:
    """Say a step, do it, say how long it took; keep the seconds in `durees` under the phrase."""
    print(f"  · {phrase} …", end="", flush=True)
    debut = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    durees[phrase] = round(time.monotonic() - debut, 1)
    print(f" {durees[phrase]:.1f} s", flush=True)


def empreinte(*parts: str | bytes) -> str:
    """Return a digest of these parts, in this order."""
    somme = hashlib.sha256()
    for part in parts:
        octets = part.encode() if isinstance(part, str) else part
        somme.update(len(octets).to_bytes(8, "big") + octets)
    return somme.hexdigest()


def empreinte_fichiers(fichiers: Iterable[Path], *, depuis: Path = DEPOT) -> str:
    """Return a digest of files: their paths from `depuis`, their modes, what they hold."""
    parts: list[str | bytes] = []
    for fichier in sorted(fichiers):
        parts += [str(fichier.relative_to(depuis)), oct(fichier.lstat().st_mode)]
        parts.append(str(fichier.readlink()) if fichier.is_symlink() else fichier.read_bytes())
    return empreinte(*parts)


def empreinte_fichier(fichier: Path) -> str:
    """Return the SHA-256 of one file, read piece by piece."""
    with fichier.open("rb") as flux:
        return hashlib.file_digest(flux, "sha256").hexdigest()


def date_source() -> str:
    """Return SOURCE_DATE_EPOCH: the one that is given, else the instant of the last commit, in seconds."""
    return os.environ.get("SOURCE_DATE_EPOCH") or lancer("git", "-C", DEPOT, "log", "-1", "--format=%ct").strip()

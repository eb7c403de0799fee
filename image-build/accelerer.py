"""
Run maintainer scripts of an arm64 tree at the host's speed: its small tools laid over the tree's own while they run.

Starting a program costs 20 ms under qemu-user and 0.8 ms natively, and a package's script starts hundreds. The tree's
paths and the host's do not collide (`/lib64` and `/usr/lib/x86_64-linux-gnu` exist on amd64 alone).
Everything is a mount, to be called in a mount namespace of one's own: nothing can be left behind, nothing is written.
"""

import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier import lancer

#: Tools whose results do not hang on the machine that they run on.
OUTILS = (
    "[",
    "awk",
    "basename",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "cmp",
    "comm",
    "cp",
    "cpio",
    "cut",
    "date",
    "diff",
    "dirname",
    "dash",
    "env",
    "expr",
    "false",
    "find",
    "grep",
    "gzip",
    "head",
    "id",
    "install",
    "ln",
    "md5sum",
    "mawk",
    "mkdir",
    "mktemp",
    "mv",
    "od",
    "openssl",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "tail",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "uniq",
    "wc",
    "which",
    "xargs",
    "zstd",
)
_BIBLIOTHEQUES = (Path("/lib64"), Path("/usr/lib/x86_64-linux-gnu"))
_ELF = {"x86_64": 62, "aarch64": 183}


@contextmanager
def accelere(racine: Path) -> Iterator[None]:
    """Lay the host's tools over those of the tree; take them away at the end. Does nothing on an arm64 host."""
    if platform.machine() != "x86_64":
        yield
        return
    montages: list[Path] = []
    try:
        for dossier in _BIBLIOTHEQUES:
            cible = racine / dossier.relative_to("/")
            cible.mkdir(parents=True, exist_ok=True)
            lancer("mount", "--bind", dossier, cible)
            montages.append(cible)
            lancer("mount", "-o", "remount,bind,ro", cible)
        for source, cible in _paires(racine):
            lancer("mount", "--bind", source, cible)
            montages.append(cible)
        yield
    finally:
        for cible in reversed(montages):
            lancer("umount", "--lazy", cible)
        for dossier in _BIBLIOTHEQUES:
            cible = racine / dossier.relative_to("/")
            if cible.is_dir() and not any(cible.iterdir()):
                cible.rmdir()


@contextmanager
def habite(racine: Path) -> Iterator[None]:
    """Give a tree /proc, a few devices, an empty /run and /tmp. Never /sys: it would be the host's."""
    montages = []
    try:
        for nom, genre in (("proc", "proc"), ("dev", "tmpfs"), ("run", "tmpfs"), ("tmp", "tmpfs")):
            lancer("mount", "-t", genre, "-o", "mode=0755" if genre == "tmpfs" else "rw", genre, racine / nom)
            montages.append(racine / nom)
        for nom in ("null", "zero", "full", "random", "urandom", "tty"):
            (racine / "dev" / nom).touch()
            lancer("mount", "--bind", f"/dev/{nom}", racine / "dev" / nom)
            montages.append(racine / "dev" / nom)
        (racine / "dev" / "fd").symlink_to("/proc/self/fd")
        (racine / "dev" / "shm").mkdir()
        yield
    finally:
        for cible in reversed(montages):
            lancer("umount", "--lazy", cible)


def dedans(racine: Path, *commande: object) -> str:
    """Run a program of the tree, inside the tree (see `habite`), and return what it printed."""
    env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]
    return lancer("env", "-i", *env, "chroot", racine, *commande)


def _paires(racine: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (host's program, tree's program) where both exist and each is for its own machine."""
    for outil in OUTILS:
        trouve = shutil.which(outil)
        cible = racine / "usr" / "bin" / outil
        if trouve is None or cible.is_symlink() or not cible.is_file():
            continue
        source = Path(trouve).resolve()
        if _machine(source) == _ELF["x86_64"] and _machine(cible) == _ELF["aarch64"]:
            yield source, cible


def _machine(programme: Path) -> int:
    """Return the machine number in the header of an ELF program, 0 for anything else."""
    with programme.open("rb") as flux:
        tete = flux.read(20)
    return int.from_bytes(tete[18:20], "little") if tete[:4] == b"\x7fELF" else 0

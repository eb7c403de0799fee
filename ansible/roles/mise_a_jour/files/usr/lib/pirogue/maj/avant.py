#!/usr/bin/python3 -EsB
"""
RAUC's own last question before it writes, also when a person asks by hand.

A bundle that is not newer is refused; so is any while the running system is on trial: it would be written over the
only one that is known to be good. The version is read in the bundle that RAUC has verified and mounted.
"""

import configparser
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import commun

from installer import confirme

MANIFESTE = "manifest.raucm"


def demandee(env: Mapping[str, str]) -> str:
    """Return the version of the bundle that RAUC has mounted; empty when it says none."""
    lu = configparser.ConfigParser(interpolation=None)
    lu.read(Path(env.get("RAUC_BUNDLE_MOUNT_POINT", "/nonexistent"), MANIFESTE), encoding="utf-8")
    return lu.get("update", "version", fallback="")


def raison(version: str, *, presente: str, confirme: Callable[[], bool]) -> str:
    """Return why this version may not be written now; empty when it may."""
    if not confirme():
        return "ce système est à l'essai"
    if not commun.numeroter(presente) or commun.numeroter(version) <= commun.numeroter(presente):
        return f"{version or 'sans version'} n'est pas plus récente que {presente}"
    return ""


def main() -> None:
    """Refuse with a non-zero exit; RAUC then writes nothing."""
    if mal := raison(demandee(os.environ), presente=commun.version_presente(), confirme=confirme):
        sys.stderr.write(f"{mal}\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()

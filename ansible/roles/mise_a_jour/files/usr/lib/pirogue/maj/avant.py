#!/usr/bin/python3 -EsB
"""
RAUC's own last question before it writes, also when a person asks by hand.

A bundle that is not newer is refused; so is any while the running system is on trial: it would be written over the
only one that is known to be good.
"""

import os
import sys

import commun

from installer import confirme


def main() -> None:
    """Refuse with a non-zero exit; RAUC then writes nothing."""
    demandee, presente = os.environ.get("RAUC_MF_VERSION", ""), commun.version_presente()
    if not confirme():
        sys.stderr.write("this system is on trial\n")
        raise SystemExit(1)
    if commun.numeroter(demandee) <= commun.numeroter(presente):
        sys.stderr.write(f"{demandee or 'sans version'} is not newer than {presente}\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()

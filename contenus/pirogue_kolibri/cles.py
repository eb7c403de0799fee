"""The key shared with the portal, read at each use: it may be renewed while Kolibri runs."""

from pathlib import Path

from kolibri.utils.conf import OPTIONS


def cle_entree() -> bytes:
    """Return the key that signs entry links and people pushes."""
    return Path(OPTIONS["Pirogue"]["CLE_ENTREE"]).read_bytes().strip()

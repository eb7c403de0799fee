"""What a pair leaves behind in a browser, and where it would be found."""

import os
from pathlib import Path

#: A cookie and something stored; the caller also visits a page of that name.
LAISSER = """
    document.cookie = "qui=AfiEtKoffi; max-age=86400; path=/";
    localStorage.setItem("qui", "AfiEtKoffi");
"""
LIRE = "document.cookie + ' ' + localStorage.getItem('qui')"


def contient(dossier: Path, mot: str) -> list[str]:
    """Return the files that hold a word, whatever their format."""
    motifs = (mot.encode(), mot.encode("utf-16-le"))
    # os.walk passes by a folder that the browser takes away meanwhile; Path.rglob raises.
    chemins = (Path(racine) / nom for racine, _, noms in os.walk(dossier) for nom in noms)
    return sorted(
        str(chemin.relative_to(dossier)) for chemin in chemins if any(motif in _lire(chemin) for motif in motifs)
    )


def _lire(chemin: Path) -> bytes:
    """Return what a file holds; nothing when it is none, or when the browser has just taken it away."""
    try:
        return chemin.read_bytes() if chemin.is_file() else b""
    except FileNotFoundError:
        return b""

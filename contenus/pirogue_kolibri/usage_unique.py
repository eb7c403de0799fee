"""
A link opens once, even if Kolibri restarts in between.

One empty file per used link, created with O_EXCL (the kernel decides who was first), named after the boot and the
moment the link dies; the dead ones are swept away at each entry. Nothing to flush: after a power cut the boot id
has changed, and every earlier link is dead anyway.
"""

from pathlib import Path

from pirogue_kolibri.jeton import Entree, Heure


def consommer(dossier: Path, entree: Entree, *, maintenant: Heure) -> bool:
    """Mark a link as used and return True; return False when it had been used before."""
    dossier.mkdir(mode=0o700, exist_ok=True)
    balayer(dossier, maintenant=maintenant)
    try:
        (dossier / f"{entree.boot_id}.{entree.fin_ms}.{entree.jti}").touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True


def balayer(dossier: Path, *, maintenant: Heure) -> None:
    """Remove the marks of links that can no longer be opened."""
    for marque in dossier.iterdir():
        boot_id, _, reste = marque.name.partition(".")
        fin = reste.partition(".")[0]
        if boot_id != maintenant.boot_id or not fin.isdigit() or int(fin) < maintenant.bt_ms:
            marque.unlink(missing_ok=True)

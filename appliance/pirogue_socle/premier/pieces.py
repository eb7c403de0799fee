"""What root makes at the first start: each piece once, whole or not at all, never again."""

import json
import shutil
import subprocess
from pathlib import Path

from pirogue_socle.config import FICHIER_BOITE
from pirogue_socle.premier import mots, souhaits
from pirogue_socle.premier.ecriture import fixer, ouvrir_dossier, poser
from pirogue_socle.premier.lieux import AmorceFermee, Lieux, PremierDemarrageArrete

#: hostapd's word for « every laptop ».
TOUS = "00:00:00:00:00:00"
CLE_SSH = "ssh_host_ed25519_key"
ENTETE = "# Ce que cette boîte est. Écrit au premier démarrage d'après pirogue.txt ; jamais refait.\n"


def faire(lieux: Lieux) -> None:
    """
    Make what is missing, in this order; what is there is left as it is. Cut at any instant, the next call finishes.

    Raises:
        PremierDemarrageArrete: a piece cannot be made. AmorceFermee: the boot partition is expected and not there.
    """
    try:
        ouvrir_dossier(lieux.config.systeme, mode=0o755)
        ouvrir_dossier(lieux.dossier, mode=0o755)
        garder_machine_id(lieux)
        tirer_cle_wifi(lieux)
        faire_cles_ssh(lieux)
        dire_la_boite(lieux)
    except OSError as cause:
        raise PremierDemarrageArrete(f"La boîte n'a pas pu écrire ce qui lui est propre ({cause}).") from cause


def tirer_cle_wifi(lieux: Lieux) -> None:
    """Draw the four words of the Wi-Fi key; root writes them, the portal reads them for the poster."""
    if not lieux.cle_wifi.exists():
        ouvrir_dossier(lieux.cle_wifi.parent, mode=0o750)
        poser(lieux.cle_wifi, f"{TOUS} {mots.tirer()}\n".encode(), mode=0o640, groupe=lieux.groupe)


def garder_machine_id(lieux: Lieux) -> None:
    """Keep the number that systemd drew at the first start: the root forgets, the initramfs gives it back."""
    garde = lieux.config.systeme / "machine-id"
    if not garde.exists() and lieux.machine_id.exists():
        lu = lieux.machine_id.read_text(encoding="ascii").strip()
        if len(lu) == 32 and set(lu) <= set("0123456789abcdef"):
            poser(garde, f"{lu}\n".encode(), mode=0o444)


def faire_cles_ssh(lieux: Lieux) -> None:
    """Make the host key of SSH on the data, or keep the one that this Debian had: the folder appears whole."""
    voulu = lieux.config.systeme / "ssh"
    if voulu.is_dir():
        return
    neuf = lieux.config.systeme / "ssh.neuf"
    shutil.rmtree(neuf, ignore_errors=True)
    neuf.mkdir(mode=0o700)
    ancienne = lieux.ssh / CLE_SSH
    if ancienne.exists():
        for nom in (CLE_SSH, f"{CLE_SSH}.pub"):
            shutil.copy(lieux.ssh / nom, neuf / nom)
    else:
        _lancer("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "pirogue", "-f", str(neuf / CLE_SSH))
    (neuf / CLE_SSH).chmod(0o600)
    for fichier in (*neuf.iterdir(), neuf):
        fixer(fichier)
    neuf.rename(voulu)
    fixer(voulu.parent)


def dire_la_boite(lieux: Lieux) -> None:
    """Write `boite.toml` from what the coordinator asked for; what was not understood is kept for the sheet."""
    boite = lieux.config.donnees / FICHIER_BOITE
    if boite.exists():
        return
    _exiger_amorce(lieux)
    fichier = souhaits.trouver(lieux.config.amorce)
    voulu = souhaits.lire(fichier) if fichier else souhaits.Souhaits()
    poser(lieux.remarques, "".join(f"{une}\n" for une in voulu.remarques).encode(), mode=0o644)
    lignes = [f"{nom} = {json.dumps(valeur, ensure_ascii=False)}\n" for nom, valeur in sorted(voulu.textes.items())]
    lignes += [f"{nom} = {nombre}\n" for nom, nombre in sorted(voulu.nombres.items())]
    poser(boite, (ENTETE + "".join(lignes)).encode(), mode=0o644)


def _exiger_amorce(lieux: Lieux) -> None:
    """Refuse to decide what the box is while the partition that says it is not mounted; raises AmorceFermee."""
    attendue = any(
        ligne.split()[1:2] == [str(lieux.config.amorce)] for ligne in _lignes(lieux.fstab) if not ligne.startswith("#")
    )
    if attendue and not lieux.config.amorce.is_mount():
        raise AmorceFermee("La partition de démarrage n'est pas montée : la boîte ne sait pas qui elle est.")


def _lignes(fichier: Path) -> list[str]:
    return fichier.read_text(encoding="utf-8").splitlines() if fichier.exists() else []


def _lancer(*commande: str) -> None:
    fait = subprocess.run(commande, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if fait.returncode:
        raise PremierDemarrageArrete(f"{commande[0]} : {fait.stderr.strip()[-200:]}")

"""
Bringing a modem's connection up, and again when it falls: run by root while a modem is plugged in.

ModemManager speaks with the modem; what address it gave is written for systemd-networkd, unless the card asks for it
itself (DHCP). `python -I -m pirogue_bord.liaison.connecter --apn internet` ends when no modem is there any more.
"""

import argparse
import ipaddress
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pirogue_bord.liaison import LiaisonMuette, modem
from pirogue_socle.erreurs import ErreurPirogue

#: Read by systemd-networkd before the DHCP of `20-pirogue-lien.network`; forgotten at each boot.
FICHIER = Path("/run/systemd/network/15-pirogue-modem.network")
#: Finding the network and being let in may take this on a weak signal.
CONNECTER_S = 90.0
PERIODE_S = 30.0


class ModemPasConnecte(ErreurPirogue):
    """The network refused the modem, or gave no address that can be used."""

    geste = "Regarde le signal et le crédit de la carte SIM ; la clé USB marche toujours."
    code = 106


def tour(
    *,
    apn: str,
    fichier: Path = FICHIER,
    mmcli: Callable[[Sequence[str]], str] = lambda mots: modem.lancer_mmcli(mots, attente_s=CONNECTER_S),
    recharger: Callable[[], object] = lambda: subprocess.run(["networkctl", "reload"], check=True),
) -> bool:
    """
    Connect the modem if it is not; return whether there is one.

    Args:
        apn: the operator's access point name.
        fichier: where the address that the network gave is written.
        mmcli: runs `mmcli -J`. recharger: has systemd-networkd read its files again.

    Raises:
        LiaisonMuette: ModemManager or the modem does not answer. ModemPasConnecte: the network refused.
    """
    trouve = modem.chercher(mmcli)
    if trouve is None:
        return False
    if trouve.disponible():
        return True
    try:
        mmcli(["-m", trouve.chemin, f"--simple-connect=apn={apn},ip-type=ipv4"])
    except LiaisonMuette as cause:
        raise ModemPasConnecte("Le réseau mobile n'a pas laissé entrer la clé 4G.") from cause
    ecrit = decrire(trouve.porteuse())
    if ecrit and (not fichier.exists() or fichier.read_text(encoding="utf-8") != ecrit):
        fichier.write_text(ecrit, encoding="utf-8")
        recharger()
    return True


def decrire(porteuse: Mapping[str, Any]) -> str:
    """
    Return the file of systemd-networkd for a connection; empty when the card asks for its address by itself.

    Raises:
        ModemPasConnecte: no card, or what was given are no addresses; nothing of it is written.
    """
    ip, carte = porteuse.get("ipv4-config") or {}, str((porteuse.get("status") or {}).get("interface", ""))
    if ip.get("method") == "dhcp":
        return ""
    if not carte.isalnum():
        raise ModemPasConnecte("La clé 4G n'a pas de carte réseau.")
    try:
        adresse = ipaddress.IPv4Interface(f"{ip['address']}/{ip['prefix']}")
        sortie = ipaddress.IPv4Address(ip["gateway"])
        noms = [ipaddress.IPv4Address(un) for un in ip.get("dns") or []]
    except (KeyError, ValueError) as cause:
        raise ModemPasConnecte("La clé 4G n'a pas reçu d'adresse.") from cause
    lignes = ["[Match]", f"Name={carte}", "[Link]", "RequiredForOnline=no", "[Network]", f"Address={adresse}"]
    lignes += [f"DNS={un}" for un in noms]
    lignes += ["LinkLocalAddressing=no", "IPv6AcceptRA=no", "LLMNR=no", "MulticastDNS=no"]
    lignes += ["[Route]", f"Gateway={sortie}", "GatewayOnLink=yes"]
    return "\n".join(lignes) + "\n"


def main(mots: list[str] | None = None) -> int:
    """Keep the modem connected until it is pulled out."""
    analyseur = argparse.ArgumentParser(description="La connexion de la clé 4G.")
    analyseur.add_argument("--apn", default="internet")
    apn, dite = analyseur.parse_args(mots).apn, ""
    vues = 0
    while vues < 4:  # ModemManager takes its time with a modem that was just plugged in
        try:
            vues = 0 if tour(apn=apn) else vues + 1
            phrase = ""
        except ErreurPirogue as erreur:
            phrase = f"{erreur} {erreur.geste}"
        if phrase and phrase != dite:
            sys.stderr.write(f"{phrase}\n")
        dite = phrase
        time.sleep(PERIODE_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())

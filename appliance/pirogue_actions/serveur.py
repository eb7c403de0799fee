"""
Root's helper: one request a connection, one line each way, over a local socket that knows who is at the other end.

Who asks is told by the kernel (SO_PEERCRED). A line is at most 4096 octets, sent within two seconds; each caller may
have eight connections at once, so that one who hangs does not shut out another. Usage: `python -m pirogue_actions`.
"""

import argparse
import contextlib
import ipaddress
import json
import os
import pwd
import socket
import struct
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from pirogue_actions import actes, actes_cle
from pirogue_actions.guichet import Guichet
from pirogue_actions.pare_feu import Refus

LIGNE_MAX_OCTETS = 4096
ATTENTE_S = 2.0
LIENS_PAR_UID = 8
ROLES = ("portail", "captif", "bord")


class Serveur:
    """
    The helper at its socket.

    Args:
        ecoute: the listening socket.
        guichet: the acts that it offers.
        permis: user id → the roles it holds.
    """

    def __init__(self, ecoute: socket.socket, *, guichet: Guichet, permis: dict[int, frozenset[str]]) -> None:
        self.ecoute, self.guichet, self.permis = ecoute, guichet, permis
        self._liens: Counter[int] = Counter()
        self._compte = threading.Lock()

    def servir(self) -> None:
        """
        Answer until the process is stopped.

        It does not leave when it is idle: waking takes seconds on a loaded box, a probe waits a quarter of one, and a
        laptop that was greeted would be shown the portal again. Staying costs 9 MB.
        """
        while True:
            try:
                lien, _ = self.ecoute.accept()
            except OSError as cause:  # a caller gone before we answered, or no descriptor left for a moment
                sys.stderr.write(f"une connexion perdue : {cause}\n")
                time.sleep(0.05)
                continue
            uid = struct.unpack("3i", lien.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
            with self._compte:
                self._liens[uid] += 1
                trop = self._liens[uid] > LIENS_PAR_UID
            threading.Thread(target=self._traiter, args=(lien, uid), kwargs={"trop": trop}, daemon=True).start()

    def _traiter(self, lien: socket.socket, uid: int, *, trop: bool) -> None:
        """Answer one request, whatever it is; at once, unread, to a caller who holds too many connections."""
        reponse: dict[str, object] = {"refus": "Trop de demandes à la fois."}
        try:
            with lien:
                if not trop:
                    try:
                        rendu = self.guichet.faire(self.permis.get(uid, frozenset()), _lire_ligne(lien))
                        reponse = {"rendu": rendu}
                    except Refus as refus:
                        reponse = {"refus": str(refus)}
                _repondre(lien, reponse)
        finally:
            with self._compte:
                self._liens[uid] -= 1


def _lire_ligne(lien: socket.socket) -> bytes:
    """Read one line; raises Refus when it is too long, too slow or unfinished."""
    fin, recu = time.monotonic() + ATTENTE_S, b""
    while b"\n" not in recu:
        lien.settimeout(max(fin - time.monotonic(), 0.001))
        try:
            morceau = lien.recv(LIGNE_MAX_OCTETS + 1 - len(recu))
        except OSError:
            raise Refus("La demande n'est pas arrivée à temps.") from None
        recu += morceau
        if not morceau or len(recu) > LIGNE_MAX_OCTETS:
            raise Refus("La demande est trop longue, ou coupée.")
    return recu.partition(b"\n")[0]


def _repondre(lien: socket.socket, reponse: dict[str, object]) -> None:
    """Write the answer; whoever left before it has lost it."""
    lien.settimeout(ATTENTE_S)
    with contextlib.suppress(OSError):
        lien.sendall(json.dumps(reponse).encode() + b"\n")


def ecouter(prise: Path | None) -> socket.socket:
    """Return the socket that systemd handed over, else one of our own at `prise`; raises SystemExit without either."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=3)
    if prise is None:
        raise SystemExit("Il faut --prise, ou être lancé par sa prise systemd.")
    prise.unlink(missing_ok=True)
    ecoute = socket.socket(socket.AF_UNIX)
    ecoute.bind(str(prise))
    prise.chmod(0o666)  # the door is the caller's uid; the folder may be narrower
    ecoute.listen(64)
    return ecoute


def trouver_uid(nom: str) -> int:
    """Return the id of a user given by name or number; raises SystemExit for one that does not exist."""
    try:
        return int(nom) if nom.isdigit() else pwd.getpwnam(nom).pw_uid
    except KeyError:
        raise SystemExit(f"L'utilisateur {nom} n'existe pas.") from None


def choisir(choix: argparse.Namespace) -> Guichet:
    """Return the counter that the command line asks for; raises SystemExit for a user that does not exist."""
    if choix.actes == "cle":
        porteur = trouver_uid(choix.porteur)
        return Guichet(actes_cle.Cle(choix.montage, porteur), actes_cle.ACTES, actes_cle.VERIFICATIONS)
    boite = actes.Boite(choix.interface, choix.adresse, choix.lien, choix.stations_max)
    return Guichet(boite, actes.ACTES, actes.VERIFICATIONS)


def main(mots: list[str] | None = None) -> None:
    """Serve, as the command line says."""
    lecteur = argparse.ArgumentParser(prog="pirogue_actions", description="L'aide de root : quelques actes, pas plus.")
    lecteur.add_argument("--prise", type=Path)
    lecteur.add_argument("--actes", choices=["reseau", "cle"], default="reseau", help="ce que cette aide sait faire")
    for role in ROLES:
        lecteur.add_argument(f"--{role}", action="append", default=[], metavar="UTILISATEUR")
    reseau = lecteur.add_argument_group("réseau")
    reseau.add_argument("--interface", default="ap0")
    reseau.add_argument("--adresse", type=ipaddress.IPv4Interface, default="10.10.10.10/24")
    reseau.add_argument("--lien", default="wwan0")
    reseau.add_argument("--stations-max", type=int, default=19)
    cle = lecteur.add_argument_group("clé, heure, arrêt")
    cle.add_argument("--montage", type=Path, default=actes_cle.MONTAGE, help="où une clé est montée")
    cle.add_argument("--porteur", default="pirogue-sync", metavar="UTILISATEUR", help="qui lit et écrit la clé")
    choix = lecteur.parse_args(mots)
    permis: dict[int, frozenset[str]] = {}
    for role in ROLES:
        for nom in getattr(choix, role):
            uid = trouver_uid(nom)
            permis[uid] = permis.get(uid, frozenset()) | {role}
    guichet = choisir(choix)
    with ecouter(choix.prise) as ecoute:
        Serveur(ecoute, guichet=guichet, permis=permis).servir()

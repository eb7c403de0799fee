"""
Sticks that lie or die, for QEMU to present as real USB ones: a small NBD server (the part of the protocol it needs).

A counterfeit announces more than it has and wraps; a dying one answers with I/O errors after so many writes.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_OPTION, _REPONSE, _DEMANDE, _SUITE = 0x49484156454F5054, 0x3E889045565A9, 0x25609513, 0x67446698
_ABANDON, _INFO, _ALLER = 2, 6, 7
_LIRE, _ECRIRE, _FINIR = 0, 1, 2
_REFUS = (1 << 31) + 1
_EIO = 5


@dataclass
class CleMenteuse:
    """
    What a stick says and what it does.

    Attributes:
        memoire: the bytes that it really has.
        annonce: the size that it claims, bytes.
        ecritures_avant_panne: how many writes succeed before every request fails; None for ever.
    """

    memoire: bytearray
    annonce: int
    ecritures_avant_panne: int | None = None
    verrou: threading.Lock = field(default_factory=threading.Lock)

    @property
    def en_panne(self) -> bool:
        """Say whether it only answers with errors from now on."""
        return self.ecritures_avant_panne is not None and self.ecritures_avant_panne <= 0

    def lire(self, debut: int, taille: int) -> bytes:
        """Read; beyond what it has, it starts over."""
        vraie = len(self.memoire)
        return b"".join(
            bytes(self.memoire[place : place + longueur]) for place, longueur in _tours(debut, taille, vraie)
        )

    def ecrire(self, debut: int, octets: bytes) -> None:
        """Write; beyond what it has, over its own beginning."""
        if self.ecritures_avant_panne is not None:
            self.ecritures_avant_panne -= 1
        fait = 0
        for place, longueur in _tours(debut, len(octets), len(self.memoire)):
            self.memoire[place : place + longueur] = octets[fait : fait + longueur]
            fait += longueur


@contextlib.contextmanager
def servir(cle: CleMenteuse, prise: Path) -> Iterator[str]:
    """Serve a stick on a Unix socket while the block runs; yield the socket's path."""
    with socket.socket(socket.AF_UNIX) as ecoute:
        ecoute.bind(str(prise))
        ecoute.listen(1)
        fil = threading.Thread(target=_accueillir, args=(ecoute, cle), daemon=True)
        fil.start()
        try:
            yield str(prise)
        finally:
            ecoute.shutdown(socket.SHUT_RDWR)
            fil.join()
            prise.unlink()


def _accueillir(ecoute: socket.socket, cle: CleMenteuse) -> None:
    """Serve one client after another until the socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = ecoute.accept()
            with client, contextlib.suppress(EOFError):
                if _saluer(client, cle):
                    _repondre(client, cle)


def _saluer(client: socket.socket, cle: CleMenteuse) -> bool:
    """Agree on one export; False if the client leaves."""
    client.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
    _recevoir(client, 4)
    while True:
        _, option, longueur = struct.unpack(">QII", _recevoir(client, 16))
        _recevoir(client, longueur)
        if option in (_INFO, _ALLER):
            export = struct.pack(">HQH", 0, cle.annonce, 1 | 4)
            client.sendall(struct.pack(">QIII", _REPONSE, option, 3, len(export)) + export)
            client.sendall(struct.pack(">QIII", _REPONSE, option, 1, 0))
            if option == _ALLER:
                return True
        elif option == _ABANDON:
            client.sendall(struct.pack(">QIII", _REPONSE, option, 1, 0))
            return False
        else:
            client.sendall(struct.pack(">QIII", _REPONSE, option, _REFUS, 0))


def _repondre(client: socket.socket, cle: CleMenteuse) -> None:
    """Answer reads, writes and flushes until the client leaves."""
    while True:
        _, _, genre, poignee, debut, taille = struct.unpack(">IHHQQI", _recevoir(client, 28))
        recu = _recevoir(client, taille) if genre == _ECRIRE else b""
        if genre == _FINIR:
            return
        with cle.verrou:
            panne = cle.en_panne
            rendu = b"" if panne or genre != _LIRE else cle.lire(debut, taille)
            if genre == _ECRIRE and not panne:
                cle.ecrire(debut, recu)
        client.sendall(struct.pack(">IIQ", _SUITE, _EIO if panne else 0, poignee) + rendu)


def _tours(debut: int, taille: int, vraie: int) -> Iterator[tuple[int, int]]:
    """Cut a range where the stick starts over; yield (place, length)."""
    fait = 0
    while fait < taille:
        place = (debut + fait) % vraie
        longueur = min(taille - fait, vraie - place)
        yield place, longueur
        fait += longueur


def _recevoir(client: socket.socket, taille: int) -> bytes:
    morceaux = bytearray()
    while len(morceaux) < taille:
        morceau = client.recv(taille - len(morceaux))
        if not morceau:
            raise EOFError
        morceaux += morceau
    return bytes(morceaux)

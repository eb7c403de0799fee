"""A network between boat and shore: it counts, slows, cuts, freezes; real sockets on both sides."""

import contextlib
import fcntl
import select
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

#: Closing a socket with this option sends a reset instead of a goodbye.
_SANS_ADIEU = struct.pack("ii", 1, 0)
_MORCEAU = 2048
#: <linux/sockios.h>: what waits to be sent, without what is sent and not acknowledged.
_SIOCOUTQNSD = 0x894B


@dataclass(frozen=True)
class Coupure:
    """
    What happens to one connection.

    Attributes:
        montee: after so many bytes from the boat.
        descente: or after so many bytes from the shore.
        maniere: `rst` (reset), `fin` (goodbye) or `muet` (nothing more, ever).
    """

    montee: int | None = None
    descente: int | None = None
    maniere: str = "rst"


class Mandataire:
    """
    Carry connections to a port, each with its misfortune; once there are no more, the network is good.

    Attributes:
        montes, descendus: bytes carried each way.
        connexions: how many were made.
        tours: how many times the boat spoke after the shore had, or first: round trips beside TCP's own.
        durees_s: how long each of the boat's turns to be answered may be read from `tours`.
    """

    def __init__(self, port: int, *, coupures: Iterable[Coupure] = (), debit: float | None = None) -> None:
        self._cible = ("127.0.0.1", port)
        self._coupures = iter(coupures)
        self._debit = debit
        self._arret = threading.Event()
        self._fils: list[threading.Thread] = []
        self._ecoute = socket.socket()
        if debit is not None:  # a slow network holds little, or nobody could see that it is slow
            self._ecoute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._ecoute.bind(("127.0.0.1", 0))
        self._ecoute.listen()
        self._ecoute.settimeout(0.05)
        self.port: int = self._ecoute.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.montes = self.descendus = self.connexions = self.tours = 0

    def __enter__(self) -> Self:
        """Start to carry."""
        self._lancer(self._accueillir)
        return self

    def __exit__(self, genre: type[BaseException] | None, quoi: BaseException | None, ou: TracebackType | None) -> None:
        """Stop, and cut what is left."""
        self._arret.set()
        for fil in self._fils:
            fil.join()
        self._ecoute.close()

    def _lancer(self, quoi: object, *args: object) -> None:
        fil = threading.Thread(target=quoi, args=args)  # type: ignore[arg-type]
        self._fils.append(fil)
        fil.start()

    def _accueillir(self) -> None:
        while not self._arret.is_set():
            with contextlib.suppress(TimeoutError):
                bord, _ = self._ecoute.accept()
                self.connexions += 1
                self._lancer(self._porter, bord, next(self._coupures, Coupure()))

    def _porter(self, bord: socket.socket, coupure: Coupure) -> None:
        with bord, socket.socket() as rive:
            try:
                rive.connect(self._cible)
                maniere = self._echanger(bord, rive, coupure)
            except OSError:
                maniere = "fin"
            if maniere == "muet":
                self._arret.wait()
            if maniere == "rst":
                self.descendus -= _en_attente(bord)  # never sent: a reset drops it
                for bout in (bord, rive):
                    bout.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _SANS_ADIEU)

    def _echanger(self, bord: socket.socket, rive: socket.socket, coupure: Coupure) -> str:
        """Carry until the end, or the cut; return how it ends."""
        reste = {bord: coupure.montee, rive: coupure.descente}
        parle_a: socket.socket | None = None
        while not self._arret.is_set():
            if 0 in reste.values():
                return coupure.maniere
            for source in select.select([bord, rive], [], [], 0.05)[0]:
                permis = reste[source]
                morceau = source.recv(_MORCEAU if permis is None else min(_MORCEAU, permis))
                if not morceau:
                    return "fin"
                if self._debit is not None:
                    self._arret.wait(len(morceau) / self._debit)
                if source is bord:
                    self.montes += len(morceau)
                    self.tours += parle_a is not rive
                else:
                    self.descendus += len(morceau)
                parle_a = rive if source is bord else bord
                parle_a.sendall(morceau)
                if permis is not None:
                    reste[source] = permis - len(morceau)
        return "fin"


def _en_attente(prise: socket.socket) -> int:
    """Return the bytes that the kernel has not sent yet; those that are on their way are counted as carried."""
    (octets,) = struct.unpack("i", fcntl.ioctl(prise, _SIOCOUTQNSD, bytes(4)))
    return int(octets)


class Jouer:
    """A far end that plays a part: what it does with each connection is given."""

    def __init__(self, role: "Role") -> None:
        self._role = role
        self._arret = threading.Event()
        self._ecoute = socket.create_server(("127.0.0.1", 0))
        self._ecoute.settimeout(0.05)
        self.port: int = self._ecoute.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start to play."""
        self._fil = threading.Thread(target=self._jouer)
        self._fil.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._arret.set()
        self._fil.join()
        self._ecoute.close()

    def _jouer(self) -> None:
        while not self._arret.is_set():
            with contextlib.suppress(TimeoutError):
                prise, _ = self._ecoute.accept()
                with prise, contextlib.suppress(OSError):
                    self._role(prise, self._arret)


class Role(ABC):
    """What a far end does with one connection."""

    @abstractmethod
    def __call__(self, prise: socket.socket, arret: threading.Event) -> None:
        """Play."""


class Muette(Role):
    """It accepts, listens, and never answers."""

    def __call__(self, prise: socket.socket, arret: threading.Event) -> None:
        """Read all, say nothing."""
        prise.settimeout(0.05)
        while not arret.is_set():
            with contextlib.suppress(TimeoutError):
                if not prise.recv(65536):
                    arret.wait(0.01)


class Sourde(Role):
    """It accepts and does not even read."""

    def __call__(self, prise: socket.socket, arret: threading.Event) -> None:
        """Hold the connection."""
        while not arret.wait(0.05) and prise.fileno() >= 0:
            continue


class Goutte(Role):
    """It answers one byte at a time, slowly, for ever."""

    def __init__(self, pas_s: float) -> None:
        self._pas_s = pas_s

    def __call__(self, prise: socket.socket, arret: threading.Event) -> None:
        """Drip."""
        for octet in _sans_fin(b"HTTP/1.1 200 OK\r\nX: "):
            if arret.wait(self._pas_s):
                return
            prise.sendall(octet)


def _sans_fin(debut: bytes) -> Iterator[bytes]:
    for code in debut:
        yield bytes([code])
    while True:
        yield b"a"


class Reponse(Role):
    """It answers the same to every request, whatever was asked."""

    def __init__(self, statut: str, corps: bytes = b"", *, genre: str = "text/html", entetes: str = "") -> None:
        tete = f"HTTP/1.1 {statut}\r\nContent-Type: {genre}\r\nContent-Length: {len(corps)}\r\n{entetes}\r\n"
        self._octets = tete.encode() + corps

    def __call__(self, prise: socket.socket, arret: threading.Event) -> None:
        """Answer each request once it is whole."""
        prise.settimeout(0.05)
        lu = b""
        while not arret.is_set():
            with contextlib.suppress(TimeoutError):
                morceau = prise.recv(65536)
                if not morceau:
                    return
                lu += morceau
            while (taille := _taille(lu)) is not None and len(lu) >= taille:
                lu = lu[taille:]
                prise.sendall(self._octets)


def _taille(lu: bytes) -> int | None:
    """Return the length of the first request of some bytes, None while its head is not whole."""
    fin = lu.find(b"\r\n\r\n")
    if fin < 0:
        return None
    for ligne in lu[:fin].split(b"\r\n"):
        nom, _, valeur = ligne.partition(b":")
        if nom.lower() == b"content-length":
            return fin + 4 + int(valeur)
    return fin + 4

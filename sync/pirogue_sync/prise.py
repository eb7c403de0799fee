"""
A TCP connection, with or without TLS, whose time limit is on progress and whose every byte is counted.

Python's own time limits are of no use on a slow link: `sendall` is given up although bytes flow, and the kernel
swallows megabytes of which nothing has arrived. Here the kernel may hold little, and what is progress is what the
kernel says the other end acknowledged or sent (`TCP_INFO`): a dead link is noticed, a slow one is not given up, as long
as it carries `Limites.debit_min`.
"""

import contextlib
import io
import os
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pirogue_sync.patience import Compteur, Limites, Patience

_T = TypeVar("_T")

#: IPv4, TCP and its time stamps: what each segment costs beside what it carries.
_ENTETES_SEGMENT = 52
#: From linux/tcp.h, struct tcp_info: (bytes_acked, bytes_received, segs_out, segs_in), then bytes_sent.
_ACQUIS = struct.Struct("=QQII")
_ACQUIS_RANG = 120
_ENVOYES_RANG = 200
_LECTURE = 16 * 1024


class Prise:
    """
    What `http.client` takes for a socket.

    Raises (all methods):
        TimeoutError: no progress for too long.
        OSError: refused, cut, unknown name, TLS.
    """

    def __init__(self, hote: str, port: int, *, limites: Limites, compteur: Compteur) -> None:
        self._limites = limites
        self._compteur = compteur
        self._patience = Patience(limites)
        self._tls: ssl.SSLObject | None = None
        self._entrant, self._sortant = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._lu = bytearray()
        self._fini = False
        self._lecteurs = 0
        self._a_fermer = False
        self._acquis = 0
        self._tcp = self._joindre(hote, port)

    def chiffrer(self, contexte: ssl.SSLContext, hote: str, session: ssl.SSLSession | None) -> None:
        """Shake hands; raises ssl.SSLCertVerificationError when who answers is not who was called."""
        self._patience.renouveler()
        self._tls = contexte.wrap_bio(self._entrant, self._sortant, server_hostname=hote, session=session)
        try:
            self._mener(self._tls.do_handshake)
        except ssl.SSLError:
            with contextlib.suppress(OSError):  # tell the other end why, if it still listens
                self._ecouler()
            raise

    @property
    def tls(self) -> ssl.SSLObject | None:
        """Return the TLS side, for its certificate and its session."""
        return self._tls

    @property
    def a_recu(self) -> bool:
        """Say whether the other end has spoken, or hung up, before being read."""
        return bool(self._lu) or self._fini

    @property
    def octets(self) -> int:
        """Return what the connection has cost so far, both ways: headers and what was sent twice included."""
        brut = self._tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        _, recus, sortis, entres = _ACQUIS.unpack_from(brut, _ACQUIS_RANG)
        (envoyes,) = struct.unpack_from("=Q", brut, _ENVOYES_RANG)
        return int(envoyes + recus + _ENTETES_SEGMENT * (sortis + entres))

    def renouveler(self) -> None:
        """Start a new wait: another request, or the answer to one."""
        self._patience.renouveler()

    def sendall(self, octets: bytes | bytearray | memoryview) -> None:
        """Send; stops without an error when the other end has spoken meanwhile (`a_recu`)."""
        morceau = bytes(octets)
        tls = self._tls
        if tls is None:
            self._sortant.write(morceau)
            self._ecouler()
        else:
            self._mener(lambda: tls.write(morceau))

    def recevoir(self, maximum: int) -> bytes:
        """Return the next bytes, at least one; none once the other end is done."""
        while not self._lu and not self._fini:
            self._attendre(select.POLLIN)
            self._absorber()
        morceau = bytes(self._lu[:maximum])
        del self._lu[:maximum]
        return morceau

    def makefile(self, mode: str = "rb", *_: object) -> io.BufferedReader:
        """Return a reader over what arrives; the connection stays open while one is."""
        if mode != "rb":
            raise ValueError("only for reading")
        self._lecteurs += 1
        return io.BufferedReader(_Flux(self))

    def close(self) -> None:
        """Hang up, once nobody reads any more."""
        self._a_fermer = True
        self._fermer_si_libre()

    def lecteur_ferme(self) -> None:
        """Note that a reader is done."""
        self._lecteurs -= 1
        self._fermer_si_libre()

    def _fermer_si_libre(self) -> None:
        if self._a_fermer and self._lecteurs <= 0 and self._tcp.fileno() >= 0:
            self._raccrocher()

    def _raccrocher(self) -> None:
        octets = self.octets
        self._tcp.close()
        self._compteur.solder(octets)

    def _joindre(self, hote: str, port: int) -> socket.socket:
        """Connect to the first address that answers; together they have one wait."""
        adresses = socket.getaddrinfo(hote, port, type=socket.SOCK_STREAM)
        panne: OSError = OSError("no address")
        self._compteur.prevoir(4 * _ENTETES_SEGMENT)
        for famille, genre, protocole, _, adresse in adresses:
            tcp = socket.socket(famille, genre, protocole)
            try:
                tcp.settimeout(0)
                # The kernel doubles it, for its own book-keeping.
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limites.tampon_octets // 2)
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(BlockingIOError):
                    tcp.connect(adresse)
                _aboutir(tcp, self._limites.silence_s / len(adresses))
            except OSError as erreur:
                panne = erreur
                self._tcp = tcp
                self._raccrocher()
            else:
                return tcp
        raise panne

    def _mener(self, acte: Callable[[], _T]) -> _T:
        """Do one TLS act, with all the comings and goings that it needs."""
        while True:
            try:
                fait = acte()
            except ssl.SSLWantReadError:
                self._ecouler()
                self._attendre(select.POLLIN)
                self._aspirer()
                if self._fini:
                    self._entrant.write_eof()
            else:
                self._ecouler()
                return fait

    def _ecouler(self) -> None:
        """Send what waits to be sent, while listening: an early refusal saves the rest of the sending."""
        while self._sortant.pending:
            morceau = self._sortant.read(_LECTURE)
            reste = memoryview(morceau)
            self._compteur.prevoir(self.octets + len(reste) + 2 * _ENTETES_SEGMENT)
            while reste and not self.a_recu:
                if self._attendre(select.POLLIN | select.POLLOUT) & select.POLLIN:
                    self._absorber()
                    continue
                with contextlib.suppress(BlockingIOError):
                    reste = reste[self._tcp.send(reste) :]
            if reste:
                self._sortant.read()  # the other end has said all that it will hear
                return

    def _absorber(self) -> None:
        """Take in what has arrived, decrypted."""
        self._aspirer()
        if self._tls is None:
            self._lu += self._entrant.read()
            return
        if self._fini:
            self._entrant.write_eof()
        with contextlib.suppress(ssl.SSLWantReadError):
            try:
                while clair := self._tls.read(_LECTURE):
                    self._lu += clair
                self._fini = True
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self._fini = True

    def _aspirer(self) -> None:
        """Take in what has arrived, as it arrived."""
        try:
            morceau = self._tcp.recv(_LECTURE)
        except BlockingIOError:
            return
        if morceau:
            self._entrant.write(morceau)
        else:
            self._fini = True
        self._compteur.prevoir(self.octets)

    def _attendre(self, pour: int) -> int:
        """Wait until the socket is ready for something; return for what."""
        pas_s = min(1.0, self._limites.silence_s / 20)
        while True:
            debut = time.monotonic()
            pret = _pret(self._tcp, pour, pas_s)
            # A machine that stood still in between did not wait for so long.
            self._patience.depenser(min(pas_s, time.monotonic() - debut))
            self._mesurer()
            # Asked even when there is something to read: who drips a byte a second is always ready.
            if self._patience.reste_s <= 0:
                raise TimeoutError("no progress")
            if pret:
                return pret

    def _mesurer(self) -> None:
        brut = self._tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        partis, recus, *_ = _ACQUIS.unpack_from(brut, _ACQUIS_RANG)
        self._patience.gagner(partis + recus - self._acquis)
        self._acquis = partis + recus


class _Flux(io.RawIOBase):
    """The reading side of a connection."""

    def __init__(self, prise: Prise) -> None:
        self._prise = prise

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, tampon: Any, /) -> int:
        """Fill a buffer with what arrives."""
        vue = memoryview(tampon)
        morceau = self._prise.recevoir(len(vue))
        vue[: len(morceau)] = morceau
        return len(morceau)

    def close(self) -> None:
        """Tell the connection that this reader is done."""
        if not self.closed:
            super().close()
            self._prise.lecteur_ferme()


def _aboutir(tcp: socket.socket, delai_s: float) -> None:
    """Wait for a connection to be made."""
    if not _pret(tcp, select.POLLOUT, delai_s):
        raise TimeoutError("no answer")
    if echec := tcp.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(echec, os.strerror(echec))


def _pret(tcp: socket.socket, pour: int, delai_s: float) -> int:
    """Wait for a socket; return what it is ready for, an error or a hang-up being readable; 0 when time is over."""
    guet = select.poll()
    guet.register(tcp, pour)
    for _, etat in guet.poll(max(1, int(delai_s * 1000))):
        casse = etat & (select.POLLERR | select.POLLHUP)
        return (etat & pour) | (pour if casse else 0)
    return 0

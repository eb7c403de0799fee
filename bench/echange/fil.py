"""
The wire: a TCP proxy that counts bytes both ways and, when asked, is far away, slow, and cut at random.

It counts what TCP carries (TLS records included, TCP/IP headers not), the same for every method measured. A turn is a
change of direction from down to up after a silence: the sender had to wait for an answer before it went on. The
handshake of TCP costs one more return trip, which is waited for but moves no counted byte.
"""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass

BLOC = 4096
#: Small, so that what the kernel swallows does not look like progress to the sender.
TAMPON = 16_384
SANS_LIMITE = 1e12
#: Part of a return trip that the sender must have been silent for: a ticket of TLS that comes amid a body is no answer.
SILENCE = 0.9


@dataclass(frozen=True)
class Qualite:
    """
    What the link is like.

    Attributes:
        aller_s: seconds that a byte travels, one way.
        montant_o_s, descendant_o_s: bytes per second.
        coupure_s: mean life of a connection (exponential), 0 for a link that is never cut.
        graine: of the cuts.
    """

    aller_s: float = 0.0
    montant_o_s: float = SANS_LIMITE
    descendant_o_s: float = SANS_LIMITE
    coupure_s: float = 0.0
    graine: int = 1


@dataclass
class Releve:
    """What went over the wire."""

    connexions: int = 0
    montant: int = 0
    descendant: int = 0
    tours: int = 0
    coupures: int = 0
    debut_s: float = 0.0
    fin_s: float = 0.0

    @property
    def octets(self) -> int:
        """Bytes, both ways."""
        return self.montant + self.descendant

    @property
    def duree_s(self) -> float:
        """Seconds from the first connection to the last byte delivered."""
        return self.fin_s - self.debut_s


class Fil:
    """A running proxy to one address; use it with `with`."""

    def __init__(self, vers: int, qualite: Qualite | None = None) -> None:
        self.qualite = qualite or Qualite()
        self.releve = Releve()
        self._vers = vers
        self._hasard = random.Random(self.qualite.graine)
        self._sens = ""
        self._emis_s: dict[str, float] = {}
        self._liaisons: set[asyncio.Future[None]] = set()
        self._boucle = asyncio.new_event_loop()
        self._prise = socket.socket()
        self._prise.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TAMPON)
        self._prise.bind(("127.0.0.1", 0))
        self.port: int = self._prise.getsockname()[1]
        self._fil = threading.Thread(target=self._tourner, daemon=True)
        self._fin = asyncio.Event()
        self._pret = threading.Event()

    def __enter__(self) -> "Fil":
        self._fil.start()
        self._pret.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._boucle.call_soon_threadsafe(self._fin.set)
        self._fil.join()

    def _tourner(self) -> None:
        asyncio.set_event_loop(self._boucle)
        self._boucle.run_until_complete(self._servir())
        self._boucle.close()

    async def _servir(self) -> None:
        serveur = await asyncio.start_server(self._joindre, sock=self._prise, limit=2 * BLOC)
        self._pret.set()
        await self._fin.wait()
        serveur.close()
        for tache in self._liaisons:
            tache.cancel()
        await asyncio.gather(*self._liaisons, return_exceptions=True)

    async def _joindre(self, lu: asyncio.StreamReader, ecrit: asyncio.StreamWriter) -> None:
        """Join one connection to the far end until it ends, is cut, or the wire is taken down."""
        liaison = asyncio.ensure_future(self._relier(lu, ecrit))
        self._liaisons.add(liaison)
        await asyncio.wait([liaison])
        self._liaisons.discard(liaison)
        ecrit.transport.abort()

    async def _relier(self, lu: asyncio.StreamReader, ecrit: asyncio.StreamWriter) -> None:
        self.releve.connexions += 1
        self.releve.debut_s = self.releve.debut_s or time.monotonic()
        await asyncio.sleep(2 * self.qualite.aller_s)
        lu_loin, ecrit_loin = await asyncio.open_connection("127.0.0.1", self._vers, limit=2 * BLOC)
        taches = [
            asyncio.ensure_future(tache)
            for sens, source, puits in (("montant", lu, ecrit_loin), ("descendant", lu_loin, ecrit))
            for tache in self._tuyau(sens, source, puits)
        ]
        vie_s = self._hasard.expovariate(1 / self.qualite.coupure_s) if self.qualite.coupure_s else None
        try:
            _, restantes = await asyncio.wait(taches, timeout=vie_s)
            self.releve.coupures += bool(restantes)
        finally:
            for tache in taches:
                tache.cancel()
            await asyncio.gather(*taches, return_exceptions=True)
            ecrit_loin.transport.abort()

    def _tuyau(
        self, sens: str, lu: asyncio.StreamReader, ecrit: asyncio.StreamWriter
    ) -> tuple[Coroutine[None, None, None], ...]:
        """Carry one direction, in two halves: through the narrow part of the link, where bytes are paid; then far."""
        en_vol: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        return self._emettre(sens, lu, en_vol), self._livrer(ecrit, en_vol)

    async def _emettre(self, sens: str, lu: asyncio.StreamReader, en_vol: asyncio.Queue[tuple[float, bytes]]) -> None:
        debit = self.qualite.montant_o_s if sens == "montant" else self.qualite.descendant_o_s
        libre = 0.0
        octets = b"-"
        while octets:
            try:
                octets = await lu.read(BLOC)
            except OSError:
                octets = b""
            if octets:
                self._noter_tour(sens)
            libre = max(time.monotonic(), libre) + len(octets) / debit
            await asyncio.sleep(max(0.0, libre - time.monotonic()))
            setattr(self.releve, sens, getattr(self.releve, sens) + len(octets))
            self._emis_s[sens] = time.monotonic()
            en_vol.put_nowait((time.monotonic() + self.qualite.aller_s, octets))

    async def _livrer(self, ecrit: asyncio.StreamWriter, en_vol: asyncio.Queue[tuple[float, bytes]]) -> None:
        octets = b"-"
        while octets:
            arrivee, octets = await en_vol.get()
            await asyncio.sleep(max(0.0, arrivee - time.monotonic()))
            if ecrit.transport.is_closing():
                continue
            with suppress(OSError):
                if octets:
                    self.releve.fin_s = time.monotonic()
                    ecrit.write(octets)
                    await ecrit.drain()
                elif ecrit.can_write_eof():
                    ecrit.write_eof()

    def _noter_tour(self, sens: str) -> None:
        """Count a turn when the sender speaks again after an answer and a silence as long as a return trip."""
        silence_s = time.monotonic() - self._emis_s.get("montant", 0.0)
        if sens == "montant" and self._sens != "montant" and silence_s >= SILENCE * 2 * self.qualite.aller_s:
            self.releve.tours += 1
        self._sens = sens

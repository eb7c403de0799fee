"""
The wire: a TCP proxy that counts bytes both ways and, when asked, is far away, slow, and cut at random.

It counts what TCP carries (TLS records included, TCP/IP headers not), the same for every method measured. A turn is a
change of direction from down to up: the sender had to wait for an answer before it went on. The handshake of TCP costs
one more return trip, which is waited for but moves no counted byte.
"""

import asyncio
import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

BLOC = 4096
#: Small, so that what the kernel swallows does not look like progress to the sender.
TAMPON = 16_384
SANS_LIMITE = 1e12
#: Bytes per second that the queue of a link without limit is made for.
DEBIT_MAX = 4e6


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

    def remettre_a_zero(self) -> Releve:
        """Return what was counted so far and count anew."""
        ancien, self.releve = self.releve, Releve()
        self._sens = ""
        return ancien

    def _tourner(self) -> None:
        asyncio.set_event_loop(self._boucle)
        self._boucle.run_until_complete(self._servir())
        self._boucle.close()

    async def _servir(self) -> None:
        serveur = await asyncio.start_server(self._joindre, sock=self._prise, limit=2 * BLOC)
        self._pret.set()
        await self._fin.wait()
        serveur.close()
        autres = asyncio.all_tasks() - {asyncio.current_task()}
        for tache in autres:
            tache.cancel()
        await asyncio.gather(*autres, return_exceptions=True)

    async def _joindre(self, lu: asyncio.StreamReader, ecrit: asyncio.StreamWriter) -> None:
        """Join one connection to the far end until it ends or is cut."""
        self.releve.connexions += 1
        self.releve.debut_s = self.releve.debut_s or time.monotonic()
        await asyncio.sleep(2 * self.qualite.aller_s)
        try:
            lu_loin, ecrit_loin = await asyncio.open_connection("127.0.0.1", self._vers, limit=2 * BLOC)
        except OSError:
            ecrit.transport.abort()
            return
        tuyaux = asyncio.gather(
            self._tuyau(lu, ecrit_loin, "montant", self.qualite.montant_o_s),
            self._tuyau(lu_loin, ecrit, "descendant", self.qualite.descendant_o_s),
        )
        vie_s = self._hasard.expovariate(1 / self.qualite.coupure_s) if self.qualite.coupure_s else None
        try:
            await asyncio.wait_for(tuyaux, vie_s)
        except TimeoutError:
            self.releve.coupures += 1
            ecrit.transport.abort()
            ecrit_loin.transport.abort()
        except asyncio.CancelledError:  # the wire is taken down: asyncio's own callback would print a traceback
            tuyaux.cancel()
        finally:
            ecrit.close()
            ecrit_loin.close()

    async def _tuyau(self, lu: asyncio.StreamReader, ecrit: asyncio.StreamWriter, sens: str, debit: float) -> None:
        """Carry one direction: read, count, hold for as long as the link takes, pass on."""
        en_vol = self.qualite.aller_s * min(debit, DEBIT_MAX) / BLOC
        attente: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=2 + int(en_vol))
        porteur = asyncio.ensure_future(self._porter(attente, ecrit, debit))
        with suppress(OSError):
            while octets := await lu.read(BLOC):
                self._compter(sens, len(octets))
                await attente.put((time.monotonic(), octets))
        await attente.put((time.monotonic(), b""))
        await porteur

    async def _porter(
        self, attente: asyncio.Queue[tuple[float, bytes]], ecrit: asyncio.StreamWriter, debit: float
    ) -> None:
        libre = 0.0
        while True:
            lu_a, octets = await attente.get()
            libre = max(lu_a + self.qualite.aller_s, libre) + len(octets) / debit
            with suppress(OSError):
                await asyncio.sleep(max(0.0, libre - time.monotonic()))
                if not octets:
                    ecrit.write_eof()
                    return
                self.releve.fin_s = time.monotonic()
                ecrit.write(octets)
                await ecrit.drain()

    def _compter(self, sens: str, octets: int) -> None:
        setattr(self.releve, sens, getattr(self.releve, sens) + octets)
        if sens == "montant" and self._sens != "montant":
            self.releve.tours += 1
        self._sens = sens

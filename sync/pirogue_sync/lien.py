"""
The connection to the shore: an address, TLS when it says so, one request after another on the same connection.

TLS keeps the curious away; it is not what makes an exchange true (lots and receipts are signed and sealed). So a box
that does not know the date may call a shore whose certificate it cannot date, and nothing else is ever relaxed: see
docs/decisions/0008-tls-without-a-clock.md.
"""

import contextlib
import http.client
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pirogue_socle.erreurs import ConfigurationInvalide, ErreurPirogue
from pirogue_sync import confiance
from pirogue_sync.patience import Compteur, Limites
from pirogue_sync.prise import Prise

#: Largest answer, bytes.
REPONSE_MAX = 256 * 1024
#: Small blocks, so that what has left is known at each.
BLOC = 8 * 1024
#: What is read at once of a long answer.
TAMPON = 64 * 1024
#: What OpenSSL says of an answer in clear.
_PAS_DU_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")

DATES_NON_VERIFIEES = (
    "La boîte ne connaît pas la date : celle du certificat de la rive n'a pas été vérifiée. Tout le reste l'a été."
)


class RiveInjoignable(ErreurPirogue):
    """The shore cannot be reached, or the link was cut."""

    geste = "Réessaie quand le réseau sera meilleur, ou utilise la clé. Les données sont toujours à bord."
    code = 74


class PasDeRecu(ErreurPirogue):
    """Something answered, but not with a receipt signed by our shore."""

    geste = "Le forfait est peut-être fini, ou le réseau demande une page de connexion. Les données sont à bord."
    code = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class Adresse:
    """
    Where the shore is, and how it is believed.

    Attributes:
        url: such as `https://rive.example.org`.
        ca: file of the authority that signs the shore's certificate; None for those of the system.
        heure_ms: the true time, milliseconds since 1970 UTC; None when this boot does not know it.
    """

    url: str
    ca: Path | None = None
    heure_ms: int | None = None

    def decouper(self) -> tuple[bool, str, int, str]:
        """Return (TLS or not, host, port, path before `/v1`); raises ConfigurationInvalide."""
        try:
            parties = urlsplit(self.url)
            port = parties.port
        except ValueError as cause:
            raise ConfigurationInvalide("L'adresse de la rive n'est pas bonne.") from cause
        if not parties.hostname or parties.scheme not in {"http", "https"}:
            raise ConfigurationInvalide("L'adresse de la rive n'est pas bonne : elle commence par http:// ou https://.")
        tls = parties.scheme == "https"
        return tls, parties.hostname, port or (443 if tls else 80), parties.path.rstrip("/")


@dataclass(frozen=True, slots=True)
class Reponse:
    """
    An answer, whole.

    Attributes:
        statut: the HTTP status; never a proof of anything.
        genre: media type.
        corps: its body; empty when it is not of the kind that was asked for.
    """

    statut: int
    genre: str
    corps: bytes


@dataclass(frozen=True, slots=True)
class Envoi:
    """
    A body to send.

    Attributes:
        morceaux: its pieces, taken as they leave.
        taille: bytes in all.
        genre: media type.
    """

    morceaux: Iterable[bytes]
    taille: int
    genre: str


@dataclass(slots=True)
class _Memoire:
    """What one connection teaches the next: the TLS session, and whether dates had to be left unchecked."""

    session: ssl.SSLSession | None = None
    contexte: ssl.SSLContext | None = None
    remarques: list[str] = field(default_factory=list)


class Lien(http.client.HTTPConnection):
    """
    A connection to the shore; opened at the first request, opened again by the next one when it was closed.

    Args:
        adresse: where.
        limites: when to give up.
        compteur: who pays for the bytes.

    Raises:
        ConfigurationInvalide: the address is not one.
    """

    def __init__(self, adresse: Adresse, *, limites: Limites, compteur: Compteur) -> None:
        self._adresse = adresse
        self._limites = limites
        self._compteur = compteur
        self._memoire = _Memoire()
        self._tls, hote, port, self._racine = adresse.decouper()
        super().__init__(hote, port)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    @property
    def remarques(self) -> list[str]:
        """Return French sentences about what had to be left unchecked."""
        return self._memoire.remarques

    @property
    def octets(self) -> int:
        """Return what the open connection has cost so far."""
        return self.sock.octets if isinstance(self.sock, Prise) else 0

    def connect(self) -> None:
        """Open the connection (called by `http.client`)."""
        if not self._tls:
            self.sock = Prise(self.host, self.port, limites=self._limites, compteur=self._compteur)
            return
        memoire = self._memoire
        if memoire.contexte is None:
            memoire.contexte = confiance.contexte(self._adresse.ca)
        try:
            self.sock = self._chiffrer(memoire.contexte)
        except ssl.SSLCertVerificationError as erreur:
            if erreur.verify_code not in confiance.ERREURS_DE_DATE:
                raise
            self._sans_dates(erreur)

    def _sans_dates(self, erreur: ssl.SSLCertVerificationError) -> None:
        """Call again without the dates, which the system's clock cannot judge; ours judges them, if it is known."""
        contexte = confiance.contexte(self._adresse.ca, dates=False)
        prise = self._chiffrer(contexte)
        if not confiance.dates_bonnes(prise, self._adresse.heure_ms):
            prise.close()
            raise erreur
        self.sock = prise
        self._memoire.contexte = contexte
        if self._adresse.heure_ms is None and DATES_NON_VERIFIEES not in self._memoire.remarques:
            self._memoire.remarques.append(DATES_NON_VERIFIEES)

    def _chiffrer(self, contexte: ssl.SSLContext) -> Prise:
        prise = Prise(self.host, self.port, limites=self._limites, compteur=self._compteur)
        session = self._memoire.session if contexte is self._memoire.contexte else None
        try:
            prise.chiffrer(contexte, self.host, session)
        except BaseException:
            prise.close()
            raise
        return prise

    def close(self) -> None:
        """Hang up; the TLS session is kept, the next call is shorter."""
        prise = self.sock
        if isinstance(prise, Prise) and prise.tls is not None and prise.tls.session is not None:
            self._memoire.session = prise.tls.session
        super().close()

    def demander(
        self,
        verbe: str,
        chemin: str,
        *,
        accepter: str,
        entetes: dict[str, str] | None = None,
        envoi: Envoi | None = None,
        maximum: int = REPONSE_MAX,
    ) -> Reponse:
        """
        Make one request and read its answer.

        Args:
            verbe: GET or POST.
            chemin: path and query, from `/v1/`.
            accepter: media type of the answer; the body of another one is not even read.
            entetes: more headers.
            envoi: the body.
            maximum: largest answer, bytes.

        Raises:
            RiveInjoignable: no answer, or cut before its end.
            PasDeRecu: who answers cannot be our shore.
        """
        with self._phrases():
            self._envoyer(verbe, chemin, entetes={"Accept": accepter, **(entetes or {})}, envoi=envoi)
            return self._recevoir(accepter, maximum)

    def tirer(
        self, chemin: str, *, debut: int, octets: int, entetes: dict[str, str], vers: Callable[[bytes], object]
    ) -> int:
        """
        Fetch a part of a file, handing its bytes on as they come, so that a cut loses none.

        Args:
            chemin: path and query, from `/v1/`.
            debut: rank of the first byte.
            octets: how many; one at least.
            entetes: more headers.
            vers: takes the bytes, a few at a time, in order.

        Returns:
            The HTTP status. 206: all of them were handed on. Any other: none was, nor read.

        Raises:
            RiveInjoignable: no answer, or cut; what came before was handed on.
            PasDeRecu: who answers cannot be our shore.
            ErreurPirogue: what `vers` and the counter say; the connection is closed.
        """
        bornes = f"bytes={debut}-{debut + octets - 1}"
        with self._phrases():
            self._envoyer("GET", chemin, entetes={"Range": bornes, **entetes}, envoi=None)
            reponse = self.getresponse()
            dites = (reponse.headers.get("Content-Range", "").partition("/")[0], reponse.length)
            if (reponse.status, *dites) != (206, bornes.replace("=", " "), octets):
                self.close()
                reponse.close()
                return 502 if reponse.status == 206 else reponse.status
            while octets:
                morceau = reponse.read1(min(octets, TAMPON))
                if not morceau:
                    raise http.client.IncompleteRead(b"", octets)
                octets -= len(morceau)
                vers(morceau)
            reponse.close()  # all was read: the connection serves again
            return reponse.status

    @contextlib.contextmanager
    def _phrases(self) -> Iterator[None]:
        """Say in French what the network says, and hang up: what follows would be the end of another answer."""
        try:
            yield
        except ssl.SSLCertVerificationError as cause:
            self.close()
            raise PasDeRecu("Ce qui répond n'est pas notre rive : son certificat n'est pas le bon.") from cause
        except ssl.SSLError as cause:
            self.close()
            if cause.reason in _PAS_DU_TLS:
                raise PasDeRecu("Ce qui répond n'est pas notre rive : il ne parle pas TLS.") from cause
            raise RiveInjoignable("La rive ne répond pas.") from cause
        except (OSError, http.client.HTTPException) as cause:
            self.close()
            raise RiveInjoignable("La rive ne répond pas.") from cause
        except ErreurPirogue:
            self.close()
            raise

    def _prise(self) -> Prise:
        if not isinstance(self.sock, Prise):
            self.connect()
        if not isinstance(self.sock, Prise):
            raise TypeError("a connection that is not ours")
        return self.sock

    def _envoyer(self, verbe: str, chemin: str, *, entetes: dict[str, str], envoi: Envoi | None) -> None:
        """Send a request; its body stops where the shore answers before the end."""
        prise = self._prise()
        prise.renouveler()
        self.putrequest(verbe, self._racine + chemin, skip_accept_encoding=True)
        for nom, valeur in entetes.items():
            self.putheader(nom, valeur)
        if envoi is not None:
            self.putheader("Content-Type", envoi.genre)
            self.putheader("Content-Length", str(envoi.taille))
        self.endheaders()
        for morceau in envoi.morceaux if envoi else ():
            if prise.a_recu:
                break
            for rang in range(0, len(morceau), BLOC):
                self.send(morceau[rang : rang + BLOC])

    def _recevoir(self, accepter: str, maximum: int) -> Reponse:
        """Read an answer, unless it is of another kind or too large; the connection serves again if all was said."""
        prise = self._prise()
        finie = not prise.a_recu
        prise.renouveler()
        reponse = self.getresponse()
        genre = reponse.headers.get_content_type()
        corps = b""
        if genre == accepter and (reponse.length or 0) <= maximum:
            corps = reponse.read(maximum + 1)
        if not (finie and reponse.isclosed()):
            self.close()
            reponse.close()
        return Reponse(reponse.status, genre, corps[:maximum])

"""The envelope of a lot: what comes before the payload, read with a bound on every line, and checked."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature

from pirogue_echange import entete
from pirogue_echange.annuaire import Annuaire
from pirogue_echange.cles import NOM, Carte, Cles
from pirogue_echange.entete import ENTETE_MAX, MAGIE, Entete
from pirogue_echange.erreurs import CleRevoquee, FormeInvalide, SignataireInconnu, SignatureFausse

SEPARATEUR = b"---\n"
#: Most signature lines: one, and two for a change of keys. Exactly as many are read: a lot has one writing only.
SIGNATURES_MAX = 2
LIGNE_SIGNATURE_MAX = 256


class Source(Protocol):
    """Anything that bytes come from: a file, a request's body."""

    def read(self, taille: int, /) -> bytes:
        """Return up to `taille` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Prefixe:
    """
    Everything of a lot before its payload.

    Attributes:
        texte: lines 1 and 2, which are signed and whose hash is the id.
        entete: line 2, read.
        signatures: (signer's name, key id, signature): one, or two for a change of keys.
        brut: all the bytes up to and including the separator.
    """

    texte: bytes
    entete: Entete
    signatures: tuple[tuple[str, bytes, bytes], ...]
    brut: bytes

    @property
    def id(self) -> str:
        """Return the id of the lot: the first 32 hexadecimal characters of SHA-256(lines 1 and 2)."""
        return hashlib.sha256(self.texte).hexdigest()[:32]


class Lecteur:
    """A small buffer over a source, so that lines and payloads can be read with a bound on each."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tampon = b""

    def ligne(self, maximum: int) -> bytes:
        """Return the next line with its line feed, or at most `maximum` bytes without one; b"" at the end."""
        while b"\n" not in self._tampon and len(self._tampon) < maximum:
            morceau = self._source.read(4096)
            if not morceau:
                break
            self._tampon += morceau
        fin = self._tampon.find(b"\n", 0, maximum) + 1
        return self.prendre(fin or min(maximum, len(self._tampon)))

    def prendre(self, taille: int) -> bytes:
        """Return `taille` bytes, fewer at the end of the source."""
        morceaux = [self._tampon[:taille]]
        reste = taille - len(morceaux[0])
        self._tampon = self._tampon[taille:]
        while reste and (morceau := self._source.read(min(reste, 65536))):
            morceaux.append(morceau)
            reste -= len(morceau)
        return b"".join(morceaux)


class SourceOctets:
    """A source over bytes in memory."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._rang = 0

    def read(self, taille: int, /) -> bytes:
        """Return up to `taille` bytes, none at the end."""
        morceau = self._octets[self._rang : self._rang + taille]
        self._rang += len(morceau)
        return morceau


def lire_prefixe(lecteur: Lecteur) -> Prefixe | None:
    """
    Read everything before the payload; None when the source has ended cleanly.

    Raises:
        FormeInvalide: these are not the first lines of a lot.
    """
    magie = lecteur.ligne(len(MAGIE))
    if not magie:
        return None
    if magie != MAGIE:
        raise FormeInvalide("Ce fichier n'est pas un lot.")
    ligne = lecteur.ligne(ENTETE_MAX)
    if not ligne.endswith(b"\n"):
        raise FormeInvalide("L'en-tête de ce lot est coupé ou trop long.")
    lu = entete.lire(ligne[:-1])
    brut = magie + ligne
    signatures: list[tuple[str, bytes, bytes]] = []
    while (suite := lecteur.ligne(LIGNE_SIGNATURE_MAX)) != SEPARATEUR:
        if len(signatures) == SIGNATURES_MAX:
            raise FormeInvalide("Ce lot a trop de signatures.")
        signatures.append(_lire_signature(suite))
        brut += suite
    if len(signatures) != (2 if lu.genre == "cles" else 1):
        raise FormeInvalide("Ce lot n'a pas le bon nombre de signatures.")
    return Prefixe(texte=magie + ligne, entete=lu, signatures=tuple(signatures), brut=brut + SEPARATEUR)


def verifier(prefixe: Prefixe, *, annuaire: Annuaire) -> Carte:
    """
    Return the card of who signed, once the signature and the announced sizes are good.

    A journal must be signed by its own relay; a change of keys by whose keys they are; everything else by a shore.

    Raises:
        SignataireInconnu: the signer has no card here that may sign this kind of lot.
        SignatureFausse: a known signer did not sign these bytes.
        CleRevoquee: the signature is good, and the key is no longer believed for this.
        LotTropGros: the header announces more than the caps.
    """
    nom, id_cle, signature = prefixe.signatures[0]
    droits = [un for un in annuaire.get(nom, ()) if _peut_signer(un.carte, prefixe.entete)]
    if not droits:
        raise SignataireInconnu("Ce lot vient d'un relais ou d'une rive que nous ne connaissons pas.")
    bons = [un for un in droits if un.carte.id_cle == id_cle and est_signe(un.carte, signature, prefixe.texte)]
    if not bons:
        raise SignatureFausse("La signature de ce lot n'est pas bonne.")
    if not bons[0].permet(prefixe.entete):
        raise CleRevoquee("Ce lot est signé avec une clé qui a été retirée.")
    entete.exiger_tailles(prefixe.entete)
    return bons[0].carte


def est_signe(carte: Carte, signature: bytes, texte: bytes) -> bool:
    """Say whether a signature of some bytes was made with the private key of a card."""
    try:
        carte.publique().verify(signature, texte)
    except InvalidSignature:
        return False
    return True


def ligne_signature(cles: Cles, texte: bytes) -> bytes:
    """Return one signed-note line: who signed, which key, the signature of lines 1 and 2."""
    code = base64.b64encode(cles.carte.id_cle + cles.signer(texte))
    return b"\xe2\x80\x94 " + cles.carte.id.encode() + b" " + code + b"\n"


def _peut_signer(carte: Carte, tete: Entete) -> bool:
    if carte.genre == "relais":
        return tete.genre in {"journal", "cles"} and carte.id == tete.relais
    return tete.genre != "journal"


def _lire_signature(ligne: bytes) -> tuple[str, bytes, bytes]:
    """Read one signed-note line; a signature has exactly one writing, so a changed byte never goes unseen."""
    try:
        tiret, nom, code = ligne.decode().removesuffix("\n").split(" ")
        brut = base64.b64decode(code, validate=True)
    except (ValueError, binascii.Error) as cause:
        raise FormeInvalide("Les signatures de ce lot n'ont pas la forme attendue.") from cause
    unique = ligne.endswith(b"\n") and base64.b64encode(brut).decode() == code
    if tiret != "—" or not NOM.fullmatch(nom) or len(brut) != 68 or not unique:
        raise FormeInvalide("Les signatures de ce lot n'ont pas la forme attendue.")
    return nom, brut[:4], brut[4:]

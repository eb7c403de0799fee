"""The header of a lot: its fields, its one canonical line, and the checks made before anything is believed."""

import re
from dataclasses import dataclass
from typing import Any

from pirogue_echange import canonique
from pirogue_echange.cles import NOM
from pirogue_echange.erreurs import FormeInvalide, LotTropGros

MAGIE = b"pirogue-lot 1\n"
#: Longest header line, line feed included.
ENTETE_MAX = 4096
#: Most events in one journal lot.
EVENEMENTS_MAX = 1000
#: Largest payload on the wire, bytes.
SCELLE_MAX = 64 * 1024
#: Largest payload once inflated, bytes.
CLAIR_MAX = 8 * 1024 * 1024
#: Version of the event lines inside.
SCHEMA = 1

#: `journal` goes up; `cles` goes both ways; the others come down.
GENRES = ("journal", "recepisse", "config", "listes", "effacement", "restauration", "cles", "maj")
FLUX = ("activite", "identites")

_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entete:
    """
    What a lot says of itself, in clear and signed.

    Attributes:
        genre: one of `GENRES`.
        relais: id of the relay whose data it is, or to whom it is sent.
        inc: incarnation of that relay's register (16 hexadecimal characters).
        flux: stream, one of `FLUX`.
        schema: version of the lines inside.
        octets, sha256: length and hash of the payload as it travels.
        clair: length of the payload once opened and inflated.
        dest: short ids of the age recipients (`cles.id_destinataire`); empty when the payload is plain.
        cree: wall clock of the writer, seconds since 1970; information only, never compared.
        premier, dernier: numbers of the first and last event (journal lots).
        avant, apres: the hash chain before the first and after the last event, hexadecimal (journal lots).
        serie: monotone number per kind and target (downward lots).
    """

    genre: str
    relais: str
    inc: str
    flux: str
    schema: int
    octets: int
    sha256: str
    clair: int
    dest: tuple[str, ...]
    cree: int
    premier: int = 0
    dernier: int = 0
    avant: str = ""
    apres: str = ""
    serie: int = 0


_COMMUNS = ("genre", "relais", "inc", "flux", "schema", "octets", "sha256", "clair", "dest", "cree")
_JOURNAL = ("premier", "dernier", "avant", "apres")


def ecrire(entete: Entete) -> bytes:
    """
    Return lines 1 and 2 of a lot: what is hashed for its id and what is signed.

    Raises:
        LotTropGros: the header line would exceed `ENTETE_MAX`.
    """
    champs = (*_COMMUNS, *(_JOURNAL if entete.genre == "journal" else ("serie",)))
    ligne = canonique.ecrire({champ: getattr(entete, champ) for champ in champs}) + b"\n"
    if len(ligne) > ENTETE_MAX:
        raise LotTropGros("L'en-tête de ce lot est trop long.")
    return MAGIE + ligne


def lire(ligne: bytes) -> Entete:
    """
    Read line 2, line feed removed; fields that a later version added are ignored.

    Raises:
        FormeInvalide: not canonical JSON, a missing field, or a field of the wrong form.
    """
    objet = canonique.lire(ligne)
    journal = objet.get("genre") == "journal"
    try:
        champs = {champ: objet[champ] for champ in (*_COMMUNS, *(_JOURNAL if journal else ("serie",)))}
    except KeyError as cause:
        raise FormeInvalide("L'en-tête de ce lot est incomplet.") from cause
    if not isinstance(champs["dest"], list):
        raise FormeInvalide("L'en-tête de ce lot n'a pas la forme attendue.")
    entete = Entete(**(champs | {"dest": tuple(champs["dest"])}))
    if not _bonne_forme(entete) or (journal and not _bon_journal(entete)):
        raise FormeInvalide("L'en-tête de ce lot n'a pas la forme attendue.")
    return entete


def exiger_tailles(entete: Entete) -> None:
    """
    Check what the header announces against the caps; called after the signature and before the payload is read.

    Raises:
        LotTropGros: more events or more bytes than we accept.
    """
    trop = entete.octets > SCELLE_MAX or entete.clair > CLAIR_MAX
    if trop or (entete.genre == "journal" and entete.dernier - entete.premier >= EVENEMENTS_MAX):
        raise LotTropGros("Ce lot annonce plus que ce qui est permis : il n'est pas ouvert.")


def _bonne_forme(entete: Entete) -> bool:
    entiers = ("schema", "octets", "clair", "premier", "dernier", "serie")
    return (
        entete.genre in GENRES
        and entete.flux in FLUX
        and all(_entier(getattr(entete, champ)) for champ in entiers)
        and type(entete.cree) is int
        and isinstance(entete.relais, str)
        and NOM.fullmatch(entete.relais) is not None
        and _hexa(entete.inc, 16)
        and _hexa(entete.sha256, 64)
        and len(entete.dest) <= 8
        and all(_hexa(un, 16) for un in entete.dest)
    )


def _bon_journal(entete: Entete) -> bool:
    return 1 <= entete.premier <= entete.dernier and _hexa(entete.avant, 64) and _hexa(entete.apres, 64)


def _entier(valeur: Any) -> bool:
    return type(valeur) is int and 0 <= valeur < 2**53


def _hexa(valeur: Any, longueur: int) -> bool:
    return isinstance(valeur, str) and len(valeur) == longueur and _HEX.fullmatch(valeur) is not None

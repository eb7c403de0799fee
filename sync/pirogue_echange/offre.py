"""What the shore says of the update that it offers: version, bytes, SHA-256. RAUC's signature alone is believed."""

import re
from dataclasses import asdict, dataclass

from pirogue_echange import canonique
from pirogue_echange.erreurs import FormeInvalide

#: Bigger than a system's slot: no bundle of ours.
OCTETS_MAX = 2_000_000_000
#: Longest written form, octets.
TAILLE_MAX = 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,59}")


@dataclass(frozen=True, slots=True)
class Offre:
    """
    One bundle, as it is announced.

    Attributes:
        version: such as `0.1.320`; it begins with a number, and may stand in the name of a file.
        octets: how large it is.
        sha256: its digest, in hexadecimal.
    """

    version: str
    octets: int
    sha256: str


def ecrire(offre: Offre) -> bytes:
    """Return an offer as it travels."""
    return canonique.ecrire(asdict(offre))


def lire(octets: bytes) -> Offre:
    """Read an offer; raises FormeInvalide when a field is missing, of another kind, or could not be a bundle's."""
    lu = canonique.lire(octets)
    version, taille, empreinte = (lu.get(nom) for nom in ("version", "octets", "sha256"))
    if not (isinstance(version, str) and est_version(version)):
        raise FormeInvalide("Cette mise à jour n'a pas un numéro que l'on puisse lire.")
    if type(taille) is not int or not 0 < taille <= OCTETS_MAX:
        raise FormeInvalide("Cette mise à jour n'a pas une taille possible.")
    if not (isinstance(empreinte, str) and SHA256.fullmatch(empreinte)):
        raise FormeInvalide("Cette mise à jour n'a pas d'empreinte.")
    return Offre(version, taille, empreinte)


def est_version(texte: str) -> bool:
    """Say whether a text is a version: a number first, then nothing that a file's name could not hold."""
    return _VERSION.fullmatch(texte) is not None


def numeroter(version: str) -> tuple[int, ...]:
    """Return the numbers at the head of a version (`0.1.712-g4a80f40` → 0, 1, 712); empty when it has none."""
    tete = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(un) for un in tete[0].split(".")) if tete else ()

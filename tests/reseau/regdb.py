"""
The kernel's regulatory database, read as the kernel reads it: what each country allows in the air.

Format: wireless-regdb's `db2fw.py` and the kernel's net/wireless/reg.c, version 20 of the file; numbers are big-endian.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

#: Debian's package wireless-regdb.
FICHIER = Path("/lib/firmware/regulatory.db-debian")
MONDE = "00"
NO_IR = 1 << 3


@dataclass(frozen=True, slots=True)
class Bande:
    """
    A stretch of the air, in kHz.

    Attributes:
        debut, fin: its ends.
        largeur: the widest channel in it.
        ecoute_seule: nobody may start a network there ("no initiating radiation").
    """

    debut: int
    fin: int
    largeur: int
    ecoute_seule: bool


def lire(fichier: Path = FICHIER) -> dict[str, list[Bande]]:
    """Return each country's stretches."""
    octets = fichier.read_bytes()
    magie, version = struct.unpack_from(">4sI", octets)
    assert (magie, version) == (b"RGDB", 20), "not the format that we read"
    pays: dict[str, list[Bande]] = {}
    for place in range(8, len(octets), 4):
        code, ou = struct.unpack_from(">2sH", octets, place)
        if ou == 0:
            return pays
        pays[code.decode()] = _lire_regles(octets, ou * 4)
    raise AssertionError("no end to the list of countries")


def _lire_regles(octets: bytes, ou: int) -> list[Bande]:
    longueur, nombre = octets[ou], octets[ou + 1]
    debut = ou + longueur + longueur % 2
    bandes = []
    for place in struct.unpack_from(f">{nombre}H", octets, debut):
        _, drapeaux, _, bas, haut, largeur = struct.unpack_from(">BBHIII", octets, place * 4)
        bandes.append(Bande(bas, haut, largeur, bool(drapeaux & NO_IR)))
    return bandes


def permet(bandes: list[Bande], *, canal: int, largeur_khz: int = 20_000) -> bool:
    """Say whether an access point may start on a channel of such a width: wholly inside a stretch, not listen-only."""
    depart = 2_407_000 if canal <= 14 else 5_000_000
    centre = 2_484_000 if canal == 14 else depart + canal * 5_000
    bas, haut = centre - largeur_khz // 2, centre + largeur_khz // 2
    contient = [b for b in bandes if b.debut <= bas and haut <= b.fin and largeur_khz <= b.largeur]
    return any(not bande.ecoute_seule for bande in contient)

"""
The two streams that leave the box, each an append-only numbered list of lines.

`activite` is the journal: what happened, under numbers, names as ciphertext only. `identites` is the list of the keys
that open those names, one line per person, sealed to who may read names. A line of it cannot be made again once the
key is destroyed: it then says so (`cle` null), and the chain is known at the ends of lots only.
"""

import base64
import json

from pirogue_registre import coffre, journal
from pirogue_registre.base import Registre

ACTIVITE, IDENTITES = "activite", "identites"
FLUX = (ACTIVITE, IDENTITES)
#: Most lines in one lot: one key per lot, so that the shore can destroy one without holding any.
LIGNES_MAX = {ACTIVITE: 1000, IDENTITES: 1}


def dernier(registre: Registre, flux: str) -> int:
    """Return the number of the last line of a stream, 0 when it is empty."""
    if flux == ACTIVITE:
        return journal.dernier(registre)
    return int(registre.db.execute("SELECT coalesce(max(seq), 0) FROM cle_personne").fetchone()[0])


def dernier_utile(registre: Registre, flux: str) -> int:
    """Return the number of the last line about people or sessions, 0 if there is none."""
    return journal.dernier_utile(registre) if flux == ACTIVITE else dernier(registre, flux)


def lignes(registre: Registre, flux: str, *, apres: int, limite: int) -> list[tuple[int, bytes]]:
    """
    Return up to `limite` lines numbered above `apres`, as (number, line that travels).

    Raises:
        CoffreFerme: the keys of names cannot be read (stream `identites`).
    """
    if flux == ACTIVITE:
        return journal.lignes(registre, apres=apres, limite=limite)
    rangees = registre.db.execute(
        "SELECT seq, personne_id FROM cle_personne WHERE seq > ? ORDER BY seq LIMIT ?", (apres, limite)
    ).fetchall()
    return [(seq, _ligne_cle(registre, seq=seq, personne_id=personne_id)) for seq, personne_id in rangees]


def _ligne_cle(registre: Registre, *, seq: int, personne_id: str) -> bytes:
    cle = coffre.cle_de(registre, personne_id)
    texte = base64.b64encode(cle).decode("ascii") if cle is not None else None
    ligne = {"cle": texte, "personne": personne_id, "seq": seq, "type": "cle_personne", "v": 1}
    return json.dumps(ligne, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

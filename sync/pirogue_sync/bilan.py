"""What one exchange did, for the screen and the command line."""

from dataclasses import dataclass

from pirogue_registre.envois import Puce


@dataclass(frozen=True, slots=True, kw_only=True)
class BilanEchange:
    """
    The account of one exchange.

    Attributes:
        voie: `cle`, `4g` or `telephone`.
        scelles: lots sealed just now.
        deposes: lots put on the stick or sent, each read back or acknowledged.
        deja_la: lots that the stick had already.
        retires: lots removed from the stick because a receipt covers them.
        recus: new receipts taken home.
        descendus: other messages of the shore that were applied (settings, lists, erasures, people given back, keys).
        restants: lots that no receipt covers yet.
        octets: bytes of lots written, or sent and confirmed.
        puce: where the data are now.
        remarques: French sentences about what was left alone and why.
        support: what people call the stick, such as `clé n° 4`; empty on the network.
        portes: lots of other relays that the stick carries; they are left as they are.
        fil_octets: what the network counted, both ways, headers and repeats included; 0 for a stick.
    """

    voie: str
    scelles: int
    deposes: int
    deja_la: int
    retires: int
    recus: int
    restants: int
    octets: int
    puce: Puce
    remarques: tuple[str, ...]
    descendus: int = 0
    support: str = ""
    portes: int = 0
    fil_octets: int = 0

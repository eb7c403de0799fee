"""What one exchange did, for the screen and the command line."""

from dataclasses import dataclass

from pirogue_registre.envois import Puce


@dataclass(frozen=True, slots=True, kw_only=True)
class BilanEchange:
    """
    The account of one exchange.

    Attributes:
        voie: `cle` or `4g`.
        scelles: lots sealed just now.
        deposes: lots put on the stick or sent, each read back or acknowledged.
        deja_la: lots that the stick had already.
        retires: lots removed from the stick because a receipt covers them.
        recus: new receipts taken home.
        restants: lots that no receipt covers yet.
        octets: bytes written or sent.
        puce: where the data are now.
        remarques: French sentences about what was left alone and why.
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

"""What root runs: `faire` before the network, `deposer` and `retirer` around the sheet. Standard library only."""

import sys

from pirogue_socle import config as reglages
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.premier import amorce, fiche, pieces
from pirogue_socle.premier.ecriture import poser
from pirogue_socle.premier.lieux import Lieux


def deposer(lieux: Lieux) -> None:
    """Put the sheet in the boot partition, as long as nobody has read it; raises AmorceFermee."""
    if not lieux.change.exists():
        amorce.deposer(lieux.config.amorce, fiche.en_texte(fiche.composer(lieux)))


def retirer(lieux: Lieux) -> None:
    """Once the first trainer has a code of her own: take the sheet away, and say that the first start is over."""
    if lieux.change.exists():
        amorce.retirer(lieux.config.amorce)
        poser(lieux.fait, b"", mode=0o644)


VERBES = {"faire": pieces.faire, "deposer": deposer, "retirer": retirer}


def main(mots: list[str]) -> int:
    """Do one verb; an expected error is a sentence, what to do, and its own code."""
    if len(mots) != 1 or mots[0] not in VERBES:
        print(f"usage : {' | '.join(VERBES)}", file=sys.stderr)  # noqa: T201 - for a person
        return 2
    try:
        VERBES[mots[0]](Lieux(reglages.lire(reglages.trouver())))
    except ErreurPirogue as erreur:
        print(f"✗ {erreur}\n→ {erreur.geste}", file=sys.stderr)  # noqa: T201 - for a person
        return erreur.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

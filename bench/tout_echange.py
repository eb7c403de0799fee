"""
`make bench-sync`: the ten figures of the exchange, each beside the real alternatives of the same run.

Usage: bench/tout_echange.py [jour] [image] [sceller] [rentree] [arriere] [preuves] [pays]; without argument, all.
"""

import sys
import time

from echange import arriere, deux_ans, grandeurs, jour, pays, preuves, rentree, scelle

PARTIES = {
    "sceller": scelle.mesurer,
    "rentree": rentree.mesurer,
    "arriere": arriere.mesurer,
    "preuves": preuves.mesurer,
    "pays": pays.mesurer,
}


def main() -> None:
    """Run the parts that were asked for; print each figure as soon as it is known."""
    voulues = sys.argv[1:] or ["jour", "image", *PARTIES]
    inconnues = [nom for nom in voulues if nom not in {"jour", "image", *PARTIES}]
    if inconnues:
        raise SystemExit(f"  ✗ partie inconnue : {' '.join(inconnues)}\n    → jour image {' '.join(PARTIES)}")
    debut = time.monotonic()
    try:
        if {"jour", "image"} & set(voulues):
            with jour.monter() as banc:
                for nom, mesurer in (("jour", jour.mesurer), ("image", grandeurs.mesurer)):
                    if nom in voulues:
                        mesurer(banc)
        for nom, partie in PARTIES.items():
            if nom in voulues:
                partie()
    finally:
        deux_ans.oublier_modeles()
    print(f"\n  {(time.monotonic() - debut) / 60:.1f} minutes")


if __name__ == "__main__":
    main()

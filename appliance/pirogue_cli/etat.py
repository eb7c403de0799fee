"""`pirogue etat`: what the box's body sees, in words or for a machine."""

import json
import sys
from dataclasses import asdict

import click

from pirogue_socle import config as reglages
from pirogue_socle import constats
from pirogue_socle.config import Config
from pirogue_socle.constats import Releve
from pirogue_socle.horloge import Instant, maintenant

#: The body looks every minute; older than three turns, it does not look any more.
FRAIS_S = 180.0
SIGNES = {"bon": "✓", "inconnu": "?", "attention": "!", "panne": "✗"}
#: Exit status: what cannot be seen is not a fault.
CODES = {"bon": 0, "inconnu": 0, "attention": 1, "panne": 2}
MOTS = {"bon": "tout va bien", "inconnu": "tout va bien", "attention": "à surveiller", "panne": "en panne"}


@click.command("etat")
@click.option("--json", "en_json", is_flag=True, help="Pour une machine.")
def commande(*, en_json: bool) -> None:
    """L'état du bateau. Sort avec 0 (bon), 1 (à surveiller) ou 2 (en panne)."""
    releve = lire_ou_faire(reglages.lire(reglages.trouver()), instant=maintenant())
    pire = constats.pire(releve.constats)
    if en_json:
        dit = {"etat": pire, "age_s": round(releve.age_s, 1), "constats": [asdict(un) for un in releve.constats]}
        print(json.dumps(dit, ensure_ascii=False))
    else:
        _montrer(releve, pire)
    sys.exit(CODES[pire])


def lire_ou_faire(config: Config, *, instant: Instant) -> Releve:
    """Return the body's last round when it is fresh, else one made now."""
    if config.bord is not None:
        lu = constats.lire(config.bord / "etat.json", instant=instant)
        if lu is not None and lu.age_s <= FRAIS_S:
            return lu
    from pirogue_bord.sante import tour

    return Releve(tour.faire(config, instant=instant), 0.0)


def _montrer(releve: Releve, pire: str) -> None:
    print(f"{SIGNES[pire]} Le bateau : {MOTS[pire]} (vu il y a {releve.age_s:.0f} s)\n")
    large = max((len(un.titre) for un in releve.constats), default=0)
    for un in sorted(releve.constats, key=lambda un: -constats.ETATS.index(un.etat)):
        print(f"{SIGNES[un.etat]} {un.titre:{large}}  {un.phrase}")
        if un.geste:
            print(f"  {'':{large}}  → {un.geste}")

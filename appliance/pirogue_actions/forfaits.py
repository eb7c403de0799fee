"""
What was spent of the two totals (the courier's, the trainers' grants), kept when the box restarts.

The kernel counts, in memory. Once a minute and at stop the counts are written on the card, when they grew enough to
be worth a write; at start the firewall is loaded again with them, in one transaction, before a card is up. The total
never goes down by itself: a firewall that was reloaded behind our back is given its past again at the next minute.
Usage: `python -m pirogue_actions.forfaits sauver | restaurer | remettre`.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pirogue_actions.actes import TOTAUX
from pirogue_actions.pare_feu import PATIENCE_S, TABLE, Refus, lancer, lire

FICHIER = Path("/data/pirogue/reseau/forfaits.json")
REGLES = Path("/etc/nftables.conf")
#: Less growth than this waits for the next minute: a card wears with each write.
PAS_OCTETS = 256_000
#: More than any bundle.
TOUT = 1 << 60
#: When both copies are damaged. The courier's share is small and the attendance must leave: nothing spent. A grant is a
#: comfort and costs the programme a whole bundle: all spent, until somebody says that a new one was bought.
SI_PERDU = {TOTAUX["sync"]: 0, TOTAUX["formateurs"]: TOUT}


def relire(fichier: Path) -> tuple[dict[str, int], str]:
    """Return the octets spent by total, and what there is to say of the file ("" when it is whole, or the first)."""
    copies = [fichier, _avant(fichier)]
    if not any(copie.exists() for copie in copies):
        return dict.fromkeys(SI_PERDU, 0), ""
    for copie in copies:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            lu = json.loads(copie.read_bytes())
            octets = {nom: int(lu["octets"][nom]) for nom in SI_PERDU}
            if lu["somme"] == _somme(octets) and min(octets.values()) >= 0:
                return octets, "" if copie == fichier else f"{fichier} est abîmé : je reprends la copie d'avant."
    return dict(SI_PERDU), (
        f"{fichier} et sa copie sont abîmés : le courrier repart de zéro, Internet reste fermé aux ordinateurs "
        "jusqu'à « remettre »."
    )


def ecrire(fichier: Path, octets: Mapping[str, int]) -> None:
    """Write the octets spent; whatever stops us, a whole file is there, this one or the one before."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    neuf, lien = fichier.with_suffix(".neuf"), fichier.with_suffix(".lien")
    with neuf.open("w", encoding="utf-8") as flux:
        flux.write(json.dumps({"octets": dict(octets), "somme": _somme(octets)}))
        flux.flush()
        os.fsync(flux.fileno())
    lien.unlink(missing_ok=True)
    if fichier.exists() and _entier(fichier):
        lien.hardlink_to(fichier)
        lien.replace(_avant(fichier))
    neuf.replace(fichier)
    dossier = os.open(fichier.parent, os.O_RDONLY)
    try:
        os.fsync(dossier)
    finally:
        os.close(dossier)


def sauver(fichier: Path, regles: Path, *, toujours: bool = False) -> None:
    """Write what the kernel counted, when it grew by `PAS_OCTETS` (or at all, with `toujours`); raises Refus."""
    with _seul(fichier):
        quotas = lire(attente_s=PATIENCE_S).quotas
        connus = _borner(relire(fichier)[0], quotas)
        vus = {nom: quotas[nom][0] for nom in connus}
        totaux = _borner({nom: vus[nom] + (connus[nom] if vus[nom] < connus[nom] else 0) for nom in connus}, quotas)
        if totaux != vus:
            _charger(regles, totaux)
        if totaux != vus or any(totaux[nom] - connus[nom] > (0 if toujours else PAS_OCTETS) for nom in connus):
            ecrire(fichier, totaux)


def restaurer(fichier: Path, regles: Path) -> str:
    """Load the firewall with what was spent, and return what there is to say of the file; raises Refus."""
    if not any(copie.exists() for copie in (fichier, _avant(fichier))):
        # Nothing was ever spent. And on the first day the folder may appear beside this, where it may not be written:
        # what did not exist when the unit began is read-only to it (seen on an emulated Pi 4).
        return ""
    with _seul(fichier):
        quotas = lire(attente_s=PATIENCE_S).quotas
        lus, phrase = relire(fichier)
        connus = _borner(lus, quotas)
        if any(quotas[nom][0] < octets for nom, octets in connus.items()):
            _charger(regles, connus)
        if phrase:
            ecrire(fichier, connus)
        return phrase


def remettre(fichier: Path, noms: list[str]) -> None:
    """A new bundle was bought: nothing of it is spent; raises Refus."""
    with _seul(fichier):
        connus = _borner(relire(fichier)[0], lire(attente_s=PATIENCE_S).quotas)
        # The card first: stopped in between, the past is still counted and one asks again.
        ecrire(fichier, connus | dict.fromkeys(noms, 0))
        for nom in noms:
            lancer("nft", "reset", "quota", *TABLE.split(), nom, attente_s=PATIENCE_S)


def _borner(octets: Mapping[str, int], quotas: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return these counts, none above its limit: the kernel tells no more, and takes no more."""
    return {nom: min(combien, quotas[nom][1]) for nom, combien in octets.items()}


def _charger(regles: Path, octets: Mapping[str, int]) -> None:
    """Load the firewall's own file with these counts: the kernel cannot change a live one."""
    texte = regles.read_text(encoding="utf-8")
    for nom, voulus in octets.items():
        motif = rf"(quota {nom} {{ over )(\d+)( bytes) }}"
        if len(trouves := re.findall(motif, texte)) != 1:
            raise Refus(f"{regles} ne dit pas une fois le forfait {nom}.")
        texte = re.sub(motif, rf"\1\2\3 used {min(voulus, int(trouves[0][1]))} bytes }}", texte)
    lancer("nft", "-f", "-", entree=texte, attente_s=PATIENCE_S)


def _entier(fichier: Path) -> bool:
    """Say whether a file is whole: a damaged one must not take the good copy's place."""
    return relire(fichier)[1] == ""


def _avant(fichier: Path) -> Path:
    return fichier.with_suffix(".avant")


def _somme(octets: Mapping[str, int]) -> int:
    return zlib.crc32(json.dumps(dict(octets), sort_keys=True).encode())


@contextlib.contextmanager
def _seul(fichier: Path) -> Iterator[None]:
    """One at a time: the minute may strike while somebody buys a bundle."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    with fichier.with_suffix(".verrou").open("a") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        yield


def main(mots: list[str] | None = None) -> None:
    """Do one of the three, as the command line says."""
    lecteur = argparse.ArgumentParser(prog="pirogue_actions.forfaits", description="Garder ce qui a été dépensé.")
    lecteur.add_argument("geste", choices=["sauver", "restaurer", "remettre"])
    lecteur.add_argument(
        "noms", nargs="*", metavar="|".join(TOTAUX), help="pour « remettre » : les deux si rien n'est dit"
    )
    lecteur.add_argument("--fichier", type=Path, default=FICHIER)
    lecteur.add_argument("--regles", type=Path, default=REGLES)
    lecteur.add_argument("--toujours", action="store_true", help="écrire même si peu a changé : la boîte s'arrête")
    choix = lecteur.parse_args(mots)
    if not set(choix.noms) <= TOTAUX.keys():
        lecteur.error(f"les forfaits sont : {', '.join(TOTAUX)}")
    try:
        if choix.geste == "sauver":
            sauver(choix.fichier, choix.regles, toujours=choix.toujours)
        elif choix.geste == "restaurer":
            sys.stderr.write(restaurer(choix.fichier, choix.regles))
        else:
            remettre(choix.fichier, [TOTAUX[nom] for nom in choix.noms or TOTAUX])
    except (Refus, OSError, KeyError) as cause:
        raise SystemExit(f"Les forfaits n'ont pas pu être tenus : {cause}") from cause


if __name__ == "__main__":
    main()

#!/usr/bin/python3 -EsB
"""
Which of the two systems starts: the state that U-Boot reads, and the words that RAUC asks of its boot loader.

Two sealed copies (`slot.env`, `slot2.env`: 512 octets each, U-Boot's own form with its CRC-32) lie on the boot
partition. A write goes over the older one, in place: neither the FAT nor a name changes, one sector does, and a cut at
any instant leaves the other copy. `boot.cmd` reads by the same rules, and counts a trial before it makes it. Standard
library only: this runs as root. Usage, by RAUC: `creneau.py get-primary | set-primary B | get-state A | …`.
"""

import contextlib
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

AMORCE = Path("/boot/firmware")
FICHIERS = ("slot.env", "slot2.env")
TAILLE_OCTETS = 512
#: A confirmed slot; less is a number of trials that remain, 0 is a slot that is not started.
CONFIRME = 9
ESSAIS = 3
#: The write that comes after; two copies never differ by more than one step.
SUIVANTE = {0: 1, 1: 2, 2: 0}


class EtatIllisible(Exception):
    """Neither copy is whole, or the boot partition cannot be written; the message says which, in French."""


@dataclass(frozen=True)
class Etat:
    """
    What U-Boot goes by.

    Attributes:
        ordre: the slots, the one to try first in front.
        reste: slot → trials that remain, or CONFIRME.
        suite: turns at each write, 0 1 2 0.
    """

    ordre: str
    reste: dict[str, int]
    suite: int = 0

    def preferer(self, creneau: str) -> "Etat":
        """Return the state that tries this slot first, for `ESSAIS` starts."""
        return replace(self, ordre=creneau + autre(creneau), reste=self.reste | {creneau: ESSAIS})

    def noter(self, creneau: str, reste: int) -> "Etat":
        """Return the state with this many trials for a slot."""
        return replace(self, reste=self.reste | {creneau: reste})


#: A card that was just flashed: A was put there by a person, B is empty.
NEUF = Etat("AB", {"A": CONFIRME, "B": 0})


def autre(creneau: str) -> str:
    """Return the other slot."""
    return {"A": "B", "B": "A"}[creneau]


def sceller(etat: Etat) -> bytes:
    """Return a copy as U-Boot's `env import -c` takes it."""
    textes = [f"SUITE={etat.suite}", f"ORDRE={' '.join(etat.ordre)}"]
    textes += [f"RESTE_{creneau}={etat.reste[creneau]}" for creneau in "AB"]
    corps = ("\0".join(textes) + "\0").encode().ljust(TAILLE_OCTETS - 4, b"\0")
    return struct.pack("<I", zlib.crc32(corps)) + corps


def desceller(octets: bytes) -> Etat | None:
    """Return what a copy says; None when it is torn, or was never one of ours."""
    if len(octets) != TAILLE_OCTETS or struct.unpack_from("<I", octets)[0] != zlib.crc32(octets[4:]):
        return None
    lus = dict(texte.partition("=")[::2] for texte in octets[4:].decode("ascii", "replace").split("\0") if texte)
    try:
        ordre = lus["ORDRE"].replace(" ", "")
        etat = Etat(ordre, {creneau: int(lus[f"RESTE_{creneau}"]) for creneau in "AB"}, int(lus["SUITE"]))
    except (KeyError, ValueError):
        return None
    return etat if sorted(ordre) == ["A", "B"] and etat.suite in SUIVANTE else None


def choisir(copies: list[Etat | None]) -> tuple[Etat | None, int]:
    """Return the newer of the two copies, and the index of the one to write next."""
    premiere, seconde = copies
    if premiere is None:
        return seconde, 0
    if seconde is not None and SUIVANTE[premiere.suite] == seconde.suite:
        return seconde, 0
    return premiere, 1


def lire(amorce: Path = AMORCE) -> Etat:
    """Return the state in force; raises EtatIllisible."""
    etat, _ = choisir([_lire_copie(amorce / nom) for nom in FICHIERS])
    if etat is None:
        raise EtatIllisible(f"Aucune copie entière de l'état des deux systèmes dans {amorce}.")
    return etat


def _lire_copie(fichier: Path) -> Etat | None:
    try:
        return desceller(fichier.read_bytes())
    except OSError:
        return None


def ecrire(etat: Etat, amorce: Path = AMORCE) -> None:
    """Put a state in force; whatever stops us, the former one or this one is. Raises EtatIllisible."""
    present, ou = choisir([_lire_copie(amorce / nom) for nom in FICHIERS])
    suite = SUIVANTE[present.suite] if present is not None else 0
    neuf = replace(etat, suite=suite)
    try:
        with inscriptible(amorce):
            _ecrire_copie(amorce / FICHIERS[ou], sceller(neuf))
    except (OSError, subprocess.CalledProcessError) as cause:
        raise EtatIllisible(f"L'état des deux systèmes ne peut pas être écrit dans {amorce} : {cause}.") from cause
    if lire(amorce) != neuf:
        raise EtatIllisible(f"L'état des deux systèmes n'a pas été gardé dans {amorce}.")


def _ecrire_copie(fichier: Path, octets: bytes) -> None:
    """Write over a copy in place; one that is missing, or has another size, is made anew."""
    entiere = fichier.exists() and fichier.stat().st_size == TAILLE_OCTETS
    descripteur = os.open(fichier, os.O_WRONLY | (0 if entiere else os.O_CREAT | os.O_TRUNC), 0o600)
    try:
        os.pwrite(descripteur, octets, 0)
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


@contextlib.contextmanager
def inscriptible(amorce: Path) -> Iterator[None]:
    """Let the boot partition be written for a moment, when it is a mount of its own that is read-only."""
    if not (os.path.ismount(amorce) and os.statvfs(amorce).f_flag & os.ST_RDONLY):
        yield
        return
    subprocess.run(["mount", "-o", "remount,rw", str(amorce)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,ro", str(amorce)], check=True)


def courant(cmdline: str) -> str:
    """Return the slot that the kernel was started from; raises EtatIllisible on a machine that has none."""
    for mot in cmdline.split():
        if mot in ("rauc.slot=A", "rauc.slot=B"):
            return mot[-1]
    raise EtatIllisible("Cette machine n'a pas été démarrée par l'un des deux systèmes de la boîte.")


def lire_ou_deviner(ici: Callable[[], str], *, amorce: Path = AMORCE) -> Etat:
    """Return the state; without a whole copy, what runs is good and nothing is known of the other."""
    try:
        return lire(amorce)
    except EtatIllisible:
        bon = ici()
        return Etat(bon + autre(bon), {bon: CONFIRME, autre(bon): 0})


def ici() -> str:
    """Return the slot of the running system; raises EtatIllisible."""
    return courant(Path("/proc/cmdline").read_text())


def repondre(mots: list[str], *, amorce: Path = AMORCE, ici: Callable[[], str] = ici) -> str:
    """Answer RAUC; raises EtatIllisible, ValueError for a word that is not in its interface."""
    if mots == ["get-current"]:
        return ici()
    etat = lire_ou_deviner(ici, amorce=amorce)
    match mots:
        case ["get-primary"]:
            return next((creneau for creneau in etat.ordre if etat.reste[creneau]), etat.ordre[0])
        case ["get-state", "A" | "B" as creneau]:
            return "good" if etat.reste[creneau] else "bad"
        case ["set-primary", "A" | "B" as creneau]:
            ecrire(etat.preferer(creneau), amorce)
        case ["set-state", "A" | "B" as creneau, "good" | "bad" as valeur]:
            ecrire(etat.noter(creneau, CONFIRME if valeur == "good" else 0), amorce)
        case _:
            raise ValueError(f"ordre inconnu : {' '.join(mots)}")
    return ""


def main() -> None:
    """Answer RAUC on the command line."""
    try:
        reponse = repondre(sys.argv[1:])
    except (EtatIllisible, ValueError) as erreur:
        raise SystemExit(str(erreur)) from erreur
    if reponse:
        sys.stdout.write(f"{reponse}\n")


if __name__ == "__main__":
    main()

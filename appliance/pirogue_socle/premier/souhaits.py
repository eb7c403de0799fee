"""
What the coordinator wrote beside the firmware before the first start: `pirogue.txt`, lines `cle = valeur`.

A wrong line becomes a sentence on the sheet; the box is what it would have been without it, and always starts.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from pirogue_socle.config import PROPRES
from pirogue_socle.listes import listes

#: Names that the file may have, whatever its capitals; Windows hides the last one's end.
NOMS = ("pirogue.txt", "pirogue.toml", "pirogue.toml.txt", "pirogue.txt.txt")
#: A file that is larger is not one that a person wrote.
OCTETS_MAX = 16_384
NOM_MAX, PUCE_MAX = 40, 80
#: Lines of the header that a button or a light may be wired to.
BROCHES = range(2, 28)
ADRESSE = re.compile(r"https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,100})?")
PUCE = re.compile(r"[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*")


@dataclass(frozen=True, slots=True)
class Souhaits:
    """
    What was asked for.

    Attributes:
        textes, nombres: names of `boite.toml` and their values, all good.
        remarques: one French sentence for each line that was left out.
    """

    textes: dict[str, str] = field(default_factory=dict)
    nombres: dict[str, int] = field(default_factory=dict)
    remarques: tuple[str, ...] = ()


def trouver(dossier: Path) -> Path | None:
    """Return the coordinator's file in the boot partition, or None when nothing was asked for."""
    presents = {un.name.lower(): un for un in dossier.iterdir() if un.is_file()} if dossier.is_dir() else {}
    return next((presents[nom] for nom in NOMS if nom in presents), None)


def lire(chemin: Path) -> Souhaits:
    """Read the file; whatever it says, this answers, and `remarques` tells what was not understood."""
    brut = chemin.read_bytes()
    if len(brut) > OCTETS_MAX:
        return Souhaits(remarques=(f"{chemin.name} : ce fichier est trop gros, rien n'en a été pris.",))
    textes: dict[str, str] = {}
    nombres: dict[str, int] = {}
    remarques: list[str] = []
    for numero, ligne in enumerate(_decoder(brut).splitlines(), start=1):
        nette = ligne.strip()
        if not nette or nette.startswith(("#", ";", "[")):
            continue
        faute = _prendre(nette, textes, nombres)
        if faute:
            remarques.append(f"{chemin.name}, ligne {numero} : {faute}")
    return Souhaits(textes, nombres, tuple(remarques[:6]))


def _decoder(brut: bytes) -> str:
    """Return the text, however the coordinator's editor wrote it."""
    if brut[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return brut.decode("utf-16", errors="replace")
    try:
        return brut.decode("utf-8-sig")
    except ValueError:
        return brut.decode("cp1252", errors="replace")


def _prendre(ligne: str, textes: dict[str, str], nombres: dict[str, int]) -> str:
    """Keep what a line says; return the sentence of what is wrong with it, or nothing."""
    nom, egal, dite = ligne.partition("=")
    nom, valeur = nom.strip().lower(), dite.strip().strip("\"'«»“” ").strip()
    if not egal:
        return f"« {_montrer(ligne)} » n'a pas la forme « nom = valeur »."
    if nom not in PROPRES:
        return f"« {_montrer(nom)} » n'est pas un réglage connu."
    if nom in textes or nom in nombres:
        return f"« {nom} » est écrit deux fois : la première compte."
    faute = _juger(nom, valeur)
    if not faute and nom.startswith("broche_"):
        nombres[nom] = int(valeur)
    elif not faute:
        textes[nom] = valeur
    return faute


def _juger(nom: str, valeur: str) -> str:
    """Return what is wrong with a value, one French sentence, or nothing."""
    if nom == "nom_relais" and not (0 < len(valeur) <= NOM_MAX and valeur.isprintable()):
        return f"le nom de la boîte a 1 à {NOM_MAX} lettres."
    if nom == "type_relais" and valeur not in listes()["type_relais"]:
        return f"le type est {', '.join(listes()['type_relais'])}, pas « {_montrer(valeur)} »."
    if nom == "rive_url" and not ADRESSE.fullmatch(valeur):
        return f"« {_montrer(valeur)} » n'est pas une adresse comme https://rive.exemple.org."
    if nom == "puce_gpio" and not (len(valeur) <= PUCE_MAX and PUCE.fullmatch(valeur)):
        return f"« {_montrer(valeur)} » n'est pas le nom d'une puce."
    if nom.startswith("broche_") and not (valeur.isascii() and valeur.isdigit() and int(valeur[:4]) in BROCHES):
        return f"« {nom} » est un nombre de {BROCHES[0]} à {BROCHES[-1]}."
    return ""


def _montrer(texte: str) -> str:
    """Return a short printable form of what somebody typed."""
    return "".join(lettre if lettre.isprintable() else "?" for lettre in texte)[:30]

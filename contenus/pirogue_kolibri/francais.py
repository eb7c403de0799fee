"""
The French that Kolibri 0.19.5 lacks, and the few sentences of its own that a youth of 14 would stop at.

Kolibri leaves some French messages empty and shows them in English, or not at all. `francais.json` holds ours
(`Namespace.key`: sentence); `tutoiement.json` holds those that replace Kolibri's (stiff, or English). Kolibri takes a
message file whole from the first directory that has it, so the installed messages and ours are written together,
into a directory that our settings put first.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

DOSSIER = Path("fr_FR") / "LC_MESSAGES"


def nos_messages() -> dict[str, str]:
    """Return our sentences by message key."""
    return _lire("francais.json")


def nos_remplacements() -> dict[str, str]:
    """Return the sentences that we say better than Kolibri, by message key."""
    return _lire("tutoiement.json")


def _lire(nom: str) -> dict[str, str]:
    """Read one of our message files."""
    messages: dict[str, str] = json.loads(files("pirogue_kolibri").joinpath(nom).read_text(encoding="utf-8"))
    return messages


def completes(langue: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (file name, installed messages, the empty ones filled, some replaced) for each file of `langue`."""
    notres, mieux = nos_messages(), nos_remplacements()
    for fichier in sorted((langue / DOSSIER).glob("*-messages.json")):
        messages: dict[str, str] = json.loads(fichier.read_text(encoding="utf-8"))
        complet = {cle: mieux.get(cle) or phrase or notres.get(cle, "") for cle, phrase in messages.items()}
        if complet != messages:
            yield fichier.name, complet


def ecrire(langue: Path, destination: Path) -> None:
    """Write the completed message files under `destination`; a file that is already right is left alone."""
    dossier = destination / DOSSIER
    dossier.mkdir(parents=True, exist_ok=True)
    for nom, messages in completes(langue):
        texte = json.dumps(messages, ensure_ascii=False, sort_keys=True, indent=0)
        cible = dossier / nom
        if cible.exists() and cible.read_text(encoding="utf-8") == texte:
            continue
        provisoire = cible.with_suffix(".part")
        provisoire.write_text(texte, encoding="utf-8")
        provisoire.replace(cible)

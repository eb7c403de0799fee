"""
Lessons and trainer's notes: Markdown in, safe HTML out.

The same HTML goes into Kolibri (as a kpub article) and on the portal's own page when Kolibri is down. Safe means:
raw HTML in the source is shown as text, links are refused (aboard, they lead nowhere), and only the tags below
come out, with no style and no script.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pirogue_contenus.sources import lire_markdown

if TYPE_CHECKING:
    from pirogue_contenus.catalogue import Ressource

IMAGES = "images"
FORMATS_IMAGE = (".svg", ".png", ".jpg")
#: Kolibri's article viewer drops a blank alone between two tags (« **Clique** *ici* » would
#: read « Cliqueici »): carry it into the second tag, where it is kept.
BLANC_ENTRE_BALISES = re.compile(r"(</(?:strong|em|code)>)\s+(<(?:strong|em|code)>)")

AVANT_PONCTUATION = re.compile(r"(?<=«) | (?=[?!:;»])")


@dataclass(frozen=True, slots=True)
class Lecon:
    """
    One lesson or note, read and checked.

    Attributes:
        titre: title shown above it.
        duree_min: minutes it takes.
        audio: name of its recording (`audio/<langue>/<audio>.opus`), None when none is planned.
        html: safe HTML of its body, without the title.
        images: files it shows, in order, inside the course's `images/`.
    """

    titre: str
    duree_min: int
    audio: str | None
    html: str
    images: tuple[Path, ...]


def existe(chemin: Path) -> bool:
    """Tell whether a file is there; a name that the system refuses is not."""
    try:
        return chemin.is_file()
    except OSError:
        return False


def typographie(texte: str) -> str:
    """Return French text whose high punctuation never starts a line: its blank becomes a no-break one."""
    return AVANT_PONCTUATION.sub("\N{NO-BREAK SPACE}", texte)


def lire(fichier: str, dossier: Path, *, prefixe_images: str = "images/") -> Lecon:
    """
    Read one lesson or note.

    Args:
        fichier: its path inside the course's folder.
        dossier: the course's folder.
        prefixe_images: what comes before a picture's name in its address.

    Raises:
        CoursInvalide: missing title, missing picture, a link, an empty or unreadable file.
    """
    from pirogue_contenus.rendu import rendre  # noqa: PLC0415 - slow to import: the first page does without

    chemin = dossier / fichier
    fiche, corps, _ = lire_markdown(chemin, ou=fichier)
    brut, images = rendre(corps, fichier=chemin, ou=fichier, prefixe=prefixe_images, dossier=dossier)
    return Lecon(
        titre=fiche.texte("titre"),
        duree_min=fiche.entier("duree_min"),
        audio=fiche.texte("audio", defaut="") or None,
        html=typographie(BLANC_ENTRE_BALISES.sub(r"\1\2 ", brut)),
        images=images,
    )


def html(ressource: "Ressource", dossier: Path, *, prefixe_images: str = "images/") -> str:
    """
    Return the safe HTML body of a lesson or a note, without its title, for a page of our own.

    Args:
        ressource: a resource whose `genre` is `lecon` or `note`.
        dossier: the course's folder.
        prefixe_images: what comes before a picture's name in its address, such as `/cours-local/images/`.

    Raises:
        CoursInvalide: the source cannot be taught from.
    """
    return lire(ressource.fichier, dossier, prefixe_images=prefixe_images).html

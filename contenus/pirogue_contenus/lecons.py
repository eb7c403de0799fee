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
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from pirogue_contenus.sources import CoursInvalide, lire_markdown

if TYPE_CHECKING:
    from pirogue_contenus.catalogue import Ressource

BALISES = (
    *("p", "h2", "h3", "h4", "hr", "br", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote"),
    *("img", "table", "thead", "tbody", "tr", "th", "td"),
)
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


class _Controle(Treeprocessor):
    """Refuse what is not safe, check that pictures exist, rewrite their addresses."""

    def __init__(self, md: Markdown, *, fichier: Path, ou: str, prefixe: str, dossier: Path) -> None:
        super().__init__(md)
        self.fichier, self.ou, self.prefixe, self.dossier = fichier, ou, prefixe, dossier
        self.images: list[Path] = []

    def run(self, root: Element) -> None:
        """Walk the whole tree once."""
        for element in root.iter():
            if element is root:
                continue
            if element.tag not in BALISES:
                quoi = "un lien" if element.tag == "a" else f"<{element.tag}>"
                raise CoursInvalide(f"{self._place(element)} : {quoi} n'est pas permis dans une leçon.")
            if element.tag == "img":
                self._image(element)
            else:
                element.attrib.clear()

    def _image(self, element: Element) -> None:
        source, texte = element.get("src", ""), element.get("alt", "")
        chemin = (self.fichier.parent / source).resolve()
        if not texte.strip():
            raise CoursInvalide(f"{self._place(element)} : l'image {source} n'a pas de description.")
        if chemin.parent != (self.dossier / IMAGES).resolve() or chemin.suffix not in FORMATS_IMAGE:
            raise CoursInvalide(f"{self._place(element)} : {source} n'est pas une image de « {IMAGES}/ ».")
        if not existe(chemin):
            raise CoursInvalide(f"{self._place(element)} : l'image {source} n'existe pas.")
        if chemin not in self.images:
            self.images.append(chemin)
        element.attrib.clear()
        element.set("src", f"{self.prefixe}{chemin.name}")
        element.set("alt", texte)

    def _place(self, element: Element) -> str:
        """Return the file and, when it can be found, the line that an element comes from."""
        cherche = element.get("src") or element.get("href") or ""
        lignes = self.fichier.read_text(encoding="utf-8").splitlines()
        rang = next((n for n, ligne in enumerate(lignes, start=1) if cherche and cherche in ligne), None)
        return f"{self.ou}, ligne {rang}" if rang else self.ou


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
    chemin = dossier / fichier
    fiche, corps, _ = lire_markdown(chemin, ou=fichier)
    md = Markdown(extensions=["tables", "sane_lists", "nl2br"], output_format="html")
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")
    controle = _Controle(md, fichier=chemin, ou=fichier, prefixe=prefixe_images, dossier=dossier)
    md.treeprocessors.register(controle, "pirogue", 15)  # after inline (20): pictures and links exist by then
    rendu = typographie(BLANC_ENTRE_BALISES.sub(r"\1\2 ", md.convert(corps)))
    return Lecon(
        titre=fiche.texte("titre"),
        duree_min=fiche.entier("duree_min"),
        audio=fiche.texte("audio", defaut="") or None,
        html=rendu,
        images=tuple(controle.images),
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

"""
A lesson's Markdown made into HTML that is safe: raw HTML is shown as text, a link is refused, and only the tags below
come out, with no style and no script.
"""

from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from pirogue_contenus.lecons import FORMATS_IMAGE, IMAGES, existe
from pirogue_contenus.sources import CoursInvalide

BALISES = (
    *("p", "h2", "h3", "h4", "hr", "br", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote"),
    *("img", "table", "thead", "tbody", "tr", "th", "td"),
)


def rendre(corps: str, *, fichier: Path, ou: str, prefixe: str, dossier: Path) -> tuple[str, tuple[Path, ...]]:
    """
    Return the HTML of a Markdown text, and the pictures that it shows, in order.

    Args:
        corps: the Markdown, without its front matter.
        fichier, ou: where it comes from, and its name in the sentences.
        prefixe: what comes before a picture's name in its address.
        dossier: the course's folder.

    Raises:
        CoursInvalide: a tag that is not permitted, a picture that is missing or not described.
    """
    md = Markdown(extensions=["tables", "sane_lists", "nl2br"], output_format="html")
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")
    controle = _Controle(md, fichier=fichier, ou=ou, prefixe=prefixe, dossier=dossier)
    md.treeprocessors.register(controle, "pirogue", 15)  # after inline (20): pictures and links exist by then
    return md.convert(corps), tuple(controle.images)


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

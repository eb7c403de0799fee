"""Reading the course's own files (YAML, Markdown with a front matter) with errors that say where to look."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pirogue_socle.erreurs import EntreeInvalide

SEPARATEUR = "---"
#: Control characters (but line ends and tabs) and halves of surrogate pairs.
CARACTERES_INTERDITS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: What PyYAML lets out for values it cannot make: 2025-02-31, `!!bool bof`, a thousand brackets.
FAUTES_PYYAML = (ValueError, KeyError, AttributeError, TypeError, RecursionError)


class CoursInvalide(EntreeInvalide):
    """A file of the course cannot be taught from; the sentence names the file and the line or the field."""

    geste = "Corrige ce fichier, puis relance la construction des cours."
    code = 40


@dataclass(frozen=True, slots=True)
class Fiche:
    """
    A block of named fields read from a file, which knows where it was read.

    Every reader of a field raises `CoursInvalide` when the field is missing (and has no default) or has the
    wrong form; the sentence names the file and the field.

    Attributes:
        ou: file, and place in it, as shown to a person: `S01/quiz.yml, questions[2]`.
        champs: the fields as YAML gave them.
    """

    ou: str
    champs: Mapping[str, object]

    def invalide(self, phrase: str) -> CoursInvalide:
        """Return the error that says `phrase` about this block."""
        return CoursInvalide(f"{self.ou} : {phrase}")

    def texte(self, nom: str, *, defaut: str | None = None) -> str:
        """Return a non-empty text field."""
        valeur = self.champs.get(nom, defaut)
        if valeur is None:
            raise self.invalide(f"il manque « {nom} ».")
        if not isinstance(valeur, str) or (not valeur.strip() and valeur != defaut):
            raise self.invalide(f"« {nom} » doit être un texte (mets des guillemets).")
        if not valeur.isprintable() and CARACTERES_INTERDITS.search(valeur):
            raise self.invalide(f"« {nom} » contient un caractère qui ne s'affiche pas.")
        return valeur.strip()

    def entier(self, nom: str, *, defaut: int | None = None) -> int:
        """Return a whole number, 1 or more."""
        valeur = self.champs.get(nom, defaut)
        if valeur is None:
            raise self.invalide(f"il manque « {nom} ».")
        if isinstance(valeur, bool) or not isinstance(valeur, int) or valeur < 1:
            raise self.invalide(f"« {nom} » doit être un nombre entier, 1 ou plus.")
        return valeur

    def oui(self, nom: str) -> bool:
        """Return a yes/no field; absent means no."""
        valeur = self.champs.get(nom, False)
        if not isinstance(valeur, bool):
            raise self.invalide(f"« {nom} » doit être true ou false.")
        return valeur

    def liste(self, nom: str) -> list[object]:
        """Return a list field; absent means empty."""
        valeur = self.champs.get(nom)
        if valeur is None:
            return []
        if not isinstance(valeur, list):
            raise self.invalide(f"« {nom} » doit être une liste.")
        return valeur

    def textes(self, nom: str) -> tuple[str, ...]:
        """Return a list of texts; absent means empty."""
        return tuple(
            Fiche(self.ou, {f"{nom}[{rang}]": valeur}).texte(f"{nom}[{rang}]")
            for rang, valeur in enumerate(self.liste(nom), start=1)
        )

    def fiches(self, nom: str) -> tuple["Fiche", ...]:
        """Return a list of blocks; absent means empty. Places are counted from 1, as people count."""
        blocs = []
        for rang, valeur in enumerate(self.liste(nom), start=1):
            ou = f"{self.ou}, {nom}[{rang}]"
            if not isinstance(valeur, dict):
                raise CoursInvalide(f"{ou} : il faut des champs « nom: valeur ».")
            blocs.append(Fiche(ou, valeur))
        return tuple(blocs)


def lire_texte(chemin: Path, *, ou: str) -> str:
    """
    Return a file of the course as text.

    Raises:
        CoursInvalide: no such file, not UTF-8, or a control character in it.
    """
    try:
        texte = chemin.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CoursInvalide(f"{ou} : ce fichier n'existe pas.") from None
    except UnicodeDecodeError:
        raise CoursInvalide(f"{ou} : ce fichier n'est pas enregistré en UTF-8.") from None
    except OSError as erreur:
        raise CoursInvalide(f"{ou} : lecture impossible ({erreur.strerror}).") from erreur
    if interdit := CARACTERES_INTERDITS.search(texte):
        ligne = texte.count("\n", 0, interdit.start()) + 1
        raise CoursInvalide(f"{ou}, ligne {ligne} : il y a un caractère qui ne s'affiche pas.")
    return texte


def lire_fiche(texte: str, *, ou: str, premiere_ligne: int = 1) -> Fiche:
    """
    Return the fields of a YAML text.

    Args:
        texte: the YAML.
        ou: the file's name, for the sentences.
        premiere_ligne: line of the file where `texte` begins.

    Raises:
        CoursInvalide: not YAML (with the line), or not a block of fields.
    """
    import yaml  # noqa: PLC0415 - slow to import: the first page does without

    try:
        champs = yaml.safe_load(texte)
    except yaml.YAMLError as erreur:
        marque = getattr(erreur, "problem_mark", None)
        ligne = f", ligne {marque.line + premiere_ligne}" if marque is not None else ""
        raise CoursInvalide(f"{ou}{ligne} : ce n'est pas du YAML bien écrit.") from erreur
    except FAUTES_PYYAML as erreur:
        raise CoursInvalide(f"{ou} : une valeur est impossible ({erreur}).") from erreur
    if not isinstance(champs, dict):
        raise CoursInvalide(f"{ou} : il faut des champs « nom: valeur ».")
    return Fiche(ou, champs)


def lire_markdown(chemin: Path, *, ou: str) -> tuple[Fiche, str, int]:
    """
    Return the front matter of a Markdown file, its body, and the line where the body begins.

    Raises:
        CoursInvalide: unreadable file, no front matter, or an empty body.
    """
    lignes = lire_texte(chemin, ou=ou).splitlines()
    if not lignes or lignes[0].strip() != SEPARATEUR:
        raise CoursInvalide(f"{ou}, ligne 1 : le fichier doit commencer par --- puis « titre: … ».")
    fin = next((n for n, ligne in enumerate(lignes[1:], start=1) if ligne.strip() == SEPARATEUR), None)
    if fin is None:
        raise CoursInvalide(f"{ou}, ligne 1 : l'en-tête n'est pas fermé par une ligne ---.")
    fiche = lire_fiche("\n".join(lignes[1:fin]), ou=ou, premiere_ligne=2)
    corps = "\n".join(lignes[fin + 1 :])
    if not corps.strip():
        raise CoursInvalide(f"{ou}, ligne {fin + 2} : la leçon est vide.")
    return fiche, corps, fin + 2

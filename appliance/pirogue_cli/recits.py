"""What an exchange with a stick tells while it works, for the light, the attached screen and the trainers' pages."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pirogue_echange.montages import SupportMauvaisFormat
from pirogue_echange.support import SupportAbsent, SupportDefaillant, SupportPlein, SupportProtege
from pirogue_socle import histoires
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import maintenant
from pirogue_sync.bilan import BilanEchange

#: What stopped an exchange → how its story ends.
FINS: tuple[tuple[type[ErreurPirogue], str], ...] = (
    (SupportPlein, "pleine"),
    (SupportProtege, "protegee"),
    (SupportMauvaisFormat, "inconnue"),
    (SupportDefaillant, "illisible"),
    (SupportAbsent, "retiree_trop_tot"),
)


@dataclass(slots=True)
class Conteur:
    """
    Tells one exchange.

    Attributes:
        fichier: where; None when nobody listens.
        derniere: the step told last.
    """

    fichier: Path | None
    derniere: Histoire = field(default=Histoire("lecture", "Je lis la clé."))

    def suivre(self, histoire: Histoire) -> None:
        """Tell a step; raises OSError."""
        self.derniere = histoire
        if self.fichier is not None:
            histoires.ecrire(self.fichier, histoire, instant=maintenant())

    def finir(self, bilan: BilanEchange) -> None:
        """Tell that all went well; the stick may be pulled once it is let go."""
        envoyes = bilan.deposes + bilan.deja_la
        phrase = "C'est fini : tout est sur la clé." if envoyes else "C'est fini : rien de nouveau à emporter."
        derniere = replace(self.derniere, fait=envoyes, total=envoyes, cle=bilan.support)
        self.suivre(replace(derniere, etape="retirez", phrase=phrase, remarques=bilan.remarques))

    def presenter(self) -> None:
        """Tell that the boat and the shore have shown each other their cards."""
        phrase = "La clé apporte la carte d'une rive."
        self.suivre(Histoire("retirez", phrase, "Puis ouvre la page « La rive » pour répondre Oui ou Non."))

    def echouer(self, erreur: ErreurPirogue) -> None:
        """Tell what stopped the exchange, and what to do."""
        fin = next((fin for sorte, fin in FINS if isinstance(erreur, sorte)), "echec")
        self.suivre(replace(self.derniere, etape=fin, phrase=str(erreur), geste=erreur.geste))


@contextlib.contextmanager
def tenir(fichier: Path | None) -> Iterator[Conteur]:
    """Tell from the beginning, and how it ends when an expected error stops it."""
    conteur = Conteur(fichier)
    conteur.suivre(conteur.derniere)
    try:
        yield conteur
    except ErreurPirogue as erreur:
        conteur.echouer(erreur)
        raise

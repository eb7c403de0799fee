"""Expected errors: one French sentence for the person, one `geste` (what to do now), one exit code."""


class ErreurPirogue(Exception):
    """
    A fact that stops an act and that a person can do something about.

    Attributes:
        geste: what the person can do now, one French sentence.
        code: exit status of the command line, unique per class (10 to 120).
    """

    geste = "Appelle la personne qui s'occupe de la boîte."
    code = 10

    def __init__(self, phrase: str, *, geste: str | None = None) -> None:
        super().__init__(phrase)
        if geste is not None:
            self.geste = geste


class EntreeInvalide(ErreurPirogue):
    """A form field, a file or an argument does not have the form we can keep."""

    geste = "Corrige puis recommence : rien n'a été enregistré."
    code = 11


class Introuvable(ErreurPirogue):
    """The record that the act is about does not exist (any more)."""

    geste = "Reviens à la page d'accueil et recommence."
    code = 12


class ConfigurationInvalide(ErreurPirogue):
    """The configuration file is missing, unreadable or has a wrong value."""

    geste = "Corrige le fichier de configuration puis relance."
    code = 13

"""Click's own words in French: the sentence for what was typed wrong, and the frame of the help pages."""

from collections.abc import Iterable

import click

#: What click writes in a help page → what is read.
MOTS = {
    "COMMAND [ARGS]...": "VERBE …",
    "Commands": "Verbes",
    "Show this message and exit.": "Montrer cette page.",
    "[default: ": "[par défaut : ",
    "INTEGER RANGE": "NOMBRE",
    "1<=x<=": "de 1 à ",
}


class Aide(click.HelpFormatter):
    """Writes a help page with French words around our own."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the first line."""
        super().write_usage(prog, traduire(args), prefix or "Usage : ")

    def write_heading(self, heading: str) -> None:
        """Write the title of a part."""
        super().write_heading(f"{traduire(heading)} ")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of words and what they do."""
        super().write_dl([(traduire(mot), traduire(sens)) for mot, sens in rows], col_max, col_spacing)


def traduire(texte: str) -> str:
    """Replace click's words in a text."""
    for anglais, francais in MOTS.items():
        texte = texte.replace(anglais, francais)
    return texte


def expliquer(erreur: click.ClickException) -> tuple[str, str]:
    """Return the sentence and the `geste` for a command line that click refused."""
    contexte = erreur.ctx if isinstance(erreur, click.UsageError) else None
    chemin = contexte.command_path if contexte is not None else "pirogue"
    return _phrase(erreur, chemin), f"Pour voir ce qui existe : {chemin} --aide"


def _phrase(erreur: click.ClickException, chemin: str) -> str:
    if isinstance(erreur, click.exceptions.NoSuchCommand):
        return f"« {chemin} {erreur.command_name} » n'existe pas."
    if isinstance(erreur, click.NoSuchOption):
        return f"« {erreur.option_name} » n'existe pas pour « {chemin} »."
    if isinstance(erreur, click.MissingParameter):
        return f"Il manque {_nom(erreur)} après « {chemin} »."
    if isinstance(erreur, click.BadParameter):
        return f"La valeur donnée pour {_nom(erreur)} n'est pas bonne."
    if isinstance(erreur, click.BadOptionUsage):
        return f"« {erreur.option_name} » ne s'utilise pas ainsi."
    return f"« {chemin} » ne s'utilise pas ainsi."


def _nom(erreur: click.BadParameter) -> str:
    """Return what the person typed, or should have: `DOSSIER`, `--port`."""
    if erreur.param is None:
        return "un mot"
    if isinstance(erreur.param, click.Option):
        return erreur.param.opts[0]
    return erreur.param.human_readable_name.upper()

"""The way in: finds the verb, prints an expected error as a sentence and what to do, exits with its code."""

import errno
import importlib
import sys

import click

from pirogue_cli import francais
from pirogue_socle.erreurs import ErreurPirogue

#: What the system answers when there is no room, or no more for this user.
PLEIN = (errno.ENOSPC, errno.EDQUOT)


class DisqueSature(ErreurPirogue):
    """No room where a command writes; what it had finished before is kept."""

    geste = "Libère de la place, puis relance la même commande : elle reprend."
    code = 44


#: verb → (module, what it does): the module is imported only when its verb is used (imports cost seconds on a Pi).
VERBES = {
    "demo": ("pirogue_cli.demo", "Toute la pirogue sur cette machine, avec ses données d'essai."),
    "portail": ("pirogue_cli.portail", "Le portail des jeunes et des formateurs."),
    "kolibri": ("pirogue_cli.kolibri", "Les cours : préparer Kolibri, le faire tourner."),
    "sync": ("pirogue_cli.sync", "Envoyer les données : clé USB, 4G."),
    "affiche": ("pirogue_cli.affiche", "L'affiche Wi-Fi, en PDF."),
    "cle": ("pirogue_cli.cle", "Les clés USB : en préparer une."),
    "rive": ("pirogue_cli.rive", "La rive : recevoir, vérifier, montrer."),
    "boite": ("pirogue_cli.boite", "La boîte elle-même : son premier démarrage, sa fiche."),
    "bord": ("pirogue_cli.bord", "Le corps de la boîte : clés, bouton, lampe, santé, heure."),
    "registre": ("pirogue_cli.registre", "Le registre du bord : vérifier, garder une copie, la remettre."),
    "etat": ("pirogue_cli.etat", "L'état du bateau : courant, chaleur, carte, Wi-Fi, leçons, envois."),
    "maj": ("pirogue_cli.maj", "Les mises à jour : où en est la boîte, peut-elle redémarrer."),
}


class Verbes(click.Group):
    """A group whose commands are loaded when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, in the order of the table."""
        return list(VERBES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb and return its `commande`."""
        if cmd_name not in VERBES:
            return None
        commande: click.Command = importlib.import_module(VERBES[cmd_name][0]).commande
        return commande

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbes"):
            formatter.write_dl([(verbe, phrase) for verbe, (_, phrase) in VERBES.items()])


@click.group(cls=Verbes, context_settings={"help_option_names": ["-h", "--aide", "--help"]})
def pirogue() -> None:
    """La boîte de la pirogue connectée."""


def main() -> None:
    """Run the command line; an expected error is one sentence, what to do, and its own exit code."""
    click.Context.formatter_class = francais.Aide
    try:
        pirogue(prog_name="pirogue", standalone_mode=False)
    except ErreurPirogue as erreur:
        _finir(str(erreur), erreur.geste, code=erreur.code)
    except click.exceptions.NoArgsIsHelpError as erreur:
        erreur.show()
        sys.exit(erreur.exit_code)
    except click.ClickException as erreur:
        _finir(*francais.expliquer(erreur), code=erreur.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as erreur:
        if erreur.errno not in PLEIN:
            raise
        _finir("Le disque est plein.", DisqueSature.geste, code=DisqueSature.code)


def _finir(phrase: str, geste: str, *, code: int) -> None:
    print(f"✗ {phrase}\n→ {geste}", file=sys.stderr)
    sys.exit(code)

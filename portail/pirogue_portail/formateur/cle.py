"""«Clé USB»: the story of the stick in the box, on a page of its own and in a strip of every trainers' page."""

from flask import render_template

from pirogue_portail.contexte import config
from pirogue_socle import histoires
from pirogue_socle.histoires import ABSENTE, Histoire
from pirogue_socle.horloge import maintenant

#: While a stick is worked at, the page looks again by itself so often.
REGARDER_S = 3
#: How each kind of step looks: the messages' own colours.
TEINTES = {"travail": "attention", "echec": "erreur", "fini": "succes", "rien": ""}


def histoire_cle() -> Histoire:
    """Return where the stick in the box is; `absente` without one, or on a machine without a body."""
    dossier = config().bord
    return histoires.lire(dossier / histoires.NOM, instant=maintenant()) if dossier is not None else ABSENTE


def teinte_cle(histoire: Histoire) -> str:
    """Return the class of a step's message."""
    if histoire.au_travail:
        return TEINTES["travail"]
    if histoire.echoue:
        return TEINTES["echec"]
    return TEINTES["fini" if histoire.etape == "retirez" else "rien"]


def voir_cle() -> str:
    """Show the story; while it goes on the page comes back by itself, without a script."""
    histoire = histoire_cle()
    return render_template("formateur/cle.html", histoire=histoire, regarder_s=REGARDER_S)

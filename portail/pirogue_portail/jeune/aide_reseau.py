"""«Je ne vois pas la page», for whoever holds the laptop: nobody needs to be signed in."""

from flask import render_template

from pirogue_portail import aide_reseau
from pirogue_portail.contexte import adresse_visible, config
from pirogue_portail.jeune.plan import blueprint


@blueprint.get("/aide-reseau")
def choisir_aide_reseau() -> str:
    """Show the address, then ask which device it is."""
    return render_template(
        "aide_reseau/choisir.html",
        cadre="base.html",
        page="jeune.aide_systeme",
        retour="jeune.accueil",
        premiere=aide_reseau.ADRESSE,
        systemes=aide_reseau.SYSTEMES,
        adresse=adresse_visible(),
        adresse_ip=config().adresse,
    )


@blueprint.get("/aide-reseau/<code>")
def aide_systeme(code: str) -> str:
    """Show the steps of one system."""
    return render_template(
        "aide_reseau/systeme.html",
        cadre="base.html",
        choisir="jeune.choisir_aide_reseau",
        retour="jeune.accueil",
        systeme=aide_reseau.systeme(code),
        adresse=adresse_visible(),
        adresse_ip=config().adresse,
    )

"""«Je ne vois pas la page», for whoever holds the laptop: nobody needs to be signed in."""

from pirogue_portail import aide_reseau


def choisir_aide_reseau() -> str:
    """Show the address, then ask which device it is."""
    return aide_reseau.montrer_choix(cadre="base.html", page="jeune.aide_systeme", retour="jeune.accueil")


def aide_systeme(code: str) -> str:
    """Show the steps of one system."""
    return aide_reseau.montrer_systeme(
        code, cadre="base.html", choisir="jeune.choisir_aide_reseau", retour="jeune.accueil"
    )

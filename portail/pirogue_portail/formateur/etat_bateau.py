"""«État du bateau»: one face for the whole boat, then what each check saw, the worst first, with what to do."""

from dataclasses import dataclass

from flask import render_template

from pirogue_portail.contexte import config
from pirogue_socle import constats
from pirogue_socle.constats import Constat, Releve
from pirogue_socle.horloge import maintenant

#: The box's body looks every minute; after three turns it does not look any more.
FRAIS_S = 180.0


@dataclass(frozen=True, slots=True)
class Visage:
    """
    The boat in one face.

    Attributes:
        code: the drawing and the colour: `bon`, `attention`, `panne`, `muet`.
        titre, phrase: how the boat is, and what that means for the class.
        court: the same in two words, for « Aujourd'hui ».
    """

    code: str
    titre: str
    phrase: str
    court: str


VISAGES = {
    "bon": Visage("bon", "Le bateau va bien", "Tout marche. Bonne séance !", "va bien"),
    "attention": Visage(
        "attention",
        "Le bateau a besoin de toi",
        "La séance peut continuer. Quand tu as un moment, fais ce qui est écrit ici.",
        "à regarder",
    ),
    "panne": Visage(
        "panne",
        "Quelque chose est en panne",
        "Lis d'abord ce qui est en rouge, et fais ce qui est écrit. Si tu ne sais pas, appelle le coordinateur.",
        "en panne",
    ),
    "muet": Visage(
        "muet",
        "La boîte ne se regarde plus",
        "L'appel et les leçons continuent. À la pause, éteins la boîte avec son bouton, puis rallume-la.",
        "pas de nouvelles",
    ),
}
ABSENT = Visage("muet", "Cette machine ne se regarde pas", "Ce n'est pas une boîte de bateau.", "pas de nouvelles")
#: check → the page where one can act on it, and its name.
PAGES = {
    "point_acces": ("formateur.voir_reseau", "Réseau"),
    "lien": ("formateur.voir_reseau", "Réseau"),
    "envoi": ("formateur.donnees", "Les données"),
    "horloge": ("formateur.date", "L'heure"),
}
#: What hurts, what is well, what cannot be seen: the three parts of the page.
GRAVES = ("panne", "attention")


def voir_bateau() -> str:
    """Show the last round; when it is old or missing, say that nobody looks any more, and show it all the same."""
    releve = _lire()
    return render_template(
        "formateur/etat_bateau.html",
        visage=_visage(releve),
        age=_dire_age(releve.age_s) if releve else "",
        graves=[un for etat in GRAVES for un in _de(releve, etat)],
        bons=_de(releve, "bon"),
        inconnus=_de(releve, "inconnu"),
        pages=PAGES,
    )


def visage_bateau() -> Visage:
    """Return the boat's face, for the pages that lead here."""
    return _visage(_lire())


def _lire() -> Releve | None:
    dossier = config().bord
    return constats.lire(dossier / "etat.json", instant=maintenant()) if dossier is not None else None


def _visage(releve: Releve | None) -> Visage:
    """Return the face of a round: what cannot be seen is no fault; a round that is old is worse than none of them."""
    if config().bord is None:
        return ABSENT
    if releve is None or releve.age_s > FRAIS_S:
        return VISAGES["muet"]
    pire = constats.pire(releve.constats)
    return VISAGES[pire if pire in GRAVES else "bon"]


def _de(releve: Releve | None, etat: str) -> list[Constat]:
    return [un for un in releve.constats if un.etat == etat] if releve else []


def _dire_age(age_s: float) -> str:
    """Return how long ago a round was made, as it is said."""
    minutes = int(age_s // 60)
    if minutes < 1:
        return "moins d'une minute"
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{minutes // 60} heures"

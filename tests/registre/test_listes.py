"""What is not in a list, or too long, does not enter the register, whoever calls."""

from collections.abc import Callable

import pytest

from equipage import Bord
from pirogue_registre import consentements, journal, lieux, seances
from pirogue_registre.lieux import Escale, Groupe
from pirogue_socle.erreurs import EntreeInvalide


def escale(arrondissement: str) -> Callable[[Bord], object]:
    """Return the writing of a stop."""
    voulue = Escale("", "Gbessou", "college", arrondissement, "faible")
    return lambda bord: lieux.ecrire_escale(bord.registre, voulue, instant=bord.horloge(), auteur="x")


def groupe(etablissement: str, parcours: str) -> Callable[[Bord], object]:
    """Return the writing of a group."""
    voulu = Groupe("", "4e A", etablissement, None, 24, parcours)
    return lambda bord: lieux.ecrire_groupe(bord.registre, voulu, instant=bord.horloge(), auteur="x")


def accord(**champs: str) -> Callable[[Bord], object]:
    """Return the writing of a consent."""
    bons = {"finalite": "suivi", "valeur": "oui", "forme": "oral_temoin", "par": "lui_meme", "lien": "mere"}

    def noter(bord: Bord) -> None:
        consentements.noter(bord.registre, personne_id=bord.afi, **(bons | champs), instant=bord.horloge(), auteur="x")

    return noter


def prevue(bord: Bord) -> None:
    """Cancel a session of a module that does not exist."""
    seances.annuler_prevue(
        bord.registre,
        module="la souris",
        groupe_id=bord.groupe,
        formateur=bord.rachelle,
        motif="meteo",
        instant=bord.horloge(),
        auteur="x",
    )


@pytest.mark.parametrize(
    "ecrire",
    [
        escale("paris"),
        groupe("x" * 81, "premiers_pas"),
        groupe("CEG", "poterie"),
        lambda bord: bord.ouvrir_seance("S1; DROP TABLE"),
        prevue,
        accord(valeur="peut-être"),
        accord(forme="par téléphone"),
        accord(par="voisin"),
        accord(lien="cousin"),
    ],
    ids=["arrondissement", "ecole", "parcours", "module", "prevue", "valeur", "forme", "par", "lien"],
)
def test_what_is_not_in_a_list_is_a_sentence_and_writes_nothing(bord: Bord, ecrire: Callable[[Bord], object]) -> None:
    """Free text about a person, or a code that the shore would not know."""
    avant = journal.dernier(bord.registre)

    with pytest.raises(EntreeInvalide):
        ecrire(bord)

    assert journal.dernier(bord.registre) == avant

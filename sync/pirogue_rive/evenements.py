"""A journal line as the shore reads it; wrong in form is refused, unknown in type is kept."""

from dataclasses import dataclass
from typing import Any

from pirogue_echange import canonique
from pirogue_echange.erreurs import ContenuAbime, FormeInvalide
from pirogue_socle.horloge import Instant


class ValeursInattendues(ValueError):
    """The values of an event do not have the form that this version projects; the event is kept as it is."""


@dataclass(frozen=True, slots=True)
class Evenement:
    """
    One line of a relay's journal.

    Attributes:
        seq: its number.
        type: what it is.
        personne_id, seance_id: whom and which session it is about, when it is.
        instant: when, as the boat saw it.
        valeurs: the fact itself; read it with `texte`, `entier`…
    """

    seq: int
    type: str
    personne_id: str | None
    seance_id: str | None
    instant: Instant
    valeurs: dict[str, Any]

    def texte(self, nom: str) -> str:
        """Return a text; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if not isinstance(valeur, str):
            raise ValeursInattendues(nom)
        return valeur

    def texte_ou_vide(self, nom: str) -> str | None:
        """Return a text or None; raises ValeursInattendues."""
        return None if self.valeurs.get(nom) is None else self.texte(nom)

    def entier(self, nom: str) -> int:
        """Return a whole number; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if not isinstance(valeur, int) or abs(valeur) >= 2**62:
            raise ValeursInattendues(nom)
        return int(valeur)

    def entier_ou_vide(self, nom: str) -> int | None:
        """Return a whole number or None; raises ValeursInattendues."""
        return None if self.valeurs.get(nom) is None else self.entier(nom)

    def nombre(self, nom: str) -> float:
        """Return a number; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if not isinstance(valeur, int | float):
            raise ValeursInattendues(nom)
        return float(valeur)

    def personne(self) -> str:
        """Return whom the event is about; raises ValeursInattendues if nobody."""
        if self.personne_id is None:
            raise ValeursInattendues("personne")
        return self.personne_id

    def seance(self) -> str:
        """Return which session the event is about; raises ValeursInattendues if none."""
        if self.seance_id is None:
            raise ValeursInattendues("seance")
        return self.seance_id


def lire(ligne: bytes, *, seq: int) -> Evenement:
    """
    Read one line.

    Args:
        ligne: canonical JSON.
        seq: the number that its place in the lot gives it.

    Raises:
        ContenuAbime: the line does not have the form of an event, or has another number.
    """
    try:
        objet = canonique.lire(ligne)
    except FormeInvalide as cause:
        raise ContenuAbime("Un événement de ce lot n'a pas la forme attendue.") from cause
    textes = ("type", "boot", "id")
    entiers = ("bt", "mur", "seq", "v")
    sujets = ("personne", "seance")
    bon = (
        all(isinstance(objet.get(nom), str) for nom in textes)
        and all(type(objet.get(nom)) is int and abs(objet[nom]) < 2**62 for nom in entiers)
        and all(nom in objet and isinstance(objet[nom], str | None) for nom in sujets)
        and isinstance(objet.get("valeurs"), dict)
        and objet["seq"] == seq
    )
    if not bon:
        raise ContenuAbime("Un événement de ce lot n'a pas la forme attendue.")
    return Evenement(
        seq=seq,
        type=objet["type"],
        personne_id=objet["personne"],
        seance_id=objet["seance"],
        instant=Instant(boot_id=objet["boot"], bt_ns=objet["bt"], mur_ms=objet["mur"]),
        valeurs=objet["valeurs"],
    )

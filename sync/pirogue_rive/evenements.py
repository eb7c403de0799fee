"""A journal line as the shore reads it; wrong in form is refused, unknown in type is kept."""

import math
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from pirogue_echange.erreurs import ContenuAbime
from pirogue_socle.horloge import Instant

#: Longest id that a view may hold as a key: a database refuses to index more than about 2 kB.
IDENTIFIANT_MAX = 128
_CHAMPS = itemgetter("seq", "type", "v", "personne", "seance", "boot", "bt", "mur", "valeurs")


class ValeursInattendues(ValueError):
    """The values of an event do not have the form that this version projects; the event is kept as it is."""


class Evenement(NamedTuple):
    """
    One line of a relay's journal.

    Attributes:
        seq: its number.
        type, version: what it is, and which form its values have.
        personne_id, seance_id: whom and which session it is about, when it is.
        boot_id, bt_ns, mur_ms: when, as the boat saw it.
        valeurs: the fact itself; read it with `texte`, `entier`…
    """

    seq: int
    type: str
    version: int
    personne_id: str | None
    seance_id: str | None
    boot_id: str
    bt_ns: int
    mur_ms: int
    valeurs: dict[str, Any]

    @property
    def instant(self) -> Instant:
        """Return when it was, as the boat saw it."""
        return Instant(boot_id=self.boot_id, bt_ns=self.bt_ns, mur_ms=self.mur_ms)

    def texte(self, nom: str) -> str:
        """Return a text; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if type(valeur) is not str or "\0" in valeur:
            raise ValeursInattendues(nom)
        return valeur

    def texte_ou_vide(self, nom: str) -> str | None:
        """Return a text or None; raises ValeursInattendues."""
        return None if self.valeurs.get(nom) is None else self.texte(nom)

    def cle(self, nom: str) -> str:
        """Return a text short enough to be a key; raises ValeursInattendues."""
        return _cle(self.valeurs.get(nom), nom)

    def entier(self, nom: str) -> int:
        """Return a whole number, 1 or 0 for a truth; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if not isinstance(valeur, int) or not -(2**62) < valeur < 2**62:
            raise ValeursInattendues(nom)
        return int(valeur)

    def entier_ou_vide(self, nom: str) -> int | None:
        """Return a whole number or None; raises ValeursInattendues."""
        return None if self.valeurs.get(nom) is None else self.entier(nom)

    def nombre(self, nom: str) -> float:
        """Return a number; raises ValeursInattendues."""
        valeur = self.valeurs.get(nom)
        if not isinstance(valeur, int | float) or not math.isfinite(valeur):
            raise ValeursInattendues(nom)
        return float(valeur)

    def personne(self) -> str:
        """Return whom the event is about; raises ValeursInattendues if nobody."""
        return _cle(self.personne_id, "personne")

    def seance(self) -> str:
        """Return which session the event is about; raises ValeursInattendues if none."""
        return _cle(self.seance_id, "seance")

    def boot(self) -> str:
        """Return which boot it happened in; raises ValeursInattendues."""
        return _cle(self.boot_id, "boot")


def _cle(valeur: object, nom: str) -> str:
    if type(valeur) is not str or not 0 < len(valeur) <= IDENTIFIANT_MAX or "\0" in valeur:
        raise ValeursInattendues(nom)
    return valeur


def lire(ligne: bytes, *, seq: int) -> Evenement:
    """
    Read one line. Its bytes are fixed by the hash chain, so how they are written need not be checked again.

    Args:
        ligne: canonical JSON.
        seq: the number that its place in the lot gives it.

    Raises:
        ContenuAbime: the line does not have the form of an event, or has another number.
    """
    try:
        numero, genre, version, personne, seance, boot, bt, mur, valeurs = _CHAMPS(orjson.loads(ligne))
    except (orjson.JSONDecodeError, KeyError, TypeError, RecursionError) as cause:
        raise ContenuAbime("Un événement de ce lot n'a pas la forme attendue.") from cause
    if (
        type(numero) is int
        and numero == seq
        and type(version) is type(bt) is type(mur) is int
        and type(genre) is type(boot) is str
        and (personne is None or type(personne) is str)
        and (seance is None or type(seance) is str)
        and type(valeurs) is dict
        and -(2**62) < bt < 2**62
        and -(2**62) < mur < 2**62
    ):
        return Evenement(seq, genre, version, personne, seance, boot, bt, mur, valeurs)
    raise ContenuAbime("Un événement de ce lot n'a pas la forme attendue.")
